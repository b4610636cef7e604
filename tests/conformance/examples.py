"""One example of every registered bound, critic and encoder: what the conformance tests loop over.

A new entry of a registry needs a new entry here, and no new test. The right answers are written
down a second time, entry by entry and pair by pair: bounds in decimal arithmetic, whose numbers do
not overflow, critics in NumPy float64.
"""

import dataclasses
import decimal
import math
from collections.abc import Callable

import numpy as np

__all__ = ["BOUNDS", "CRITICS", "ENCODERS", "BoundExample", "CriticExample", "EncoderExample"]

Decimal = decimal.Decimal


@dataclasses.dataclass(frozen=True)
class BoundExample:
    """A bound as one would work it out by hand.

    Attributes:
        formula: (joint, marginal), nested lists of ``Decimal`` with one row an anchor -> Decimal.
        derivative: (rows of a ``[K, K]`` matrix, i, j) -> that of the value by ``scores[i][j]``.
        optimal_offset: c such that scores ``log r + c`` are optimal, r the density ratio.
    """

    formula: Callable
    derivative: Callable
    optimal_offset: float = 0.0

    def value(self, joint, marginal):
        """The exact value as a float, infinite where it is too large for one."""
        with decimal.localcontext(prec=60):
            return float(self.formula(_decimals(joint), _decimals(marginal)))

    def value_and_gradient(self, matrix):
        """Value on a ``[K, K]`` matrix, and its gradient, as floats."""
        rows, size = _decimals(matrix), len(matrix)
        joint = [[row[i]] for i, row in enumerate(rows)]
        marginal = [[score for j, score in enumerate(row) if j != i] for i, row in enumerate(rows)]
        with decimal.localcontext(prec=60):
            gradient = [
                [float(self.derivative(rows, i, j)) for j in range(size)] for i in range(size)
            ]
            return float(self.formula(joint, marginal)), np.array(gradient)


def _decimals(rows):
    return [[Decimal(float(score)) for score in row] for row in np.asarray(rows)]


def _mean(numbers):
    numbers = list(numbers)
    return sum(numbers) / len(numbers)


def _all(rows):
    return [score for row in rows for score in row]


def _infonce(joint, marginal):
    return _mean(
        (score.exp() / _mean([score.exp(), *(other.exp() for other in others)])).ln()
        for own, others in zip(joint, marginal, strict=True)
        for score in own
    )


def _infonce_derivative(rows, i, j):
    softmax = rows[i][j].exp() / sum(score.exp() for score in rows[i])
    return ((i == j) - softmax) / len(rows)


def _tuba(joint, marginal):
    return 1 + _mean(_all(joint)) - _mean(score.exp() for score in _all(marginal))


def _tuba_derivative(rows, i, j):
    size = len(rows)
    return Decimal(1) / size if i == j else -rows[i][j].exp() / (size * (size - 1))


def _nwj(joint, marginal):
    return _mean(_all(joint)) - _mean((score - 1).exp() for score in _all(marginal))


def _nwj_derivative(rows, i, j):
    # As TUBA's, of scores that are 1 less.
    return _tuba_derivative([[score - 1 for score in row] for row in rows], i, j)


def _donsker_varadhan(joint, marginal):
    return _mean(_all(joint)) - _mean(score.exp() for score in _all(marginal)).ln()


def _donsker_varadhan_derivative(rows, i, j):
    if i == j:
        return Decimal(1) / len(rows)
    total = sum(s.exp() for k, row in enumerate(rows) for m, s in enumerate(row) if k != m)
    return -rows[i][j].exp() / total


BOUNDS = {
    "infonce": BoundExample(_infonce, _infonce_derivative),
    # f* = 1 + log r, where the others have log r.
    "nwj": BoundExample(_nwj, _nwj_derivative, optimal_offset=1.0),
    "tuba": BoundExample(_tuba, _tuba_derivative),
    "donsker_varadhan": BoundExample(_donsker_varadhan, _donsker_varadhan_derivative),
}


