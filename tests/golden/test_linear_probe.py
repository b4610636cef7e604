"""Linear evaluation: our probe's accuracy within the spread of the official one's."""

import math

import numpy as np
import pytest

from tests.golden.golden_files import Comparisons, cases
from tf_infomax.evaluation.linear_probe import linear_probe

PATTERN = "linear_eval*.npz"
NUM_FITS = 5

# Pixels of the recorded digits are integers 0 .. 16, and the fits used x / 16.
PIXEL_MAX = 16


def keys(golden):
    return golden.prefixes(r"(.+?)__columns")


def check(compare):
    golden, case, precision = compare.golden, compare.key, compare.precision
    x, y, train, test = golden.inputs("x", "y", "train_index", "test_index")
    codes = (x / PIXEL_MAX).astype(precision)[:, golden.input(f"{case}__columns")]
    labels = y.astype(np.int64)
    ours = np.array([
        linear_probe(codes[train], labels[train], codes[test], labels[test], seed=seed)
        for seed in range(NUM_FITS)
    ])
    mean, sd = golden.input(f"{case}__accuracy_mean_sd_{precision}")
    recorded = f"{case}__accuracies_{precision}"
    num_recorded = golden[recorded].size if recorded in golden else NUM_FITS
    # Two means of random accuracies, four standard errors apart at most; and one test image,
    # which is what an accuracy can be resolved to.
    standard_error = sd * math.sqrt(1 / NUM_FITS + 1 / num_recorded)
    tolerance = 4 * standard_error + 1 / len(test)
    compare.close(f"mean accuracy of {case}", ours.mean(), mean, tolerance)
    if recorded in golden:
        accuracies = golden[recorded]
        summary = [accuracies.mean(), accuracies.std(ddof=1)]
        compare.close(f"mean and sd of {recorded}", summary, [mean, sd], 1e-12)
        hits = accuracies * len(test)
        compare.close(f"{recorded} times test images", hits, np.round(hits), 1e-6)


@pytest.mark.parametrize("case", cases(PATTERN, keys))
def test_accuracy(case):
    with Comparisons(case) as compare:
        check(compare)
