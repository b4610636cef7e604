"""Bounds and log-mean-exps of the official code, with gradients."""

import math
import re

import pytest
import tensorflow as tf

from tests.golden.golden_files import Comparisons, cases
from tests.golden.ports import tensor
from tf_infomax import bounds
from tf_infomax.scores.pairs import pair_scores

PATTERN = "bounds_*.npz"


def _log_mean_exp_of_columns_as_published(scores, log_baseline):
    # The published helper tests the truth of `axis`: axis 0 sums over the n - 1 marginal entries of
    # a column but divides by n (n - 1). Ours per anchor, on the transpose, divides by n - 1.
    del log_baseline
    n = float(scores.shape[0])
    per_column = pair_scores(tf.transpose(scores)).marginal_log_mean_exp()
    return per_column + math.log(n - 1) - math.log(n * (n - 1))


VALUES = {
    "infonce": lambda scores, log_baseline: bounds.infonce(scores),
    "nwj": lambda scores, log_baseline: bounds.nwj(scores),
    "tuba": lambda scores, log_baseline: bounds.tuba(scores),
    "tuba_baseline": lambda scores, log_baseline: bounds.tuba(scores, log_baseline),
    "lme_nodiag": lambda scores, log_baseline: pair_scores(scores).log_mean_exp(),
    "lme_nodiag_axis1": lambda scores, log_baseline: pair_scores(scores).marginal_log_mean_exp(),
    "lme_nodiag_axis0_as_published": _log_mean_exp_of_columns_as_published,
}


def keys(golden):
    """``<case>__<value>`` for every value that the file stores, in any precision."""
    for case in golden.prefixes(r"(.+?)__.*"):
        for value in VALUES:
            if golden.match(rf"{re.escape(case)}__{value}(_grad|_grad_log_baseline)?_f(32|64)"):
                yield f"{case}__{value}"


def check(compare):
    case, value = compare.key.split("__")
    golden = compare.golden
    scores = tensor(golden.input(f"{case}__scores"), compare.precision)
    baseline_name = f"{case}__log_baseline"
    log_baseline = None
    if baseline_name in golden or value == "tuba_baseline":
        log_baseline = tensor(golden.input(baseline_name), compare.precision)
    watched = {"grad": scores, "grad_log_baseline": log_baseline}
    watched = {name: array for name, array in watched.items() if array is not None}
    with tf.GradientTape() as tape:
        tape.watch(list(watched.values()))
        result = VALUES[value](scores, log_baseline)
        total = tf.reduce_sum(result)
    gradients = tape.gradient(total, watched)

    # Entries of these arrays differ by up to 20 orders of magnitude, and each is one term, accurate
    # by itself: `offset50` must be compared relatively, and in float64 everything can be.
    elementwise = compare.precision == "float64" or case == "offset50"
    if case == "zeros" and value in ("lme_nodiag", "lme_nodiag_axis1"):
        compare.zero(compare.key, result)
    else:
        compare(compare.key, result, "value", elementwise)
    for name, gradient in gradients.items():
        compare(f"{compare.key}_{name}", gradient, "array", elementwise)


@pytest.mark.parametrize("case", cases(PATTERN, keys))
def test_values_and_gradients(case):
    with Comparisons(case) as compare:
        check(compare)
