"""Critics: two sets of codes -> a score for every pair.

Each is a Keras layer. Those of ``vector`` score code vectors, ``critic(x, y) -> [K, M]`` with
``scores[i, j] = f(x_i, y_j)``; those of ``feature_map`` score all globals with all places of maps,
``critic(global_features, local_features) -> [N, B, N, A]``. ``get(name, **options)`` builds one by
name, ``names()`` lists the names. ``LearnedBaseline`` is a baseline that TUBA subtracts from a
critic's scores; baselines have a registry of their own, ``baseline``.
"""

from tf_infomax.critics import baseline
from tf_infomax.critics.baseline import LearnedBaseline
from tf_infomax.critics.cosine import CosineCritic
from tf_infomax.critics.encoder_tail import EncoderTailCritic
from tf_infomax.critics.feature_map import ConcatMapCritic, DotMapCritic
from tf_infomax.critics.vector import (
    BilinearCritic,
    ConcatCritic,
    InnerProdCritic,
    SeparableCritic,
)
from tf_infomax.naming.registry import Family

__all__ = [
    "BilinearCritic",
    "ConcatCritic",
    "ConcatMapCritic",
    "CosineCritic",
    "DotMapCritic",
    "EncoderTailCritic",
    "InnerProdCritic",
    "LearnedBaseline",
    "SeparableCritic",
    "baseline",
    "class_of",
    "get",
    "names",
    "register",
]

_CRITICS = Family("critic")
_CRITICS.add("inner_product", InnerProdCritic)
_CRITICS.add("cosine", CosineCritic)
_CRITICS.add("bilinear", BilinearCritic)
_CRITICS.add("separable", SeparableCritic)
_CRITICS.add("concat", ConcatCritic)
_CRITICS.add("dot_map", DotMapCritic)
_CRITICS.add("concat_map", ConcatMapCritic)
_CRITICS.add("encoder_tail", EncoderTailCritic)

get, class_of, names, register = _CRITICS.functions()
