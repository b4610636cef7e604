"""The linear probe: accuracy of a linear classifier on frozen codes."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MinMaxScaler

from tf_infomax.evaluation.labelled import (
    check_classes,
    checked_codes,
    checked_labels,
    checked_pair,
)
from tf_infomax.naming import arguments

__all__ = ["converged_linear_probe", "linear_probe", "linear_probe_over_orders"]

# Passes of L-BFGS; on MNIST it needs some hundreds.
_MOST_PASSES = 2_000


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
        dtype: floating type to which the codes are rounded first; ``None`` leaves theirs.
            Accuracies are comparable within one type only, and the published ones are of float32:
            the scaler leaves ranges below ten times the type's epsilon as they are, so that of
            float64 codes also those of 1e-9 (the margins of MNIST behind a new flow) become
            features.

    Returns:
        Fraction of the test examples classified correctly.

    Raises:
        ValueError: on shapes that do not fit, codes that are not finite in ``dtype``, unlabelled
            examples (-1), or training labels of a single class.
    """
    (accuracy,) = linear_probe_over_orders(
        train_codes, train_labels, test_codes, test_labels, (_checked_seed(seed),), dtype
    )
    return accuracy


def linear_probe_over_orders(
    train_codes, train_labels, test_codes, test_labels, seeds, dtype=None
):
    """Test accuracies of ``linear_probe`` for several orders of the examples.

    Args:
        seeds: seeds of the orders, one or more; other arguments are those of ``linear_probe``.

    Returns:
        List of fractions, one for each seed: their spread is the error that the protocol's early
        stop leaves in a single accuracy.

    Raises:
        ValueError: as ``linear_probe``.
    """
    seeds = [_checked_seed(seed) for seed in arguments.integers(seeds, "seeds", smallest=0)]
    train, test = _scaled(train_codes, train_labels, test_codes, test_labels, dtype)
    return [
        _accuracy(
            LogisticRegression(C=10, tol=0.1, max_iter=100, solver="saga", random_state=seed),
            train,
            test,
        )
        for seed in seeds
    ]


def converged_linear_probe(train_codes, train_labels, test_codes, test_labels, dtype=None):
    """Test accuracy of the same logistic regression, fitted to convergence by L-BFGS.

    Scaling and regularisation are those of ``linear_probe``; the fit does not depend on an order
    of the examples. A difference between encoders that this probe does not show is one of how fast
    SAGA fits them.

    Args:
        train_codes, train_labels, test_codes, test_labels, dtype: as for ``linear_probe``.

    Returns:
        Fraction of the test examples classified correctly.

    Raises:
        ValueError: as ``linear_probe``.
    """
    train, test = _scaled(train_codes, train_labels, test_codes, test_labels, dtype)
    return _accuracy(
        LogisticRegression(C=10, tol=1e-4, max_iter=_MOST_PASSES, solver="lbfgs"), train, test
    )


def _checked_seed(seed):
    seed = arguments.integer(seed, "seed", 0)
    if seed >= 2**32:
        raise ValueError(f"`seed` must be less than 2 ** 32. Received: seed={seed}.")
    return seed


def _checked_type(dtype):
    """``dtype`` as a type of NumPy: codes rounded to integers would lose what they hold."""
    try:
        found = None if dtype is None else np.dtype(dtype)
    except TypeError:
        found = np.dtype(object)
    if found is not None and found.kind != "f":
        raise ValueError(f"`dtype` must be a floating type, or None. Received: dtype={dtype!r}.")
    return found


def _scaled(train_codes, train_labels, test_codes, test_labels, dtype):
    """((training codes, labels), (test codes, labels)), checked and scaled by the former."""
    dtype = _checked_type(dtype)
    train_codes, train_labels = _all_labelled(train_codes, train_labels, "train", dtype)
    test_codes, test_labels = _all_labelled(test_codes, test_labels, "test", dtype)
    checked_pair(train_codes, test_codes)
    check_classes(train_labels)
    scaler = MinMaxScaler()
    train_codes = scaler.fit_transform(train_codes)
    return (train_codes, train_labels), (scaler.transform(test_codes), test_labels)


def _accuracy(classifier, train, test):
    with warnings.catch_warnings():
        # Stopping early is the protocol.
        warnings.simplefilter("ignore", ConvergenceWarning)
        classifier.fit(*train)
    return float(classifier.score(*test))


def _all_labelled(codes, labels, split, dtype):
    codes = checked_codes(codes, split, dtype)
    labels = checked_labels(labels, codes, split)
    if (labels < 0).any():
        raise ValueError(
            "A probe needs labels, and -1 means unlabelled. "
            f"Received: {np.sum(labels < 0)} unlabelled {split} examples of {len(labels)}."
        )
    return codes, labels
