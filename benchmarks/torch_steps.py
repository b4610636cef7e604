"""The same training steps in PyTorch, as efficient as it allows: ``pip install .[torch]``.

Each twin takes initial weights and the first batch from the package's own run, so that the loss of
that batch and its gradients must agree. It draws batches from images in memory, runs split first
layers of critics, one log-sum-exp an anchor, and the fused Adam, eagerly or by ``torch.compile``.
Gradients are given in the package's order and layouts.
"""

import math

import numpy as np

# Before TensorFlow: after it, PyTorch's compiler (triton) brings the process down as it is loaded.
import torch
import torch._dynamo
import torch.nn.functional as F  # noqa: N812

# isort: split
import tensorflow as tf

from benchmarks import deep_infomax_steps, jacobians, training_steps

__all__ = [
    "deep_infomax_compiled", "deep_infomax_eager", "jacobians_compiled", "jacobians_eager",
    "mi_max_compiled", "mi_max_eager",
]


def mi_max_eager(experiment, settings):
    """A step of an MI-max experiment, run eagerly."""
    return _mi_max(experiment, settings, compiled=False)


def mi_max_compiled(experiment, settings):
    """A step of an MI-max experiment, compiled."""
    return _mi_max(experiment, settings, compiled=True)


def deep_infomax_eager(bound, units, images=64):
    """A step of DIM(L) with prior matching, run eagerly."""
    return _deep_infomax(bound, units, images, compiled=False)


def deep_infomax_compiled(bound, units, images=64):
    """A step of DIM(L) with prior matching, compiled."""
    return _deep_infomax(bound, units, images, compiled=True)


def jacobians_eager(inputs, width, layers, read):
    """Jacobians by reverse mode in chunks of rows, and what ``read`` names, run eagerly."""
    return _jacobians(inputs, width, layers, read, compiled=False)


def jacobians_compiled(inputs, width, layers, read):
    """The same, with the Jacobian compiled."""
    return _jacobians(inputs, width, layers, read, compiled=True)


class _Weights:
    """A model's variables as PyTorch's parameters, by path, and their gradients back.

    Dense kernels are transposed, convolutions ``[out, in, H, W]``.

    Args:
        variables: of Keras.
        behind_map: start of the path of a dense kernel whose inputs are a flattened map, and the
            map's shape (H, W, C): in PyTorch they are in the order (C, H, W).
    """

    def __init__(self, variables, behind_map=(None, None)):
        self._behind, self._map = behind_map
        self.of = {
            variable.path: torch.nn.Parameter(
                torch.tensor(self._there(variable.path, np.asarray(variable)))
            )
            for variable in variables
        }

    def named(self, part, kind=""):
        """The only parameter whose path contains ``part`` and ends with ``kind``."""
        (found,) = (
            value for path, value in self.of.items() if part in path and path.endswith(kind)
        )
        return found

    def gradients(self):
        """Arrays in the variables' order and layouts."""
        return [self._back(path, one.grad.detach().numpy()) for path, one in self.of.items()]

    def _is_behind_map(self, path):
        return self._behind is not None and path.startswith(self._behind) and "kernel" in path

    def _there(self, path, value):
        if value.ndim == 4:
            return np.ascontiguousarray(value.transpose(3, 2, 0, 1))
        if self._is_behind_map(path):
            value = value.reshape(*self._map, -1).transpose(2, 0, 1, 3).reshape(value.shape)
        return np.ascontiguousarray(value.T) if value.ndim == 2 else value

    def _back(self, path, value):
        if value.ndim == 4:
            return value.transpose(2, 3, 1, 0)
        value = value.T if value.ndim == 2 else value
        if self._is_behind_map(path):
            height, width, channels = self._map
            in_torch = value.reshape(channels, height, width, -1)
            value = in_torch.transpose(1, 2, 0, 3).reshape(value.shape)
        return value


def _stack(weights, names):
    """Function through dense layers of these names, with a ReLU between them."""
    layers = [(weights.named(name, "kernel"), weights.named(name, "bias")) for name in names]

    def run(x):
        for layer in layers[:-1]:
            x = F.relu(F.linear(x, *layer))
        return F.linear(x, *layers[-1])

    return run


def _adam(parameters):
    return torch.optim.Adam(list(parameters), 1e-4, fused=True)


