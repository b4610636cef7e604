"""Mutual information against closed forms, quadrature and samples of the log density ratio."""

import decimal
import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from tf_infomax import distributions
from tf_infomax.distributions import (
    AdditiveUniformNoise,
    Gaussian,
    GaussianMixture,
    Independent,
    Product,
    StudentT,
)

BENCHMARK = distributions.benchmark()


@pytest.mark.parametrize("distribution", BENCHMARK, ids=lambda each: each.name)
def test_the_mean_log_density_ratio_is_the_information(distribution):
    n = 20_000
    x, y = distribution.sample(n, seed=3)
    ratios = distribution.log_density_ratio(x, y)
    assert ratios.shape == (n,) and np.all(np.isfinite(ratios))
    standard_error = np.std(ratios, ddof=1) / math.sqrt(n)
    assert abs(np.mean(ratios) - distribution.mutual_information) <= 4 * standard_error


# Above about 1.3 nats the mean is carried by pairs too rare for a sample of this size.
@pytest.mark.parametrize(
    "distribution",
    [each for each in BENCHMARK if each.dim_x <= 5 and 0 < each.mutual_information < 1.2],
    ids=lambda each: each.name,
)
def test_the_density_ratio_has_mean_one_under_independence(distribution):
    n = 10_000
    x, y = Independent(distribution).sample(n, seed=4)
    ratios = np.exp(distribution.log_density_ratio(x, y))
    standard_error = np.std(ratios, ddof=1) / math.sqrt(n)
    assert abs(np.mean(ratios) - 1) <= 4 * standard_error


def test_bivariate_gaussian():
    # -1/2 log(1 - 0.6^2) = log 1.25 = 0.2231435513
    assert math.isclose(Gaussian.bivariate(0.6).mutual_information, 0.2231435513, abs_tol=1e-9)


def test_bivariate_gaussian_by_quadrature():
    joint, margin = stats.multivariate_normal(cov=[[1, 0.6], [0.6, 1]]), stats.norm
    nodes = np.linspace(-9, 9, 181)
    x, y = np.meshgrid(nodes, nodes)
    log_joint = joint.logpdf(np.stack([x, y], axis=-1))
    ratio = log_joint - margin.logpdf(x) - margin.logpdf(y)
    value = np.sum(np.exp(log_joint) * ratio) * (nodes[1] - nodes[0]) ** 2
    assert math.isclose(Gaussian.bivariate(0.6).mutual_information, value, abs_tol=1e-9)


@pytest.mark.parametrize(("dim_x", "dim_y", "rho"), [(1, 1, 0.5), (3, 2, 0.5), (4, 4, -0.1)])
def test_dense_gaussian_has_the_closed_form_of_its_determinants(dim_x, dim_y, rho):
    def determinant(size):
        return (1 - rho) ** (size - 1) * (1 + (size - 1) * rho)

    expected = 0.5 * math.log(determinant(dim_x) * determinant(dim_y) / determinant(dim_x + dim_y))
    found = Gaussian.dense(dim_x, dim_y, rho).mutual_information
    assert math.isclose(found, expected, rel_tol=1e-10)


def test_sparse_and_coordinatewise_gaussians_add_over_coordinates():
    single = Gaussian.bivariate(0.8).mutual_information
    assert math.isclose(Gaussian.sparse(7, 4, 2, 0.8).mutual_information, 2 * single)
    assert math.isclose(Gaussian.coordinatewise(6, 0.8).mutual_information, 6 * single)
    assert Gaussian.sparse(3, 4, pairs=0).mutual_information == 0


def test_linear_maps_of_the_sides_leave_the_gaussian_information():
    generator = np.random.default_rng(0)
    base = Gaussian.sparse(3, 2, 2, 0.7)
    mixing = np.zeros((5, 5))
    mixing[:3, :3] = generator.normal(size=(3, 3))
    mixing[3:, 3:] = generator.normal(size=(2, 2))
    mixed = Gaussian(mixing @ base.covariance @ mixing.T, 3)
    assert math.isclose(mixed.mutual_information, base.mutual_information, rel_tol=1e-9)


def test_student_t_with_one_degree_of_freedom_has_a_known_value():
    # f(0) = psi(1/2)/2 - lgamma(1/2) and so on; with psi(1/2) = -gamma - 2 log 2,
    # psi(3/2) = psi(1/2) + 2, psi(1) = -gamma, the sum is 2 psi(1) - 3/2 psi(3/2) - psi(1/2)/2
    # + lgamma(3/2) + lgamma(1/2) = 4 log 2 - 3 + log(pi / 2) = log(8 pi) - 3.
    assert math.isclose(
        StudentT.sparse(1, 1, 1).mutual_information, math.log(8 * math.pi) - 3, rel_tol=1e-12
    )


