"""The linear probe on codes whose accuracy is known beforehand."""

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tf_infomax.evaluation import (
    converged_linear_probe,
    linear_probe,
    linear_probe_over_orders,
)

CLASSES = 4


def codes_and_labels(count, seed):
    """Codes around one corner of a square for each class: separable with a wide margin."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(CLASSES, size=count)
    corners = np.array([[0, 0], [0, 5], [5, 0], [5, 5]])
    codes = np.concatenate([corners[labels], np.zeros((count, 3))], axis=1)
    return codes + rng.uniform(-1, 1, size=codes.shape), labels


TRAIN, TEST = codes_and_labels(400, 0), codes_and_labels(400, 1)


def test_separable_classes_are_all_found():
    assert linear_probe(*TRAIN, *TEST) == 1.0


def test_units_of_the_codes_do_not_matter():
    # Every entry is scaled to [0, 1] by the training codes.
    scales, offsets = np.array([1e-6, 1e6, 1.0, 10.0, 0.1]), np.array([5.0, -1e5, 0.0, 1.0, 2.0])
    moved = [(codes * scales + offsets, labels) for codes, labels in (TRAIN, TEST)]
    assert linear_probe(*moved[0], *moved[1]) == 1.0


def test_shuffled_labels_are_found_by_chance():
    rng = np.random.default_rng(0)
    train_labels, test_labels = rng.integers(CLASSES, size=(2, 400))
    accuracy = linear_probe(TRAIN[0], train_labels, TEST[0], test_labels)
    chance = 1 / CLASSES
    assert abs(accuracy - chance) < 4 * math.sqrt(chance * (1 - chance) / 400)


def test_codes_are_those_of_the_type_that_is_asked_for():
    rng = np.random.default_rng(0)
    labels = rng.integers(CLASSES, size=400)
    # The labels are there in float64 alone, in a range that the scaler of float32 leaves as it is.
    codes = np.column_stack([rng.normal(size=(400, 3)), 1e-9 * np.eye(CLASSES)[labels]])
    rounded = codes.astype(np.float32)
    expected = linear_probe(rounded, labels, rounded, labels)
    assert linear_probe(codes, labels, codes, labels, dtype=np.float32) == expected < 0.6
    assert linear_probe(codes, labels, codes, labels) == 1.0


def test_the_fraction_is_of_the_test_examples():
    labels = TEST[1].copy()
    labels[:100] = (labels[:100] + 1) % CLASSES
    assert linear_probe(*TRAIN, TEST[0], labels) == 0.75


def test_the_seed_decides():
    rng = np.random.default_rng(0)
    labels = rng.integers(CLASSES, size=400)
    once, again = (linear_probe(TRAIN[0], labels, TRAIN[0], labels, seed=5) for _ in range(2))
    assert once == again


def overlapping(count, seed):
    """Classes that overlap, so that accuracies depend on the fit."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(CLASSES, size=count)
    return np.eye(CLASSES, 12)[labels] + rng.normal(size=(count, 12)), labels


def test_orders_are_the_protocol_with_other_seeds():
    train, test = overlapping(600, 0), overlapping(400, 1)
    found = linear_probe_over_orders(*train, *test, seeds=(3, 4, 5))
    assert found == [linear_probe(*train, *test, seed=seed) for seed in (3, 4, 5)]


def test_the_converged_probe_is_at_the_optimum():
    train, test = overlapping(600, 0), overlapping(400, 1)
    found = converged_linear_probe(*train, *test)
    # The optimum by Newton's method, with the same scaling and C.
    low, high = train[0].min(axis=0), train[0].max(axis=0)
    scaled = [(codes - low) / (high - low) for codes, _ in (train, test)]
    newton = LogisticRegression(C=10, tol=1e-10, max_iter=200, solver="newton-cg")
    accuracy = newton.fit(scaled[0], train[1]).score(scaled[1], test[1])
    # Two examples of 400 may lie on the boundary.
    assert abs(found - accuracy) <= 2 / 400
    assert converged_linear_probe(*TRAIN, *TEST) == 1.0


def _with(array, value):
    changed = array.copy()
    changed.flat[3] = value
    return changed


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((_with(TRAIN[0], np.nan), TRAIN[1], *TEST), r"train codes must be finite.* 1 NaN"),
        ((*TRAIN, _with(TEST[0], np.inf), TEST[1]), r"test codes must be finite.* 1 NaN"),
        ((TRAIN[0], _with(TRAIN[1], -1), *TEST), r"Received: 1 unlabelled train examples of 400"),
        ((*TRAIN, TEST[0], np.full(400, -1)), r"Received: 400 unlabelled test examples of 400"),
        ((TRAIN[0][:399], TRAIN[1], *TEST), r"train codes.*\(399, 5\), labels of shape \(400,\)"),
        ((*TRAIN, TEST[0][:, 0], TEST[1]), r"test codes.* codes of shape \(400,\)"),
        ((*TRAIN, TEST[0][:, :4], TEST[1]), r"same width\. Received: 5 and 4"),
    ],
)
def test_errors(data, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        linear_probe(*data)


@pytest.mark.parametrize("dtype", [int, complex, "nonsense"])
def test_codes_are_rounded_to_floating_types_alone(dtype):
    with pytest.raises(ValueError, match=r"must be a floating type, or None\. Received: dtype="):
        linear_probe(*TRAIN, *TEST, dtype=dtype)


def test_codes_must_be_finite_in_their_type():
    with pytest.raises(ValueError, match="train codes must be finite"):
        linear_probe(1e60 * TRAIN[0], TRAIN[1], *TEST, dtype=np.float32)


@pytest.mark.parametrize("seeds", [5, (), "12"])
def test_orders_need_seeds(seeds):
    with pytest.raises(ValueError, match=r"`seeds` must be integers of at least 0 .*Received: see"):
        linear_probe_over_orders(*TRAIN, *TEST, seeds=seeds)
