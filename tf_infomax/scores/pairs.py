"""Scores of pairs: which are positives, which are negatives, and the sums that bounds need.

The one convention of the package lives here: ``scores[i, j] = f(x_i, y_j)``, rows are the first
view (the anchors), columns the second view, and the diagonal holds the positive pairs. With maps
of features the anchors are the global features of every image, the second view is all places of
all images, and the positives are the places of the anchor's own image.
"""

import functools

import numpy as np
import tensorflow as tf

from tf_infomax.numerics.tensors import log_mean_exp, tensor, wide
from tf_infomax.scores import reductions as score_reductions

__all__ = ["PairScores", "floating", "log_of_own_places", "pair_scores"]


class PairScores:
    """Scores of K anchors: P positives (joint pairs) and M negatives (marginal pairs) each.

    Bounds read scores through this class only: the joint scores, and per anchor a log-sum-exp or
    the mean of an elementwise function over the negatives. Everything that is read from the
    negatives is one number per anchor, computed from its own row (``of_each_anchor``). A subclass
    can therefore compute it some rows at a time, without a matrix of all pairs
    (``BlockedScores``).

    Args:
        joint: ``[K, P]`` (or ``[K]``, meaning P = 1) floating scores of pairs drawn from p(x, y).
        marginal: ``[K, M]`` floating scores of pairs drawn from p(x) p(y). An entry of ``-inf``
            stands for no pair: it excludes positives exactly, in value and gradient.
        num_marginal: negatives per anchor, where entries of ``-inf`` make them fewer than the
            width of ``marginal``.
        log_extra_rivals: ``log`` of a constant that the denominator of InfoNCE holds besides an
            anchor's pairs (see ``from_maps``), a scalar, or ``None``.

    Raises:
        ValueError: on wrong ranks, unequal numbers of anchors, or scores that are not floating.
    """

    def __init__(self, joint, marginal, num_marginal=None, log_extra_rivals=None):
        joint = floating(joint, "joint")
        marginal = floating(marginal, "marginal")
        if joint.shape.rank == 1:
            joint = joint[:, tf.newaxis]
        if joint.shape.rank != 2 or marginal.shape.rank != 2:
            raise ValueError(
                "`joint` must have shape [K, P] and `marginal` [K, M]. "
                f"Received: joint of shape {joint.shape}, marginal of shape {marginal.shape}."
            )
        if not joint.shape[:1].is_compatible_with(marginal.shape[:1]):
            raise ValueError(
                "`joint` and `marginal` must have the same number of anchors (rows). "
                f"Received: joint of shape {joint.shape}, marginal of shape {marginal.shape}."
            )
        if joint.dtype != marginal.dtype:
            raise ValueError(
                "`joint` and `marginal` must have the same dtype. "
                f"Received: {joint.dtype.name} and {marginal.dtype.name}."
            )
        if 0 in (joint.shape[1], marginal.shape[1], joint.shape[0]):
            raise ValueError(
                "Every anchor needs a joint and a marginal pair. "
                f"Received: joint of shape {joint.shape}, marginal of shape {marginal.shape}."
            )
        self.joint = joint
        self.marginal = marginal
        width = tf.shape(marginal)[1] if num_marginal is None else num_marginal
        self.num_marginal = tf.cast(width, joint.dtype)
        self._log_extra_rivals = log_extra_rivals

    @classmethod
    def from_matrix(cls, scores):
        """Scores of all pairs of a batch: positives on the diagonal, negatives in the rest.

        Args:
            scores: ``[K, K]``, K >= 2 (K may be unknown while tracing).
        """
        scores = floating(scores, "scores")
        rows, columns = scores.shape.with_rank(2)
        if rows is not None and columns is not None and rows != columns:
            raise ValueError(
                "A matrix of scores must be square, scores[i, j] = f(x_i, y_j). "
                f"Received: scores of shape {scores.shape}."
            )
        size = rows if rows is not None else columns
        if size is not None and size < 2:
            raise ValueError(
                "At least two pairs are needed: with one there is no marginal pair. "
                f"Received: scores of shape {scores.shape}."
            )
        checks = []
        if rows is None or columns is None:
            shape = tf.shape(scores)
            checks = [
                tf.debugging.assert_equal(shape[0], shape[1], "Scores must be square, [K, K]."),
                tf.debugging.assert_greater(shape[0], 1, "At least two pairs are needed."),
            ]
        with tf.control_dependencies([check for check in checks if check is not None]):
            diagonal = tf.linalg.diag_part(scores)
        return cls(diagonal, _without_diagonal(scores), tf.shape(scores)[1] - 1)

    @classmethod
    def from_maps(cls, scores, self_score=None, negative_images=None):
        """Scores of all globals of a batch with all places of all its images.

        Every (image, global) is an anchor: K = N B of them. Its positives are the A places of its
        own image, its negatives the ``(N - 1) A`` places of all other images.

        Args:
            scores: ``[N, B, N, A]``, ``scores[i, b, j, a] = f(global b of image i, place a of
                image j)``, N >= 2 (N may be unknown while tracing).
            self_score: ``None`` excludes the places of the own image from the negatives. A number
                gives each of them that constant score in the denominator of InfoNCE, as the
                release of Deep InfoMax does with -10; all other sums exclude them still.
            negative_images: how many other images give negatives, at most N - 1: those that
                follow in the batch, which is read as a circle. ``None`` takes all.

        Returns:
            ``PairScores`` with joint ``[N B, A]`` and marginal ``[N B, N A]``, where the places
            of the own image hold ``-inf``.

        Raises:
            ValueError: on another rank, unequal numbers of images, or N < 2.

        Reference: Hjelm et al. (2019), section 3.2; the constant is that of its code.
        """
        scores = floating(scores, "scores")
        if scores.shape.rank != 4 or not scores.shape[:1].is_compatible_with(scores.shape[2:3]):
            raise ValueError(
                "Scores of maps must have shape [N, B, N, A], scores[i, b, j, a] = f(global b of "
                f"image i, place a of image j). Received: scores of shape {scores.shape}."
            )
        rows, num_globals, columns, places = scores.shape
        size = rows if rows is not None else columns
        if (size is not None and size < 2) or 0 in (num_globals, places):
            raise ValueError(
                "At least two images, a global and a place are needed. "
                f"Received: scores of shape {scores.shape}."
            )
        shape = tf.shape(scores)
        checks = []
        if rows is None or columns is None:
            checks = [
                tf.debugging.assert_equal(shape[0], shape[2], "Scores must be [N, B, N, A]."),
                tf.debugging.assert_greater(shape[0], 1, "At least two images are needed."),
            ]
        with tf.control_dependencies([check for check in checks if check is not None]):
            joint, marginal = _own_and_other_images(scores)
        others = shape[0] - 1
        if negative_images is not None:
            if negative_images < 1 or (size is not None and negative_images >= size):
                raise ValueError(
                    "`negative_images` must be from 1 to the number of other images of the batch. "
                    f"Received: negative_images={negative_images}, scores of shape {scores.shape}."
                )
            others = tf.minimum(others, negative_images)
            images = tf.range(shape[0])
            distance = tf.math.floormod(images[tf.newaxis, :] - images[:, tf.newaxis], shape[0])
            is_kept = (distance <= others)[:, tf.newaxis, :, tf.newaxis]
            marginal = tf.where(is_kept, marginal, tf.constant(-np.inf, scores.dtype))
        width = places if places is not None else shape[3]
        num_anchors = -1 if size is None or num_globals is None else size * num_globals
        num_places = tf.cast(width, scores.dtype)
        return cls(
            tf.reshape(joint, [num_anchors, width]),
            tf.reshape(marginal, [num_anchors, shape[2] * width if size is None else size * width]),
            tf.cast(others, scores.dtype) * num_places,
            log_of_own_places(num_places, self_score),
        )

    def joint_mean(self, function):
        """``mean function(joint)`` over all positives, a scalar; ``function`` is elementwise."""
        return tf.reduce_mean(function(self.joint))

    def of_each_anchor(self, reduction, *per_anchor):
        """``reduction`` of the negatives' scores of every anchor, ``[K]``.

        Args:
            reduction: ``(marginal [R, M], *numbers [R]) -> [R]`` for any R anchors, each from its
                own row. Variables in its closure get no gradient.
            per_anchor: ``[K]`` each: further arguments of ``reduction``, one number per anchor.
        """
        return reduction(self.marginal, *per_anchor)

    def marginal_mean(self, function):
        """``mean_j function(marginal_j)`` of each anchor, ``[K]``; ``function`` is elementwise.

        ``function`` is never evaluated where there is no pair, nor is its derivative.
        """
        sums = self.of_each_anchor(functools.partial(score_reductions.sum_of, function))
        return sums / self.num_marginal

    def rivals_logsumexp(self):
        """Log-sum-exp of what a positive competes with in InfoNCE's softmax, ``[K]``.

        These are the negatives, and the constants of ``from_maps(..., self_score=)`` if any.
        """
        negatives = self.marginal_logsumexp()
        if self._log_extra_rivals is None:
            return negatives
        extra = tf.cast(self._log_extra_rivals, negatives.dtype)
        return tf.reduce_logsumexp(tf.stack([negatives, tf.zeros_like(negatives) + extra]), axis=0)

    def marginal_logsumexp(self):
        """``log sum_j exp(marginal_j)`` of each anchor, ``[K]``."""
        return self.of_each_anchor(functools.partial(tf.reduce_logsumexp, axis=1))

    def marginal_log_mean_exp(self):
        """``log mean_j exp(marginal_j)`` of each anchor, ``[K]``."""
        return self.marginal_logsumexp() - tf.math.log(self.num_marginal)

    def log_mean_exp(self):
        """``log mean exp`` over the negatives of all anchors together, a scalar."""
        return log_mean_exp(self.marginal_log_mean_exp())

    def clipped_log_mean_exp(self, limit):
        """``log mean exp(clip(marginal, -limit, limit))`` over all anchors together, a scalar."""
        clipped = functools.partial(score_reductions.clipped_logsumexp, limit=limit)
        sums = self.of_each_anchor(clipped)
        return log_mean_exp(sums - tf.math.log(self.num_marginal))

    def leave_one_out_mean(self, function, *per_anchor):
        """``mean_k function(joint, rest_k)`` over all positives, a scalar.

        ``rest_k`` is the log-sum-exp of the anchor's negatives other than its k-th, for each of
        them in turn; ``-inf`` where there is no other.

        Args:
            function: elementwise, of joint ``[K, P, 1]``, rest ``[K, 1, M]`` and the further
                numbers per anchor, ``[K, 1, 1]`` each.
            per_anchor: these numbers, ``[K]`` each.
        """
        sums = self.of_each_anchor(
            functools.partial(score_reductions.leave_one_out_sum, function), self.joint, *per_anchor
        )
        return tf.reduce_mean(sums) / self.num_marginal

    def marginal_mean_exp(self, shift):
        """``mean_j exp(marginal_j - shift)`` of each anchor, ``[K]``; shift is ``[K]`` or scalar.

        Its gradient is ``exp(marginal_j - shift) / M`` entry by entry. Going through the
        log-sum-exp instead would multiply an overflowing value by an underflowing softmax, and
        the product of infinity and zero is NaN.
        """
        shift = tf.convert_to_tensor(shift, self.joint.dtype)
        per_anchor = tf.broadcast_to(shift, tf.shape(self.joint)[:1])
        return self.of_each_anchor(score_reductions.sum_of_exp, per_anchor) / self.num_marginal


