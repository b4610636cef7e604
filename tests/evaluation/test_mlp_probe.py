"""The non-linear probe on codes whose accuracy is known beforehand."""

import math

import numpy as np
import pytest

from tf_infomax.evaluation import mlp_probe

FAST = {"epochs": 6, "batch_size": 50, "learning_rate": 0.01, "decay_epochs": (4,), "top_k": (1, 2)}


def xor(count, seed):
    """Classes that no line separates: the sign of the product of two coordinates."""
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], size=(count, 2))
    labels = (signs.prod(axis=1) > 0).astype(np.int64)
    return (signs * rng.uniform(0.5, 1.5, size=(count, 2))).astype(np.float32), labels


TRAIN, TEST = xor(1000, 0), xor(300, 1)


@pytest.fixture(scope="module")
def result():
    return mlp_probe(*TRAIN, *TEST, **FAST, averaged_epochs=2)


def test_what_no_line_separates_is_found(result):
    assert result.last == 1.0 and result.top_k[2] == 1.0
    assert len(result.curve) == len(result.train_loss) == 6
    assert result.accuracy == np.mean(result.curve[-2:]) == result.top_k[1]
    assert result.train_loss[-1] < 0.05 < result.train_loss[0]


def test_shuffled_labels_are_found_by_chance():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=1000), rng.integers(2, size=300)
    result = mlp_probe(TRAIN[0], labels[0], TEST[0], labels[1], **FAST)
    assert abs(result.last - 0.5) < 4 * math.sqrt(0.25 / 300)
    # By default the last two thirds are averaged, as the paper's 100 of 150; here 4 of 6.
    assert result.accuracy == np.mean(result.curve[-4:]) != np.mean(result.curve)


def test_unlabelled_rows_and_the_shape_of_maps_change_nothing(result):
    noise = 1e3 * np.random.default_rng(0).normal(size=(77, 2)).astype(np.float32)
    partly = [
        (
            np.concatenate([noise, codes]).reshape(-1, 1, 1, 2),
            np.concatenate([np.full(77, -1), labels]),
        )
        for codes, labels in (TRAIN, TEST)
    ]
    assert mlp_probe(*partly[0], *partly[1], **FAST, averaged_epochs=2) == result


def test_a_probe_that_ran_away_has_no_accuracy():
    result = mlp_probe(*TRAIN, *TEST, **{**FAST, "epochs": 2, "learning_rate": 1e38})
    assert math.isnan(result.accuracy) and math.isnan(result.last) and math.isnan(result.top_k[2])


def test_the_seed_decides(result):
    # Equal seeds are compared above, bit for bit.
    other = mlp_probe(*TRAIN, *TEST, **{**FAST, "epochs": 1}, seed=6)
    assert other.train_loss[0] != result.train_loss[0]
