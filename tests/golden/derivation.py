"""Golden files derived anew: the README's formulas in float64 NumPy, in sizes of our own.

An independent second source, to prove the tests on: it shares no code with the package, and its
gradients are complex steps, ``f'(w) = Im f(w + ih) / h`` with h = 1e-30, exact to rounding for the
analytic functions here. So every function below must take complex arrays, and decides by their
real parts.
"""

import itertools

import numpy as np

__all__ = [
    "CRITICS",
    "STEP",
    "bounds_file",
    "complex_step_gradients",
    "convnet_file",
    "coupling_layers",
    "critic_file",
    "flow",
    "flow_file",
    "in_float64",
    "infonce",
    "layers",
    "mlp",
    "mlp_file",
    "numbers",
    "nwj",
    "stored",
]

STEP = 1e-30


def numbers(rng, *shape, scale=1.0):
    """float32 numbers that are multiples of 1/256, equal in both precisions."""
    return (np.round(rng.normal(size=shape) * scale * 256) / 256).astype(np.float32)


def stored(values):
    """Both suffixes: the official float32 results are the float64 ones to rounding."""
    return {
        f"{name}_{suffix}": np.asarray(value, dtype)
        for name, value in values.items()
        for suffix, dtype in (("f32", np.float32), ("f64", np.float64))
    }


def in_float64(inputs):
    """Named arrays, cast up unchanged."""
    return {name: np.asarray(array, np.float64) for name, array in inputs.items()}


def complex_step_gradients(function, arrays, prefix="grad_"):
    """Gradient of a real function of named arrays with respect to each of them."""
    gradients = {name: np.empty(array.shape) for name, array in arrays.items()}
    for name, array in arrays.items():
        for index in np.ndindex(array.shape):
            moved = array.astype(complex)
            moved[index] += 1j * STEP
            gradients[name][index] = function({**arrays, name: moved}).imag / STEP
    return {f"{prefix}{name}": gradient for name, gradient in gradients.items()}


# Bounds.


def _log_mean_exp(scores, axis=None, divisor=None):
    n = len(scores)
    off_diagonal = 1.0 - np.eye(n)
    top = np.max(np.where(off_diagonal, scores.real, -np.inf), axis=axis, keepdims=True)
    total = np.sum(np.exp(scores - top) * off_diagonal, axis=axis)
    divisor = divisor or (n * (n - 1) if axis is None else n - 1)
    return np.log(total) + top.reshape(total.shape) - np.log(divisor)


def infonce(scores):
    """Nats."""
    top = scores.real.max(axis=1, keepdims=True)
    normaliser = np.log(np.sum(np.exp(scores - top), axis=1)) + top[:, 0]
    return np.log(len(scores)) + np.mean(np.diag(scores) - normaliser)


def _tuba(scores):
    return 1.0 + np.mean(np.diag(scores)) - np.exp(_log_mean_exp(scores))


def nwj(scores):
    """Nats."""
    return _tuba(scores - 1.0)


def bounds_file(rng, n=5):
    """Three cases of n x n scores, one under a name that no published file has."""
    values = {
        "infonce": lambda a: infonce(a["scores"]),
        "nwj": lambda a: nwj(a["scores"]),
        "tuba": lambda a: _tuba(a["scores"]),
        "tuba_baseline": lambda a: _tuba(a["scores"] - a["log_baseline"][:, None]),
        "lme_nodiag": lambda a: _log_mean_exp(a["scores"]),
        "lme_nodiag_axis1": lambda a: _log_mean_exp(a["scores"], axis=1),
        "lme_nodiag_axis0_as_published": lambda a: _log_mean_exp(a["scores"], 0, n * (n - 1)),
    }
    arrays = {}
    normal = numbers(rng, n, n)
    scores_of = {"sd3": 3 * normal, "offset50": normal + 50, "zeros": 0 * normal}
    for case, scores in scores_of.items():
        inputs = {"scores": scores, "log_baseline": numbers(rng, n)}
        results = {}
        for name, value in values.items():
            results[name] = value(in_float64(inputs))
            by_input = complex_step_gradients(
                lambda a, value=value: np.sum(value(a)), in_float64(inputs), prefix=""
            )
            results[f"{name}_grad"] = by_input["scores"]
            if name == "tuba_baseline":
                results[f"{name}_grad_log_baseline"] = by_input["log_baseline"]
        arrays |= {f"{case}__{name}": array for name, array in (inputs | stored(results)).items()}
    return arrays


