"""The linear probe: accuracy of a linear classifier on frozen codes."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MinMaxScaler

from tf_infomax.evaluation.labelled import checked_codes, checked_labels, checked_pair
from tf_infomax.naming import arguments

__all__ = ["linear_probe"]


def linear_probe(train_codes, train_labels, test_codes, test_labels, seed=0, dtype=None):
    """Test accuracy of a multinomial logistic regression on codes scaled to [0, 1].

    The protocol of Tschannen et al. (2020): scaling by the training codes' minimum and maximum
    (test codes are not clipped), SAGA, C = 10, tol = 0.1, at most 100 passes. Such a loose
    tolerance stops long before convergence: the accuracy depends on it, and on the order of the
    examples (``seed``), by a few tenths of a percent. Keep it for comparisons.

    Args:
        train_codes, test_codes: ``[N, ...]``, ``[M, ...]``, finite; maps are flattened.
        train_labels, test_labels: ``[N]``, ``[M]``, integers.
        seed: of SAGA's order of examples.
        dtype: type to which the codes are rounded first; ``None`` leaves theirs. Accuracies are
            comparable within one type only, and the published ones are of float32: the scaler
            leaves ranges below ten times the type's epsilon as they are, so that of float64 codes
            also those of 1e-9 (the margins of MNIST behind a new flow) become features.

    Returns:
        Fraction of the test examples classified correctly.

    Raises:
        ValueError: on shapes that do not fit, non-finite codes, or unlabelled examples (-1).
    """
    train_codes, train_labels = _all_labelled(train_codes, train_labels, "train")
    test_codes, test_labels = _all_labelled(test_codes, test_labels, "test")
    checked_pair(train_codes, test_codes)
    train_codes, test_codes = (np.asarray(codes, dtype) for codes in (train_codes, test_codes))
    seed = arguments.integer(seed, "seed", 0)
    if seed >= 2**32:
        raise ValueError(f"`seed` must be less than 2 ** 32. Received: seed={seed}.")
    scaler = MinMaxScaler()
    classifier = LogisticRegression(C=10, tol=0.1, max_iter=100, solver="saga", random_state=seed)
    with warnings.catch_warnings():
        # Stopping early is the protocol.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(scaler.fit_transform(train_codes), train_labels)
    return float(classifier.score(scaler.transform(test_codes), test_labels))


def _all_labelled(codes, labels, split):
    codes = checked_codes(codes, split, dtype=None)
    labels = checked_labels(labels, codes, split)
    if (labels < 0).any():
        raise ValueError(
            "A probe needs labels, and -1 means unlabelled. "
            f"Received: {np.sum(labels < 0)} unlabelled {split} examples of {len(labels)}."
        )
    return codes, labels