@pytest.mark.parametrize(("dof", "rho"), [(2, 0.0), (5, 0.6)])
def test_student_t_by_quadrature(dof, rho):
    joint = stats.multivariate_t(shape=[[1, rho], [rho, 1]], df=dof)
    # x = sinh u: the tails fall off exponentially in u, and the trapezoidal rule converges.
    u = np.linspace(-18, 18, 481)
    nodes, slopes = np.sinh(u), np.cosh(u)
    log_joint = joint.logpdf(np.stack(np.meshgrid(nodes, nodes), axis=-1))
    log_margin = stats.t.logpdf(nodes, dof)
    ratio = log_joint - log_margin - log_margin[:, np.newaxis]
    cells = slopes * slopes[:, np.newaxis] * (u[1] - u[0]) ** 2
    value = np.sum(np.exp(log_joint) * ratio * cells)
    found = StudentT.sparse(dof, 1, 1, pairs=1, rho=rho).mutual_information
    assert math.isclose(found, value, abs_tol=2e-6)


def test_student_t_agrees_with_scipy_at_every_pair():
    distribution = StudentT.dense(3, 2, 3, 0.4)
    x, y = distribution.sample(50, seed=0)
    dispersion = distribution.dispersion
    expected = (
        stats.multivariate_t(shape=dispersion, df=3).logpdf(np.hstack([x, y]))
        - stats.multivariate_t(shape=dispersion[:2, :2], df=3).logpdf(x)
        - stats.multivariate_t(shape=dispersion[2:, 2:], df=3).logpdf(y)
    )
    np.testing.assert_allclose(distribution.log_density_ratio(x, y), expected, atol=1e-10)


def test_student_t_becomes_gaussian():
    gaussian = Gaussian.dense(3, 2, 0.5).mutual_information
    excess = [
        StudentT.dense(dof, 3, 2, 0.5).mutual_information - gaussian for dof in (1, 10, 100, 1e5)
    ]
    assert excess == sorted(excess, reverse=True)
    assert 0 < excess[-1] < 1e-8


def noise_information_by_quadrature(epsilon):
    def entropy_density(y):
        density = max(0.0, min(1.0, y + epsilon) - max(0.0, y - epsilon)) / (2 * epsilon)
        return -special.xlogy(density, density)

    kinks = [-epsilon, epsilon, 1 - epsilon, 1 + epsilon]
    value, _ = integrate.quad(entropy_density, -epsilon, 1 + epsilon, points=sorted(kinks))
    return value - math.log(2 * epsilon)


@pytest.mark.parametrize("epsilon", [0.01, 0.3, 0.5, 0.75, 4.0])
def test_additive_noise_by_quadrature(epsilon):
    found = AdditiveUniformNoise(epsilon).mutual_information
    assert math.isclose(found, noise_information_by_quadrature(epsilon), abs_tol=1e-8)


def test_additive_noise_is_smooth_where_its_forms_meet():
    def information(epsilon):
        return AdditiveUniformNoise(epsilon).mutual_information

    assert information(0.5) == 0.5
    step = 1e-6
    below, above = information(0.5 - step), information(0.5 + step)
    # The slope is 1 - 1/epsilon = -1 on one side and -1/(4 epsilon^2) = -1 on the other.
    assert math.isclose((below - 0.5) / step, 1, rel_tol=1e-4)
    assert math.isclose((0.5 - above) / step, 1, rel_tol=1e-4)


def test_additive_noise_excludes_impossible_pairs():
    noise = AdditiveUniformNoise(0.1)
    ratios = noise.log_density_ratio([[0.5], [0.5]], [[0.55], [0.7]])
    # p(y | x) = 1 / 0.2 and p(y) = 1 at 0.55; 0.7 is out of reach of 0.5.
    np.testing.assert_allclose(ratios, [math.log(5), -math.inf])


def test_a_mixture_of_one_component_is_its_gaussian():
    mixture = GaussianMixture([1.0], [[0.3, -2.0]], [[[2.0, 0.9], [0.9, 1.5]]])
    gaussian = Gaussian([[2.0, 0.9], [0.9, 1.5]], 1)
    assert math.isclose(mixture.mutual_information, gaussian.mutual_information, abs_tol=1e-10)
    assert mixture.mutual_information_error <= 1e-10


