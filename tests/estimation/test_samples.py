"""Samples as people have them: what is read, and what is refused in a sentence."""

import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tensorflow as tf
from scipy import sparse

from tf_infomax.estimation.samples import check_same_columns, pairs_of

X = np.arange(12.0).reshape(6, 2)


def test_all_containers_hold_the_same_columns():
    frame = pd.DataFrame(X, columns=["a", "b"])
    for values, names in (
        (X, None), (X.tolist(), None), (frame, ("a", "b")), (pa.table(frame), ("a", "b")),
        (frame.astype("Int64"), ("a", "b")), (frame.set_axis([0, 1], axis=1), None),
        (np.ma.masked_array(X), None), (list(X), None),
        (tf.cast(X, tf.bfloat16), None), (tf.cast(X, tf.bfloat16).numpy(), None),
    ):  # fmt: skip
        sample, _ = pairs_of(values, X[:, 0])
        assert sample.names == names and sample.shape == (6, 2)
        np.testing.assert_array_equal(np.stack(sample.columns, axis=1), X)
    # What a sparse matrix's `todense()` returns.
    sample, _ = pairs_of(sparse.csr_matrix(X).todense(), X[:, 0])
    np.testing.assert_array_equal(np.stack(sample.columns, axis=1), X)
    for values in (
        X[:, 1], X[:, 1].tolist(), frame["b"], pa.array(X[:, 1]), pd.Index(X[:, 1]),
        pd.array(X[:, 1]),
    ):  # fmt: skip
        _, sample = pairs_of(X, values)
        assert sample.shape == (6, 1)
        np.testing.assert_array_equal(sample.columns[0], X[:, 1])
    # NumPy would round these integers, as there is a fraction beside them.
    sample, _ = pairs_of([2**60, 2**60 + 1, 0.5], [1, 2, 3])
    assert sample.columns[0][1] - sample.columns[0][0] == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.ma.masked_array(X, mask=X == 4), "masked values in 1 of 6 rows, the first in row 2"),
        (np.where(X == 3, np.nan, X), "X contains NaN .* in 1 of 6 rows, the first in row 1"),
        (pd.Series(pd.to_datetime(["2024-01-01"] * 5 + [None])), "complete.* first in row 5"),
        ([1, 2, 3, 4, None, 6], "complete.* first in row 4"),
        (np.where(X == 3, -np.inf, X), "X contains infinity in 1 rows of column 1"),
        (sparse.csr_matrix(X), r"dense: `X.toarray\(\)`.* sparse csr_matrix"),
        (X + 1j, "real numbers.* column 0 of X with dtype complex128"),
        (pd.DataFrame({"a": X[:, 0], "b": list("uvwxyz")}), "column 'b' of X with entries"),
        (X[:1], r"N >= 2 .* shape \(1, 2\)"),
        (X[:, :0], r"D >= 1 .* shape \(6, 0\)"),
        (X[np.newaxis], r"shape \(1, 6, 2\), dim 3"),
        (3.0, r"shape \(\)"),
        ([[1, 2], [3]] * 3, "real numbers"),
        (X[:-1], r"inconsistent numbers of samples.* X of shape \(5, 2\), y of shape \(6, 1\)"),
    ],
)
def test_what_is_refused(values, words):
    with pytest.raises(ValueError, match=words):
        pairs_of(values, np.arange(6))


def test_a_categorical_is_read_as_its_series():
    kinds = pd.cut(X[:, 0], 2)
    samples = pairs_of(kinds, pd.Series(kinds), (True, True))
    assert samples[0].columns[0].tolist() == samples[1].columns[0].tolist()


def test_columns_of_another_name_or_order_are_refused():
    frame = pd.DataFrame(X, columns=["a", "b"])
    fitted = (2, ("a", "b"))
    for other, words in (
        (frame[["b", "a"]], "in another order"),
        (frame[["a"]], "missing: 'b'"),
        (frame.assign(c=0), "unseen in `fit`: 'c'"),
        (frame.rename(columns={"a": "q"}), "unseen in `fit`: 'q'; missing: 'a'"),
        (X[:, :1], r"as many columns as in `fit`, 2.* X of shape \(6, 1\)"),
    ):
        with pytest.raises(ValueError, match=words):
            check_same_columns("X", fitted, pairs_of(other, X)[0])
    with pytest.warns(UserWarning, match="cannot be checked"):
        check_same_columns("X", fitted, pairs_of(X, X)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_same_columns("X", fitted, pairs_of(frame, X)[0])
