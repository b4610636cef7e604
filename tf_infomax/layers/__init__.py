"""Layers and networks that encoders and critics share, and the optimizer.

``shared`` has the layers of MI-max, ``released`` those of the Deep InfoMax release.
"""

from tf_infomax.naming.lazy import lazy_names

_HOMES = {
    "JointLayerNormalization": "shared",
    "PairwiseDense": "shared",
    "apply_stack": "shared",
    "build_stack": "shared",
    "dense_stack": "shared",
    "glorot_uniform": "shared",
    "keep_frozen": "shared",
}

__all__ = [*_HOMES]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
