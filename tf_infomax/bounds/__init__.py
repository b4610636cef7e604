"""Bounds on mutual information and on other divergences: scores of pairs -> a scalar.

``get(name)`` gives the function, ``info(name)`` what it measures and where it stops, and
``names()`` lists them. Bounds are maximised; the minus sign of a loss lives in ``objectives``.
``divergences.get(name)`` gives the two elementwise functions that a divergence is made of.

Where the release of Deep InfoMax says "KL", "DV", "RKL", "H2", "X2" and "W1", the names here are
``nwj``, ``donsker_varadhan``, ``reverse_kl``, ``squared_hellinger``, ``chi_squared_released`` (the
correct one is ``chi_squared``) and ``wasserstein``.
"""

from tf_infomax.bounds import divergences
from tf_infomax.bounds.catalog import BoundInfo, get, info, name_of, names
from tf_infomax.bounds.divergences import (
    chi_squared,
    chi_squared_released,
    gan,
    jsd,
    reverse_kl,
    squared_hellinger,
    wasserstein,
)
from tf_infomax.bounds.variational import donsker_varadhan, infonce, nwj, tuba

__all__ = [
    "BoundInfo",
    "chi_squared",
    "chi_squared_released",
    "divergences",
    "donsker_varadhan",
    "gan",
    "get",
    "info",
    "infonce",
    "jsd",
    "name_of",
    "names",
    "nwj",
    "reverse_kl",
    "squared_hellinger",
    "tuba",
    "wasserstein",
]
