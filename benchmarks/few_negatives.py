"""The concatenating critic of maps with few negative images: all pairs, against the wanted ones.

The loss is the negated JSD value of DIM(L), with its gradients by both maps and all weights.
"""

import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.critics import ConcatMapCritic
from tf_infomax.scores.blocked_scores import scores_of
from tf_infomax.scores.few_negatives import FewNegatives


def all_pairs(images, side, units, negative_images):
    """Every image with every other, of which all but a few are then left out."""
    return _step(
        images, side, units,
        lambda critic, x, y: scores_of(critic(x, y), negative_images=negative_images),
    )  # fmt: skip


def wanted_pairs(images, side, units, negative_images):
    """``FewNegatives``."""
    return _step(
        images, side, units, lambda critic, x, y: FewNegatives(critic, x, y, negative_images)
    )


def _step(images, side, units, scores):
    critic = ConcatMapCritic((units, units), seed=0)
    x = tf.random.stateless_normal([images, 64], [0, 0])
    y = tf.random.stateless_normal([images, side, side, 128], [0, 1])
    critic.build(x.shape, y.shape)

    @tf.function(jit_compile=True)
    def step():
        weights = [weight.value for weight in critic.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            loss = -bounds.jsd(scores(critic, x, y))
        return [loss, *tape.gradient(loss, [x, y, *weights])]

    return step
