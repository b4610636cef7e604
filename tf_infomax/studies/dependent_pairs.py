"""Limits of bounds when the pairs of a batch resemble each other, in closed form.

The pairs of a batch share an offset z: ``(x_i, y_i) = z + eps_i`` (``data.DependentGaussians``).
Other pairs of the batch are then not draws from p(x) p(y): x_i and y_j share z. All values are
limits for many pairs in a batch and the optimal critic f(x, y); they are derived here, and
checked against sampling in the tests.
"""

import math

import numpy as np

__all__ = ["conditional_mutual_information", "infonce_optimum", "nwj_optimum", "optimal_nce_critic"]


def nwj_optimum(law):
    """Largest value of NWJ (and of TUBA with a constant baseline) on dependent batches, in nats.

    A pair (x_i, y_j) of one batch has the distribution ``q = E_z[p(x | z) p(y | z)]``, Gaussian
    with the variances of p and the offset's covariance. NWJ sees q in place of p(x) p(y), so its
    maximum is ``KL(p || q)``, here between two centred Gaussians: ``(tr(Q^-1 P) - 2 + log det Q /
    det P) / 2``.
    """
    joint = law.marginal_covariance
    in_batch = np.diag(np.diag(joint)) + _off_diagonal(law.shared_covariance)
    ratio = np.linalg.solve(in_batch, joint)
    return 0.5 * (np.trace(ratio) - 2.0 - math.log(np.linalg.det(ratio)))


def infonce_optimum(law):
    """Largest value of InfoNCE on dependent batches of very many pairs, in nats.

    The denominator becomes ``E[e^f(x, y) | z]`` with y from p(y | z), z being the offset of the
    anchor's own batch, so that the objective is ``E_p[f] - E_{x, z} log E_{y | z} e^f``, which is
    concave in f. Its stationary point is quadratic, ``f = a x y + b y^2`` (a term in x alone
    cancels): the condition ``p(y | x) e^-f = E_{z | x}[p(y | z) / Z(x, z)]`` has Gaussian
    exponents on both sides. See ``optimal_nce_critic``.
    """
    a, b = optimal_nce_critic(law)
    (var_x, cov), (_, var_y) = law.marginal_covariance
    (_, shared_cov), (_, shared_y) = law.shared_covariance
    noise_y = law.noise_covariance[1][1]
    tau = 1.0 - 2.0 * b * noise_y
    # log E exp(a x y + b y^2) for y ~ N(m, noise_y), in the mean over (x, m).
    partition = -0.5 * math.log(tau) + (
        0.5 * a**2 * var_x * noise_y + a * shared_cov + b * shared_y
    ) / tau
    return a * cov + b * var_y - partition


def optimal_nce_critic(law):
    """(a, b) of the critic ``a x y + b y^2`` that is optimal for InfoNCE on dependent batches.

    With ``tau = 1 - 2 b v``, v the noise's variance of y, the best a is
    ``(cov tau - s) / (var_x v)``, s the offset's covariance, and tau the positive root of
    ``A tau^2 - v tau - B = 0`` with A = Var(y | x), B = Var(offset of y | x).
    """
    (var_x, cov), (_, var_y) = law.marginal_covariance
    (_, shared_cov), (_, shared_y) = law.shared_covariance
    noise_y = law.noise_covariance[1][1]
    var_y_given_x = var_y - cov**2 / var_x
    offset_given_x = shared_y - shared_cov**2 / var_x
    root = math.sqrt(noise_y**2 + 4.0 * var_y_given_x * offset_given_x)
    tau = (noise_y + root) / (2.0 * var_y_given_x)
    return (cov * tau - shared_cov) / (var_x * noise_y), (1.0 - tau) / (2.0 * noise_y)


def conditional_mutual_information(law):
    """I(X; Y | Z) in nats: the limit for a critic that knows the offset of the batch."""
    (var_x, cov), (_, var_y) = law.noise_covariance
    return -0.5 * math.log1p(-(cov**2) / (var_x * var_y))


def _off_diagonal(matrix):
    matrix = np.asarray(matrix, np.float64)
    return matrix - np.diag(np.diag(matrix))
