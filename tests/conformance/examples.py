"""One example of every registered bound and critic: what the conformance tests loop over.

A new entry of a registry needs a new entry here, and no new test. The right answers are written
down a second time, entry by entry and pair by pair: bounds in decimal arithmetic, whose numbers do
not overflow, critics in NumPy float64.
"""

import dataclasses
import decimal
import math
from collections.abc import Callable

import keras
import numpy as np

from tf_infomax.layers.released import Dense
from tf_infomax.scores.pairs import PairScores

__all__ = ["BOUNDS", "CRITICS", "BoundExample", "CriticExample"]

Decimal = decimal.Decimal


@dataclasses.dataclass(frozen=True)
class BoundExample:
    """A bound as one would work it out by hand.

    Attributes:
        formula: (joint, marginal), nested lists of ``Decimal`` with one row an anchor -> Decimal.
        derivative: (rows of a ``[K, K]`` matrix, i, j) -> that of the value by ``scores[i][j]``.
        optimal: log of the density ratio r (of joint to product) -> optimal score.
        generator: f such that the value is to be ``E_product[f(r)]`` there, of NumPy arrays;
            ``None`` for what bounds no f-divergence.
    """

    formula: Callable
    derivative: Callable
    optimal: Callable = lambda log_ratio: log_ratio
    generator: Callable | None = lambda r: r * np.log(r)

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


def _dual(positive, negative, slopes, generator, optimal=lambda log_ratio: log_ratio):
    """Example of ``mean p(joint) - mean n(marginal)``.

    Args:
        positive, negative: p and n, of a ``Decimal``.
        slopes: their derivatives.
        generator, optimal: as in ``BoundExample``.
    """

    def formula(joint, marginal):
        return _mean(map(positive, _all(joint))) - _mean(map(negative, _all(marginal)))

    def derivative(rows, i, j):
        size = len(rows)
        if i == j:
            return slopes[0](rows[i][j]) / size
        return -slopes[1](rows[i][j]) / (size * (size - 1))

    return BoundExample(formula, derivative, optimal, generator)


# The default of `interpolated`, as the float that it is, and its baseline a = 1.
_ALPHA = Decimal(0.01)


def _interpolated(joint, marginal):
    """Every leave-one-out mean written out."""
    values = []
    for own, others in zip(joint, marginal, strict=True):
        of_marginal = _ALPHA * _mean(other.exp() for other in others) + 1 - _ALPHA
        rest = _mean(other.exp() for other in others) / of_marginal
        for score in own:
            for left_out in range(len(others)):
                candidates = [score, *others[:left_out], *others[left_out + 1 :]]
                of_joint = _ALPHA * _mean(one.exp() for one in candidates) + 1 - _ALPHA
                values.append(1 + score - of_joint.ln() - rest)
    return _mean(values)


def _interpolated_derivative(rows, i, j):
    exponentials, size = [score.exp() for score in rows[i]], len(rows)
    marginal = size - 1

    def baseline(left_out):
        total = sum(one for k, one in enumerate(exponentials) if k != left_out)
        return _ALPHA * total / marginal + 1 - _ALPHA

    # Of -log a, over the k that leave score j in.
    inside = sum(1 / baseline(k) for k in range(size) if k not in (i, j))
    slope = -_ALPHA * exponentials[j] * inside / marginal**2
    if i == j:
        return (1 + slope) / size
    # Of -m / (alpha m + 1 - alpha).
    return (slope - exponentials[j] / marginal * (1 - _ALPHA) / baseline(i) ** 2) / size


def _clipped(score):
    return max(Decimal(-5), min(Decimal(5), score))


def _smile(joint, marginal):
    return _donsker_varadhan(joint, [[_clipped(score) for score in row] for row in marginal])


def _softplus(score):
    return (1 + score.exp()).ln()


def _sigmoid(score):
    return 1 / (1 + (-score).exp())


_SIGMOIDS = (lambda u: _sigmoid(-u), _sigmoid)


def _twice_jensen_shannon(r):
    return r * np.log(2 * r / (1 + r)) + np.log(2 / (1 + r))


