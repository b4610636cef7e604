"""Metric learning: triplet and K-pair losses, and mining of hard and semi-hard negatives.

Distances are squared Euclidean distances, as in FaceNet; the tuplet losses take inner products.
Metric learning calls another example of the anchor's class in the batch a false negative. For a
bound on mutual information it is a correct draw from the product of the marginals.

Reference: Tschannen et al. (2020), arXiv:1907.13625, section 4 (the link to InfoNCE).
"""

import math
import typing

import tensorflow as tf

from tf_infomax.numerics.geometry import squared_distances
from tf_infomax.scores.pairs import pair_scores

__all__ = [
    "Triplets",
    "batch_triplet",
    "mine_hard",
    "mine_semi_hard",
    "multi_class_k_pair",
    "triplet",
    "tuplet",
]

MINING = ("hard", "semi_hard")
FALLBACKS = ("farthest", "skip")


class Triplets(typing.NamedTuple):
    """T mined triplets, as indices into a matrix of distances.

    Attributes:
        anchor: int32 ``[T]``, rows.
        positive, negative: int32 ``[T]``, columns.
        valid: bool ``[T]``; where it is false there was no candidate, and the indices are
            meaningless. T is known while tracing, the number of valid triplets is not.
    """

    anchor: tf.Tensor
    positive: tf.Tensor
    negative: tf.Tensor
    valid: tf.Tensor


def triplet(anchors, positives, negatives, margin=1.0):
    """``mean_i max(0, ||a_i - p_i||^2 - ||a_i - n_i||^2 + margin)``.

    Args:
        anchors, positives, negatives: floating ``[K, D]``, row by row.
        margin: 0 or more, in the unit of squared distances.

    Returns:
        Scalar, 0 or more.

    Raises:
        ValueError: on shapes that differ, or a negative margin.

    Reference: Schroff, Kalenichenko, Philbin (2015), FaceNet; the sheet's section 12.
    """
    _check_margin(margin)
    anchors, positives, negatives = map(tf.convert_to_tensor, (anchors, positives, negatives))
    shapes = [codes.shape for codes in (anchors, positives, negatives)]
    if any(shape.rank != 2 or not shape.is_compatible_with(shapes[0]) for shape in shapes):
        raise ValueError(
            "Anchors, positives and negatives must have one shape [K, D], row by row. "
            f"Received: {', '.join(map(str, shapes))}."
        )
    near, far = (
        tf.reduce_sum(tf.math.squared_difference(anchors, others), axis=-1)
        for others in (positives, negatives)
    )
    return tf.reduce_mean(tf.nn.relu(near - far + margin))


def mine_hard(distances, positives, negatives=None):
    """The farthest positive and the nearest negative of every anchor.

    Args:
        distances: floating ``[K, M]``, of K anchors and M candidates.
        positives: bool ``[K, M]``, which candidates are positives of the anchor. The anchor
            itself, if it is among the candidates, must be false here and in ``negatives``.
        negatives: bool ``[K, M]``; by default all that are not positives.

    Returns:
        ``Triplets``, T = K, one for each anchor; invalid where it has no positive or no negative.

    Raises:
        ValueError: on shapes that differ.

    Reference: "batch hard", Hermans, Beyer, Leibe (2017).
    """
    distances, positives, negatives = _masks(distances, positives, negatives)
    nothing = tf.constant(math.inf, distances.dtype)
    return Triplets(
        tf.range(tf.shape(distances)[0]),
        tf.argmax(tf.where(positives, distances, -nothing), axis=1, output_type=tf.int32),
        tf.argmin(tf.where(negatives, distances, nothing), axis=1, output_type=tf.int32),
        tf.reduce_any(positives, axis=1) & tf.reduce_any(negatives, axis=1),
    )


def mine_semi_hard(distances, positives, negatives=None, margin=1.0, fallback="farthest"):
    """For every anchor and positive, the nearest negative that is farther than the positive.

    A semi-hard negative has ``d(a, p) < d(a, n) < d(a, p) + margin``. Where there is none:

    - all negatives that are farther lie beyond the margin: the nearest of them is taken, at which
      the hinge of the loss is 0;
    - no negative is farther than the positive: with ``fallback="farthest"`` the farthest negative
      is taken, which violates the order least; with ``"skip"`` the triplet is invalid.

    Args:
        distances, positives, negatives: as for ``mine_hard``.
        margin: positive; needed by ``fallback="skip"`` alone, which leaves out both cases.
        fallback: "farthest" or "skip".

    Returns:
        ``Triplets``, T = K M: every candidate of each anchor in turn as the positive. Invalid where
        the candidate is not a positive, or the anchor has no negative.

    Raises:
        ValueError: on shapes that differ, a negative margin, or an unknown fallback.

    Reference: Schroff, Kalenichenko, Philbin (2015), FaceNet, section 3.2; the fallback is ours.
    """
    _check_margin(margin)
    if fallback not in FALLBACKS:
        raise ValueError(f"`fallback` must be one of {FALLBACKS}. Received: {fallback!r}.")
    distances, positives, negatives = _masks(distances, positives, negatives)
    far = tf.where(negatives, distances, tf.constant(math.inf, distances.dtype))
    # Negatives sorted by distance, all other candidates behind them at infinity: K M numbers, where
    # comparing all positives with all negatives would take K M^2.
    order = tf.argsort(far, axis=1, stable=True)
    ordered = tf.gather(far, order, axis=1, batch_dims=1)
    count = tf.reduce_sum(tf.cast(negatives, tf.int32), axis=1, keepdims=True)
    place = tf.searchsorted(ordered, distances, side="right")
    is_farther = place < count
    place = tf.where(is_farther, place, tf.maximum(count - 1, 0))
    negative = tf.gather(order, place, axis=1, batch_dims=1)
    valid = positives & (count > 0)
    if fallback == "skip":
        chosen = tf.gather(ordered, place, axis=1, batch_dims=1)
        valid &= is_farther & (chosen < distances + margin)
    rows, columns = tf.meshgrid(*(tf.range(tf.shape(distances)[k]) for k in (0, 1)), indexing="ij")
    return Triplets(*(tf.reshape(part, [-1]) for part in (rows, columns, negative, valid)))


