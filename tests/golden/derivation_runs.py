"""The rest of the derived golden files: Jacobians, linear evaluation, training; and all by name."""

import functools

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MinMaxScaler

from tests.golden.derivation import (
    CRITICS,
    STEP,
    bounds_file,
    complex_step_gradients,
    convnet_file,
    coupling_layers,
    critic_file,
    flow,
    flow_file,
    in_float64,
    infonce,
    layers,
    mlp,
    mlp_file,
    numbers,
    nwj,
    stored,
)

__all__ = ["FILES"]

# Evaluation.


def _jacobian_file(rng, dim=4, n=3):
    x = numbers(rng, n, dim)
    arrays = {"x": x}
    for case, scale in (("wide", 1.0), ("narrow", 1e-2)):
        weights = layers(rng, "dense", (dim,) * 4, scale)
        exact = in_float64(weights)
        encode = lambda x, a=exact: mlp(a, "dense", x, shortcuts=True)[-1]  # noqa: E731
        # Column j: all inputs moved along axis j at once, since the encoder keeps rows apart.
        steps = [encode(x + 1j * STEP * axis).imag / STEP for axis in np.eye(dim)]
        jacobian = np.stack(steps, axis=2)
        spectra = np.linalg.svd(jacobian, compute_uv=False)
        results = {
            "out": encode(x.astype(float)), "jacobian": jacobian, "singular_values": spectra,
            "log_condition": np.log(spectra[:, 0] / spectra[:, -1]),
        }
        both = weights | stored(results)
        arrays |= {f"{case}__{name}": array for name, array in both.items()}
    spectra = np.abs(numbers(rng, 3, 2, 5, dim)) + np.float32(0.5)
    ratio = np.log(spectra.max(axis=-1) / spectra.min(axis=-1))
    condition = np.concatenate([ratio[0], ratio[1], ratio[2]], axis=1)
    # int(p (15 - 1)) for p = 0, 0.2, ..., 1.
    index = np.array([0, 2, 5, 8, 11, 14])
    return arrays | {
        "aggregate__singular_values": spectra,
        "aggregate__log_condition": condition,
        "aggregate__percentile_index": index,
        "aggregate__percentiles_0_20_40_60_80_100": np.sort(condition)[:, index],
    }


