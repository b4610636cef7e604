"""Losses of two views behind a projection head: NT-Xent (SimCLR), Barlow Twins and VICReg.

The pure functions take the projected codes of both views; the terms of the same names add the head,
which trains with the encoder and is left out of what is evaluated and exported.
"""

import math

import keras
import tensorflow as tf

from tf_infomax.critics.cosine import checked_temperature
from tf_infomax.layers.projection_head import ProjectionHead
from tf_infomax.naming.arguments import number
from tf_infomax.numerics import replicas
from tf_infomax.numerics.geometry import unit_norm
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives.view_pair import TwoViewTerm

__all__ = ["BarlowTwins", "NTXent", "VICReg", "barlow_twins", "nt_xent", "vicreg"]


def nt_xent(x, y, temperature=0.5):
    """(mean cross-entropy in nats, fraction of views whose partner is the most similar).

    Each of the 2 K views picks its partner among the 2 K - 1 other views of the batch, by cosine
    similarity over ``temperature``: both directions, 2 K - 2 negatives each.

    Args:
        x, y: floating ``[K, D]``, codes of two views row by row, K >= 2.
        temperature: positive.

    Reference: Chen et al. (2020), arXiv:2002.05709, eq. 1.
    """
    codes = unit_norm(tf.concat([x, y], axis=0))
    scores = tf.matmul(codes, codes, transpose_b=True) / temperature
    # Not a large number, which half of a mean could still see.
    scores = tf.linalg.set_diag(scores, tf.fill(tf.shape(scores)[:1], _minus_infinity(scores)))
    size = tf.shape(x)[0]
    partners = tf.concat([size + tf.range(size), tf.range(size)], axis=0)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=partners, logits=scores)
    hits = tf.equal(tf.argmax(scores, axis=1, output_type=tf.int32), partners)
    return tf.reduce_mean(losses), tf.reduce_mean(tf.cast(hits, scores.dtype))


def _minus_infinity(scores):
    return tf.constant(-math.inf, scores.dtype)


def barlow_twins(x, y, off_diagonal=5e-3, epsilon=1e-5):
    """(loss, part on the diagonal, part off it), without unit.

    ``sum_i (1 - c_ii)^2 + off_diagonal * sum_{i != j} c_ij^2``, c the cross-correlation of the
    entries of both codes over the batch.

    Args:
        x, y: floating ``[K, D]``, K >= 2.
        off_diagonal: lambda, 0 or more.
        epsilon: added to the variances.

    Reference: Zbontar et al. (2021), arXiv:2103.03230, eqs. 1 and 2.
    """
    x, y = (_standardized(codes, epsilon) for codes in (x, y))
    correlation = tf.matmul(x, y, transpose_a=True) / tf.cast(tf.shape(x)[0], x.dtype)
    diagonal = tf.linalg.diag_part(correlation)
    on = tf.reduce_sum((1.0 - diagonal) ** 2)
    off = tf.reduce_sum(tf.linalg.set_diag(correlation, tf.zeros_like(diagonal)) ** 2)
    return on + off_diagonal * off, on, off


def _standardized(codes, epsilon):
    mean, variance = tf.nn.moments(codes, axes=[0], keepdims=True)
    return (codes - mean) * tf.math.rsqrt(variance + epsilon)


def vicreg(x, y, invariance=25.0, variance=25.0, covariance=1.0, deviation=1.0, epsilon=1e-4):
    """(loss, invariance, variance, covariance parts without their factors), without unit.

    Invariance is the mean squared difference of the two codes' entries. Variance is the mean over
    entries of ``relu(deviation - sd)``, covariance the sum of squared covariances of different
    entries over D; both are sums over the two views, with unbiased moments.

    Args:
        x, y: floating ``[K, D]``, K >= 2.
        invariance, variance, covariance: factors, 0 or more.
        deviation: the standard deviation that entries are held above.
        epsilon: added to the variances under the root.

    Reference: Bardes et al. (2022), arXiv:2105.04906, section 4.1. The paper's invariance is the
    squared distance; the mean over entries, with which its factors of 25, 25 and 1 are used, is
    recalled from its code and not verified.
    """
    spread, dependence = 0.0, 0.0
    for codes in (x, y):
        centred = codes - tf.reduce_mean(codes, axis=0, keepdims=True)
        count = tf.cast(tf.shape(codes)[0] - 1, codes.dtype)
        matrix = tf.matmul(centred, centred, transpose_a=True) / count
        variances = tf.linalg.diag_part(matrix)
        spread += tf.reduce_mean(tf.nn.relu(deviation - tf.sqrt(variances + epsilon)))
        off = tf.linalg.set_diag(matrix, tf.zeros_like(variances))
        dependence += tf.reduce_sum(off**2) / tf.cast(tf.shape(codes)[1], codes.dtype)
    apart = tf.reduce_mean((x - y) ** 2)
    loss = invariance * apart + variance * spread + covariance * dependence
    return loss, apart, spread, dependence


