"""Moments of the density ratio against quadrature, and the study that measures them."""

import math

import numpy as np
import pytest
from scipy.stats import kstest, multivariate_normal, norm

from tf_infomax.data.gaussians import CorrelatedGaussians
from tf_infomax.studies import Setting, get
from tf_infomax.studies.density_ratio import DensityRatio


def test_second_moment_by_quadrature():
    ratio = DensityRatio(1, 0.25)
    joint = multivariate_normal([0, 0], [[1, ratio.rho], [ratio.rho, 1]])

    # q r^2 = p^2 / q, by the trapezoidal rule, which is exact to rounding for such a law.
    grid = np.linspace(-9, 9, 361)
    x, y = np.meshgrid(grid, grid, indexing="ij")
    values = joint.pdf(np.stack([x, y], axis=-1)) ** 2 / (norm.pdf(x) * norm.pdf(y))
    second = values.sum() * (grid[1] - grid[0]) ** 2
    assert second - 1 == pytest.approx(ratio.variance_under_product, rel=1e-5)
    # e^{2 I} - 1, far above the floor e^I - 1.
    assert ratio.variance_under_product == pytest.approx(math.exp(0.5) - 1, rel=1e-12)


def test_draws_have_the_law_of_the_ratio():
    dim, nats, n = 3, 0.7, 2000
    ratio = DensityRatio(dim, nats)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, dim))
    y = ratio.rho * x + math.sqrt(1 - ratio.rho**2) * rng.normal(size=(n, dim))
    law = CorrelatedGaussians.from_mutual_information(dim, nats)
    for second, drawn in (
        (y, ratio.sample_joint(rng, n)), (rng.permutation(y), ratio.sample_product(rng, n))
    ):
        exact = np.diag(law.log_density_ratio(x, second))
        assert kstest(exact, drawn).pvalue > 1e-3


def test_log_ratio_under_the_joint():
    ratio = DensityRatio(5, 1.5)
    drawn = ratio.sample_joint(np.random.default_rng(1), 100_000)
    assert abs(drawn.mean() - 1.5) < 4 * drawn.std() / math.sqrt(1e5)
    deviations = (drawn - drawn.mean()) ** 2
    error = deviations.std() / math.sqrt(1e5)
    assert abs(drawn.var() - ratio.log_variance_under_joint) < 4 * error


def measured(**options):
    found = get("estimator_variance").compute(Setting(seed=0), **options)
    return {one.metric: one for one in found}


def test_measured_variance_and_bias_meet_theory():
    rows = measured(mutual_information=0.5, samples=256, replicates=3000)
    variance = rows["variance/nwj"]
    expected = rows["theory/variance"].value
    assert abs(variance.value - expected) < 4 * variance.tags["standard_error"]
    bias = rows["bias/donsker_varadhan"]
    # The next order of the delta method is smaller by about Var / samples.
    slack = rows["theory/bias"].value * 3 * math.expm1(1.0) / 256
    assert abs(bias.value - rows["theory/bias"].value) < 4 * bias.tags["standard_error"] + slack
    nwj = rows["bias/nwj"]
    assert abs(nwj.value) < 4 * nwj.tags["standard_error"]
    assert rows["theory/variance_floor"].value == pytest.approx(math.expm1(0.5) / 256)


def test_blocks_do_not_change_the_number_of_replicates(monkeypatch):
    from tf_infomax.studies import estimator_variance

    monkeypatch.setattr(estimator_variance, "_BLOCK", 300)
    nwj, dv = estimator_variance._replicates(
        Setting(0), DensityRatio(4, 0.3), np.random.default_rng(0), 64, 10
    )
    assert nwj.shape == dv.shape == (10,) and len({*nwj}) == 10
