"""Jacobians of an encoder, their spectra, and how log condition numbers are put together."""

import re

import numpy as np
import pytest

from tests.golden import ports
from tests.golden.golden_files import Comparisons, cases
from tf_infomax.evaluation import conditioning

PATTERN = "jacobian*.npz"
AGGREGATE = "aggregate"


def keys(golden):
    return golden.prefixes(r"(.+?)__dense_\d+_kernel")


def check_spectrum(compare):
    golden, case, precision = compare.golden, compare.key, compare.precision
    encoder, _ = ports.mlp(golden, f"{case}__dense", precision, shortcuts="skip" in golden.name)
    x = ports.tensor(golden.input("x"), precision)
    compare(f"{case}__out", encoder(x), "array")
    jacobian = np.asarray(conditioning.jacobian(encoder, x))
    compare(f"{case}__jacobian", jacobian, "array")
    spectra = conditioning.singular_values(jacobian)
    compare(f"{case}__singular_values", spectra, "array")
    compare(f"{case}__log_condition", conditioning.log_condition_number(spectra), "value")


@pytest.mark.parametrize("case", cases(PATTERN, keys))
def test_spectrum(case):
    with Comparisons(case) as compare:
        check_spectrum(compare)


def aggregate_keys(golden):
    return [AGGREGATE] if f"{AGGREGATE}__singular_values" in golden else []


def check_aggregation(compare):
    golden = compare.golden
    # (run, evaluation, batch, dim) -> (evaluation, run * batch), run by run along the batch.
    spectra = golden.input(f"{AGGREGATE}__singular_values").astype(compare.precision)
    runs, evaluations, batch, dim = spectra.shape
    per_run = np.asarray(conditioning.log_condition_number(spectra.reshape(-1, dim)))
    per_run = per_run.reshape(runs, evaluations, batch)
    log_condition = np.concatenate(list(per_run), axis=1)
    compare.single_precision(f"{AGGREGATE}__log_condition", log_condition, "value")

    for match in golden.match(rf"{AGGREGATE}__percentiles((?:_\d+)+)"):
        fractions = [int(percent) / 100 for percent in re.findall(r"\d+", match[1])]
        percentiles = [conditioning.percentiles(row, fractions) for row in log_condition]
        compare.single_precision(match[0], np.array(percentiles), "value")
        # The percentiles of 0, 1, 2, ... are the indices that are taken.
        indices = conditioning.percentiles(np.arange(runs * batch), fractions)
        compare.exact(f"{AGGREGATE}__percentile_index", np.asarray(indices))


@pytest.mark.parametrize("case", cases(PATTERN, aggregate_keys))
def test_aggregation(case):
    with Comparisons(case) as compare:
        check_aggregation(compare)