def batch_triplet(x, y=None, labels=None, margin=1.0, mining="semi_hard"):
    """The triplet loss of a batch, with negatives mined in it: mean over all valid triplets.

    ``batch_triplet(x, labels=labels)``: anchors and candidates are the codes x, positives the other
    codes with the anchor's label. ``batch_triplet(x, y)``: anchors are the x_i, candidates the y_j,
    and y_i is the only positive; with labels, all y_j with the anchor's label are positives.

    Args:
        x: floating ``[K, D]``.
        y: ``[K, D]``, the other view row by row, or ``None``.
        labels: int ``[K]``, or ``None``.
        margin: as for ``triplet``.
        mining: "hard" or "semi_hard" (with ``fallback="farthest"``).

    Returns:
        Scalar, 0 or more. A batch without any valid triplet, such as one of a single class, has
        loss 0 and no gradient.

    Raises:
        ValueError: without both y and labels, on an unknown mining, or a negative margin.
    """
    _check_margin(margin)
    if mining not in MINING:
        raise ValueError(f"`mining` must be one of {MINING}. Received: mining={mining!r}.")
    if y is None and labels is None:
        raise ValueError("Positives need a second view or labels. Received: y=None, labels=None.")
    distances = squared_distances(x, x if y is None else y)
    rows = tf.range(tf.shape(distances)[0])
    is_pair = tf.equal(rows[:, tf.newaxis], rows)
    if labels is None:
        positives, negatives = is_pair, ~is_pair
    else:
        labels = tf.convert_to_tensor(labels)
        same = tf.equal(labels[:, tf.newaxis], labels)
        positives, negatives = (same & ~is_pair if y is None else same), ~same
    if mining == "hard":
        mined = mine_hard(distances, positives, negatives)
    else:
        mined = mine_semi_hard(distances, positives, negatives, margin)
    near, far = (
        tf.gather_nd(distances, tf.stack([mined.anchor, column], axis=1))
        for column in (mined.positive, mined.negative)
    )
    hinge = tf.where(mined.valid, tf.nn.relu(near - far + margin), tf.zeros_like(near))
    count = tf.reduce_sum(tf.cast(mined.valid, hinge.dtype))
    return tf.reduce_sum(hinge) / tf.maximum(count, 1.0)


def tuplet(anchors, positives, negatives):
    """The (N+1)-tuplet loss: ``mean_i log(1 + sum_j exp(<a_i, n_ij> - <a_i, p_i>))``.

    Args:
        anchors, positives: floating ``[K, D]``.
        negatives: ``[K, N, D]``, N negatives of each anchor.

    Returns:
        Scalar, 0 or more, in nats.

    Raises:
        ValueError: on shapes that do not fit.

    Reference: Sohn (2016), by the sheet's section 12.
    """
    anchors, positives, negatives = map(tf.convert_to_tensor, (anchors, positives, negatives))
    shapes = anchors.shape, positives.shape, negatives.shape
    fits = shapes[0].rank == 2 and shapes[2].rank == 3 and shapes[1].is_compatible_with(shapes[0])
    if not fits or not shapes[2][::2].is_compatible_with(shapes[0]):
        raise ValueError(
            "Tuplets are anchors and positives [K, D] and negatives [K, N, D]. "
            f"Received: {', '.join(map(str, shapes))}."
        )
    positive = tf.reduce_sum(anchors * positives, axis=-1)
    against = tf.einsum("kd,knd->kn", anchors, negatives)
    return tf.reduce_mean(tf.nn.softplus(tf.reduce_logsumexp(against, axis=-1) - positive))


def multi_class_k_pair(scores):
    """The multi-class K-pair loss: the positive of each pair is a negative of all others.

    ``mean_i log(1 + sum_{j != i} exp(s_ij - s_ii))``. Exactly ``log K - infonce(scores)``; for
    inner products of one shared embedding it is the loss of metric learning.

    Args:
        scores: ``[K, K]``, ``scores[i, j] = f(x_i, y_j)``, K >= 2, or ``PairScores``.

    Returns:
        Scalar, 0 or more, in nats.

    Raises:
        ValueError: as ``scores.pair_scores``.

    Reference: Sohn (2016); Tschannen et al. (2020), section 4.
    """
    scores = pair_scores(scores)
    negatives = scores.marginal_logsumexp()[:, tf.newaxis]
    return tf.reduce_mean(tf.nn.softplus(negatives - scores.joint))


def _check_margin(margin):
    if not 0.0 <= margin < math.inf:
        raise ValueError(f"`margin` must be 0 or more. Received: margin={margin!r}.")


def _masks(distances, positives, negatives):
    distances = tf.stop_gradient(tf.convert_to_tensor(distances))
    positives = tf.convert_to_tensor(positives, tf.bool)
    negatives = ~positives if negatives is None else tf.convert_to_tensor(negatives, tf.bool)
    shapes = distances.shape, positives.shape, negatives.shape
    if any(shape.rank != 2 or not shape.is_compatible_with(shapes[0]) for shape in shapes):
        raise ValueError(
            "Distances, positives and negatives must have one shape [K, M]. "
            f"Received: {', '.join(map(str, shapes))}."
        )
    return distances, positives, negatives
