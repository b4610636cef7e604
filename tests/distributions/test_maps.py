"""Maps of the margins: invertible, increasing, norm-preserving, as each of them claims."""

import math

import numpy as np
import pytest
from scipy import linalg, stats

from tf_infomax import distributions
from tf_infomax.distributions import Gaussian, StudentT, Transformed, maps

INCREASING = [
    maps.Identity(),
    maps.Cubic(),
    maps.HalfCube(),
    maps.Arcsinh(),
    maps.NormalCDF(),
    maps.Wiggly(),
    maps.Wiggly(((0.3, -3.0, 0.2),)),
    maps.Bimodal(),
    maps.Bimodal(distance=3.0, scale=0.2, weight=0.1),
]


@pytest.mark.parametrize("mapping", INCREASING, ids=repr)
def test_coordinatewise_maps_are_increasing_and_inverted(mapping):
    z = np.linspace(-5, 5, 2_001)[:, np.newaxis]
    image = mapping.forward(z)
    assert np.all(np.diff(image[:, 0]) > 0)
    np.testing.assert_allclose(mapping.inverse(image), z, atol=1e-8)
    # Columns do not see each other.
    both = mapping.forward(np.hstack([z, z[::-1]]))
    np.testing.assert_array_equal(both, np.hstack([image, image[::-1]]))
    assert mapping.dim_out(7) == 7


@pytest.mark.parametrize("z", [-8.0, -3.0, 0.0, 0.5, 3.0, 8.0])
def test_bimodal_maps_normal_quantiles_to_those_of_the_mixture(z):
    mapping = maps.Bimodal(distance=1.5, scale=0.7, weight=0.3)
    image = float(mapping.forward(np.array([[z]]))[0, 0])
    # The smaller tail, for its digits.
    side = stats.norm.cdf if z < 0 else stats.norm.sf
    tail = 0.3 * side(image, -1.5, 0.7) + 0.7 * side(image, 1.5, 0.7)
    assert math.isclose(tail, side(z), rel_tol=1e-9)


def test_wiggly_is_not_nearly_linear():
    z = np.linspace(-3, 3, 601)
    slopes = np.gradient(maps.Wiggly().forward(z), z)
    assert 0 < np.min(slopes) < 0.3 and np.max(slopes) > 1.5


def test_spiral_is_the_matrix_exponential():
    generator = np.random.default_rng(0).normal(size=(4, 4))
    generator = (generator - generator.T) / 2
    spiral = maps.Spiral(generator)
    z = np.random.default_rng(1).normal(size=(5, 4))
    expected = [linalg.expm(row @ row * generator) @ row for row in z]
    image = spiral.forward(z)
    np.testing.assert_allclose(image, expected, atol=1e-12)
    np.testing.assert_allclose(spiral.inverse(image), z, atol=1e-12)
    np.testing.assert_allclose(np.sum(image**2, axis=1), np.sum(z**2, axis=1))


def test_spiral_turns_its_plane_by_the_stated_angle():
    # |z|^2 = 4 at a quarter of pi/2 each: (2, 0) turns from the first axis to the second.
    spiral = maps.Spiral.in_plane(3, speed=math.pi / 8, first=0, second=2)
    np.testing.assert_allclose(spiral.forward(np.array([[2.0, 0, 0]])), [[0, 0, 2]], atol=1e-12)


def test_swiss_roll_is_injective():
    roll, u = maps.SwissRoll(), np.linspace(0, 1, 2_001)[:, np.newaxis]
    curve = roll.forward(u)
    assert curve.shape == (2_001, 2)
    np.testing.assert_allclose(roll.inverse(curve), u, atol=1e-12)
    # Neither coordinate alone tells u.
    assert all(np.sum(np.diff(np.sign(np.diff(column))) != 0) >= 2 for column in curve.T)
    # Points more than a step apart on the curve stay apart in the plane: the turns do not touch.
    distances = np.linalg.norm(curve[::10, np.newaxis] - curve[::10], axis=-1)
    apart = np.abs(u[::10] - u[::10].T) > 0.05
    assert np.min(distances[apart]) > 0.1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: maps.Wiggly(((1.0, 1.0, 0.0),)), r"sum of \|a b\| below 1.*sum 1\."),
        (lambda: maps.Bimodal(scale=0.0), "`scale` must be positive. Received: scale=0.0"),
        (lambda: maps.Bimodal(distance=11.0), r"\(0, 10\].*Received: distance=11.0"),
        (lambda: maps.Bimodal(weight=1.0), "between 0 and 1. Received: weight=1.0"),
        (lambda: maps.Spiral([[0, 1], [1, 0]]), "minus its transpose. Received: generator="),
        (lambda: maps.Spiral.in_plane(3, first=1, second=1), "Received: dim=3, first=1, second=1"),
        (
            lambda: Transformed(Gaussian.dense(2, 2), maps.Spiral.in_plane(3)),
            "spiral of 3 coordinates cannot turn others. Received: dim=2",
        ),
        (
            lambda: Transformed(Gaussian.dense(2, 2), maps.SwissRoll()),
            "one coordinate. Received: dim=2",
        ),
    ],
)
def test_bad_maps_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_what_is_not_a_number_is_not_inverted_silently():
    with pytest.raises(ValueError, match=r"finite numbers.*Received: 1 others, the first nan"):
        maps.Wiggly().inverse(np.array([[0.5], [np.nan]]))


WIDE = Gaussian([[100, 50], [50, 100]], 1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: distributions.get("normal_cdf", base=StudentT.sparse(1, 1, 1)), "-38 to 8.2"),
        (lambda: distributions.get("normal_cdf", base=WIDE), "rounded to 0 or 1"),
        (lambda: distributions.get("swiss_roll", base=WIDE), "rounded to 0 or 1"),
        (lambda: Transformed(Gaussian.bivariate(), maps.SwissRoll()), "numbers from 0 to 1"),
    ],
)
def test_pairs_outside_the_domain_of_a_map_are_refused(make, message):
    with pytest.raises(ValueError, match=rf"{message}.*Received: \d+ other values of 2000"):
        make().sample(2_000, 0)


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("normal_cdf", [[1.0]], [[0.5]]),
        ("normal_cdf", [[0.5]], [[0.0]]),
        ("normal_cdf", [[0.5]], [[math.nan]]),
        ("swiss_roll", [[10.0, 0.0]], [[0.5]]),
        ("swiss_roll", [[0.1, 0.0]], [[0.5]]),
    ],
)
def test_ratios_outside_the_image_of_a_map_are_refused(name, x, y):
    with pytest.raises(ValueError, match="Received: 1 other values of 1, the first"):
        distributions.get(name).log_density_ratio(x, y)


@pytest.mark.parametrize("u", [0.0, 1e-17, 0.3, 1.0])
def test_the_ends_of_the_swiss_roll_are_inverted(u):
    roll = maps.SwissRoll()
    found = roll.inverse(roll.forward(np.array([[u]])))[0, 0]
    assert 0 <= found <= 1 and math.isclose(found, u, abs_tol=1e-15)
