"""The benchmark of hard cases: its truths, against mean log-density ratios and simulations."""

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks import hard_and_real_pairs
from tf_infomax.results.rows import Row


def test_the_wave_has_the_mutual_information_that_is_said():
    x, y, truth, _ = hard_and_real_pairs.cases()["y a fast wave of x1, with x2"]()
    given = stats.norm(np.sin(12 * math.pi * x[:, 0]), 0.2).logpdf(y[:, 0])
    # The density of y by simulation: the mean of its densities given 4,000 other x.
    means = np.sin(12 * math.pi * np.random.default_rng(1).uniform(size=4_000))
    alone = np.log(stats.norm(means, 0.2).pdf(y[:2_000]).mean(axis=1))
    ratios = given[:2_000] - alone
    assert ratios.mean() == pytest.approx(truth, abs=4 * ratios.std() / math.sqrt(2_000))


def test_halves_of_one_class_are_of_different_images():
    x, y, _, _ = hard_and_real_pairs.cases()["halves of two digits of one class"]()
    original, lower, _, _ = hard_and_real_pairs.cases()["digits, upper and lower half"]()
    assert x.shape == y.shape == (1_797, 4, 8) and (x == original).all()
    assert (y == lower).all(axis=(1, 2)).mean() < 0.02
    # The same lower halves, in another order.
    assert y.sum() == lower.sum()


def test_the_table_has_a_line_a_case():
    tags = {"case": "a", "size": 1_000, "truth": 0.5, "lower": 0.4, "upper": 0.6, "warnings": 1,
            "cpu_seconds": 2.0, "ksg": 0.3, "ksg_normal_scores": None, "cca": 0.1,
            "cca_normal_scores": 0.2}  # fmt: skip
    row = Row("hard_and_real_pairs", "a", 0, 0, "test", "mi", 0.45, "nats", tags)
    line = hard_and_real_pairs.table([row]).splitlines()[-1]
    assert line == (
        "| a | 1,000 | 0.500 | 0.450 | [0.400, 0.600] | 1 | 2.0 | 0.300 |  | 0.100 | 0.200 |"
    )
    # Twelve hard cases and twenty pairs of real columns, all with a name of their own.
    assert len(hard_and_real_pairs.cases()) == 32


def test_moving_shapes_have_the_mutual_information_of_their_patterns():
    x, y, truth = hard_and_real_pairs.moving_shapes(4_000, 3, 8, noise=0.0, flip=0.3)
    # A shift leaves the magnitudes of the Fourier transform, which tell the patterns apart.
    magnitudes = [abs(np.fft.fft2(one[..., 0])).reshape(4_000, -1).round(3) for one in (x, y)]
    classes = [np.unique(one, axis=0, return_inverse=True)[1].ravel() for one in magnitudes]
    assert [one.max() for one in classes] == [2, 2]
    table = np.histogram2d(*classes, bins=3)[0] / 4_000
    outer = table.sum(axis=1, keepdims=True) * table.sum(axis=0)
    assert (table * np.log(table / outer)).sum() == pytest.approx(truth, abs=0.05)
