"""RankMe and LiDAR of codes whose effective rank is known."""

import numpy as np
import pytest
from scipy.linalg import hadamard

from tf_infomax.evaluation import lidar, rankme

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("rank", [1, 3, 7])
def test_rankme_of_equal_singular_values_is_their_number(rank):
    left, _ = np.linalg.qr(RNG.normal(size=(40, rank)))
    right, _ = np.linalg.qr(RNG.normal(size=(9, rank)))
    codes = 5.0 * left @ right.T
    assert rankme(codes, epsilon=1e-12) == pytest.approx(rank, rel=1e-6)
    # Its scale and a rotation change nothing.
    rotation, _ = np.linalg.qr(RNG.normal(size=(9, 9)))
    assert rankme(1e-3 * codes @ rotation) == pytest.approx(rank, rel=1e-4)


def test_rankme_of_two_singular_values():
    """p and 1 - p: the exponential of the entropy in two numbers."""
    p = 0.8
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    codes = np.zeros((6, 4))
    codes[0, 0], codes[1, 1] = 8.0, 2.0
    assert rankme(codes) == pytest.approx(np.exp(entropy), rel=1e-4)
    assert rankme(np.zeros((5, 3))) == 0.0
    assert rankme(RNG.normal(size=(20_000, 8))) == pytest.approx(8, rel=1e-3)


def objects(scales):
    """Eight objects of two views each: means of given scales, views one step apart everywhere."""
    design = hadamard(8)[:, 1:].astype(np.float64)
    means = design * np.asarray(scales)
    # Steps of all objects are orthogonal too, so that the views do not covary.
    steps = design
    return np.stack([means + steps, means - steps], axis=1)


def test_lidar_of_orthogonal_objects():
    # S_b = 8/7 diag(scales^2), S_w = 2 I: the ratios are those of the squared scales.
    assert lidar(objects([3.0] * 7)) == pytest.approx(7, rel=1e-5)
    squares = np.array([9.0, 4.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    p = squares[:3] / squares.sum()
    expected = np.exp(-np.sum(p * np.log(p)))
    assert lidar(objects(np.sqrt(squares))) == pytest.approx(expected, rel=1e-4)


def test_lidar_counts_no_direction_in_which_views_differ_as_much():
    codes = objects([3.0] * 7)
    # A direction of large variance, all of it between views of one object, at right angles to the
    # other steps over the objects.
    noise = np.tile([[[100.0], [-100.0]]], (8, 1, 1))
    larger = np.concatenate([codes, noise], axis=2)
    assert lidar(larger) == pytest.approx(7, rel=1e-4)
    assert rankme(larger.reshape(16, -1)) < 5
    # An invertible linear map changes nothing but through delta.
    mixed = codes @ RNG.normal(size=(7, 7))
    assert lidar(mixed, delta=0.0) == pytest.approx(lidar(codes, delta=0.0), rel=1e-6)
    assert lidar(np.ones((4, 3, 2))) == 0.0


@pytest.mark.parametrize("shape", [(4, 3), (4, 1, 3), (1, 4, 3)])
def test_lidar_needs_views_of_several_images(shape):
    with pytest.raises(ValueError, match="two views or more of two images or more"):
        lidar(np.zeros(shape))


def test_rankme_without_epsilon_counts_a_zero_as_nothing():
    codes = np.zeros((6, 4))
    codes[0, 0], codes[1, 1], codes[2, 2] = 5.0, 5.0, 5.0
    assert rankme(codes, epsilon=0.0) == pytest.approx(3.0, rel=1e-12)


@pytest.mark.parametrize("scale", [1e308, 1e200, 1e-300])
def test_rankme_of_codes_at_the_ends_of_float64(scale):
    codes = np.zeros((6, 4))
    codes[:2, :2] = 0.5 * np.eye(2) + 0.5
    # The singular values of the block are 1.5 and 0.5.
    expected = np.exp(-0.75 * np.log(0.75) - 0.25 * np.log(0.25))
    assert rankme(scale * codes) == pytest.approx(expected, rel=1e-5)
    assert rankme(np.full((5, 3), scale)) == pytest.approx(1.0, rel=1e-5)


def test_lidar_of_large_codes():
    codes = objects([3.0] * 7)
    assert lidar(1e200 * codes) == pytest.approx(7, rel=1e-5)


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf, "a", None])
def test_what_is_added_is_0_or_more(wrong):
    codes = objects([3.0] * 7)
    for evaluate, name in ((lidar, "delta"), (lidar, "epsilon"), (rankme, "epsilon")):
        with pytest.raises(ValueError, match=f"`{name}` must be 0 or more. Received: {name}="):
            evaluate(codes, **{name: wrong})


def test_lidar_needs_views_that_differ_in_every_direction():
    codes = RNG.normal(size=(3, 2, 10))
    assert np.isfinite(lidar(codes))
    for delta in (0.0, 5e-324):
        with pytest.raises(ValueError, match=rf"`delta` must be larger.* Received: delta={delta}"):
            lidar(codes, delta=delta)


@pytest.mark.parametrize("scale", [1e3, 1e7, 1e12, 1e150])
def test_lidar_of_codes_whose_views_do_not_differ_in_every_direction(scale):
    """Far above delta, only the directions in which views of an image agree count."""
    codes = np.random.default_rng(3).normal(size=(3, 2, 10))
    # The three differences of views span what is left out.
    _, _, right = np.linalg.svd(codes[:, 0] - codes[:, 1])
    means = codes.mean(axis=1) @ right[3:].T
    p = np.linalg.eigvalsh(np.cov(means, rowvar=False))[-2:]
    p /= p.sum()
    expected = np.exp(-np.sum(p * np.log(p)))
    assert lidar(scale * codes) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("codes", "message"),
    [([[[1]], [[1], [2]]], "array of numbers"), (np.zeros((3, 2, 0)), r"shape \(3, 2, 0\)")],
)
def test_lidar_needs_an_array(codes, message):
    with pytest.raises(ValueError, match=message):
        lidar(codes)