def test_far_clusters_tell_their_number():
    # Two clusters on the diagonal, 20 deviations apart: x tells which, and that is all: log 2.
    mixture = GaussianMixture(
        [0.5, 0.5], [[-10, -10], [10, 10]], [[[1, 0], [0, 1]], [[1, 0], [0, 1]]]
    )
    assert math.isclose(mixture.mutual_information, math.log(2), abs_tol=1e-9)


@pytest.mark.parametrize("mixture", [GaussianMixture.cross(0.9), GaussianMixture.clusters()])
def test_mixtures_by_another_quadrature(mixture):
    def density(x, y):
        return sum(
            weight
            * stats.norm.pdf(x, m, c[0, 0] ** 0.5)
            # y given x: a regression line and what is left of the variance.
            * stats.norm.pdf(
                y, n + c[0, 1] / c[0, 0] * (x - m), (c[1, 1] - c[0, 1] ** 2 / c[0, 0]) ** 0.5
            )
            for weight, (m, n), c in zip(
                mixture.weights, mixture.means, mixture.covariances, strict=True
            )
        )

    # Gauss-Legendre on panels, margins by integration of the joint density itself.
    nodes, weights = np.polynomial.legendre.leggauss(200)
    reach = 9.0
    x, y = np.meshgrid(reach * nodes, reach * nodes, indexing="ij")
    joint = density(x, y)
    margin_x, margin_y = joint @ weights * reach, weights @ joint * reach
    product = margin_x[:, np.newaxis] * margin_y
    cells = np.outer(weights, weights) * reach**2
    value = np.sum(cells * special.rel_entr(joint, product))
    assert math.isclose(mixture.mutual_information, value, abs_tol=1e-7)


def test_mixtures_are_uncorrelated():
    for mixture in (GaussianMixture.cross(0.9), GaussianMixture.clusters()):
        second = mixture.covariances[:, 0, 1] + np.prod(mixture.means, axis=1)
        means = mixture.weights @ mixture.means
        assert math.isclose(mixture.weights @ second - np.prod(means), 0, abs_tol=1e-12)
        assert mixture.mutual_information > 0.2


def test_products_add_and_independent_pairs_have_none():
    parts = (Gaussian.dense(2, 1, 0.3), AdditiveUniformNoise(0.2), StudentT.sparse(2, 1, 2))
    product = Product(parts)
    assert (product.dim_x, product.dim_y) == (4, 4)
    expected = sum(part.mutual_information for part in parts)
    assert math.isclose(product.mutual_information, expected)
    assert Independent(product).mutual_information == 0


def tail_information(dof, dim_x, dim_y):
    """c to 40 digits, for even dimensions and dof.

    Whole arguments have lgamma(n) = log (n - 1)!, whose steps are log n, and psi(n + 1) - psi(n)
    = 1 / n: with g(h) = h psi(h) - lgamma(h), g(h + 1) - g(h) = psi(h + 1) + (h psi(h + 1)
    - h psi(h)) - log h = psi(h + 1) + 1 - log h. Only psi itself needs a series.
    """
    with decimal.localcontext(prec=90):
        s, p, q = (decimal.Decimal(one) / 2 for one in (dof, dim_x, dim_y))

        def psi(h):
            shift = decimal.Decimal(0)
            while h < 1_000:
                shift, h = shift + 1 / h, h + 1
            series = [1 / decimal.Decimal(k) for k in (12, -120, 252, -240, 132)]
            tails = sum(term / h ** (2 * k) for k, term in enumerate(series, 1))
            return h.ln() - 1 / (2 * h) - tails - shift

        def steps(start, count):
            return sum(psi(start + k + 1) + 1 - (start + k).ln() for k in range(int(count)))

        return float(steps(s, p) - steps(s + q, p))


@pytest.mark.parametrize("dof", [4, 48, 50, 52, 200, 10**4, 10**6, 10**9, 10**12, 10**15])
@pytest.mark.parametrize(("dim_x", "dim_y"), [(2, 2), (4, 10), (60, 20)])
def test_student_t_at_any_dof(dof, dim_x, dim_y):
    found = StudentT.sparse(dof, dim_x, dim_y).mutual_information
    assert math.isclose(found, tail_information(dof, dim_x, dim_y), rel_tol=1e-10)
    # To first order in 1 / dof^2.
    if dof >= 10**6:
        assert math.isclose(found, dim_x * dim_y / (2 * dof**2), rel_tol=1e-3)
