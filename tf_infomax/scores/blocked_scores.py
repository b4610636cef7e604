"""Scores of all pairs of a batch, which are never held in memory all at once.

Bounds need only a few numbers per anchor from the negatives' scores. These are computed here from
some rows of the K x K matrix at a time, in value and in gradient, so that memory grows with K and
not with its square: 131,072 pairs instead of a few thousand. Every block is computed twice, once
for the value and once for the gradient. Inside a ``tf.function`` XLA compiles both, into one pass
over the block's numbers in place of a dozen.

Under a distribution strategy the pairs are those of all replicas, and every replica makes the rows
of its own anchors.
"""

import dataclasses

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.numerics import replicas
from tf_infomax.numerics.row_blocks import map_rows
from tf_infomax.scores.pairs import PairScores, floating

__all__ = ["BlockedScores", "scores_of_pairs"]


@dataclasses.dataclass(frozen=True)
class _Sizes:
    """Bytes of a block, and of the largest matrix that is computed at once instead."""

    block: int
    whole: int


# Blocks that stay in the last cache of a CPU, yet are large products; below 64 MiB the whole matrix
# costs less than a second computation.
_OF_PRODUCTS = _Sizes(2**24, 2**26)
# Hidden values are passed over several times between two products. On a CPU blocks that stay in the
# caches of its cores halve the time, and make up for the second computation from the second block.
_OF_HIDDEN_VALUES = _Sizes(2**22, 2**22)


class BlockedScores(PairScores):
    """Scores of K pairs of codes: the diagonal holds the positives, each row its negatives.

    Reads like ``PairScores.from_matrix(critic(x, y))`` and gives the same numbers, values and
    gradients by x, y and the critic's weights, up to rounding; it has no ``marginal``.

    Args:
        critic: layer with weights that has ``embed``, ``all_scores`` and ``joint_scores``, as the
            critics of vectors of this package.
        x: ``[K, Dx]`` codes, K >= 2.
        y: ``[K, Dy]``.
        rows: rows in a block; ``None`` takes as many as fit the caches: 16 MiB of scores, or, on
            a CPU and for a critic with hidden values per pair, 4 MiB of those values.

    Raises:
        ValueError: for a critic that lacks these methods, unequal numbers of codes, or K < 2.
    """

    def __init__(self, critic, x, y, rows=None):
        if not _can_be_blocked(critic):
            raise ValueError(
                "Scores can be had in blocks of a critic that has embed(x, y), all_scores(x, y) "
                f"and joint_scores(x, y). Received: {type(critic).__name__}."
            )
        x, y = (tf.cast(codes, critic.compute_dtype) for codes in (x, y))
        if not x.shape[:1].is_compatible_with(y.shape[:1]) or (
            replicas.number() == 1 and 1 in (x.shape[0], y.shape[0])
        ):
            raise ValueError(
                "As many x as y are needed, two at least. "
                f"Received: x of shape {x.shape}, y of shape {y.shape}."
            )
        self._critic = critic
        self._x, y = critic.embed(x, y)
        joint = floating(critic.joint_scores(self._x, y), "scores")
        self.joint = replicas.gathered(joint)[:, tf.newaxis]
        self._y = replicas.gathered(y)
        own = x.shape[0] if x.shape[0] is not None else tf.shape(x)[0]
        size = own * replicas.number()
        first = replicas.first_row(own)
        self._anchors = first + tf.range(own)
        self.num_marginal = tf.cast(size - 1, self.joint.dtype)
        self._log_extra_rivals = None
        if rows is None:
            bytes_per_row = self.joint.dtype.size * critic.numbers_per_pair * size
            rows = _even_blocks(own, _sizes(critic).block // bytes_per_row)
        self._rows = rows

    def of_each_anchor(self, reduction, *per_anchor):
        variables = self._critic.trainable_variables

        def reduced(rows, shared):
            x, anchors, *numbers = rows
            y, *weights = shared
            # Weights as arguments, so that the gradient of the loop reaches them.
            with keras.StatelessScope(list(zip(variables, weights, strict=True))):
                scores = floating(self._critic.all_scores(x, y), "scores")
            is_own = tf.equal(anchors[:, tf.newaxis], tf.range(tf.shape(y)[0])[tf.newaxis, :])
            scores = tf.where(is_own, tf.constant(-np.inf, scores.dtype), scores)
            return reduction(scores, *numbers)

        own = [tf.gather(numbers, self._anchors) for numbers in per_anchor]
        found = map_rows(
            reduced,
            [self._x, self._anchors, *own],
            [self._y, *(variable.value for variable in variables)],
            self._rows,
            tf.TensorSpec([], self.joint.dtype),
            jit_compile=True,
        )
        return replicas.gathered(found)


def scores_of_pairs(critic, x, y):
    """Scores of K pairs of codes: the whole matrix, or blocks where that would be large.

    Args:
        critic: layer with weights, ``critic(x, y) -> [K, K]``.
        x: ``[K, Dx]`` codes; under a distribution strategy, those of this replica.
        y: ``[K, Dy]``.

    Returns:
        ``PairScores`` of the pairs of all replicas: blocked where the numbers that the matrix takes
        exceed 64 MiB (on a CPU, 4 MiB for a critic with hidden values per pair), or there are
        several replicas, provided that the critic can score in blocks.
    """
    if replicas.number() > 1:
        if _can_be_blocked(critic):
            return BlockedScores(critic, x, y)
        return PairScores.from_matrix(critic(replicas.gathered(x), replicas.gathered(y)))
    size = x.shape[0] if x.shape[0] is not None else y.shape[0]
    if size is not None and _can_be_blocked(critic):
        itemsize = max(4, tf.as_dtype(critic.compute_dtype).size)
        if size * size * critic.numbers_per_pair * itemsize > _sizes(critic).whole:
            return BlockedScores(critic, x, y)
    return PairScores.from_matrix(critic(x, y))


def _sizes(critic):
    on_a_cpu = not tf.config.list_physical_devices("GPU")
    return _OF_HIDDEN_VALUES if on_a_cpu and critic.numbers_per_pair > 1 else _OF_PRODUCTS


def _even_blocks(number, most):
    """Rows of a block: as few and as equal blocks as possible, each of at most ``most`` rows."""
    most = max(1, most) if isinstance(most, int) else tf.maximum(1, most)
    return -(-number // -(-number // most))


def _can_be_blocked(critic):
    return all(hasattr(critic, name) for name in ("embed", "all_scores", "joint_scores"))
