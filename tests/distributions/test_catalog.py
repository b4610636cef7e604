"""Names, the benchmark's instances, and what is refused."""

import math

import numpy as np
import pytest

from tf_infomax import distributions
from tf_infomax.distributions import (
    AdditiveUniformNoise,
    Gaussian,
    GaussianMixture,
    Independent,
    Product,
    StudentT,
    Transformed,
)

# What a family needs to be made.
OPTIONS = {
    "gaussian": {"covariance": [[1.0, 0.5], [0.5, 1.0]], "dim_x": 1},
    "dense": {"dim_x": 2, "dim_y": 3},
    "sparse": {"dim_x": 4, "dim_y": 3},
    "coordinatewise": {"dim": 2},
    "student_t": {"dof": 3, "dim_x": 2, "dim_y": 1},
    "mixture": {
        "weights": [1.0],
        "means": [[0.0, 0.0]],
        "covariances": [[[1.0, 0.5], [0.5, 1.0]]],
    },
    "product": {"parts": [Gaussian.bivariate()]},
    "transformed": {"base": Gaussian.bivariate()},
}


@pytest.mark.parametrize("name", distributions.names())
def test_every_family_makes_a_distribution(name):
    made = distributions.get(name, **OPTIONS.get(name, {}))
    assert made.name.startswith(f"{made.dim_x}x{made.dim_y} ")
    assert isinstance(made.mutual_information, float) and made.mutual_information >= 0
    x, y = made.sample(4, seed=0)
    assert made.log_density_ratio(x, y).shape == (4,)


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'student_t'"):
        distributions.get("student")


def test_the_benchmark_spans_dimensions_and_information():
    instances = distributions.benchmark()
    names = [instance.name for instance in instances]
    assert len(set(names)) == len(names)
    dimensions = [max(instance.dim_x, instance.dim_y) for instance in instances]
    assert min(dimensions) == 1 and max(dimensions) == 50
    information = [instance.mutual_information for instance in instances]
    assert sum(nats == 0 for nats in information) >= 3 and max(information) > 2.5


def test_families_take_a_base_and_options():
    base = Gaussian.dense(3, 3, 0.5)
    made = distributions.get("spiral", base=base, speed=0.3)
    assert made.mutual_information == base.mutual_information
    assert made.name == "3x3 spiral of normal dense rho=0.5"
    assert made.map_x.generator[1][0] == 0.3 and made.map_y.generator[1][2] == 0.3
    shifted = distributions.get("bimodal", distance=3.0)
    assert shifted.map_x.distance == shifted.map_y.distance == 3.0
    roll = distributions.get("swiss_roll")
    assert (roll.dim_x, roll.dim_y) == (2, 1)


def test_covariances_cannot_be_changed_afterwards():
    covariance = np.array([[1.0, 0.5], [0.5, 1.0]])
    gaussian = Gaussian(covariance, 1)
    covariance[0, 1] = covariance[1, 0] = 0.0
    assert math.isclose(gaussian.mutual_information, -0.5 * math.log(0.75))
    with pytest.raises(ValueError, match="read-only"):
        gaussian.covariance[0, 0] = 2.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gaussian(np.eye(3)[:2], 1), r"square matrix.*shape \(2, 3\)"),
        (lambda: Gaussian([[1, 0.5], [0.4, 1]], 1), "finite and symmetric.*transpose 0.1"),
        (lambda: Gaussian([[1, np.nan], [np.nan, 1]], 1), "finite and symmetric"),
        (lambda: Gaussian(np.ones((2, 2)), 1), "positive definite. Received: smallest eigenvalue"),
        (lambda: Gaussian(np.eye(2), 2), "at least one of 2 coordinates to y. Received: dim_x=2"),
        (lambda: Gaussian(np.eye(2), 0), "at least 1. Received: dim_x=0"),
        (lambda: Gaussian.bivariate(1.0), "strictly between -1 and 1.*Received: rho=1.0"),
        (lambda: Gaussian.dense(2, 2, -0.4), "between -0.333333 and 1.*Received: rho=-0.4"),
        (lambda: Gaussian.sparse(2, 5, pairs=3), "= 2. Received: pairs=3"),
        (lambda: StudentT.sparse(0, 1, 1), "`dof` must be positive.*Received: dof=0"),
        (lambda: StudentT.sparse(0.01, 1, 1), "at least 0.05.*overflow.*Received: dof=0.01"),
        (lambda: AdditiveUniformNoise(0), "`epsilon` must be positive.*Received: epsilon=0"),
        (lambda: AdditiveUniformNoise(math.nan), "Received: epsilon=nan"),
        (lambda: GaussianMixture([0.5], [[0, 0]], [np.eye(2)]), "sum to 1. Received"),
        (lambda: GaussianMixture([1.0], [[0, 0, 0]], [np.eye(2)]), r"`means` must be finite \[1, "),
        (lambda: GaussianMixture([1.0], [[0, 0]], [-np.eye(2)]), "`covariances` must be symmetric"),
        (
            lambda: GaussianMixture(
                [0.5, 0.5], [[-999, 0], [999, 0]], [1e-4 * np.eye(2), 1e-4 * np.eye(2)]
            ),
            "too fine for a grid of 4096",
        ),
        (lambda: Product([]), "at least one part. Received"),
        (lambda: Product([3]), "`parts` must be a Distribution. Received: parts=3"),
        (lambda: Transformed("normal"), "`base` must be a Distribution. Received: base='normal'"),
        (lambda: Independent(None), "`base` must be a Distribution. Received: base=None"),
        (lambda: Gaussian.bivariate().sample(0, 0), "`n` must be.*Received: n=0"),
        (lambda: Gaussian.bivariate().sample(2.5, 0), "Received: n=2.5"),
        (lambda: Gaussian.bivariate().sample(2, -1), "`seed` must be.*Received: seed=-1"),
        (
            lambda: Gaussian.dense(2, 3).log_density_ratio(np.zeros((4, 2)), np.zeros((3, 3))),
            r"\[n, 2\] and \[n, 3\].*y of shape \(3, 3\)",
        ),
    ],
)
def test_bad_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
