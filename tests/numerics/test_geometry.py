"""Alignment and uniformity: closed forms, brute force, the uniform law, and the limit theorem."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy.special import gammaln, hyp0f1

from tests.compiled import each_compilation
from tf_infomax import bounds, critics
from tf_infomax.numerics import geometry
from tf_infomax.scores.pairs import PairScores


def unit(rng, number, dim):
    codes = rng.normal(size=(number, dim))
    return codes / np.linalg.norm(codes, axis=1, keepdims=True)


def value_and_gradients(function, *arrays):
    tensors = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return float(value), [gradient.numpy() for gradient in tape.gradient(value, tensors)]


def uniformity_by_hand(x, t):
    """Value and gradient by a double loop."""
    number, total, gradient = len(x), 0.0, np.zeros_like(x)
    for i in range(number):
        for j in range(number):
            if i != j:
                kernel = math.exp(-t * sum((a - b) ** 2 for a, b in zip(x[i], x[j], strict=True)))
                total += kernel
                gradient[i] += kernel * -4.0 * t * (x[i] - x[j])
    return math.log(total / (number * (number - 1))), gradient / total


# From the sheet; -4 + log(sinh(4) / 4) and -4 + log cosh(4) are elementary.
@pytest.mark.parametrize(("dim", "value"), [(2, -1.575), (3, -2.080), (64, -3.875), (128, -3.938)])
def test_published_floors(dim, value):
    assert geometry.uniformity_floor(dim) == pytest.approx(value, abs=5e-4)


@pytest.mark.parametrize("t", [0.01, 2.0, 17.0, 150.0])
def test_the_floor_in_closed_form(t):
    def log_cosh(u):
        return u + math.log1p(math.exp(-2 * u)) - math.log(2)

    assert geometry.uniformity_floor(1, t) == pytest.approx(log_cosh(2 * t) - 2 * t, abs=1e-10)
    log_sinhc = 2 * t + math.log(-math.expm1(-4 * t)) - math.log(4 * t)
    assert geometry.uniformity_floor(3, t) == pytest.approx(log_sinhc - 2 * t, abs=1e-10)
    for dim in (2, 7, 64, 1000):
        expected = math.log(hyp0f1(dim / 2, t**2)) - 2 * t
        assert geometry.uniformity_floor(dim, t) == pytest.approx(expected, abs=1e-9)


def test_the_floor_where_bessel_functions_overflow():
    # Laplace: for large t the kernel sees a flat neighbourhood of volume (pi / t)^((d-1)/2).
    dim, t = 5, 1e5
    surface = math.log(2) + dim / 2 * math.log(math.pi) - gammaln(dim / 2)
    expected = (dim - 1) / 2 * math.log(math.pi / t) - surface
    assert geometry.uniformity_floor(dim, t) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("dim", [2, 3, 64])
def test_uniform_codes_reach_the_floor(dim):
    rng = np.random.default_rng(dim)
    # Means of the kernel over independent sets of codes: their spread gives the standard error.
    kernels = [math.exp(geometry.uniformity(unit(rng, 200, dim))) for _ in range(40)]
    error = np.std(kernels, ddof=1) / math.sqrt(len(kernels))
    expected = math.exp(geometry.uniformity_floor(dim))
    assert abs(np.mean(kernels) - expected) < 4 * error < 0.02 * expected + 1e-3


@pytest.mark.parametrize("number", [3, 5, 16])
def test_no_set_of_codes_is_below_the_floor_of_its_size(number):
    # Even codes on the circle come nearest to it: they are optimal.
    angles = 2 * np.pi * np.arange(number) / number
    even = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    floor = geometry.uniformity_floor(2, num_codes=number)
    value = float(geometry.uniformity(even))
    assert value >= floor - 1e-12
    if number == 16:
        # With this many the kernel cannot tell them from the uniform law.
        assert value == pytest.approx(floor, abs=1e-6)
        assert value < geometry.uniformity_floor(2)
    if number == 3:
        assert value == pytest.approx(-2.0 * 3.0) and floor == -math.inf


@pytest.mark.parametrize("t", [0.5, 2.0])
def test_uniformity_against_a_double_loop(t):
    x = unit(np.random.default_rng(0), 7, 3)
    expected, slope = uniformity_by_hand(x, t)
    value, (gradient,) = value_and_gradients(
        lambda codes: geometry.uniformity(codes, t, normalize=False), x
    )
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradient, slope, rtol=1e-9, atol=1e-14)
    # Put on the sphere first: the value does not know the norms, and the gradient has no radial
    # part.
    lengths = np.random.default_rng(1).uniform(0.1, 9.0, size=(7, 1))
    value, (gradient,) = value_and_gradients(
        lambda codes: geometry.uniformity(codes, t), lengths * x
    )
    assert value == pytest.approx(expected, rel=1e-12)
    tangent = slope - np.sum(slope * x, axis=1, keepdims=True) * x
    np.testing.assert_allclose(gradient, tangent / lengths, rtol=1e-8, atol=1e-13)


def test_blocks_of_rows_change_nothing(monkeypatch):
    x = unit(np.random.default_rng(2), 23, 4)
    whole = value_and_gradients(geometry.uniformity, x)
    monkeypatch.setattr(geometry, "_BLOCK", 5)
    blocks = value_and_gradients(geometry.uniformity, x)
    assert blocks[0] == pytest.approx(whole[0], rel=1e-13)
    np.testing.assert_allclose(blocks[1][0], whole[1][0], rtol=1e-10, atol=1e-16)
    assert blocks[0] == pytest.approx(uniformity_by_hand(x, 2.0)[0], rel=1e-12)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.7, 2.0, 4.0])
def test_alignment_against_a_loop(exponent):
    rng = np.random.default_rng(3)
    x, y = unit(rng, 7, 3), unit(rng, 7, 3)
    distances = [math.dist(a, b) for a, b in zip(x, y, strict=True)]
    expected = sum(distance**exponent for distance in distances) / 7
    slope = [
        exponent * distance ** (exponent - 2) * (a - b) / 7
        for a, b, distance in zip(x, y, distances, strict=True)
    ]
    value, gradients = value_and_gradients(
        lambda x, y: geometry.alignment(x, y, exponent, normalize=False), x, y
    )
    assert value == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(gradients, [slope, np.negative(slope)], rtol=1e-10)
    assert float(geometry.alignment(3 * x, 0.2 * y, exponent)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5, 2.0])
def test_perfect_alignment_and_collapse(exponent):
    x = unit(np.random.default_rng(4), 6, 5)
    value, gradients = value_and_gradients(
        lambda x, y: geometry.alignment(x, y, exponent), x, x.copy()
    )
    assert value == 0.0 and not np.any(gradients)
    assert float(geometry.alignment(x, -x, exponent)) == pytest.approx(2.0**exponent)
    value, (gradient,) = value_and_gradients(geometry.uniformity, np.tile(x[:1], (9, 1)))
    assert value == pytest.approx(0.0, abs=1e-15)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-15)
    assert np.isfinite(value_and_gradients(geometry.uniformity, np.zeros((3, 2)))[1]).all()


def test_antipodes():
    # One pair at distance 2: -4 t.
    assert float(geometry.uniformity([[0.0, 1.0], [0.0, -1.0]], t=3.0)) == pytest.approx(-12.0)
    # Far below the smallest number of float32, in a mean of exponentials.
    assert float(geometry.uniformity([[0.0, 1.0], [0.0, -1.0]], t=300.0)) == pytest.approx(-1200.0)


@each_compilation
def test_compiled_with_gradients(jit_compile):
    rng = np.random.default_rng(5)
    x, y = unit(rng, 9, 4).astype(np.float32), unit(rng, 9, 4).astype(np.float32)

    def both(x, y):
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            value = geometry.alignment(x, y, 1.0) + geometry.uniformity(x) + geometry.uniformity(y)
        return [value, *tape.gradient(value, [x, y])]

    signature = [tf.TensorSpec([None, 4]), tf.TensorSpec([None, 4])]
    compiled = tf.function(both, jit_compile=jit_compile, input_signature=signature)
    for ours, expected in zip(compiled(x, y), both(tf.constant(x), tf.constant(y)), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


def test_half_precision_is_measured_in_single():
    x = unit(np.random.default_rng(6), 50, 3)
    value = geometry.uniformity(tf.constant(300 * x, tf.float16))
    assert value.dtype == tf.float32
    assert float(value) == pytest.approx(float(geometry.uniformity(x)), abs=2e-3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: geometry.alignment(x, x[:2]), r"one shape and dtype.*\(5, 3\).*\(2, 3\)"),
        (lambda x: geometry.alignment(x, x, 0.0), r"positive. Received: exponent=0.0\."),
        (lambda x: geometry.uniformity(x, -1.0), r"positive. Received: t=-1.0\."),
        (lambda x: geometry.uniformity(x[:1]), r"at least two. Received: x of shape \(1, 3\)"),
        (lambda x: geometry.uniformity(x[0]), r"shape \[K, D\]. Received: float64 of shape \(3,\)"),
        (lambda x: geometry.alignment(x.astype(int), x), r"Received: int64 of shape \(5, 3\)"),
        (lambda x: geometry.uniformity_floor(0), r"positive integer. Received: dim=0\."),
        (lambda x: geometry.uniformity_floor(2, 0.0), r"positive. Received: t=0.0\."),
        (lambda x: geometry.uniformity_floor(2, num_codes=1), r"Received: num_codes=1\."),
        (lambda x: geometry.contrastive_limit(x, x, 0.0), r"Received: temperature=0.0\."),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call(np.ones((5, 3)))


def exact_contrastive_loss(x, y, temperature, num_negatives):
    """Mean over pairs of the exact expectation over negatives drawn from the three y's, float64.

    The counts of the three among M negatives are multinomial: all of them are gone through.
    """
    first, second = np.meshgrid(*(np.arange(num_negatives + 1),) * 2, indexing="ij")
    keep = first + second <= num_negatives
    counts = np.stack([first[keep], second[keep], num_negatives - (first + second)[keep]])
    log_weight = gammaln(num_negatives + 1) - gammaln(counts + 1).sum(axis=0)
    weight = np.exp(log_weight - num_negatives * math.log(3))
    assert weight.sum() == pytest.approx(1.0, abs=1e-10)
    scores = x @ y.T / temperature
    losses = [
        weight @ (np.log(np.exp(scores[i, i]) + np.exp(scores[i]) @ counts) - scores[i, i])
        for i in range(3)
    ]
    return np.mean(losses)


def test_the_limit_theorem_and_its_first_correction():
    rng = np.random.default_rng(7)
    x, y = unit(rng, 3, 4), unit(rng, 3, 4)
    limit = float(geometry.contrastive_limit(x, y, 0.5))
    correction = float(geometry.contrastive_correction(x, y, 0.5))
    assert abs(correction) > 0.1
    sizes = np.array([40, 80, 160])
    gaps = np.array([exact_contrastive_loss(x, y, 0.5, m) - math.log(m) for m in sizes]) - limit
    remainders = gaps - correction / sizes
    # Without the correction what is left halves as M doubles; with it, it is quartered.
    np.testing.assert_allclose(gaps[1:] / gaps[:-1], 1 / 2, atol=0.02)
    np.testing.assert_allclose(remainders[1:] / remainders[:-1], 1 / 4, atol=0.02)
    np.testing.assert_allclose(sizes * gaps, correction, rtol=0.05)


def test_the_parts_of_the_correction():
    # Orthogonal x and y_1, y_2 with scores s and 0 of x_1, by hand.
    x = np.array([[1.0, 0.0], [1.0, 0.0]])
    y = np.array([[1.0, 0.0], [0.0, 1.0]])
    s = 1 / 0.7
    mean = (math.exp(s) + 1) / 2
    spread = ((math.exp(s) - mean) ** 2 + (1 - mean) ** 2) / 2
    by_hand = (math.exp(s) + 1) / 2 / mean - spread / (2 * mean**2)
    assert float(geometry.contrastive_correction(x, y, 0.7)) == pytest.approx(by_hand, rel=1e-12)
    limit = math.log(mean) - s / 2
    assert float(geometry.contrastive_limit(x, y, 0.7)) == pytest.approx(limit, rel=1e-12)


def test_the_packages_loss_approaches_the_limit():
    # log(M + 1) - InfoNCE with the cosine critic is the loss of the theorem.
    rng = np.random.default_rng(8)
    support, temperature, num_negatives = unit(rng, 5, 3), 0.5, 64
    others = support + 0.3 * rng.normal(size=support.shape)
    critic = critics.get("cosine", temperature=temperature, dtype="float64")
    table = critic(tf.constant(support), tf.constant(others)).numpy()
    losses = []
    # As many of each anchor, so that only the negatives are random.
    anchors = np.repeat(np.arange(5), 200)
    for _ in range(50):
        negatives = rng.integers(0, 5, (len(anchors), num_negatives))
        scores = PairScores(table[anchors, anchors], table[anchors[:, np.newaxis], negatives])
        losses.append(math.log(num_negatives + 1) - float(bounds.infonce(scores)))
    error = np.std(losses, ddof=1) / math.sqrt(len(losses))
    limit = float(geometry.contrastive_limit(support, others, temperature))
    correction = float(geometry.contrastive_correction(support, others, temperature))
    gap = np.mean(losses) - math.log(num_negatives) - limit
    assert abs(gap - correction / num_negatives) < 4 * error + 1 / num_negatives**2
    # The test can tell: the correction is many standard errors.
    assert abs(correction / num_negatives) > 8 * error
