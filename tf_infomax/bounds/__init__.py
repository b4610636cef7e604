"""Bounds on mutual information: scores of pairs -> nats.

``get(name)`` gives the function, ``info(name)`` what it measures and where it stops, and
``names()`` lists them. Bounds are maximised; the minus sign of a loss lives in ``objectives``.
"""

from tf_infomax.bounds.catalog import BoundInfo, get, info, name_of, names
from tf_infomax.bounds.variational import donsker_varadhan, infonce, nwj, tuba

__all__ = [
    "BoundInfo",
    "donsker_varadhan",
    "get",
    "info",
    "infonce",
    "name_of",
    "names",
    "nwj",
    "tuba",
]
