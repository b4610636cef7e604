"""Limits of scores: against NumPy's log-mean-exp, and what they must prevent."""

import math

import numpy as np
import pytest

from tf_infomax import bounds
from tf_infomax.estimation.score_limits import (
    FEW_LEVELS,
    MANY_LEVELS,
    best_limits,
    bound_of,
    null_limits,
)


def scores(seed=0, count=200, others=60):
    """Of Gaussian pairs with correlation 0.9, by their log-density ratio: I = 0.83 nats."""
    rng, rho = np.random.default_rng(seed), 0.9
    x = rng.normal(size=count)
    y = rho * x + math.sqrt(1 - rho**2) * rng.normal(size=count)
    partners = (np.arange(count)[:, None] + np.arange(others + 1)) % count
    a, b = x[:, None], y[partners]
    quadratic = (rho * a * b - rho**2 * (a**2 + b**2) / 2) / (1 - rho**2)
    return (quadratic - math.log(1 - rho**2) / 2).astype(np.float32)


def donsker_varadhan(values):
    return values[:, 0].mean() - np.log(np.exp(values[:, 1:].astype(np.float64)).mean())


def test_clipping_is_that_of_the_critic():
    values = scores()
    for limits in (None, (-1.0, 1.5), (0.3, 0.3)):
        expected = donsker_varadhan(values if limits is None else np.clip(values, *limits))
        found = bound_of(bounds.donsker_varadhan, values, limits)
        assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "name",
    ["donsker_varadhan", "infonce", "nwj", "js_nwj", "mine", "smile", "tuba", "interpolated"],
)
def test_the_null_critic_gives_zero(name):
    info = bounds.info(name)
    limits = null_limits(info.best_shift)
    assert bound_of(info.function, scores(), limits) == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize("levels", [FEW_LEVELS, MANY_LEVELS])
def test_no_single_pair_decides(levels):
    options = {"best_shift": 0.0, "num_negatives": 12_000}
    plain = bound_of(bounds.donsker_varadhan, scores())
    for place, wrong in (((3, 7), 145.0), ((3, 0), -5_000.0)):
        values = scores()
        values[place] = wrong
        assert bound_of(bounds.donsker_varadhan, values) < -20
        limits, value = best_limits(bounds.donsker_varadhan, values, levels, **options)
        # Where a tenth of the positives is clipped at either end, that costs 0.12 of 0.86 nats.
        assert value == pytest.approx(plain, abs=0.15) and limits[0] < limits[1]
        # Another sample of the kind loses as little to these limits.
        other = scores(seed=1)
        clipped = bound_of(bounds.donsker_varadhan, other, limits)
        assert clipped == pytest.approx(bound_of(bounds.donsker_varadhan, other), abs=0.15)


def test_nothing_to_clip_is_left_alone():
    limits, value = best_limits(
        bounds.nwj, scores() + 1.0, MANY_LEVELS, best_shift=1.0, num_negatives=12_000
    )
    # But for ratios below exp(-6), of which NWJ's mean sees little.
    assert value == pytest.approx(bound_of(bounds.nwj, scores() + 1.0), abs=0.005)
    assert limits == pytest.approx((1.0 - 6.0, 1.0 + math.log(12_000)))


@pytest.mark.parametrize("name", ["donsker_varadhan", "nwj", "smile", "tuba"])
def test_what_no_negative_can_refute_is_not_claimed(name):
    info = bounds.info(name)
    values = np.full((50, 50), -300.0, np.float32)
    values[:, 0] = 300.0
    _, value = best_limits(
        info.function, values, MANY_LEVELS, best_shift=info.best_shift, num_negatives=2_450
    )
    # The largest ratio is log 2450; NWJ, SMILE and TUBA add what their own normaliser leaves.
    assert math.log(2_450) - 1e-3 <= value <= math.log(2_450) + 6.0 + 1e-3
    if name == "donsker_varadhan":
        assert value == pytest.approx(math.log(2_450), abs=1e-3)


def test_infinite_scores_are_the_null_critics():
    values = scores()
    values[4, 0] = -np.inf
    assert best_limits(
        bounds.donsker_varadhan, values, FEW_LEVELS, best_shift=0.0, num_negatives=100
    ) == ((0.0, 0.0), -math.inf)