# Networks.


def layers(rng, prefix, widths, scale=0.5):
    """Weights ``<prefix>_<i>_{kernel,bias}``; ``widths`` begin with the input's."""
    arrays = {}
    for index, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        arrays[f"{prefix}_{index}_kernel"] = numbers(rng, fan_in, fan_out, scale=scale)
        arrays[f"{prefix}_{index}_bias"] = numbers(rng, fan_out, scale=scale)
    return arrays


def _relu(values):
    return np.where(values.real > 0, values, 0)


def mlp(arrays, prefix, hidden, shortcuts=False):
    """Results after every layer."""
    results = []
    count = sum(name.startswith(f"{prefix}_") and name.endswith("_kernel") for name in arrays)
    for index in range(count):
        after = hidden @ arrays[f"{prefix}_{index}_kernel"] + arrays[f"{prefix}_{index}_bias"]
        after = after if index == count - 1 else _relu(after)
        hidden = after + hidden if shortcuts else after
        results.append(hidden)
    return results


def _concat_scores(arrays):
    rows = [[np.concatenate([x, y]) for y in arrays["y"]] for x in arrays["x"]]
    return mlp(arrays, "f", np.array(rows))[-1][:, :, 0]


CRITICS = {
    "innerprod": (3, 3, {}, lambda a: a["x"] @ a["y"].T),
    "bilinear": (3, 2, {"W_kernel": None}, lambda a: a["x"] @ (a["y"] @ a["W_kernel"]).T),
    "concat": (3, 2, {"f": (5, 4, 4, 1)}, _concat_scores),
    "separable": (
        3, 2, {"fx": (3, 4, 4, 2), "fy": (2, 4, 4, 2)},
        lambda a: mlp(a, "fx", a["x"])[-1] @ mlp(a, "fy", a["y"])[-1].T,
    ),
}


def critic_file(rng, kind, n=4):
    """n pairs under one of ``CRITICS``."""
    x_dim, y_dim, networks, scores = CRITICS[kind]
    inputs = {"x": numbers(rng, n, x_dim), "y": numbers(rng, n, y_dim)}
    for name, widths in networks.items():
        stack = layers(rng, name, widths) if widths else {name: numbers(rng, y_dim, x_dim)}
        inputs |= stack
    exact = in_float64(inputs)
    results = {"scores": scores(exact)}
    for name, bound in (("infonce", infonce), ("nwj", nwj)):
        results[name] = bound(scores(exact))
        results |= complex_step_gradients(lambda a, f=bound: f(scores(a)), exact, f"grad_{name}_")
    return inputs | stored(results)


def _with_cotangent(rng, inputs, encode):
    """Adds ``out`` and the gradients of ``sum(cotangent * out)`` for all inputs."""
    exact = in_float64(inputs)
    out = encode(exact)
    cotangent = numbers(rng, *out.shape)
    gradients = complex_step_gradients(lambda a: np.sum(cotangent * encode(a)), exact)
    return {"cotangent": cotangent} | stored({"out": out} | gradients)


def mlp_file(rng, widths, shortcuts):
    """Three inputs of an MLP, plain or with shortcuts."""
    inputs = {"x": numbers(rng, 3, widths[0])} | layers(rng, "dense", widths)
    exact = in_float64(inputs)
    hidden = mlp(exact, "dense", exact["x"], shortcuts)
    return inputs | stored({f"after_layer_{i}": h for i, h in enumerate(hidden)}) | (
        _with_cotangent(rng, inputs, lambda a: mlp(a, "dense", a["x"], shortcuts)[-1])
    )


