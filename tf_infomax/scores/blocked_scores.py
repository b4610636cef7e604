"""Scores of all pairs of a batch, of codes or of maps, which are never held in memory all at once.

Bounds need only a few numbers per anchor from the negatives' scores. These are computed here from
some rows of the K x K matrix at a time, in value and in gradient, so that memory grows with K and
not with its square: 131,072 pairs instead of a few thousand. Every block is computed twice, once
for the value and once for the gradient. Inside a ``tf.function`` XLA compiles both, into one pass
over the block's numbers in place of a dozen.

Under a distribution strategy the pairs are those of all replicas, and every replica makes the rows
of its own anchors.
"""

import dataclasses
import math

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.numerics import replicas
from tf_infomax.numerics.row_blocks import map_rows
from tf_infomax.scores.pairs import PairScores, floating, log_of_own_places

__all__ = [
    "BlockedScores",
    "bytes_of_pairs",
    "can_be_blocked",
    "embedded",
    "in_blocks",
    "score_all",
    "scores_of",
    "scores_of_pairs",
]


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
# Where products of hidden layers take the time, a second computation costs a third more.
_OF_HIDDEN_PRODUCTS = _Sizes(2**24, 2**31)


class BlockedScores(PairScores):
    """Scores of K pairs: of codes, or of all globals with all places of K maps.

    Reads like ``PairScores.from_matrix(critic(x, y))``, of maps like ``PairScores.from_maps``, and
    gives the same numbers, values and gradients by x, y and the critic's weights, up to rounding;
    it has no ``marginal``.

    Args:
        critic: layer with weights that has ``embed``, ``all_scores`` and ``joint_scores``, as the
            critics of vectors and of maps of this package.
        x: ``[K, Dx]`` codes, K >= 2; of a critic of maps also ``[K, h, w, Dx]``.
        y: ``[K, Dy]``; of a critic of maps ``[K, H, W, Dy]``.
        rows: rows in a block; ``None`` takes as many as fit the caches: 16 MiB of scores, or, on
            a CPU and for a critic with hidden values per pair, 4 MiB of those values.
        self_score, negative_images: as of ``PairScores.from_maps``.
        training: passed to the critic, if it takes that.

    Attributes:
        anchors: what the critic makes of x, of all replicas, ``[K, E]``, of maps ``[K h w, E]``.

    Raises:
        ValueError: for a critic that lacks these methods, unequal numbers of codes, K < 2, or
            ``negative_images`` out of range.
    """

    def __init__(
        self, critic, x, y, rows=None, *, self_score=None, negative_images=None, training=False
    ):
        if not can_be_blocked(critic):
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
        (x, self._globals), (y, self._places) = embedded(critic, x, y, training)
        joint = floating(critic.joint_scores(x, y), "scores")
        self.joint = replicas.gathered(tf.reshape(joint, [-1, self._places]))
        self._x, y = (tf.reshape(one, [-1, one.shape[-1]]) for one in (x, y))
        self.anchors, self._y = replicas.gathered(self._x), replicas.gathered(y)
        own = self._x.shape[0] if self._x.shape[0] is not None else tf.shape(self._x)[0]
        self._rows_of_anchors = replicas.first_row(own) + tf.range(own)
        self._size = own * replicas.number() // self._globals
        self._others = _checked_others(negative_images, self._size)
        others = self._size - 1 if self._others is None else self._others
        self.num_marginal = tf.cast(others * self._places, self.joint.dtype)
        places = tf.constant(self._places, self.joint.dtype)
        self._log_extra_rivals = log_of_own_places(places, self_score)
        if rows is None:
            candidates = self._size * self._places
            bytes_per_row = self.joint.dtype.size * critic.numbers_per_pair * candidates
            rows = _even_blocks(own, _sizes(critic).block // bytes_per_row)
        self._rows = rows

    def of_each_anchor(self, reduction, *per_anchor):
        variables = _variables_of_pairs(self._critic)

        def reduced(rows, shared):
            x, anchors, *numbers = rows
            y, *weights = shared
            # Weights as arguments, so that the gradient of the loop reaches them.
            with keras.StatelessScope(list(zip(variables, weights, strict=True))):
                scores = floating(self._critic.all_scores(x, y), "scores")
            is_left_out = self._is_left_out(anchors, tf.range(tf.shape(y)[0]))
            scores = tf.where(is_left_out, tf.constant(-np.inf, scores.dtype), scores)
            return reduction(scores, *numbers)

        own = [tf.gather(numbers, self._rows_of_anchors) for numbers in per_anchor]
        found = map_rows(
            reduced,
            [self._x, self._rows_of_anchors, *own],
            [self._y, *(variable.value for variable in variables)],
            self._rows,
            tf.TensorSpec([], self.joint.dtype),
            jit_compile=True,
        )
        return replicas.gathered(found)

    def _is_left_out(self, anchors, candidates):
        """Which of these pairs, by their rows, are no negatives: bool ``[R, M]``."""
        anchors, candidates = anchors[:, tf.newaxis], candidates[tf.newaxis, :]
        ahead = candidates // self._places - anchors // self._globals
        if self._others is None:
            return tf.equal(ahead, 0)
        ahead = tf.math.floormod(ahead, self._size)
        return tf.equal(ahead, 0) | (ahead > self._others)


def in_blocks(critic, x, y):
    """Whether the scores of all pairs are better computed in blocks, and can be.

    Args:
        critic: as for ``scores_of_pairs``.
        x: features of the anchors, ``[K, ...]``; under a distribution strategy, those of this
            replica.
        y: features of the candidates, ``[K, ...]``.

    Returns:
        True where the numbers that all pairs take exceed 64 MiB (on a CPU, 4 MiB for a critic with
        hidden values per pair; 2 GiB for one that multiplies them by further layers), or replicas
        can share the work; provided that the critic can score in blocks.
    """
    return can_be_blocked(critic) and (replicas.number() > 1 or _is_large(critic, x, y))


def scores_of_pairs(critic, x, y):
    """``PairScores`` of K pairs, of codes or of maps: in blocks where ``in_blocks``.

    Args:
        critic: layer with weights, ``critic(x, y) -> [K, K]``, of maps ``[K, B, K, A]``.
        x: features of the anchors, ``[K, ...]``; under a distribution strategy, those of this
            replica.
        y: features of the candidates, ``[K, ...]``.
    """
    if in_blocks(critic, x, y):
        return BlockedScores(critic, x, y)
    return scores_of(score_all(critic, replicas.gathered(x), replicas.gathered(y)))


def score_all(critic, x, y, training=False):
    """``critic(x, y)``, with ``training`` if the critic takes it."""
    return critic(x, y, **_training_argument(critic, training))


def scores_of(scores, self_score=None, negative_images=None):
    """``PairScores`` of a matrix ``[K, K]``, or of maps ``[K, B, K, A]``."""
    if scores.shape.rank == 2:
        if self_score is None and negative_images is None:
            return PairScores.from_matrix(scores)
        scores = scores[:, tf.newaxis, :, tf.newaxis]
    return PairScores.from_maps(scores, self_score, negative_images)


def _is_large(critic, x, y):
    """Whether the numbers of all pairs, if known, are better computed in blocks."""
    shapes = [[x.shape[0] or y.shape[0], *z.shape[1:-1]] for z in (x, y)]
    if any(None in shape for shape in shapes):
        return False
    anchors, candidates = map(math.prod, shapes)
    return bytes_of_pairs(critic, anchors * candidates) > _sizes(critic).whole


def bytes_of_pairs(critic, pairs):
    """Bytes of all numbers that the scores of so many pairs take, hidden values included."""
    itemsize = max(4, tf.as_dtype(critic.compute_dtype).size)
    return pairs * critic.numbers_per_pair * itemsize


def _sizes(critic):
    if getattr(critic, "multiplies_on_pairs", False):
        return _OF_HIDDEN_PRODUCTS
    on_a_cpu = not tf.config.list_physical_devices("GPU")
    return _OF_HIDDEN_VALUES if on_a_cpu and critic.numbers_per_pair > 1 else _OF_PRODUCTS


def _even_blocks(number, most):
    """Rows of a block: as few and as equal blocks as possible, each of at most ``most`` rows."""
    most = max(1, most) if isinstance(most, int) else tf.maximum(1, most)
    return -(-number // -(-number // most))


def can_be_blocked(critic):
    """Whether ``critic`` makes embeddings, and scores some pairs of them."""
    return all(hasattr(critic, name) for name in ("embed", "all_scores", "joint_scores"))


def embedded(critic, x, y, training):
    """``critic.embed(x, y)``, each with its number of globals or places an example.

    Features are of the critic's compute dtype. Embeddings of maps have an axis for these; codes
    have one.
    """
    x, y = critic.embed(x, y, **_training_argument(critic, training))
    return tuple((one, 1 if one.shape.rank == 2 else one.shape[1]) for one in (x, y))


def _training_argument(critic, training):
    return {"training": training} if getattr(critic, "takes_training", False) else {}


def _variables_of_pairs(critic):
    """The trainable variables that ``all_scores`` reads: what the critic says, or all of them."""
    return getattr(critic, "pair_variables", critic.trainable_variables)


def _checked_others(negative_images, size):
    """How many other examples give negatives; ``None``: all."""
    if negative_images is None:
        return None
    if not isinstance(size, int):
        return tf.minimum(negative_images, size - 1)
    if not 1 <= negative_images < size:
        raise ValueError(
            "`negative_images` must be from 1 to the number of other images of the batch. "
            f"Received: negative_images={negative_images}, a batch of {size}."
        )
    return negative_images
