"""Local InfoNCE of N images with L places: a row of logits for every positive, against one sum.

The loss and its gradients by the embeddings whose products are the scores. The released code writes
the softmax out, ``N L`` rows of ``1 + N L`` logits; the package computes one log-sum-exp an (image,
global) and joins it with each positive. Both exclude the places of the own image.
"""

import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.scores.pairs import PairScores


def row_of_logits(images, places, units, xla=False):
    """A cross entropy over one row of logits for every positive."""
    return _step(images, places, units, xla, loss_from_rows)


def one_sum(images, places, units, xla=False):
    """``bounds.infonce`` on ``PairScores.from_maps``, without its normaliser."""
    return _step(images, places, units, xla, _from_scores)


def _step(images, places, units, xla, loss_of):
    # Scores of a spread of one.
    of_globals = tf.random.stateless_normal([images, units], [0, 0]) / units**0.25
    of_places = tf.random.stateless_normal([images * places, units], [0, 1]) / units**0.25

    @tf.function(jit_compile=xla)
    def step():
        with tf.GradientTape() as tape:
            tape.watch([of_globals, of_places])
            scores = tf.matmul(of_globals, of_places, transpose_b=True)
            loss = loss_of(tf.reshape(scores, [images, 1, images, places]))
        return [loss, *tape.gradient(loss, [of_globals, of_places])]

    return step


def _from_scores(scores):
    pairs = PairScores.from_maps(scores)
    return tf.math.log(pairs.num_marginal + 1.0) - bounds.infonce(pairs)


def loss_from_rows(scores):
    """The released loss of scores ``[N, B, N, A]``, nats, its positives excluded exactly."""
    num_images, num_globals, _, num_places = scores.shape
    own = tf.eye(num_images, dtype=tf.bool)[:, tf.newaxis, :, tf.newaxis]
    negatives = tf.where(own, -float("inf"), scores)
    negatives = tf.reshape(negatives, [num_images, num_globals, 1, num_images * num_places])
    rows = [num_images, num_globals, num_places, num_images * num_places]
    positives = tf.gather(scores, tf.range(num_images), axis=2, batch_dims=1)[..., tf.newaxis]
    logits = tf.concat([positives, tf.broadcast_to(negatives, rows)], axis=-1)
    return -tf.reduce_mean(tf.nn.log_softmax(logits)[..., 0])
