"""Divergences: values by hand, the pairs of functions, and measures of maps entry by entry."""

import functools
import math

import numpy as np
import pytest
import tensorflow as tf

from tests.compiled import each_compilation
from tf_infomax import bounds
from tf_infomax.bounds import divergences
from tf_infomax.scores.pairs import PairScores

LOG_2 = math.log(2.0)
# Elementwise pairs whose dual form is a lower bound: all but the release's X2 and the one that
# reduces its argument.
PAIRS = [
    name for name in divergences.names() if name not in ("chi_squared_released", "donsker_varadhan")
]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        # Joint scores 0 and log 3, marginal scores 0 and -log 3.
        ("jsd", (math.log(2 / 2) + math.log(2 / (4 / 3))) / 2 - (math.log(4 / 3) - LOG_2) / 2),
        ("gan", (-math.log(2) - math.log(4 / 3)) / 2 - (math.log(2) + math.log(4 / 3)) / 2),
        ("reverse_kl", -(1 + 1 / 3) / 2 - (-math.log(3) / 2 - 1)),
        ("squared_hellinger", (0 + 2 / 3) / 2 - (0 - 2 / 3) / 2),
        ("chi_squared", math.log(3) / 2 - (math.log(3) ** 2 / 4 - math.log(3)) / 2),
        ("chi_squared_released", math.log(3) ** 2 / 2 + (1 + (math.log(3) + 1) ** 2) / 4),
        ("wasserstein", math.log(3)),
    ],
)
def test_values_by_hand(name, value):
    matrix = np.array([[0.0, 0.0], [-math.log(3), math.log(3)]])
    np.testing.assert_allclose(getattr(bounds, name)(matrix), value, rtol=1e-14)