def _infonce(scores):
    return math.log(len(scores)) + (scores.diagonal() - torch.logsumexp(scores, 1)).mean()


def _convnet(weights, name):
    convolutions = [
        [weights.named(f"{name}/{layer}/{part}") for part in ("kernel", "bias")]
        for layer in ("conv_0", "conv_1")
    ]
    scale, shift = (weights.named(f"{name}/layer_norm/{part}") for part in ("scale", "bias"))
    dense = [weights.named(f"{name}/dense/{part}") for part in ("kernel", "bias")]

    def run(x):
        x = x.view(-1, 1, 14, 28)
        for layer in convolutions:
            # As much padding at the end as "same" needs, the odd row and column last.
            padded = F.pad(x, [1 + x.shape[3] % 2, 2, 1 + x.shape[2] % 2, 2])
            x = F.relu(F.conv2d(padded, *layer, stride=2))
        x = F.layer_norm(x, x.shape[1:], eps=1e-12)
        return F.linear(x.mean((2, 3)) * scale + shift, *dense)

    return run


def _bilinear_scores(weights):
    # The embedded y is a product with the kernel, whose transpose is the parameter.
    kernel = weights.named("bilinear_critic")
    return lambda x, y: x @ F.linear(y, kernel).T


def _concat_scores(weights):
    names = ("f_0/kernel", "f_0/bias", "f_1/kernel", "f_1/bias")
    kernel, bias, *last = (weights.named(name) for name in names)

    def run(x, y):
        of_x = F.linear(x, kernel[:, : x.shape[1]])
        of_y = F.linear(y, kernel[:, x.shape[1] :], bias)
        return F.linear(F.relu(of_x[:, None] + of_y[None]), *last)[..., 0]

    return run


def _mi_max(experiment, settings, compiled):
    trial = training_steps.one_trial(experiment, settings)
    weights = _Weights(trial.model.trainable_variables)
    is_convolutional = any("conv_0" in path for path in weights.of)
    is_concat = any("concat_critic" in path for path in weights.of)

    encode_x, encode_y = (
        _convnet(weights, name)
        if is_convolutional
        else _stack(weights, [f"{name}/dense_{layer}/" for layer in range(3)])
        for name in ("encoder_1", "encoder_2")
    )
    score = _concat_scores(weights) if is_concat else _bilinear_scores(weights)

    def loss_of(x, y):
        return -_infonce(score(encode_x(x), encode_y(y)))

    loss_of = torch.compile(loss_of) if compiled else loss_of
    images = torch.tensor(trial.source.images.train_images).view(-1, 784).float() / 255
    optimizer, size = _adam(weights.of.values()), trial.source.batch_size

    def train():
        batch = images[torch.randint(0, len(images), (size,))]
        optimizer.zero_grad()
        loss_of(batch[:, :392], batch[:, 392:]).backward()
        optimizer.step()

    first = images[:size]
    return _step(
        lambda: loss_of(first[:, :392], first[:, 392:]), weights, train, training_steps.STEPS
    )


def _batch_norm(weights, name):
    """Batch norm of training, with running statistics."""
    gamma, beta = weights.named(name, "gamma"), weights.named(name, "beta")
    mean, variance = torch.zeros(len(gamma)), torch.ones(len(gamma))
    return lambda x: F.batch_norm(x, mean, variance, gamma, beta, training=True, eps=1e-5)


def _mi_network(weights, name):
    first, shortcut = (weights.named(f"{name}/{part}/kernel") for part in ("dense_0", "shortcut"))
    norm = _batch_norm(weights, f"{name}/batch_norm/")
    second = _stack(weights, [f"{name}/dense_1/"])
    scale, shift = (weights.named(f"{name}/norm/{part}") for part in ("gamma", "beta"))

    def run(x):
        out = second(F.relu(norm(F.linear(x, first)))) + F.linear(x, shortcut)
        return F.layer_norm(out, (out.shape[1],), scale, shift, eps=1e-5)

    return run


