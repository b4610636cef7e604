"""Scores of pairs with few negatives an anchor, where only these pairs are ever scored.

A critic with hidden layers on every pair costs as much for each pair that a bound leaves out as for
each that it reads. With n negative images of N, ``n + 1`` images are scored with every anchor here,
in place of N: for the one negative image of the release of Deep InfoMax 2 in place of 64.
"""

import math

import tensorflow as tf

from tf_infomax.numerics import replicas
from tf_infomax.scores.blocked_scores import bytes_of_pairs, can_be_blocked, embedded
from tf_infomax.scores.pairs import PairScores, floating, log_of_own_places

__all__ = ["FewNegatives", "are_few"]

# Bytes of all hidden values. Where there are more, scores in blocks keep the memory small.
_MOST_BYTES = 2**31


class FewNegatives(PairScores):
    """Scores of K codes, or of all globals with places of K maps, and a few others of the batch.

    Reads like ``PairScores.from_maps(critic(x, y), self_score, negative_images)``, and gives the
    same numbers, values and gradients by x, y and the critic's weights, up to rounding; its
    ``marginal`` is ``[K B, n A]``, the negatives alone.

    Args:
        critic: layer with ``embed`` and ``joint_scores``, as the critics of vectors and of maps of
            this package.
        x: ``[K, Dx]`` codes, K known; of a critic of maps also ``[K, h, w, Dx]``. Under a
            distribution strategy, those of this replica.
        y: ``[K, Dy]``; of a critic of maps ``[K, H, W, Dy]``.
        negative_images: n, below the number of codes of all replicas: those that follow in the
            batch, which is read as a circle.
        self_score: as of ``PairScores.from_maps``.
        training: passed to the critic, if it takes that.

    Attributes:
        anchors: what the critic makes of x, of all replicas, ``[K, E]``, of maps ``[K h w, E]``.
    """

    def __init__(self, critic, x, y, negative_images, *, self_score=None, training=False):
        own = x.shape[0]
        x, y = (tf.cast(features, critic.compute_dtype) for features in (x, y))
        (x, num_globals), (y, places) = embedded(critic, x, y, training)
        candidates, first = replicas.gathered(y), replicas.first_row(own)
        images = negative_images + 1
        # Rolled, not gathered by index: a gradient in slices, which XLA compiles into copies.
        followers = [tf.roll(candidates, -(first + ahead), axis=0)[:own] for ahead in range(images)]
        scores = critic.joint_scores(tf.concat([x] * images, axis=0), tf.concat(followers, axis=0))
        scores = tf.reshape(floating(scores, "scores"), [images, own * num_globals, places])
        joint, negatives = scores[0], tf.transpose(scores[1:], [1, 0, 2])
        marginal = tf.reshape(negatives, [own * num_globals, negative_images * places])
        super().__init__(
            replicas.gathered(joint),
            replicas.gathered(marginal),
            log_extra_rivals=log_of_own_places(tf.constant(places, joint.dtype), self_score),
        )
        self.anchors = replicas.gathered(tf.reshape(x, [-1, x.shape[-1]]))


def are_few(critic, x, y, negative_images):
    """Whether ``FewNegatives`` saves work: few pairs are wanted, and each costs hidden values.

    Args:
        critic, x, y: as of ``FewNegatives``; shapes may be unknown.
        negative_images: number of negative images, or ``None`` for all.
    """
    if negative_images is None or not can_be_blocked(critic) or critic.numbers_per_pair == 1:
        return False
    sizes = [*x.shape[:-1], *y.shape[1:-1]]
    if None in sizes or negative_images + 1 >= sizes[0] * replicas.number():
        return False
    return bytes_of_pairs(critic, (negative_images + 1) * math.prod(sizes)) <= _MOST_BYTES