def test_every_divergence_is_the_bound_of_its_name():
    joint, marginal = np.random.default_rng(0).normal(size=(2, 3, 5))
    scores = PairScores(joint, marginal)
    assert set(divergences.names()) - {"kl"} <= set(bounds.names())
    for name in divergences.names():
        if name == "donsker_varadhan":
            estimate = divergences.get(name).estimate(joint.ravel(), marginal.ravel())
        else:
            estimate = divergences.get(name).estimate(joint, marginal)
        bound = bounds.get("nwj" if name == "kl" else name)
        np.testing.assert_allclose(bound(scores), estimate, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize("name", PAIRS)
def test_positive_is_below_negative(name):
    # Fenchel's inequality at r = 1, where f(1) = 0: without it equal samples would differ.
    u = np.linspace(-30, 30, 601)
    divergence = divergences.get(name)
    assert np.all(divergence.positive(u) <= divergence.negative(u) + 1e-12)


@pytest.mark.parametrize("name", divergences.names())
@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_half_precision_is_evaluated_in_float32(name, dtype):
    u = tf.constant([-11.5, 0.0, 12.0], dtype)
    divergence = divergences.get(name)
    for function in (divergence.positive, divergence.negative):
        values = function(u)
        assert values.dtype == tf.float32 and np.isfinite(values).all()
        np.testing.assert_array_equal(values, function(tf.cast(u, tf.float32)))


def test_small_scores_keep_their_digits():
    # exp(u) - 1 of a float32 u of 1e-6 has one digit left, expm1 has all.
    u = tf.constant([1e-6], tf.float32)
    pair = divergences.get("squared_hellinger")
    np.testing.assert_allclose(pair.negative(u), [1e-6], rtol=1e-5)
    np.testing.assert_allclose(pair.positive(u), [1e-6], rtol=1e-5)


def test_the_released_chi_squared_has_a_gradient_at_zero():
    u = tf.zeros([3, 3])
    with tf.GradientTape() as tape:
        tape.watch(u)
        value = bounds.chi_squared_released(u)
    assert value == 0.5
    np.testing.assert_array_equal(tape.gradient(value, u), np.zeros((3, 3)))


def test_an_unknown_divergence_names_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown divergence 'jsdd'. Did you mean 'jsd'"):
        divergences.get("jsdd")


# Measures of maps, in NumPy float64 by a loop over all anchors and places.


def interpolated(u, alpha=0.01):
    """``interpolated`` with a = 1 of ``u [N, B, N, A]``, every candidate left out in turn."""
    num_images, num_globals, _, num_places = u.shape
    values = []
    for i in range(num_images):
        others = [j for j in range(num_images) if j != i]
        for b in range(num_globals):
            rivals = u[i, b, others].ravel()
            mean = np.logaddexp.reduce(rivals) - np.log(rivals.size)
            log_a = np.logaddexp(np.log(alpha) + mean, np.log1p(-alpha))
            marginal = np.exp(rivals - log_a).mean()
            for a in range(num_places):
                for k in range(rivals.size):
                    candidates = np.append(np.delete(rivals, k), u[i, b, i, a])
                    mean = np.logaddexp.reduce(candidates) - np.log(rivals.size)
                    log_a = np.logaddexp(np.log(alpha) + mean, np.log1p(-alpha))
                    values.append(1 + u[i, b, i, a] - log_a - marginal)
    return np.mean(values)


def brute_force(name, u):
    """A measure of ``u [N, B, N, A]``, anchor by anchor and place by place."""
    num_images, num_globals, _, num_places = u.shape
    images, places = range(num_images), range(num_places)
    joint, marginal, anchors = [], [], []
    for i in images:
        for b in range(num_globals):
            others = [u[i, b, j, a] for j in images if j != i for a in places]
            marginal += others
            for a in places:
                joint.append(u[i, b, i, a])
                anchors.append(u[i, b, i, a] - np.logaddexp.reduce([u[i, b, i, a], *others]))
    joint, marginal = np.array(joint), np.array(marginal)
    if name == "infonce":
        return np.mean(anchors) + np.log((num_images - 1) * num_places + 1)
    if name == "donsker_varadhan":
        return joint.mean() - np.logaddexp.reduce(marginal) + np.log(marginal.size)
    softplus = functools.partial(np.logaddexp, 0)
    if name in ("smile", "mine"):
        clipped = np.clip(marginal, -5, 5) if name == "smile" else marginal
        return joint.mean() - np.logaddexp.reduce(clipped) + np.log(marginal.size)
    if name == "interpolated":
        return interpolated(u)
    return {
        "js_nwj": lambda: joint.mean() + 1 - np.exp(marginal).mean(),
        "jsd": lambda: (LOG_2 - softplus(-joint)).mean() - (softplus(marginal) - LOG_2).mean(),
        "gan": lambda: -softplus(-joint).mean() - softplus(marginal).mean(),
        "nwj": lambda: joint.mean() - np.exp(marginal - 1).mean(),
        "tuba": lambda: 1 + joint.mean() - np.exp(marginal).mean(),
        "reverse_kl": lambda: -np.exp(-joint).mean() - (marginal - 1).mean(),
        "squared_hellinger": lambda: (1 - np.exp(-joint)).mean() - (np.exp(marginal) - 1).mean(),
        "chi_squared": lambda: joint.mean() - (marginal**2 / 4 + marginal).mean(),
        "chi_squared_released": lambda: (joint**2).mean() + ((abs(marginal) + 1) ** 2).mean() / 2,
        "wasserstein": lambda: joint.mean() - marginal.mean(),
    }[name]()


SIZES = [(2, 1, 1), (3, 2, 5), (5, 1, 9), (7, 3, 3)]
each_measure = pytest.mark.parametrize("name", bounds.names())


@each_measure
@pytest.mark.parametrize("size", SIZES)
def test_measures_of_maps(name, size):
    num_images, num_globals, num_places = size
    shape = (num_images, num_globals, num_images, num_places)
    u = np.random.default_rng(0).normal(size=shape, scale=2.0)
    value = bounds.get(name)(PairScores.from_maps(u))
    np.testing.assert_allclose(value, brute_force(name, u), rtol=1e-12)
    single = bounds.get(name)(PairScores.from_maps(u.astype(np.float32)))
    np.testing.assert_allclose(single, value, rtol=1e-4, atol=1e-5)


def value_and_gradient(name, u):
    with tf.GradientTape() as tape:
        tape.watch(u)
        value = bounds.get(name)(PairScores.from_maps(u))
    return value, tape.gradient(value, u)


@each_measure
def test_gradient_by_differences(name):
    u = np.random.default_rng(1).normal(size=(3, 2, 3, 2))
    _, gradient = value_and_gradient(name, tf.constant(u))
    # The value of these is not what they climb.
    name = {"js_nwj": "jsd", "smile": "jsd"}.get(name, name)
    for index in np.ndindex(u.shape):
        moved = [u.copy(), u.copy()]
        moved[0][index] += 1e-5
        moved[1][index] -= 1e-5
        difference = (brute_force(name, moved[0]) - brute_force(name, moved[1])) / 2e-5
        np.testing.assert_allclose(gradient[index], difference, rtol=1e-5, atol=1e-8)


@each_measure
@pytest.mark.parametrize("magnitude", [50.0, 1000.0])
def test_extreme_scores_of_maps(name, magnitude):
    # Own and other places at every mix of extremes: where the exact value is finite in float32, so
    # are ours and its gradient; nothing is ever NaN.
    for own in (magnitude, -magnitude):
        for other in (magnitude, -magnitude):
            is_own = np.eye(3, dtype=bool)[:, np.newaxis, :, np.newaxis]
            u = np.where(np.broadcast_to(is_own, (3, 2, 3, 2)), own, other).astype(np.float32)
            value, gradient = value_and_gradient(name, tf.constant(u))
            with np.errstate(over="ignore"):
                expected = np.float32(brute_force(name, u.astype(np.float64)))
            np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-4)
            assert not np.isnan(gradient).any()
            assert np.isfinite(gradient).all() or not np.isfinite(expected)


# One measure for each of the sums that measures read.
@pytest.mark.parametrize("name", ["infonce", "jsd", "nwj", "donsker_varadhan"])
@each_compilation
def test_compiled_is_eager_at_unknown_sizes(name, jit_compile):
    compute = functools.partial(value_and_gradient, name)
    unknown = tf.TensorSpec([None] * 4, tf.float32)
    compiled = tf.function(compute, jit_compile=jit_compile, input_signature=[unknown])
    for shape in ((3, 2, 3, 2),) if jit_compile else ((3, 2, 3, 2), (5, 1, 5, 3)):
        u = tf.constant(np.random.default_rng(2).normal(size=shape).astype(np.float32))
        for ours, theirs in zip(compiled(u), compute(u), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
