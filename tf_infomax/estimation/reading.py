"""Evaluation of a trained critic on held-out pairs."""

import numpy as np
import tensorflow as tf
from scipy.special import logsumexp

from tf_infomax.estimation.score_limits import bound_of

__all__ = ["Reader", "log_ratios", "partner_scores"]

# Scores computed at a time; with 64 hidden units 32 MB a layer.
_BLOCK_SCORES = 128_000
# Negatives of each x in a group whose value shows the error of the whole, at most.
_MOST_IN_GROUP = 64


def partner_scores(critic, x, y, partners):
    """Scores of each x with some rows of y.

    Args:
        critic: Keras layer, ``critic(x, y) -> [K, M]``; a critic with ``scores_partners``
            scores these pairs only, any other critic all.
        x: ``[K, Dx]``.  y: ``[M, Dy]``.  partners: int ``[K, P]``, rows of y.

    Returns:
        ``[K, P]``.
    """
    if getattr(critic, "scores_partners", False):
        return critic(x, y, partners)
    return tf.gather(critic(x, y), partners, batch_dims=1)


def log_ratios(scores, limits):
    """Scores of positives minus the logarithm of the mean exponential score of all negatives.

    Args:
        scores: ``[n, 1 + P]``, the positive first.
        limits: (lowest, highest) score.

    Returns:
        float64 ``[n]``, nats; their mean is Donsker and Varadhan's value.
    """
    scores = np.clip(np.asarray(scores, np.float64), *limits)
    return scores[:, 0] - (logsumexp(scores[:, 1:]) - np.log(scores[:, 1:].size))


class Reader:
    """Bounds on given pairs, with the critic's current weights.

    Args:
        critic: built Keras layer, ``critic(x, y) -> [K, M]``.
        bound: ``PairScores`` -> scalar, nats.
    """

    def __init__(self, critic, bound):
        self._bound, self._critic = bound, critic
        self._scores = tf.function(
            lambda x, y, partners: partner_scores(critic, x, y, partners),
            reduce_retracing=True,
            autograph=not getattr(critic, "scores_partners", False),
        )

    def value(self, x, y, partners, limits=None):
        """The bound in nats, a float.

        Args:
            x, y, partners: as for ``scores``.
            limits: (lowest, highest) score, or ``None``.
        """
        return bound_of(self._bound, self.scores(x, y, partners), limits)

    def value_and_ratios(self, x, y, partners, limits):
        """The bound in nats, and ``log_ratios`` of the pairs."""
        scores = self.scores(x, y, partners)
        return bound_of(self._bound, scores, limits), log_ratios(scores, limits)

    def scores(self, x, y, partners):
        """Scores of each x with its own y (the positive), and with other y (negatives).

        Args:
            x: ``[n, Dx]``, y: ``[n, Dy]``, floating; row i of both is one pair, n >= 2.
            partners: largest number of negatives of each x; if there are more, they are thinned
                such that every y is used equally often.

        Returns:
            array ``[n, 1 + P]``, the own y first.
        """
        count = len(x)
        shifts = np.linspace(1, count - 1, min(partners, count - 1)).round().astype(int)
        shifts = np.append(0, np.unique(shifts))
        # The last block is filled up with the first rows, so that all have one shape.
        size = min(count, max(_BLOCK_SCORES // len(shifts), 1))
        blocks = -(-count // size)
        anchors = np.resize(np.arange(count), blocks * size)
        scores = []
        for part in np.split(anchors, blocks):
            partners = (part[:, np.newaxis] + shifts) % count
            scores.append(self._block(x[part], y, partners))
        return np.concatenate(scores)[:count]

    def _block(self, x, y, partners):
        if partners.size < len(y):
            rows, partners = np.unique(partners, return_inverse=True)
            y, partners = y[rows], partners.reshape(len(x), -1)
        closed = getattr(self._critic, "untrained_scores", None)
        scores = None if closed is None else closed(x, y, partners)
        if scores is not None:
            return scores
        tensors = (tf.convert_to_tensor(values) for values in (x, y, partners.astype(np.int32)))
        return self._scores(*tensors).numpy()

    def group_values(self, x, y, groups, limits=None):
        """The bound on disjoint groups of the pairs, each with negatives from the group only.

        Groups are independent given the critic: the spread of their values gives the standard error
        of any bound.

        Args:
            x: ``[n, Dx]``, y: ``[n, Dy]``, in random order.
            groups: number of groups, at most n / 2.
            limits: (lowest, highest) score, or ``None``.

        Returns:
            float64 ``[groups]``, nats; ``n mod groups`` pairs are left out.
        """
        size = len(x) // groups
        partners = min(size - 1, _MOST_IN_GROUP)
        return np.array(
            [
                self.value(x[part : part + size], y[part : part + size], partners, limits)
                for part in range(0, groups * size, size)
            ]
        )
