"""The values that bounds converge to on dependent batches, against sampling and optimisation."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from tf_infomax.data.gaussians import DependentGaussians
from tf_infomax.studies import dependent_pairs

FIG_4C = DependentGaussians()
LAWS = [FIG_4C, *(DependentGaussians.from_share(*of) for of in ((0.2,), (0.3, 0.2, 0.9)))]


@pytest.mark.parametrize("law", LAWS)
def test_nwj_converges_to_the_divergence_from_pairs_of_one_batch(law):
    rng = np.random.default_rng(0)
    n = 200_000
    z = rng.multivariate_normal([0, 0], law.shared_covariance, n)
    noise = [rng.multivariate_normal([0, 0], law.noise_covariance, n) for _ in range(2)]
    # x of one pair and y of another of the same batch: only the offset is common.
    in_batch = np.cov((z[:, 0] + noise[0][:, 0], z[:, 1] + noise[1][:, 1]))
    joint = z + noise[0]
    exact = np.array(law.marginal_covariance)
    exact[0, 1] = exact[1, 0] = law.shared_covariance[0][1]
    np.testing.assert_allclose(in_batch, exact, atol=0.03)
    ratios = multivariate_normal([0, 0], law.marginal_covariance).logpdf(joint)
    ratios -= multivariate_normal([0, 0], exact).logpdf(joint)
    error = ratios.std() / np.sqrt(n)
    assert abs(ratios.mean() - dependent_pairs.nwj_optimum(law)) < 4 * error


def batches_of_infonce(law, critic, size, count, seed):
    """InfoNCE of ``critic(x [B, K, 1], y [B, 1, K])`` on ``count`` dependent batches."""
    rng = np.random.default_rng(seed)
    pairs = rng.multivariate_normal([0, 0], law.shared_covariance, (count, 1))
    pairs = pairs + rng.multivariate_normal([0, 0], law.noise_covariance, (count, size))
    scores = critic(pairs[..., :1], pairs[:, np.newaxis, :, 1])
    joint = np.diagonal(scores, axis1=1, axis2=2)
    return (joint - logsumexp(scores, axis=2) + np.log(size)).mean(axis=1)


@pytest.mark.parametrize(
    "law", [LAWS[0], *(pytest.param(law, marks=pytest.mark.slow) for law in LAWS[1:])]
)
def test_infonce_converges_to_its_limit_at_the_best_critic(law):
    a, b = dependent_pairs.optimal_nce_critic(law)
    values = batches_of_infonce(law, lambda x, y: a * x * y + b * y**2, 200, 150, seed=1)
    error = values.std() / np.sqrt(len(values))
    # A batch of K is off by about 1 / K.
    assert abs(values.mean() - dependent_pairs.infonce_optimum(law)) < 4 * error + 2 / 200


def population_infonce(law, a, b, c, d):
    """E_p f - E_{x, z} log E_{y | z} e^f of f = a x y + b y^2 + c y^4 + d x y^3, by quadrature."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(24)
    weights = weights / weights.sum()
    shared, joint = (np.array(m) for m in (law.shared_covariance, law.marginal_covariance))

    def f(x, y):
        return a * x * y + b * y**2 + c * y**4 + d * x * y**3

    root = np.linalg.cholesky(joint)
    u, v = np.meshgrid(nodes, nodes, indexing="ij")
    both = np.outer(weights, weights)
    x, y = root[0, 0] * u, root[1, 0] * u + root[1, 1] * v
    of_joint = (both * f(x, y)).sum()
    # (x, offset of y) are jointly normal too.
    root = np.linalg.cholesky([[joint[0, 0], shared[0, 1]], [shared[0, 1], shared[1, 1]]])
    x, m = root[0, 0] * u, root[1, 0] * u + root[1, 1] * v
    y = m[..., None] + np.sqrt(law.noise_covariance[1][1]) * nodes
    partition = logsumexp(f(x[..., None], y), axis=-1, b=weights)
    return of_joint - (both * partition).sum()


def test_no_critic_does_better_than_the_quadratic_one():
    # The objective is concave: a vanishing gradient in richer critics shows the maximum.
    a, b = dependent_pairs.optimal_nce_critic(FIG_4C)
    exact = dependent_pairs.infonce_optimum(FIG_4C)
    assert population_infonce(FIG_4C, a, b, 0, 0) == pytest.approx(exact, abs=1e-6)
    best = minimize(
        lambda p: -population_infonce(FIG_4C, *p), [0.3, 0.1, 0.0, 0.0], method="Nelder-Mead",
        options={"xatol": 1e-5, "fatol": 1e-10, "maxiter": 4000, "maxfev": 4000},
    )
    assert -best.fun == pytest.approx(exact, abs=1e-5)
    np.testing.assert_allclose(best.x[:2], [a, b], atol=5e-3)
    np.testing.assert_allclose(best.x[2:], 0, atol=2e-3)


def test_order_and_known_values():
    # Fig. 4c: I(X; Y) = 0.0204, I(X; Y | Z) = -1/2 log(1 - 0.81) = 0.8304.
    conditional = dependent_pairs.conditional_mutual_information(FIG_4C)
    assert conditional == pytest.approx(0.830366, abs=1e-6)
    # By hand: Q = [[2, -.5], [-.5, 2]], tr(Q^-1 P) = 8.4 / 3.75, det Q / det P = 3.75 / 3.84.
    by_hand = 0.5 * (8.4 / 3.75 - 2 + np.log(3.75 / 3.84))
    assert dependent_pairs.nwj_optimum(FIG_4C) == pytest.approx(by_hand, rel=1e-12)
    nothing = DependentGaussians.from_share(0.0)
    for value in (
        dependent_pairs.nwj_optimum(nothing),
        dependent_pairs.infonce_optimum(nothing),
        dependent_pairs.conditional_mutual_information(nothing),
    ):
        assert value == pytest.approx(-0.5 * np.log(0.96), rel=1e-9)
