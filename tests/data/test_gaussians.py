"""Gaussian pairs against closed forms, sample moments and SciPy's densities."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tf_infomax.data.gaussians import CorrelatedGaussians, DependentGaussians


def _assert_covariance(samples, covariance):
    """Sample covariance ``[n, d] -> [d, d]`` within 4.5 standard errors, entry by entry."""
    samples, covariance = np.asarray(samples, np.float64), np.asarray(covariance)
    estimate = samples.T @ samples / len(samples)  # the mean is known to be 0
    variances = np.diag(covariance)
    # Isserlis: var(a b) = var(a) var(b) + cov(a, b)^2.
    error = np.sqrt((np.outer(variances, variances) + covariance**2) / len(samples))
    assert np.all(np.abs(estimate - covariance) < 4.5 * error), (estimate, covariance)


def test_correlated_samples_have_the_stated_covariance():
    x, y = CorrelatedGaussians(dim=3, rho=-0.7).sample(50_000, seed=1)
    assert x.shape == y.shape == (50_000, 3) and x.dtype == y.dtype == tf.float32
    identity = np.eye(3)
    covariance = np.block([[identity, -0.7 * identity], [-0.7 * identity, identity]])
    _assert_covariance(np.concatenate([x, y], axis=1), covariance)


def test_samples_are_a_function_of_the_seed():
    pairs = CorrelatedGaussians(dim=2, rho=0.5)
    np.testing.assert_array_equal(pairs.sample(10, seed=3), pairs.sample(10, seed=3))
    assert not np.allclose(pairs.sample(10, seed=3), pairs.sample(10, seed=4))
    traced = tf.function(lambda seed: pairs.sample(10, seed))(tf.constant([1, 2]))
    np.testing.assert_allclose(traced, pairs.sample(10, [1, 2]), rtol=1e-6)


def test_mutual_information_by_hand():
    # rho = 0.8: 1 - rho^2 = 0.36, so -1/2 log 0.36 = log(5/3) a coordinate.
    assert CorrelatedGaussians(4, 0.8).mutual_information == pytest.approx(4 * np.log(5 / 3))
    assert CorrelatedGaussians(4, 0.0).mutual_information == 0


@pytest.mark.parametrize("rho", [-0.9, 0.0, 0.5, 0.99])
def test_log_density_ratio_is_that_of_the_densities(rho):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(4, 2)), rng.normal(size=(5, 2))
    identity = np.eye(2)
    joint = stats.multivariate_normal(
        np.zeros(4), np.block([[identity, rho * identity], [rho * identity, identity]])
    )
    marginal = stats.multivariate_normal(np.zeros(2), identity)
    expected = [
        [joint.logpdf([*a, *b]) - marginal.logpdf(a) - marginal.logpdf(b) for b in y] for a in x
    ]
    ratio = CorrelatedGaussians(2, rho).log_density_ratio(x, y)
    assert ratio.dtype == tf.float64
    np.testing.assert_allclose(ratio, expected, rtol=1e-9, atol=1e-9)


def test_mean_log_density_ratio_of_joint_pairs_is_the_mutual_information():
    pairs = CorrelatedGaussians(dim=3, rho=0.6)
    x, y = pairs.sample(2000, seed=0)
    ratio = np.diag(pairs.log_density_ratio(x, y))
    error = ratio.std(ddof=1) / np.sqrt(len(ratio))
    assert abs(ratio.mean() - pairs.mutual_information) < 4 * error


def test_correlated_gaussians_refuse():
    with pytest.raises(ValueError, match=r"at least 1\. Received: dim=0"):
        CorrelatedGaussians(0, 0.5)
    for rho in (1.0, -1.0, float("nan")):
        with pytest.raises(ValueError, match="Received: rho="):
            CorrelatedGaussians(1, rho)
    with pytest.raises(ValueError, match=r"\[K, 2\]\. Received: x of shape \(3, 1\)"):
        CorrelatedGaussians(2, 0.5).log_density_ratio(np.zeros((3, 1)), np.zeros((3, 2)))


def test_the_law_of_figure_4c():
    law = DependentGaussians()
    np.testing.assert_allclose(law.marginal_covariance, [[2, 0.4], [0.4, 2]], rtol=1e-12)
    # Correlation 0.4 / 2 = 0.2: -1/2 log(1 - 0.04) = 0.0204 nats.
    assert law.mutual_information == pytest.approx(-0.5 * np.log(0.96), rel=1e-12)
    assert f"{law.mutual_information:.4f}" == "0.0204"


def _batches(dependent, count=3000, size=4):
    law = DependentGaussians()

    def draw(t):
        return tf.concat(law.batch(size, tf.stack([9, t]), dependent), axis=1)

    @tf.function  # one graph, for speed
    def draw_all():
        return tf.map_fn(draw, tf.range(count), fn_output_signature=tf.float32)

    return draw_all().numpy()


def test_dependent_batches_share_one_offset():
    batches = _batches(dependent=True)
    shared, noise = np.array([[1, -0.5], [-0.5, 1]]), np.array([[1, 0.9], [0.9, 1]])
    # One pair a batch has the marginal law, two pairs of one batch have only z in common.
    two_pairs = batches[:, :2].reshape(-1, 4)
    both = shared + noise
    _assert_covariance(two_pairs, np.block([[both, shared], [shared, both]]))
    # The difference of two pairs of a batch has lost z.
    _assert_covariance(batches[:, 2] - batches[:, 3], 2 * noise)


def test_independent_batches_do_not():
    batches = _batches(dependent=False)
    marginal = np.array([[2, 0.4], [0.4, 2]])
    two_pairs = batches[:, :2].reshape(-1, 4)
    nothing = np.zeros((2, 2))
    _assert_covariance(two_pairs, np.block([[marginal, nothing], [nothing, marginal]]))


@pytest.mark.parametrize("dependent", [True, False])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_batch_is_a_function_of_the_seed(dependent, jit_compile):
    law = DependentGaussians()
    draw = tf.function(lambda seed: law.batch(128, seed, dependent), jit_compile=jit_compile)
    batch = draw(tf.constant([1, 2]))
    assert all(view.shape == (128, 1) and view.dtype == tf.float32 for view in batch)
    np.testing.assert_array_equal(draw(tf.constant([1, 2])), batch)
    assert not np.allclose(draw(tf.constant([1, 3])), batch)
    if not jit_compile:  # XLA makes other normals of the same random bits
        np.testing.assert_allclose(law.batch(128, [1, 2], dependent), batch, rtol=1e-5, atol=1e-6)


def test_dependent_batches_have_their_law_under_xla_too():
    law = DependentGaussians()
    draw = tf.function(lambda seed: law.batch(20_000, seed, True), jit_compile=True)
    x, y = draw(tf.constant([5, 6]))
    pairs = np.concatenate([x, y], axis=1)
    # Within one batch z is a constant: what is left is the noise.
    _assert_covariance(pairs - pairs.mean(axis=0), [[1, 0.9], [0.9, 1]])


def test_dependent_gaussians_refuse():
    for covariance in (((1, 2), (2, 1)), ((1, 0.5), (0.4, 1)), ((1,),), ((1, np.nan), (np.nan, 1))):
        with pytest.raises(ValueError, match=r"`noise_covariance` must be.*Received: noise_cov"):
            DependentGaussians(noise_covariance=covariance)
    with pytest.raises(ValueError, match=r"at least 2 pairs\. Received: batch_size=1"):
        DependentGaussians().batch(1, (0, 0), True)
    assert DependentGaussians([[1, 0], [0, 1]]) == DependentGaussians(((1.0, 0.0), (0.0, 1.0)))
