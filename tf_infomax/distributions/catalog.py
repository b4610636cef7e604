"""Names of the distributions, and the instances on which estimators are compared."""

import functools

from tf_infomax.distributions import maps
from tf_infomax.distributions.composed import Independent, Product, Transformed
from tf_infomax.distributions.gaussian import Gaussian
from tf_infomax.distributions.mixture import GaussianMixture
from tf_infomax.distributions.student_t import StudentT
from tf_infomax.distributions.uniform_noise import AdditiveUniformNoise
from tf_infomax.naming.registry import Registry

__all__ = ["FAMILIES", "benchmark", "get", "names"]

FAMILIES = Registry("distribution")
FAMILIES.add("gaussian", Gaussian)
FAMILIES.add("bivariate", Gaussian.bivariate)
FAMILIES.add("dense", Gaussian.dense)
FAMILIES.add("sparse", Gaussian.sparse)
FAMILIES.add("coordinatewise", Gaussian.coordinatewise)
FAMILIES.add("student_t", StudentT.sparse)
FAMILIES.add("additive_noise", AdditiveUniformNoise)
FAMILIES.add("mixture", GaussianMixture)
FAMILIES.add("mixture_cross", GaussianMixture.cross)
FAMILIES.add("mixture_clusters", GaussianMixture.clusters)
FAMILIES.add("product", Product)
FAMILIES.add("transformed", Transformed)


def get(name, **options):
    """The distribution family ``name`` with its options.

    Args:
        name: one of ``names()``.
        **options: of the family, such as ``dim_x`` and ``rho``. The families named after a map
            take a ``base`` distribution (by default bivariate Gaussian) and the map's options.

    Returns:
        A ``Distribution``.

    Raises:
        ValueError: on an unknown name, or values that the family does not accept.
    """
    return FAMILIES.get(name)(**options)


def names():
    """All names that ``get`` knows."""
    return FAMILIES.names()


def _mapped(name, make_map, base, both):
    base = Gaussian.bivariate() if base is None else base
    made = make_map()
    return Transformed(
        base, made if both else maps.Identity(), made, label=f"{name} of {base.label}"
    )


def _add_map(name, make_map, both=True):
    def family(base=None, **options):
        return _mapped(name, functools.partial(make_map, **options), base, both)

    FAMILIES.add(name, family)


# As in Poole et al. (2019) and Song and Ermon (2020), y alone is cubed.
_add_map("cubic", maps.Cubic, both=False)
_add_map("arcsinh", maps.Arcsinh)
_add_map("normal_cdf", maps.NormalCDF)
_add_map("half_cube", maps.HalfCube)
_add_map("wiggly", maps.Wiggly)
_add_map("bimodal", maps.Bimodal)


@FAMILIES.register("spiral")
def _spiral(base=None, speed=None):
    """Rotates the plane of the first two coordinates of x and that of the last two of y.

    Unless ``speed`` is given, the angle has a standard deviation of 1 radian for standard normal
    coordinates: |z|^2 has the variance 2 d.
    """
    base = Gaussian.sparse(3, 3) if base is None else base

    def turned(dim, first, second):
        return maps.Spiral.in_plane(
            dim, (2 * dim) ** -0.5 if speed is None else speed, first, second
        )

    map_x, map_y = turned(base.dim_x, 0, 1), turned(base.dim_y, base.dim_y - 1, base.dim_y - 2)
    return Transformed(base, map_x, map_y, label=f"spiral of {base.label}")


@FAMILIES.register("swiss_roll")
def _swiss_roll(base=None):
    """A base with standard normal margins, mapped to uniform margins, and x put on the curve."""
    base = Gaussian.bivariate() if base is None else base
    uniform = Transformed(base, maps.NormalCDF(), maps.NormalCDF())
    return Transformed(uniform, maps.SwissRoll(), label=f"swiss_roll of {base.label}")


@FAMILIES.register("independent")
def _independent(base=None, dim_x=1, dim_y=1):
    """Standard normal coordinates, or the margins of a ``base``."""
    if base is not None:
        return Independent(base)
    return Independent(Gaussian.sparse(dim_x, dim_y, pairs=0), label="independent normal")


@functools.cache
def benchmark():
    """The instances of docs/known_ground_truth.md: 1 to 50 dimensions, 0 to 3 nats.

    Returns:
        A tuple of distributions with different names.
    """
    sparse, dense = Gaussian.sparse, Gaussian.dense
    return (
        Gaussian.bivariate(0.75),
        get("bimodal"),
        get("wiggly"),
        get("additive_noise", epsilon=0.1),
        get("additive_noise", epsilon=0.75),
        StudentT.sparse(1, 1, 1),
        GaussianMixture.cross(0.9),
        get("swiss_roll"),
        StudentT.sparse(1, 2, 2),
        Product([GaussianMixture.cross(0.9)] * 3),
        dense(3, 3, 0.5),
        StudentT.sparse(2, 3, 3, pairs=2),
        get("spiral", base=sparse(3, 3)),
        StudentT.sparse(3, 5, 5, pairs=2),
        get("half_cube", base=dense(5, 5, 0.5)),
        get("normal_cdf", base=sparse(5, 5)),
        get("cubic", base=Gaussian.coordinatewise(5, 0.6)),
        Gaussian.coordinatewise(20, 0.5),
        sparse(25, 25),
        dense(25, 25, 0.5),
        get("half_cube", base=dense(25, 25, 0.5)),
        get("spiral", base=sparse(25, 25)),
        sparse(50, 50),
        get("independent"),
        get("independent", base=StudentT.sparse(3, 5, 5)),
        get("independent", dim_x=25, dim_y=25),
    )