@dataclasses.dataclass(frozen=True)
class CriticExample:
    """A small critic, and its score of one pair.

    Attributes:
        options: of the constructor, all but the seed.
        x_dim, y_dim: widths of the codes.
        score: (critic, x ``[Dx]``, y ``[Dy]``) -> float, in NumPy float64.
    """

    options: dict
    x_dim: int
    y_dim: int
    score: Callable

    def codes(self, num_x, num_y, seed=0, dtype=np.float32):
        """Standard normal codes ``[num_x, x_dim]`` and ``[num_y, y_dim]``."""
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(num_x, self.x_dim))
        return x.astype(dtype), rng.normal(size=(num_y, self.y_dim)).astype(dtype)


def _network(layers, values):
    """A dense network with tanh on all but the last layer, at one input."""
    for position, layer in enumerate(layers):
        values = values @ layer.kernel.numpy() + layer.bias.numpy()
        values = np.tanh(values) if position < len(layers) - 1 else values
    return values


CRITICS = {
    "inner_product": CriticExample({}, 4, 4, lambda critic, x, y: math.fsum(x * y)),
    "bilinear": CriticExample(
        {"feature_dim": 4},
        4,
        3,
        # x^T W y with W = kernel^T: the kernel acts on the second code.
        lambda critic, x, y: sum(
            x[a] * critic.kernel.numpy()[b, a] * y[b] for a in range(4) for b in range(3)
        ),
    ),
    "separable": CriticExample(
        {"hidden_dim": 6, "output_dim": 5, "layers": 2, "activation": "tanh"},
        4,
        3,
        lambda critic, x, y: _network(critic.fx, x) @ _network(critic.fy, y),
    ),
    "concat": CriticExample(
        {"hidden_dim": 6, "layers": 2, "activation": "tanh"},
        4,
        3,
        lambda critic, x, y: _network(critic.f, np.concatenate([x, y])).item(),
    ),
}


@dataclasses.dataclass(frozen=True)
class EncoderExample:
    """A small encoder of a registered kind.

    Attributes:
        name: the registered name.
        options: of the constructor, all but the seed.
        input_shape: of one input.
        output_dim: width of the code.
        wrong_input_shape: of one input that does not fit an encoder built for ``input_shape``.
    """

    name: str
    options: dict
    input_shape: tuple
    output_dim: int
    wrong_input_shape: tuple

    def inputs(self, size, seed=0, dtype=np.float32):
        """Standard normal inputs ``[size, *input_shape]``."""
        return np.random.default_rng(seed).normal(size=(size, *self.input_shape)).astype(dtype)


_FLOW = {"num_couplings": 2, "hidden_units": (8,), "kernel_initializer": "glorot_uniform"}

ENCODERS = {
    "mlp": EncoderExample("mlp", {"layer_dimensions": (6, 6, 5)}, (4,), 5, (3,)),
    "mlp of images": EncoderExample("mlp", {"layer_dimensions": (6, 5)}, (2, 3, 1), 5, (2, 4, 1)),
    "mlp with shortcuts": EncoderExample(
        "mlp", {"layer_dimensions": (4, 4), "shortcuts": True, "activation": "tanh"}, (4,), 4, (5,)
    ),
    "convnet": EncoderExample(
        "convnet", {"channels": 3, "kernel_size": 3, "output_dim": 5}, (6, 5, 2), 5, (6, 5, 3)
    ),
    "convnet of vectors": EncoderExample(
        "convnet",
        {"channels": 3, "kernel_size": 3, "output_dim": 5, "image_shape": (5, 4, 1)},
        (20,),
        5,
        (19,),
    ),
    "realnvp": EncoderExample("realnvp", _FLOW, (5,), 5, (4,)),
    "realnvp with scales": EncoderExample(
        "realnvp", {**_FLOW, "scale": "softplus"}, (6,), 6, (7,)
    ),
    "realnvp of images": EncoderExample("realnvp", _FLOW, (2, 3, 1), 6, (2, 2, 1)),
}
