"""Exact columns: differences of what float64 would round, against Python's own integers."""

import decimal
import fractions

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tf_infomax.numerics.exact_columns import as_objects, exact_column, is_missing

BIG = 2**60
STEPS = np.array([3, 0, 7, 1])


@pytest.mark.parametrize(
    ("column", "offset"),
    [
        (BIG + STEPS, BIG),
        (np.uint64(2**63 + 5) + STEPS.astype(np.uint64), 2**63 + 5),
        (np.array([10**40 + int(step) for step in STEPS], object), 10**40),
        (pd.Series(BIG + STEPS, dtype="Int64"), BIG),
        (np.array([decimal.Decimal(10**20) + int(step) for step in STEPS], object), 10**20),
        (np.array([fractions.Fraction(1, 3) + int(step) for step in STEPS], object),
         fractions.Fraction(1, 3)),
        (np.longdouble(2.0**62) + STEPS.astype(np.longdouble), 2**62),
        # 2024-01-01, in units of three sorts, and with a time zone.
        (np.datetime64("2024-01-01", "ns") + STEPS.astype("timedelta64[ns]"), 1704067200 * 10**9),
        # Too long ago for nanoseconds of 64 bits.
        (np.datetime64("1000-01-01", "ms") + 1000 * 7 * STEPS.astype("timedelta64[ms]"),
         -30610224000 * 10**9),
        (pd.Series(pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(STEPS, unit="ns")),
         1704067200 * 10**9),
    ],
)  # fmt: skip
def test_what_float64_would_round_stays_exact(column, offset):
    exact = exact_column(column)
    differences = [value - offset for value in as_objects(exact)]
    unit = 7 * 10**9 if str(column.dtype) == "datetime64[ms]" else 1
    assert differences == [unit * int(step) for step in STEPS]


def test_what_float64_holds_is_float64():
    for column in (
        STEPS, STEPS.astype(np.uint64), STEPS.astype(np.float16), STEPS.astype(object),
        pd.Series(STEPS, dtype="Int8"), STEPS.astype("timedelta64[ns]"),
        np.array([decimal.Decimal(int(step)) for step in STEPS], object),
    ):  # fmt: skip
        exact = exact_column(column)
        assert exact.dtype == np.float64
        np.testing.assert_array_equal(exact, STEPS)
    np.testing.assert_array_equal(exact_column(np.array([True, False], object)), [1.0, 0.0])
    # Other units of time are told in nanoseconds.
    np.testing.assert_array_equal(exact_column(STEPS.astype("timedelta64[s]")), STEPS * 1e9)


def test_every_way_to_be_missing():
    column = np.array([1, None, float("nan"), pd.NA, pd.NaT, decimal.Decimal("nan")], object)
    np.testing.assert_array_equal(is_missing(column), [False, *[True] * 5])
    masked = np.ma.masked_array([1.0, np.nan, 2.0], mask=[True, False, False])
    np.testing.assert_array_equal(is_missing(masked), [True, True, False])
    for numbers in (pa.array([1.0, float("nan"), None]), pa.array([1.0, None, float("nan")])):
        column = pd.Series(pd.arrays.ArrowExtensionArray(numbers))
        np.testing.assert_array_equal(is_missing(column), [False, True, True])
    times = np.array(["2024-01-01", "NaT"], "datetime64[s]")
    np.testing.assert_array_equal(is_missing(times), [False, True])


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (np.array(["1", "2"]), "dtype <U1"),
        (np.array(["1", 2], object), "none"),
        (np.array([1j, 2]), "dtype complex128"),
        (np.array([1j, 2], object), "entries that are none"),
        (np.array([1, 2], "timedelta64[Y]"), "no number of nanoseconds"),
    ],
)
def test_what_is_no_real_number(column, words):
    with pytest.raises(ValueError, match=words):
        exact_column(column)
