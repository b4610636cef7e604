"""Layers and networks that encoders and critics share, and the optimizer.

``shared`` has the layers of MI-max, ``released`` those of the Deep InfoMax release.
"""

from typing import TYPE_CHECKING

from tf_infomax.naming.lazy import lazy_names

if TYPE_CHECKING:
    # What is imported on first use, for type checkers, editors and the documentation.
    from tf_infomax.layers.shared import (
        JointLayerNormalization,
        PairwiseDense,
        apply_stack,
        build_stack,
        dense_stack,
        glorot_uniform,
        keep_frozen,
    )

_HOMES = {
    "JointLayerNormalization": "shared",
    "PairwiseDense": "shared",
    "apply_stack": "shared",
    "build_stack": "shared",
    "dense_stack": "shared",
    "glorot_uniform": "shared",
    "keep_frozen": "shared",
}

__all__ = [
    "JointLayerNormalization",
    "PairwiseDense",
    "apply_stack",
    "build_stack",
    "dense_stack",
    "glorot_uniform",
    "keep_frozen",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
