"""Critics: two sets of codes -> a score for every pair.

Each is a Keras layer. Those of ``vector`` score code vectors, ``critic(x, y) -> [K, M]`` with
``scores[i, j] = f(x_i, y_j)``; those of ``feature_map`` score all globals with all places of maps,
``critic(global_features, local_features) -> [N, B, N, A]``. ``get(name, **options)`` builds one by
name, ``names()`` lists the names. ``LearnedBaseline`` is a baseline that TUBA subtracts from a
critic's scores; baselines have a registry of their own, ``baseline``. The names need no TensorFlow;
critics are imported on first use.
"""

from typing import TYPE_CHECKING

from tf_infomax.naming.lazy import lazy_names
from tf_infomax.naming.registry import Family

if TYPE_CHECKING:
    # What is imported on first use, for type checkers, editors and the documentation.
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

_HOMES = {
    "BilinearCritic": "vector",
    "ConcatCritic": "vector",
    "ConcatMapCritic": "feature_map",
    "CosineCritic": "cosine",
    "DotMapCritic": "feature_map",
    "EncoderTailCritic": "encoder_tail",
    "InnerProdCritic": "vector",
    "LearnedBaseline": "baseline",
    "SeparableCritic": "vector",
    "baseline": None,
}

__all__ = [
    "CRITICS",
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

CRITICS = Family(
    "critic",
    {
        "inner_product": "tf_infomax.critics.vector:InnerProdCritic",
        "cosine": "tf_infomax.critics.cosine:CosineCritic",
        "bilinear": "tf_infomax.critics.vector:BilinearCritic",
        "separable": "tf_infomax.critics.vector:SeparableCritic",
        "concat": "tf_infomax.critics.vector:ConcatCritic",
        "dot_map": "tf_infomax.critics.feature_map:DotMapCritic",
        "concat_map": "tf_infomax.critics.feature_map:ConcatMapCritic",
        "encoder_tail": "tf_infomax.critics.encoder_tail:EncoderTailCritic",
    },
    synonyms={
        "dot": ("inner_product", "dot_map"),
        "dot_product": ("inner_product", "dot_map"),
        "cos": ("cosine",),
        "joint": ("concat", "concat_map"),
        "mlp": ("concat", "separable"),
    },
)

get, class_of, names, register = CRITICS.functions()
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
