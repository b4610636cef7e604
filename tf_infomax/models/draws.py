"""The random draws of a model under ``fit`` and under ``evaluate``: two streams, which files hold.

Evaluations have a stream of their own, because validation would otherwise change what the next
steps of training draw.
"""

import numpy as np
import tensorflow as tf

__all__ = ["evaluation_seed", "load_counts", "save_counts"]

# In files; those of earlier versions lack the second one.
_NAMES = ("num_draws", "num_evaluation_draws")
# Keeps the seeds of evaluations apart from those of training.
_EVALUATION = 1


def evaluation_seed(training, evaluations):
    """The seed ``[2]`` of the next batch of ``evaluate``.

    Args:
        training: ``keras.random.SeedGenerator`` of the draws under ``fit``, which does not move.
        evaluations: the one that counts batches of ``evaluate``.
    """
    first = tf.convert_to_tensor(training.state)[0]
    seed = tf.stack([first, evaluations.next()[1]])
    return tf.random.fold_in(tf.cast(seed, tf.int32), _EVALUATION, alg="philox")


def save_counts(store, *generators):
    """Writes how many seeds were drawn from each generator, which Keras does not save."""
    for name, generator in zip(_NAMES, generators, strict=True):
        store[name] = generator.state.numpy()[1]


def load_counts(store, *generators):
    """Takes these numbers, where there are any, out of a dict of what a file holds."""
    for name, generator in zip(_NAMES, generators, strict=True):
        count = store.pop(name, None)
        if count is not None:
            generator.state.assign([generator.state.numpy()[0], int(np.asarray(count))])