def _deep_infomax(bound, units, images, compiled):
    if bound != "infonce":
        raise ValueError(f"There is a twin of infonce only. Received: bound={bound!r}.")
    trial = deep_infomax_steps.one_trial(bound, units, images)
    model = trial.model
    encoder = _Weights(model.representation_variables, ("encoder/dense_1/", (4, 4, 256)))
    player = _Weights(
        one for one in model.trainable_variables if "discriminator" in one.path
    )
    named = encoder.named
    convolutions = [
        (named(f"encoder/conv_{layer}/", "kernel"), _batch_norm(encoder, f"encoder/conv_{layer}/"))
        for layer in (1, 2, 3)
    ]
    dense = named("encoder/dense_1/", "kernel")
    dense_norm = _batch_norm(encoder, "encoder/dense_1/")
    output = _stack(encoder, ["encoder/output/"])
    local_net, global_net = (_mi_network(encoder, name) for name in ("local_net", "global_net"))
    discriminate = _stack(player, [f"dense_{layer}/" for layer in range(3)])

    def loss_of(x):
        for layer, (kernel, norm) in enumerate(convolutions, 1):
            x = F.relu(norm(F.conv2d(x, kernel, stride=2, padding=1)))
            if layer == 2:
                places = x
        code = output(F.relu(dense_norm(F.linear(x.flatten(1), dense))))
        count, channels = places.shape[:2]
        places = places.flatten(2).transpose(1, 2).reshape(-1, channels)
        local, whole = local_net(places), global_net(code)
        scores = (whole @ local.T).view(count, count, -1)
        own = scores[torch.arange(count), torch.arange(count)]
        diagonal = torch.eye(count, dtype=torch.bool)[:, :, None]
        rest = scores.masked_fill(diagonal, -math.inf).view(count, -1).logsumexp(1)
        candidates = (count - 1) * own.shape[1] + 1
        nats = math.log(candidates) - F.softplus(rest[:, None] - own).mean()
        prior = F.softplus(-discriminate(torch.sigmoid(code))).mean()
        return 0.1 * prior - nats, code

    compiled_loss = torch.compile(loss_of) if compiled else loss_of
    pixels = torch.tensor(trial.source.images.train_images).permute(0, 3, 1, 2)
    pixels = pixels.contiguous().float() / 127.5 - 1
    optimizer, of_player = _adam(encoder.of.values()), _adam(player.of.values())

    def train():
        loss, code = compiled_loss(pixels[torch.randint(0, len(pixels), (images,))])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        fake = torch.sigmoid(code.detach()).requires_grad_()
        real = torch.rand_like(fake).requires_grad_()
        of_real, of_fake = discriminate(real), discriminate(fake)
        penalty = 0.0
        for scores, points in ((of_real, real), (of_fake, fake)):
            (slope,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
            penalty = penalty + (slope**2).sum(1).mean() / 2
        of_player.zero_grad()
        (F.softplus(-of_real).mean() + F.softplus(of_fake).mean() + penalty).backward()
        of_player.step()

    batch = trial.task.draw(tf.constant(0, tf.int64))["views"]["image"].numpy()
    first = torch.tensor(batch.transpose(0, 3, 1, 2).copy())
    return _step(lambda: compiled_loss(first)[0], encoder, train, deep_infomax_steps.STEPS)


def _step(loss_of_first, weights, train, steps):
    """Trains in every call; gives loss and gradients of the first batch."""
    loss = loss_of_first()
    loss.backward()
    found = [loss.detach().numpy(), *weights.gradients()]

    def step():
        for _ in range(steps):
            train()
        return found

    return step


def _jacobians(inputs, width, layers, read, compiled):
    encoder, x = jacobians.encoder_and_inputs(inputs, width, layers)
    kernels, biases = (
        [torch.tensor(np.asarray(one)) for one in encoder.weights if part in one.path]
        for part in ("kernel", "bias")
    )
    x = torch.tensor(x.numpy())

    def encode(values):
        for position, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
            out = F.linear(values, kernel.T, bias)
            values = values + (F.relu(out) if position < layers - 1 else out)
        return values

    of_rows = torch.func.vmap(torch.func.jacrev(encode))
    of_rows = torch.compile(of_rows) if compiled else of_rows

    def step():
        with torch.no_grad():
            found = torch.cat([of_rows(rows) for rows in x.split(16)])
            if read == "jacobian":
                return [found.numpy()]
            spectra = torch.linalg.svdvals(found)
            if read == "spectrum":
                return [spectra.numpy()]
            return [(spectra[:, 0].log() - spectra[:, -1].log()).numpy()]

    return step
