"""Maps of the margins: against SciPy's ranks, and what they must not change."""

import numpy as np
import pytest
from scipy import stats

from tf_infomax.estimation import margins


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


def test_unknown_map():
    with pytest.raises(ValueError, match=r"Unknown margin map 'normal'\. Did you mean"):
        margins.get("normal")