class _ProjectedViews(TwoViewTerm):
    """Base: both views' codes go through one projection head, in one pass."""

    def __init__(self, projection=(), **kwargs):
        super().__init__(**kwargs)
        self.head = ProjectionHead(
            projection, seed=self.seed, dtype=self.dtype_policy, name="projection_head"
        )

    @property
    def projection(self):
        """Widths of the projection head."""
        return self.head.units

    def _connect(self, encoded, shape_1, shape_2):
        if shape_1 != shape_2:
            raise ValueError(
                "One projection head takes both views, whose codes must have one width. "
                f"Received: shapes {shape_1} and {shape_2}."
            )
        if not self.head.built:
            self.head.build((None, *shape_1))

    def view_loss(self, x, y, features):
        with replicas.on_whole_batch():
            both = self.head(tf.concat([x, y], axis=0), training=features.training)
        return self.projected_loss(*tf.split(wide(both), 2))

    def projected_loss(self, x, y):
        """(loss, dict of metrics) of the projected codes ``[K, P]``."""
        raise NotImplementedError

    def get_config(self):
        return {**super().get_config(), "projection": self.projection}


@keras.saving.register_keras_serializable(package="tf_infomax")
class NTXent(_ProjectedViews):
    """SimCLR: each view picks its partner among all other views of the batch; see ``nt_xent``.

    Args:
        temperature: positive.
        projection: widths of the projection head; ``()`` compares the codes themselves.
        weight, endpoint, crop_area, flip, colour_jitter, grey: as for ``ViewInformation``.
        seed: int for reproducible weights, or ``None``.

    Reference: Chen et al. (2020), arXiv:2002.05709.
    """

    label = "nt_xent"

    def __init__(self, temperature=0.5, projection=(), **kwargs):
        super().__init__(projection, **kwargs)
        self.temperature = checked_temperature(temperature)

    @property
    def metric_units(self):
        return {"nt_xent_loss": "nats", "nt_xent_accuracy": "fraction"}

    def projected_loss(self, x, y):
        value, accuracy = nt_xent(x, y, self.temperature)
        return value, {"nt_xent_loss": value, "nt_xent_accuracy": accuracy}

    def get_config(self):
        return {**super().get_config(), "temperature": self.temperature}


@keras.saving.register_keras_serializable(package="tf_infomax")
class BarlowTwins(_ProjectedViews):
    """Makes the cross-correlation of two views' codes the identity; see ``barlow_twins``.

    Args:
        off_diagonal: lambda, 0 or more.
        projection, weight, endpoint, crop_area, flip, colour_jitter, grey, seed: as for ``NTXent``.

    Reference: Zbontar et al. (2021), arXiv:2103.03230.
    """

    label = "barlow_twins"

    def __init__(self, off_diagonal=5e-3, projection=(), **kwargs):
        super().__init__(projection, **kwargs)
        self.off_diagonal = number(off_diagonal, "off_diagonal")

    @property
    def metric_units(self):
        return {"barlow_twins_loss": "1", "barlow_twins_on": "1", "barlow_twins_off": "1"}

    def projected_loss(self, x, y):
        value, on, off = barlow_twins(x, y, self.off_diagonal)
        return value, {
            "barlow_twins_loss": value, "barlow_twins_on": on, "barlow_twins_off": off
        }

    def get_config(self):
        return {**super().get_config(), "off_diagonal": self.off_diagonal}


@keras.saving.register_keras_serializable(package="tf_infomax")
class VICReg(_ProjectedViews):
    """Equal codes of two views whose entries vary and do not covary; see ``vicreg``.

    Args:
        invariance, variance, covariance: factors of the three parts, 0 or more.
        deviation: the standard deviation that entries are held above, positive.
        projection, weight, endpoint, crop_area, flip, colour_jitter, grey, seed: as for ``NTXent``.

    Reference: Bardes et al. (2022), arXiv:2105.04906.
    """

    label = "vicreg"

    def __init__(
        self, invariance=25.0, variance=25.0, covariance=1.0, deviation=1.0, projection=(), **kwargs
    ):
        super().__init__(projection, **kwargs)
        self.invariance = number(invariance, "invariance")
        self.variance = number(variance, "variance")
        self.covariance = number(covariance, "covariance")
        self.deviation = number(deviation, "deviation", exclusive=True)

    @property
    def metric_units(self):
        return {f"vicreg_{part}": "1" for part in ("loss", "invariance", "variance", "covariance")}

    def projected_loss(self, x, y):
        value, *parts = vicreg(
            x, y, self.invariance, self.variance, self.covariance, self.deviation
        )
        return value, dict(zip(self.metric_units, (value, *parts), strict=True))

    def get_config(self):
        own = ("invariance", "variance", "covariance", "deviation")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
