"""Alignment plus uniformity of two views, weighted: the loss in place of a bound on the MI."""

import tensorflow as tf

from tf_infomax.naming.arguments import number
from tf_infomax.numerics.geometry import alignment, uniformity, unit_norm

__all__ = ["alignment_uniformity_loss", "check_weights"]


def alignment_uniformity_loss(
    x, y, alignment_weight=1.0, uniformity_weight=1.0, exponent=2.0, t=2.0
):
    """``alignment_weight * L_align(x, y) + uniformity_weight * (L_uniform(x) + L_uniform(y)) / 2``.

    Args:
        x, y: floating ``[K, D]``, codes of two views row by row, K >= 2; they are put on the unit
            sphere.
        alignment_weight, uniformity_weight: 0 or more.
        exponent, t: see ``geometry.alignment`` and ``geometry.uniformity``.

    Returns:
        (loss, {"alignment": ..., "uniformity": ...}), scalars without unit.

    Reference: Wang and Isola (2020), arXiv:2005.10242, section 4, and its code.
    """
    x, y = unit_norm(x), unit_norm(y)
    aligned = alignment(x, y, exponent, normalize=False)
    uniform = tf.add_n([uniformity(codes, t, normalize=False) for codes in (x, y)]) / 2.0
    loss = alignment_weight * aligned + uniformity_weight * uniform
    return loss, {"alignment": aligned, "uniformity": uniform}


def check_weights(alignment_weight, uniformity_weight, exponent, t):
    """Raises ``ValueError`` unless both weights are 0 or more, exponent and t positive."""
    number(alignment_weight, "alignment_weight")
    number(uniformity_weight, "uniformity_weight")
    number(exponent, "exponent", exclusive=True)
    number(t, "t", exclusive=True)
