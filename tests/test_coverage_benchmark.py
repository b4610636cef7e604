"""The coverage benchmark: its truths, and its table from rows made by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks import coverage
from tf_infomax.results.rows import Row


def test_truths_are_mean_log_density_ratios():
    x, y, truth = coverage.draw("student_1x1", 40_000, 0)
    joint = stats.multivariate_t([0, 0], np.eye(2), df=2).logpdf(np.hstack([x, y]))
    ratios = joint - stats.t(2).logpdf(x[:, 0]) - stats.t(2).logpdf(y[:, 0])
    assert ratios.mean() == pytest.approx(truth, abs=4 * ratios.std() / 200)
    x, y, truth = coverage.draw("curve_1x1", 40_000, 0)
    given = np.logaddexp(*(stats.norm(sign * x, 0.3).logpdf(y) for sign in (-1, 1)))
    ratios = given - math.log(2) - stats.norm(0, math.sqrt(1.09)).logpdf(y)
    assert ratios.mean() == pytest.approx(truth, abs=4 * ratios.std() / 200)


def test_the_table_counts():
    def row(value, lower, upper, limit):
        tags = {"distribution": "d", "size": 500, "truth": 1.0, "lower": lower, "upper": upper,
                "lower_limit": limit}  # fmt: skip
        return Row("coverage", "d-500", 0, 0, "test", "mi", value, "nats", tags)

    # Covered with the shortfall, covered without it, missed below, missed above.
    rows = [row(0.8, 0.7, 1.1, 0.7), row(0.9, 0.7, 1.1, 0.8), row(0.5, 0.4, 0.6, 0.4),
            row(1.5, 1.2, 1.8, 1.3)]  # fmt: skip
    line = coverage.table(rows).splitlines()[-1]
    assert line == "| d | 500 | 4 | 1.000 | 0.925 | 50 % | 25 % | 75 % |"