def pair_scores(scores):
    """``scores`` as ``PairScores``: unchanged if they are, else read as a ``[K, K]`` matrix.

    Raises:
        ValueError: if ``scores`` is neither, has K < 2, or is not floating.
    """
    if isinstance(scores, PairScores):
        return scores
    scores = floating(scores, "scores")
    if scores.shape.rank != 2:
        raise ValueError(
            "Scores must be a `PairScores` or a matrix of shape [K, K]. "
            f"Received: an array of shape {scores.shape}."
        )
    return PairScores.from_matrix(scores)


@tf.custom_gradient
def _without_diagonal(scores):
    """``scores [K, K]`` with ``-inf`` on the diagonal."""
    # exp(-inf) is an exact zero in the sums of PairScores, and so is its gradient.
    excluded = tf.fill(tf.shape(scores)[:1], tf.constant(-np.inf, scores.dtype))

    def gradient(upstream):
        # What TensorFlow's own gradient computes; that cannot be compiled by XLA for unknown K.
        return tf.linalg.set_diag(upstream, tf.zeros_like(excluded))

    return tf.linalg.set_diag(scores, excluded), gradient


@tf.custom_gradient
def _own_and_other_images(scores):
    """``scores [N, B, N, A]``: own places ``[N, B, A]``, and all with ``-inf`` at the own."""
    # One pass each way: the gradient of every score is taken from one of the two parts, never
    # summed, so that a NaN or infinity in one cannot reach the other.
    is_own = tf.broadcast_to(_is_own_image(scores), tf.shape(scores))
    own = tf.gather(scores, tf.range(tf.shape(scores)[0]), axis=2, batch_dims=1)
    others = tf.where(is_own, tf.constant(-np.inf, scores.dtype), scores)

    def gradient(upstream_own, upstream_others):
        return tf.where(is_own, upstream_own[:, :, tf.newaxis, :], upstream_others)

    return (own, others), gradient


def _is_own_image(scores):
    images = tf.range(tf.shape(scores)[0])
    return tf.equal(images[:, tf.newaxis], images)[:, tf.newaxis, :, tf.newaxis]


def log_of_own_places(num_places, self_score):
    """Log-sum-exp of ``self_score`` for each own place, in InfoNCE's denominator; or ``None``."""
    return None if self_score is None else tf.math.log(num_places) + self_score


def floating(values, name):
    """``values`` as a floating tensor; half precision becomes float32, where bounds are stable."""
    values = tensor(values, name)
    if not values.dtype.is_floating:
        raise ValueError(f"`{name}` must be floating. Received: dtype {values.dtype.name}.")
    return wide(values)
