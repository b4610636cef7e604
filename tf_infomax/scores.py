"""Scores of pairs: which ones are joint, which ones are marginal, and the sums bounds need.

The one convention of the package lives here: ``scores[i, j] = f(x_i, y_j)``, rows are the first
view (the anchors), columns the second view, and the diagonal holds the joint pairs.
"""

import numpy as np
import tensorflow as tf

__all__ = ["PairScores", "pair_scores"]


class PairScores:
    """Scores of K anchors: P joint pairs and M marginal pairs each.

    Bounds read scores through this class only: the joint scores, and per anchor a log-sum-exp or
    a mean of exp over the marginals. Nothing else of the marginals is needed, which is
    what lets a subclass compute them block by block, without a matrix of all pairs.

    Args:
        joint: ``[K, P]`` (or ``[K]``, meaning P = 1) floating scores of pairs drawn from p(x, y).
        marginal: ``[K, M]`` floating scores of pairs drawn from p(x) p(y). An entry of ``-inf``
            is no pair at all: it is how positives are excluded, exactly, in value and gradient.
        num_marginal: marginal pairs per anchor, where entries of ``-inf`` make it less than the
            width of ``marginal``.

    Raises:
        ValueError: on wrong ranks, unequal numbers of anchors, or scores that are not floating.
    """

    def __init__(self, joint, marginal, num_marginal=None):
        joint = _floating(joint, "joint")
        marginal = _floating(marginal, "marginal")
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

    @classmethod
    def from_matrix(cls, scores):
        """Scores of all pairs of a batch: the diagonal is joint, the rest of each row marginal.

        Args:
            scores: ``[K, K]``, K >= 2 (K may be unknown while tracing).
        """
        scores = _floating(scores, "scores")
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

    def marginal_logsumexp(self):
        """``log sum_j exp(marginal_j)`` of each anchor, ``[K]``."""
        return tf.reduce_logsumexp(self.marginal, axis=1)

    def marginal_log_mean_exp(self):
        """``log mean_j exp(marginal_j)`` of each anchor, ``[K]``."""
        return self.marginal_logsumexp() - tf.math.log(self.num_marginal)

    def log_mean_exp(self):
        """``log mean exp`` over the marginal pairs of all anchors together, a scalar."""
        per_anchor = self.marginal_log_mean_exp()
        anchors = tf.cast(tf.shape(per_anchor)[0], per_anchor.dtype)
        return tf.reduce_logsumexp(per_anchor) - tf.math.log(anchors)

    def marginal_mean_exp(self, shift):
        """``mean_j exp(marginal_j - shift)`` of each anchor, ``[K]``; shift is ``[K]`` or scalar.

        Its gradient is ``exp(marginal_j - shift) / M`` entry by entry. Going through the
        log-sum-exp instead would multiply an overflowing value by an underflowing softmax, and
        the product of infinity and zero is NaN.
        """
        shift = tf.convert_to_tensor(shift, self.marginal.dtype)
        if shift.shape.rank == 1:
            shift = shift[:, tf.newaxis]
        return tf.reduce_sum(tf.exp(self.marginal - shift), axis=1) / self.num_marginal


def pair_scores(scores):
    """``scores`` as ``PairScores``: unchanged if it is one, else read as a ``[K, K]`` matrix.

    Raises:
        ValueError: if ``scores`` is neither, has K < 2, or is not floating.
    """
    if isinstance(scores, PairScores):
        return scores
    scores = _floating(scores, "scores")
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


def _floating(values, name):
    """``values`` as a floating tensor; half precision becomes float32, where bounds are stable."""
    values = tf.convert_to_tensor(values)
    if not values.dtype.is_floating:
        raise ValueError(f"`{name}` must be floating. Received: dtype {values.dtype.name}.")
    return tf.cast(values, tf.float32) if values.dtype.size < 4 else values
