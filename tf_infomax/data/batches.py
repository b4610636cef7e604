"""The examples of batch number t as a pure function of t, so that there is no state to keep."""

import dataclasses

import numpy as np
import tensorflow as tf

from tf_infomax.naming import arguments

__all__ = ["WHOLE", "BatchIndex", "Part"]

# TensorFlow's default of 4 rounds leaves neighbouring positions visibly dependent (a chi-squared
# test over pairs of positions rejects it at 60,000 examples with p = 0); 8 rounds pass, 16 are
# safe and cost nothing that can be measured beside a training step.
_ROUNDS = 16


@dataclasses.dataclass(frozen=True)
class Part:
    """One of several equal parts of every batch: the rows that one worker reads.

    Attributes:
        place: which part, from 0.
        parts: how many there are; the batch size must be a multiple of it.
    """

    place: int = 0
    parts: int = 1

    def of(self, values, batches=1):
        """Its rows of something that there is for whole batches.

        Args:
            values: tensor ``[batches K, ...]``.
            batches: of how many batches, one after the other, the rows are.

        Returns:
            ``[batches K / parts, ...]``.
        """
        if self.parts == 1:
            return values
        rows = tf.shape(values)[0] if values.shape[0] is None else values.shape[0]
        size = rows // batches
        own = size // self.parts
        first = self.place * own
        found = [
            values[number * size + first : number * size + first + own] for number in range(batches)
        ]
        return found[0] if batches == 1 else tf.concat(found, axis=0)


WHOLE = Part()


class BatchIndex:
    """The indices of batch t of a data set that is shuffled anew in every epoch.

    ``BatchIndex(n, k, seed)(t)`` depends on nothing but these four numbers, so a resumed run needs
    no position in a pipeline. An epoch has ``steps_per_epoch = n // k`` batches; the ``n % k``
    examples that are left over differ from epoch to epoch. No batch holds an example twice, because
    that would put a positive among the negatives.

    Works eagerly and in a ``tf.function``; always on the CPU, and not inside
    ``jit_compile=True``, for which the shuffle has no kernel. The cost grows with k, not with n.

    Args:
        num_examples: n.
        batch_size: k, from 2 to n.
        seed: two ints, as from ``randomness.stream``.

    Call arguments:
        t: number of the batch, from 0; a Python int or an integer scalar tensor.

    Returns:
        ``int64 [batch_size]``, each in ``[0, num_examples)``.

    Raises:
        ValueError: if ``batch_size`` is below 2 (no negatives) or above ``num_examples``,
            if ``seed`` is not two ints, or on a negative Python int ``t``.
    """

    def __init__(self, num_examples, batch_size, seed):
        num_examples = arguments.integer(num_examples, "num_examples", 0)
        batch_size = arguments.integer(batch_size, "batch_size", -(2**63), "an integer")
        if batch_size < 2:
            raise ValueError(
                "A batch needs at least 2 examples: the negatives of one pair are the others. "
                f"Received: batch_size={batch_size}."
            )
        if batch_size > num_examples:
            raise ValueError(
                "A batch cannot be larger than the data set. "
                f"Received: batch_size={batch_size}, num_examples={num_examples}."
            )
        words = tuple(np.ravel(arguments.array(seed, "seed")))
        if len(words) != 2 or not all(isinstance(word, np.integer) for word in words):
            raise ValueError(f"`seed` must be two integers. Received: seed={seed!r}.")
        words = tuple(int(word) for word in words)
        self.num_examples = int(num_examples)
        self.batch_size = int(batch_size)
        self.seed = words
        self.steps_per_epoch = self.num_examples // self.batch_size

    def __call__(self, t):
        if isinstance(t, int) and t < 0:
            raise ValueError(f"Batches are numbered from 0. Received: t={t}.")
        with tf.device("CPU:0"):
            t = tf.cast(t, tf.int64)
            epoch, step = t // self.steps_per_epoch, t % self.steps_per_epoch
            positions = step * self.batch_size + tf.range(self.batch_size, dtype=tf.int64)
            return tf.random_index_shuffle(
                positions,
                self._shuffle_seed(epoch),
                tf.constant(self.num_examples - 1, tf.int64),  # inclusive
                rounds=_ROUNDS,
            )

    def _shuffle_seed(self, epoch):
        # The shuffle is a light cipher with a weak key schedule: for keys that differ in a counter
        # its permutations are far from uniform and resemble each other. Keys from a proper
        # generator avoid that.
        key = tf.random.fold_in(tf.constant(self.seed, tf.int64), epoch, alg="philox")
        return tf.random.stateless_uniform([3], key, None, None, tf.int32, alg="philox")
