"""The linear SVM on codes whose accuracy is known beforehand."""

import numpy as np

from tf_infomax.evaluation import svm_probe


def codes_and_labels(count, seed):
    """Codes around one corner of a triangle for each class, and a constant entry."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(3, size=count)
    corners = np.array([[0.0, 4.0], [3.5, -2.0], [-3.5, -2.0]])
    codes = corners[labels] + rng.uniform(-1, 1, size=(count, 2))
    return np.concatenate([codes, np.full((count, 1), 7.3)], axis=1), labels


TRAIN, TEST = codes_and_labels(600, 0), codes_and_labels(200, 1)


def test_separable_classes_are_all_found():
    result = svm_probe(*TRAIN, *TEST)
    assert result.mean == 1.0 and result.sd == 0.0 and result.accuracies == (1.0,) * 5


def test_units_of_the_codes_do_not_matter():
    scales, offsets = np.array([1e-6, 1e6, 1.0]), np.array([5e-6, -1e6, 0.0])
    moved = [(codes * scales + offsets, labels) for codes, labels in (TRAIN, TEST)]
    assert svm_probe(*moved[0], *moved[1], fits=2).mean > 0.99


def test_the_spread_is_over_the_fits():
    rng = np.random.default_rng(0)
    codes = rng.normal(size=(300, 20)).astype(np.float32)
    labels = rng.integers(2, size=300)
    result = svm_probe(codes, labels, codes, labels, fits=4)
    assert len(set(result.accuracies)) > 1
    np.testing.assert_allclose(
        [result.mean, result.sd], [np.mean(result.accuracies), np.std(result.accuracies, ddof=1)]
    )
    assert result == svm_probe(codes, labels, codes, labels, fits=4)
    assert result != svm_probe(codes, labels, codes, labels, fits=4, seed=1)


def test_unlabelled_rows_change_nothing():
    partly = [
        (np.concatenate([codes, 1e3 * codes[:9]]), np.concatenate([labels, np.full(9, -1)]))
        for codes, labels in (TRAIN, TEST)
    ]
    assert svm_probe(*partly[0], *partly[1], fits=2) == svm_probe(*TRAIN, *TEST, fits=2)


def test_the_given_codes_stay():
    codes = TRAIN[0].astype(np.float32)
    before = codes.copy()
    svm_probe(codes, TRAIN[1], codes, TRAIN[1], fits=2)
    np.testing.assert_array_equal(codes, before)


def test_averaging_finds_the_minimum():
    # One entry, symmetric classes at +-1 with a tenth of the labels swapped: the hinge of +-w is
    # (0.9 (1 - w) + 0.1 (1 + w)) for w < 1, least at w = 1, whose sign decides: accuracy 0.9.
    codes = np.tile([[1.0], [-1.0]], (500, 1))
    labels = np.tile([1, 0], 500)
    labels[:100] = 1 - labels[:100]
    assert svm_probe(codes, labels, codes, labels, fits=2).accuracies == (0.9, 0.9)
