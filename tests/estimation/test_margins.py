"""Maps of the margins: against SciPy's ranks, and what they must not change."""

import numpy as np
import pytest
from scipy import stats

from tf_infomax.estimation import margins
from tf_infomax.numerics.exact_columns import exact_column


def test_normal_scores_are_quantiles_of_mid_ranks():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 20, size=(50, 3)).astype(float)  # many ties
    ranks = stats.rankdata(values, axis=0)
    scores = margins.get("normal_scores").fit(values).transform(values)
    np.testing.assert_allclose(scores, stats.norm.ppf((ranks - 0.5) / 50), rtol=1e-12)


def test_normal_scores_do_not_see_monotone_maps():
    values = np.random.default_rng(0).standard_cauchy(size=(100, 2))
    plain = margins.get("normal_scores").fit(values).transform(values)
    for curve in (np.arctan, np.cbrt, lambda v: np.sign(v) * v**2):
        curved = curve(values)
        np.testing.assert_array_equal(
            margins.get("normal_scores").fit(curved).transform(curved), plain
        )


def test_new_values_beyond_the_sample_are_finite():
    fitted = margins.get("normal_scores").fit(np.arange(10.0)[:, np.newaxis])
    scores = fitted.transform(np.array([[-1e9], [4.5], [1e9]]))
    np.testing.assert_allclose(
        scores[:, 0], stats.norm.ppf([0.05, 0.5, 0.95]), rtol=1e-12, atol=1e-12
    )


def test_standardized():
    values = np.random.default_rng(0).normal(3.0, 5.0, size=(1_000, 2))
    mapped = margins.get("standardize").fit(values).transform(values)
    np.testing.assert_allclose(mapped.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(mapped.std(axis=0), 1.0, rtol=1e-12)
    values[:, 0] = 1e8 / 3
    assert not margins.get("standardize").fit(values).transform(values)[:, 0].any()


@pytest.mark.parametrize("name", margins.names())
def test_scales_and_offsets_change_nothing(name):
    steps = np.random.default_rng(0).permutation(100)
    plain = margins.get(name).fit([steps.astype(float)]).transform([steps.astype(float)])
    standard = (plain - plain.mean()) / plain.std()
    for column in (
        steps * 1e300, steps * 1e-300, (steps - 50) / 50 * 1.7e308, steps * 1e-3 + 1e8,
        exact_column(1_700_000_000_000_000_000 + steps), exact_column(2**60 + steps),
    ):  # fmt: skip
        mapped = margins.get(name).fit([column]).transform([column]).astype(np.float32)
        assert np.isfinite(mapped).all() and np.abs(mapped).max() < 1e6
        mapped = mapped.astype(np.float64)
        np.testing.assert_allclose((mapped - mapped.mean()) / mapped.std(), standard, atol=1e-5)


@pytest.mark.parametrize("name", margins.names())
def test_exact_columns_meet_new_floats(name):
    fitted = margins.get(name).fit([exact_column(2**60 + np.arange(0, 2000, 2))])
    known = fitted.transform([exact_column(2**60 + np.array([0, 512, 1998]))])
    # 2**60 + 512 is a float64; the outer values are beyond the sample.
    new = fitted.transform([np.array([0.0, 2.0**60 + 512, 1e30])])
    assert known[1, 0] == new[1, 0]
    assert new[0, 0] <= known[0, 0] and new[2, 0] >= known[2, 0] and np.isfinite(new).all()


def test_unchanged_is_that_for_ordinary_values():
    values = np.random.default_rng(0).normal(20.0, 3.0, size=(50, 2))
    values[:, 1] = 5.0
    np.testing.assert_array_equal(margins.get("unchanged").fit(values).transform(values), values)
    # Of two outliers at the largest floats, one is not known: it is cut, not infinite.
    far = margins.get("standardize").fit(values[:, :1]).transform([np.array([1.7e308, -1.7e308])])
    assert (np.abs(far) == 1e12).all()


def test_unknown_map():
    with pytest.raises(ValueError, match=r"Unknown margin map 'normal'\. Did you mean"):
        margins.get("normal")