_JSD = _dual(
    lambda u: Decimal(2).ln() - _softplus(-u),
    lambda u: _softplus(u) - Decimal(2).ln(),
    _SIGMOIDS,
    _twice_jensen_shannon,
)
BOUNDS = {
    "infonce": BoundExample(_infonce, _infonce_derivative),
    "nwj": BoundExample(_nwj, _nwj_derivative, optimal=lambda log_ratio: log_ratio + 1),
    "tuba": BoundExample(_tuba, _tuba_derivative),
    "donsker_varadhan": BoundExample(_donsker_varadhan, _donsker_varadhan_derivative),
    "interpolated": BoundExample(_interpolated, _interpolated_derivative),
    # At shift 1, NWJ of scores + 1 is TUBA.
    "js_nwj": BoundExample(_tuba, _JSD.derivative),
    "smile": BoundExample(_smile, _JSD.derivative),
    "mine": BoundExample(_donsker_varadhan, _donsker_varadhan_derivative),
    "jsd": _JSD,
    "gan": _dual(
        lambda u: -_softplus(-u),
        _softplus,
        _SIGMOIDS,
        lambda r: _twice_jensen_shannon(r) - 2 * np.log(2),
    ),
    "reverse_kl": _dual(
        lambda u: -(-u).exp(),
        lambda u: u - 1,
        (lambda u: (-u).exp(), lambda u: Decimal(1)),
        lambda r: -np.log(r),
    ),
    "squared_hellinger": _dual(
        lambda u: 1 - (-u).exp(),
        lambda u: u.exp() - 1,
        (lambda u: (-u).exp(), lambda u: u.exp()),
        lambda r: (np.sqrt(r) - 1) ** 2,
        optimal=lambda log_ratio: log_ratio / 2,
    ),
    "chi_squared": _dual(
        lambda u: u,
        lambda u: u * u / 4 + u,
        (lambda u: Decimal(1), lambda u: u / 2 + 1),
        lambda r: (r - 1) ** 2,
        optimal=lambda log_ratio: 2 * np.expm1(log_ratio),
    ),
    "chi_squared_released": _dual(
        lambda u: u * u,
        lambda u: -((abs(u) + 1) ** 2) / 2,
        (lambda u: 2 * u, lambda u: -(u + (u > 0) - (u < 0))),
        None,
    ),
    "wasserstein": _dual(
        lambda u: u, lambda u: u, (lambda u: Decimal(1), lambda u: Decimal(1)), None
    ),
}


