"""The concat critic on all pairs: tiled pairs, against the first layer split between the views.

The package makes the scores as ``InfoMax`` does, in blocks that stay in the caches.
"""

import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.critics import ConcatCritic
from tf_infomax.scores.blocked_scores import scores_of_pairs


def tiled_pairs(size, width, hidden, xla=False):
    """Every pair ``[x_i, y_j]`` written out, as the released code does."""
    return _step(size, width, hidden, xla, tiled_scores)


def split_layer(size, width, hidden, xla=False):
    """``scores_of_pairs`` of a ``ConcatCritic``."""
    return _step(size, width, hidden, xla, scores_of_pairs)


def tiled_scores(critic, x, y):
    """Scores ``[K, K]`` of a ``ConcatCritic`` of one layer, on the written-out pairs of codes."""
    size = x.shape[0]
    rows = tf.reshape(tf.tile(x[:, tf.newaxis], [1, size, 1]), [size * size, -1])
    pairs = tf.concat([rows, tf.tile(y, [size, 1])], axis=1)
    kernel, bias = critic.f[0].kernel.value, critic.f[0].bias.value
    return tf.reshape(critic.f[1](tf.nn.relu(tf.matmul(pairs, kernel) + bias)), [size, size])


def _step(size, width, hidden, xla, scores):
    critic = ConcatCritic(hidden, seed=0)
    critic.build((None, width), (None, width))
    # None of these 3 million sums is so close to zero that rounding would turn a ReLU on or off.
    x, y = (tf.random.stateless_normal([size, width], [1, k]) for k in (0, 1))

    @tf.function(jit_compile=xla)
    def step():
        weights = [weight.value for weight in critic.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            value = bounds.infonce(scores(critic, x, y))
        return [value, *tape.gradient(value, [x, y, *weights])]

    return step
