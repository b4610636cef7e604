"""A bound of K pairs and its gradients: the whole matrix, against some of its rows at a time."""

import tensorflow as tf

from tf_infomax import bounds, critics
from tf_infomax.scores.blocked_scores import BlockedScores, scores_of_pairs
from tf_infomax.scores.pairs import PairScores

WIDTH = 128
# Scale of the codes: scores have a spread of about one; with less, gradients nearly cancel.
_SCALES = {"bilinear": 0.3, "concat": 1.3}


def whole_matrix(critic, bound, size):
    """The K x K matrix of scores exists, and its gradient does."""
    return _step(critic, bound, size, lambda f, x, y: PairScores.from_matrix(f(x, y)))


def blocks(critic, bound, size):
    """``BlockedScores``."""
    return _step(critic, bound, size, BlockedScores)


def of_pairs(critic, bound, size):
    """``scores_of_pairs``, which chooses by the size."""
    return _step(critic, bound, size, scores_of_pairs)


def _step(critic, bound, size, make):
    scale = _SCALES[critic]
    options = {"feature_dim": WIDTH} if critic == "bilinear" else {}
    critic = critics.get(critic, seed=0, **options)
    critic.build((None, WIDTH), (None, WIDTH))
    x, noise = (tf.random.stateless_normal([size, WIDTH], [0, k]) for k in (0, 1))
    x, y = scale * x, scale * (0.8 * x + 0.6 * noise)
    bound = bounds.get(bound)

    @tf.function
    def step():
        weights = [weight.value for weight in critic.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            value = bound(make(critic, x, y))
        return [value, *tape.gradient(value, [x, y, *weights])]

    return step
