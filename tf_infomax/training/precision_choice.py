"""The number formats that a run may have, without TensorFlow; ``running.precision`` sets them."""

from tf_infomax.naming.option_kinds import OneOf

__all__ = ["PRECISION", "PRECISIONS"]

# float16 is left out: its gradients need a loss scale, which checkpoints would have to store.
PRECISIONS = ("auto", "float32", "float64", "mixed_bfloat16")
PRECISION = OneOf(
    PRECISIONS,
    {
        "bfloat16": ("mixed_bfloat16",),
        "float16": ("mixed_bfloat16",),
        "fp32": ("float32",),
        "fp64": ("float64",),
        "mixed_float16": ("mixed_bfloat16",),
    },
)
