"""Units, normalisation and the interval: arithmetic."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import normalized_mutual_info_score

from tf_infomax.estimation.interval import confidence_interval, lower_limit
from tf_infomax.estimation.levels import from_counts
from tf_infomax.estimation.units import in_unit, linfoot_correlation, normalized_by_entropies


def test_units():
    assert in_unit(math.log(8.0), "bits") == pytest.approx(3.0)
    assert in_unit(math.log(100.0), "hartleys") == pytest.approx(2.0)
    with pytest.raises(ValueError, match=r"nats, bits, hartleys. Received: unit='bit'"):
        in_unit(1.0, "bit")


def test_normalised():
    # Of Gaussians Linfoot's is the correlation.
    assert linfoot_correlation(-0.5 * math.log(1 - 0.6**2)) == pytest.approx(0.6)
    assert linfoot_correlation(-0.1) == 0.0
    x, y = np.array([0, 0, 1, 1, 2, 2] * 50), np.array([0, 0, 1, 1, 1, 1] * 50)
    table = np.array([[100, 0], [0, 100], [0, 100]])
    entropies = [-(p * np.log(p)).sum() for p in (np.full(3, 1 / 3), np.array([1, 2]) / 3)]
    for mean in ("arithmetic", "geometric", "min", "max"):
        found = normalized_by_entropies(from_counts(table).plug_in, *entropies, mean=mean)
        expected = normalized_mutual_info_score(x, y, average_method=mean)
        assert found == pytest.approx(expected)
    with pytest.raises(ValueError, match="must be positive"):
        normalized_by_entropies(0.0, 0.0, 1.0, mean="min")


def test_the_shortfall_is_on_the_upper_side():
    many = 10**12
    plain, none = confidence_interval(1.0, 0.1, 1_000, many, [math.nan], 0.95)
    assert none == 0.0 and plain == pytest.approx((0.804, 1.196), abs=1e-3)
    # A value that rises as 1 / n^0.45 by 0.1 from n / 2 to n still misses 0.1 / (2^0.45 - 1).
    (low, high), shortfall = confidence_interval(1.0, 0.1, 1_000, many, [0.1, 0.1], 0.95)
    assert low == plain[0] and shortfall == pytest.approx(0.1 / (2**0.45 - 1))
    assert high == pytest.approx(plain[1] + shortfall)
    assert lower_limit(1.0, 0.1, 1_000, 0.95) == pytest.approx(1.0 - 0.1646, abs=1e-3)


@pytest.mark.parametrize("rises", [[], [0.02, 0.05]])
@pytest.mark.parametrize("error", [0.0, 0.013])
def test_the_upper_end_is_where_so_few_pairs_would_show_what_is_missing(error, rises):
    pairs, reach = 500, stats.t.ppf(0.975, 19)
    (low, high), shortfall = confidence_interval(0.05, error, 20, pairs, rises, 0.95)
    # There the estimate is as far below as its own error and that of what is missing allow: the
    # log ratio of a weak dependence of d nats has the variance 2 d.
    spread = np.std(rises, ddof=1) / math.sqrt(2) / (2**0.45 - 1) if rises else 0.0
    missing = high - 0.05
    allowed = reach * math.sqrt(error**2 + spread**2 + 2 * missing / pairs)
    assert missing == pytest.approx(shortfall + allowed)
    assert low == pytest.approx(0.05 - reach * error)


def test_independent_samples_leave_a_few_thousandths_of_a_nat_open():
    # Correlations r of Gaussian pairs, -log(1 - r^2) / 2 nats, are not seen up to 1.96 / root N.
    (_, high), _ = confidence_interval(0.0, 0.0, 1_000, 2_000, [], 0.95)
    assert high == pytest.approx(2 * 1.962**2 / 2_000, rel=1e-3)
    assert high > -0.5 * math.log1p(-(1.96**2) / 2_000)
