"""Distributions of pairs whose mutual information is known, exactly or to many digits.

They give the ground truth for estimates. ``get(name, **options)`` makes one, ``names()``
lists the families, and ``benchmark()`` gives the instances of docs/known_ground_truth.md. Each has
``name``, ``dim_x``, ``dim_y``, ``mutual_information`` (nats), ``sample(n, seed)`` and
``log_density_ratio(x, y)``. NumPy and SciPy only: nothing here needs TensorFlow.
"""

from tf_infomax.distributions import maps
from tf_infomax.distributions.base import Distribution
from tf_infomax.distributions.catalog import benchmark, get, names
from tf_infomax.distributions.composed import Independent, Product, Transformed
from tf_infomax.distributions.gaussian import Gaussian
from tf_infomax.distributions.mixture import GaussianMixture
from tf_infomax.distributions.student_t import StudentT
from tf_infomax.distributions.uniform_noise import AdditiveUniformNoise

__all__ = [
    "AdditiveUniformNoise",
    "Distribution",
    "Gaussian",
    "GaussianMixture",
    "Independent",
    "Product",
    "StudentT",
    "Transformed",
    "benchmark",
    "get",
    "maps",
    "names",
]