@dataclasses.dataclass(frozen=True)
class CriticExample:
    """A small critic, and its score of one pair.

    Attributes:
        options: of the constructor, all but the seed and ``parts``.
        x_shape, y_shape: shapes of one code each: ``(D,)``, or ``(H, W, D)`` of a map, whose places
            are scored one by one unless the critic takes whole maps.
        score: (critic, x ``[Dx]``, y ``[Dy]`` or a whole map) -> float, in NumPy float64.
        parts: (seed, dtype) -> further options, objects that belong to one critic only.
        takes_whole_maps: whether a map of the second view is one code.
    """

    options: dict
    x_shape: tuple
    y_shape: tuple
    score: Callable
    parts: Callable = lambda seed, dtype: {}
    takes_whole_maps: bool = False

    @property
    def is_of_maps(self):
        """Whether scores are ``[N, B, N, A]`` and not ``[K, M]``."""
        return len(self.y_shape) == 3 and not self.takes_whole_maps

    def all_options(self, seed=None, dtype=None):
        """Options of the constructor, parts included, all but the seed and the dtype."""
        return {**self.options, **self.parts(seed, dtype)}

    def codes(self, num_x, num_y, seed=0, dtype=np.float32):
        """Standard normal codes ``[num_x, *x_shape]`` and ``[num_y, *y_shape]``."""
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(num_x, *self.x_shape))
        return x.astype(dtype), rng.normal(size=(num_y, *self.y_shape)).astype(dtype)

    def scores(self, critic, x, y):
        """All scores of NumPy codes, pair by pair."""
        partners = y if self.takes_whole_maps else _rows(y)
        scores = np.array([[self.score(critic, a, b) for b in partners] for a in _rows(x)])
        if not self.is_of_maps:
            return scores
        return scores.reshape(len(x), -1, len(y), scores.shape[1] // len(y))

    def pairs(self, scores):
        """``PairScores`` of scores of as many x as y."""
        return PairScores.from_maps(scores) if self.is_of_maps else PairScores.from_matrix(scores)


def _rows(codes):
    return codes.reshape(-1, codes.shape[-1])


def _network(layers, values, activation=np.tanh):
    """A dense network with an activation on all but the last layer, at one input."""
    for position, layer in enumerate(layers):
        values = values @ layer.kernel.numpy() + layer.bias.numpy()
        values = activation(values) if position < len(layers) - 1 else values
    return values


def _mi_network(network, values):
    """An MI network at one input, by the statistics that it stores."""
    norm = network.batch_norm
    hidden = values @ network.dense_0.kernel.numpy()
    hidden = (hidden - norm.moving_mean.numpy()) / np.sqrt(norm.moving_variance.numpy() + 1e-5)
    hidden = np.maximum(hidden * norm.gamma.numpy() + norm.beta.numpy(), 0)
    outputs = hidden @ network.dense_1.kernel.numpy() + network.dense_1.bias.numpy()
    outputs = outputs + values @ network.shortcut.kernel.numpy()
    deviation = np.sqrt(outputs.var() + 1e-5)
    scale, shift = network.norm.gamma.numpy(), network.norm.beta.numpy()
    return (outputs - outputs.mean()) / deviation * scale + shift


def _tail(seed, dtype):
    """A network of whole maps, in the place of the layers of an encoder."""
    dense = Dense(6, seed=None if seed is None else seed + 1, dtype=dtype)
    return {"tail": keras.Sequential([keras.layers.Flatten("channels_last", dtype=dtype), dense])}


CRITICS = {
    "inner_product": CriticExample({}, (4,), (4,), lambda critic, x, y: math.fsum(x * y)),
    "cosine": CriticExample(
        {"temperature": 0.5},
        (4,),
        (4,),
        lambda critic, x, y: x @ y / math.sqrt(x @ x) / math.sqrt(y @ y) / 0.5,
    ),
    "bilinear": CriticExample(
        {"feature_dim": 4},
        (4,),
        (3,),
        # x^T W y with W = kernel^T: the kernel acts on the second code.
        lambda critic, x, y: sum(
            x[a] * critic.kernel.numpy()[b, a] * y[b] for a in range(4) for b in range(3)
        ),
    ),
    "separable": CriticExample(
        {"hidden_dim": 6, "output_dim": 5, "layers": 2, "activation": "tanh"},
        (4,),
        (3,),
        lambda critic, x, y: _network(critic.fx, x) @ _network(critic.fy, y),
    ),
    "concat": CriticExample(
        {"hidden_dim": 6, "layers": 2, "activation": "tanh"},
        (4,),
        (3,),
        lambda critic, x, y: _network(critic.f, np.concatenate([x, y])).item(),
    ),
    "dot_map": CriticExample(
        {"units": 6},
        (1, 2, 5),
        (2, 3, 4),
        lambda critic, x, y: (
            _mi_network(critic.global_net, x) @ _mi_network(critic.local_net, y)
        ),
    ),
    "concat_map": CriticExample(
        {"hidden_units": [6, 5]},
        (3,),
        (2, 1, 4),
        # The local feature comes first.
        lambda critic, x, y: _network(
            [critic.first, *critic.later],
            np.concatenate([y, x]),
            lambda hidden: np.maximum(hidden, 0),
        ).item(),
    ),
    "encoder_tail": CriticExample(
        {"units": 6},
        (4,),
        (2, 1, 3),
        lambda critic, x, y: (
            _network([critic.dense], x) @ _network(critic.tail.layers[-1:], y.ravel())
        ),
        parts=_tail,
        takes_whole_maps=True,
    ),
}