def _linear_eval_file(rng, n=150, classes=3, dim=6):
    y = rng.integers(classes, size=n).astype(np.uint8)
    centres = rng.uniform(2, 14, size=(classes, dim))
    x = np.clip(np.round(centres[y] + 3 * rng.normal(size=(n, dim))), 0, 16).astype(np.uint8)
    train, test = np.split(rng.permutation(n).astype(np.int32), [n // 2])
    arrays = {"x": x, "y": y, "train_index": train, "test_index": test}
    for case, columns in (("all", np.arange(dim)), ("three", np.arange(3))):
        arrays[f"{case}__columns"] = columns
        for precision in ("float32", "float64"):
            codes = (x / 16).astype(precision)[:, columns]
            scaler = MinMaxScaler().fit(codes[train])
            accuracies = []
            for seed in range(8):
                np.random.seed(seed)
                fit = LogisticRegression(solver="saga", C=10, tol=0.1, max_iter=100)
                fit.fit(scaler.transform(codes[train]), y[train])
                accuracies.append(np.mean(fit.predict(scaler.transform(codes[test])) == y[test]))
            arrays[f"{case}__accuracies_{precision}"] = np.array(accuracies)
            mean_sd = np.array([np.mean(accuracies), np.std(accuracies, ddof=1)])
            arrays[f"{case}__accuracy_mean_sd_{precision}"] = mean_sd
    return arrays


# Training.


class _Adam:
    """``w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)`` on named arrays, in place."""

    def __init__(self, learning_rate, beta_1, beta_2, epsilon):
        self.rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.t, self.m, self.v = 0, {}, {}

    def step(self, loss, arrays, names):
        """Updates ``names`` and returns the loss before."""
        before = loss(arrays).real
        rest = {name: array for name, array in arrays.items() if name not in names}
        moving = {name: arrays[name] for name in names}
        gradients = complex_step_gradients(lambda a: loss(rest | a), moving, "")
        self.t += 1
        rate = self.rate * np.sqrt(1 - self.beta_2**self.t) / (1 - self.beta_1**self.t)
        for name, g in gradients.items():
            self.m[name] = self.beta_1 * self.m.get(name, 0) + (1 - self.beta_1) * g
            self.v[name] = self.beta_2 * self.v.get(name, 0) + (1 - self.beta_2) * g**2
            change = rate * self.m[name] / (np.sqrt(self.v[name]) + self.epsilon)
            arrays[name] = arrays[name] - change
        return before


def _starting(init):
    return {name.removeprefix("init__"): array.astype(float) for name, array in init.items()}


_ADAM = np.array([0.8, 0.99, 1e-6])


def _mi_max_file(rng, steps=3, n=24, x_dim=3, y_dim=2):
    # So many pairs that no hidden unit is active for all of them: its bias would move whole rows
    # of scores, and its InfoNCE gradient be noise as that of the last bias is.
    init = layers(rng, "init__g1_dense", (x_dim, 6, 2)) | {
        **layers(rng, "init__g2_dense", (y_dim, 4, 3)),
        "init__critic_W_kernel": numbers(rng, 3, 2, scale=0.2),
    }
    batches = numbers(rng, steps, n, x_dim + y_dim)
    arrays = init | {
        "batches": batches, "learning_rate": np.array(0.01), "adam_beta1_beta2_epsilon": _ADAM,
    }

    def bound_of(a, batch, bound):
        codes = mlp(a, "g1_dense", batch[:, :x_dim])[-1]
        others = mlp(a, "g2_dense", batch[:, x_dim:])[-1]
        return bound(codes @ (others @ a["critic_W_kernel"]).T)

    for loss, bound, target in (("nwj", nwj, None), ("nce_t1.5", infonce, 1.5)):
        weights, adam = _starting(init), _Adam(0.01, *_ADAM)

        def value(a, batch, bound=bound, target=target):
            nats = bound_of(a, batch, bound)
            away = nats if target is None else nats - target
            return -away if target is None or away.real < 0 else away

        losses = [
            adam.step(lambda a, b=batch, f=value: f(a, b), weights, list(weights))
            for batch in batches.astype(float)
        ]
        results = {"losses": losses} | {f"final__{name}": w for name, w in weights.items()}
        arrays |= {f"{loss}__{name}": array for name, array in stored(results).items()}
    return arrays


def _adversarial_file(rng, dim=4, n=5, classes=3, warmup=2, per_iteration=3, iterations=2):
    couplings, permutations = coupling_layers(rng, "init__", dim, 2, (3,), softplus=True)
    classifier = {
        "init__classifier_kernel": numbers(rng, dim, classes),
        "init__classifier_bias": numbers(rng, classes),
    }
    count = warmup + iterations * (per_iteration + 1)
    x, labels = numbers(rng, count, n, dim), rng.integers(classes, size=(count, n))
    weights = _starting(couplings | classifier)
    batches = iter(zip(x.astype(float), labels, strict=True))

    def cross_entropy(a, values, probabilities):
        codes = list(flow(a, permutations, values).values())[-1]
        logits = codes @ a["classifier_kernel"] + a["classifier_bias"]
        normaliser = np.log(np.sum(np.exp(logits), axis=1, keepdims=True))
        return -np.mean(np.sum(probabilities * (logits - normaliser), axis=1))

    players = {}
    for player, init, rate in (("c", classifier, 0.01), ("e", couplings, 0.002)):
        players[player] = (_Adam(rate, *_ADAM), [n.removeprefix("init__") for n in init])

    def step(player):
        values, truth = next(batches)
        uniform = np.full((n, classes), 1 / classes)
        probabilities = np.eye(classes)[truth] if player == "c" else uniform
        adam, names = players[player]
        return adam.step(lambda a: cross_entropy(a, values, probabilities), weights, names)

    losses = {"warmup_losses_c": [step("c") for _ in range(warmup)]}
    rounds = [([step("c") for _ in range(per_iteration)], step("e")) for _ in range(iterations)]
    losses |= {"losses_c_all": [c for c, _ in rounds], "losses_e": [e for _, e in rounds]}
    return couplings | classifier | {
        "x_batches": x, "label_batches": labels.astype(np.int32),
        "learning_rate_classifier": np.array(0.01), "learning_rate_encoder": np.array(0.002),
        "warmup_steps": np.array(warmup),
        "classifier_steps_per_iteration": np.array(per_iteration),
        "adam_beta1_beta2_epsilon": _ADAM,
        **{f"permutation_{k}": permutation for k, permutation in enumerate(permutations)},
        **stored(losses | {f"final__{name}": array for name, array in weights.items()}),
    }


# File name -> function from a NumPy generator to the file's arrays.
FILES = {
    "bounds_5": bounds_file,
    **{f"critic_{kind}_new": functools.partial(critic_file, kind=kind) for kind in CRITICS},
    "encoder_mlp_4_3": functools.partial(mlp_file, widths=(6, 4, 3), shortcuts=False),
    "encoder_skip_mlp_5x3": functools.partial(mlp_file, widths=(5,) * 4, shortcuts=True),
    "encoder_convnet_new": convnet_file,
    "encoder_realnvp_new_shift_only": functools.partial(flow_file, softplus=False),
    "encoder_realnvp_new_softplus": functools.partial(flow_file, softplus=True),
    "jacobian_skip_mlp_new": _jacobian_file,
    "linear_eval_new": _linear_eval_file,
    "trajectory_mlp_new": _mi_max_file,
    "trajectory_adversarial_new": _adversarial_file,
}
