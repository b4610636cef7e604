"""Batches by index: epochs are permutations, fresh, uniform, and functions of (seed, t) alone."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tf_infomax.data.batches import BatchIndex
from tf_infomax.numerics.randomness import stream

# A correct shuffle fails one such test in a million; the seeds are fixed, so it fails never or
# always.
_ALPHA = 1e-6


def _draw(batches, steps):
    """The batches of the given numbers, ``[len(steps), batch_size]``; one graph, for speed."""
    return tf.function(lambda: tf.map_fn(batches, tf.constant(steps, tf.int64)))().numpy()


def _epochs(batches, count):
    """All indices of the first epochs, ``[epochs, steps_per_epoch * batch_size]``."""
    drawn = _draw(batches, np.arange(count * batches.steps_per_epoch))
    return drawn.reshape(count, batches.steps_per_epoch * batches.batch_size)


@pytest.mark.parametrize(("num_examples", "batch_size"), [(100, 7), (128, 128), (6, 2), (1437, 64)])
def test_an_epoch_visits_each_example_at_most_once(num_examples, batch_size):
    batches = BatchIndex(num_examples, batch_size, (1, 2))
    assert batches.steps_per_epoch == num_examples // batch_size
    epochs = _epochs(batches, 4)
    for epoch in epochs:
        assert len(np.unique(epoch)) == batches.steps_per_epoch * batch_size
        assert epoch.min() >= 0 and epoch.max() < num_examples


def test_epochs_and_seeds_differ():
    first, second = _epochs(BatchIndex(200, 20, (1, 2)), 2)
    other = _epochs(BatchIndex(200, 20, (1, 3)), 1)[0]
    # Two independent permutations agree in Poisson(1) places: 10 or more has probability 1e-7.
    assert np.sum(first == second) < 10
    assert np.sum(first == other) < 10
    assert np.sum(first == np.arange(200)) < 10


def test_a_batch_is_a_pure_function_of_seed_and_number():
    draw = BatchIndex(60_000, 128, stream(0, "batches"))
    late = draw(20_999)
    again = BatchIndex(60_000, 128, stream(0, "batches"))
    traced = tf.function(again)
    for t in (0, 468, 20_999):  # 468 opens the second epoch
        np.testing.assert_array_equal(draw(t), again(t))
        np.testing.assert_array_equal(draw(t), traced(tf.constant(t, tf.int64)))
        np.testing.assert_array_equal(draw(t), draw(tf.constant(t, tf.int32)))
    np.testing.assert_array_equal(draw(20_999), late)
    assert late.dtype == tf.int64 and late.shape == (128,)


def test_a_data_pipeline_gives_the_same_batches():
    draw = BatchIndex(50, 8, (5, 6))
    pipeline = tf.data.Dataset.range(20).map(draw, num_parallel_calls=2)
    for t, indices in enumerate(pipeline):
        np.testing.assert_array_equal(indices, draw(t))


def test_every_position_is_uniform_over_the_examples():
    epochs = _epochs(BatchIndex(40, 40, (0, 1)), 400)
    for position in (0, 1, 39):  # 10 expected in every cell
        observed = np.bincount(epochs[:, position], minlength=40)
        assert stats.chisquare(observed).pvalue > _ALPHA


@pytest.mark.parametrize("num_examples", [1437, 60_000])
def test_pairs_are_uniform_within_an_epoch_and_across_epochs(num_examples):
    # What TensorFlow's index shuffle fails with its 4 rounds, and with counters for seeds.
    bins, count = 8, 3000
    steps = np.arange(count) * (num_examples // 2)  # the first batch of each epoch
    first, second = (_draw(BatchIndex(num_examples, 2, (0, 1)), steps) * bins // num_examples).T
    in_bin = np.bincount(np.arange(num_examples) * bins // num_examples).astype(float)
    within = np.outer(in_bin, in_bin) - np.diag(in_bin)  # without replacement
    across = np.outer(in_bin, in_bin)
    for a, b, weights in ((first, second, within), (first[1:], first[:-1], across)):
        observed = np.bincount(a * bins + b, minlength=bins**2)
        expected = weights.ravel() / weights.sum() * len(a)
        assert stats.chisquare(observed, expected).pvalue > _ALPHA


def test_all_orders_of_three_are_equally_likely():
    # Few draws: the shuffle walks through a cycle of thousands of values to find one below 3.
    epochs = _epochs(BatchIndex(3, 3, (7, 7)), 300)
    _, observed = np.unique(epochs @ [9, 3, 1], return_counts=True)
    assert len(observed) == 6
    assert stats.chisquare(observed).pvalue > _ALPHA


def test_batches_that_cannot_be_drawn():
    with pytest.raises(ValueError, match=r"at least 2 examples.*Received: batch_size=1\."):
        BatchIndex(10, 1, (0, 0))
    with pytest.raises(ValueError, match=r"Received: batch_size=11, num_examples=10\."):
        BatchIndex(10, 11, (0, 0))
    for seed in (3, (1, 2, 3)):
        with pytest.raises(ValueError, match="two integers"):
            BatchIndex(10, 2, seed)
    with pytest.raises(ValueError, match=r"Received: t=-1\."):
        BatchIndex(10, 2, (0, 0))(-1)