def _convolution(images, kernel, bias):
    """Stride 2, "same" as TensorFlow pads: an odd row or column goes to the bottom or right."""
    size = len(kernel)
    out = [-(-side // 2) for side in images.shape[1:3]]
    padding = [
        max(2 * (o - 1) + size - side, 0) for o, side in zip(out, images.shape[1:3], strict=True)
    ]
    around = [(0, 0), *((p // 2, p - p // 2) for p in padding), (0, 0)]
    padded = np.pad(images, around)
    columns = [
        [
            np.tensordot(padded[:, 2 * i : 2 * i + size, 2 * j : 2 * j + size], kernel, 3)
            for j in range(out[1])
        ]
        for i in range(out[0])
    ]
    return _relu(np.moveaxis(np.array(columns), 2, 0) + bias)


def convnet_file(rng, height=5, width=8, size=3, channels=2, outputs=3, n=2):
    """n images of odd height; no gradient is left out."""
    inputs = {"x": numbers(rng, n, height * width), "dense_bias": numbers(rng, outputs)}
    for index, (before, after) in enumerate(((1, channels), (channels, 2 * channels))):
        inputs[f"conv_{index}_kernel"] = numbers(rng, size, size, before, after, scale=0.5)
        inputs[f"conv_{index}_bias"] = numbers(rng, after, scale=0.5)
    inputs["layernorm_scale"] = numbers(rng, 2 * channels)
    inputs["layernorm_bias"] = numbers(rng, 2 * channels)
    inputs["dense_kernel"] = numbers(rng, 2 * channels, outputs)

    def stages(a):
        h0 = _convolution(
            a["x"].reshape(-1, height, width, 1), a["conv_0_kernel"], a["conv_0_bias"]
        )
        h1 = _convolution(h0, a["conv_1_kernel"], a["conv_1_bias"])
        mean = h1.mean(axis=(1, 2, 3), keepdims=True)
        std = np.sqrt(np.mean((h1 - mean) ** 2, axis=(1, 2, 3), keepdims=True))
        normal = (h1 - mean) / (std + 1e-6) * a["layernorm_scale"] + a["layernorm_bias"]
        pooled = normal.mean(axis=(1, 2))
        return h0, h1, mean, std, normal, pooled, pooled @ a["dense_kernel"] + a["dense_bias"]

    h0, h1, mean, std, normal, pooled, _ = stages(in_float64(inputs))
    on_the_way = {
        "conv_1_mean": mean.ravel(), "conv_1_std": std.ravel(),
        "after_layernorm": normal, "after_gap": pooled,
    }
    shapes = {"conv_0_shape": np.array(h0.shape), "conv_1_shape": np.array(h1.shape)}
    return inputs | shapes | stored(on_the_way) | (
        _with_cotangent(rng, inputs, lambda a: stages(a)[-1])
    )


# Flows.


def _couple(arrays, prefix, k, values, inverse=False):
    dim = values.shape[1]
    passed, moved = values[:, : dim // 2], values[:, dim // 2 :]
    raw = mlp(arrays, f"{prefix}coupling_{k}_dense", passed)[-1]
    shift, scale = raw[:, : dim - dim // 2], 1.0
    if raw.shape[1] > shift.shape[1]:
        scale = 1e-7 + np.log(1.0 + np.exp(raw[:, dim - dim // 2 :]))
    moved = (moved - shift) / scale if inverse else moved * scale + shift
    return np.concatenate([passed, moved], axis=1)


def flow(arrays, permutations, values, prefix=""):
    """Results after every step, the last coupling's permutation first."""
    trace = {}
    for k in reversed(range(len(permutations))):
        values = values[:, permutations[k]]
        trace[f"trace_{len(trace):02d}_permute_{k}"] = values
        values = _couple(arrays, prefix, k, values)
        trace[f"trace_{len(trace):02d}_coupling_{k}"] = values
    return trace


def _inverse_flow(arrays, permutations, values):
    for k, permutation in enumerate(permutations):
        values = _couple(arrays, "", k, values, inverse=True)[:, np.argsort(permutation)]
    return values


def coupling_layers(rng, prefix, dim, count, hidden, softplus):
    """Weights of all conditioners, and a permutation for each."""
    arrays = {}
    for k in range(count):
        outputs = (1 + softplus) * (dim - dim // 2)
        arrays |= layers(rng, f"{prefix}coupling_{k}_dense", (dim // 2, *hidden, outputs))
    permutations = [rng.permutation(dim).astype(np.int32) for _ in range(count)]
    return arrays, permutations


def flow_file(rng, softplus, dim=5, count=3):
    """Three inputs of a flow of odd dimension."""
    weights, permutations = coupling_layers(rng, "", dim, count, (4,), softplus)
    inputs = {"x": numbers(rng, 3, dim)} | weights
    exact = in_float64(inputs)
    trace = flow(exact, permutations, exact["x"])
    inverses = {
        "inverse_of_x": _inverse_flow(exact, permutations, exact["x"]),
        "inverse_of_out": _inverse_flow(exact, permutations, list(trace.values())[-1]),
    }
    named = {f"permutation_{k}": permutation for k, permutation in enumerate(permutations)}
    return inputs | named | stored(trace | inverses) | _with_cotangent(
        rng, inputs, lambda a: list(flow(a, permutations, a["x"]).values())[-1]
    )
