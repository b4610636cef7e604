"""Correlated Gaussians whose mutual information climbs over training."""

import numpy as np
import pytest

from tf_infomax.data.gaussians import CorrelatedGaussians, DependentGaussians
from tf_infomax.data.pairs import GaussianStairs


def test_rho_of_each_level():
    # I = -d/2 log(1 - rho^2): of 20 coordinates, 2 nats need rho^2 = 1 - exp(-0.2), and so on.
    stairs = GaussianStairs(20, (2.0, 10.0), 4, 64, seed=0)
    np.testing.assert_allclose([law.rho for law in stairs.laws], [0.4257570, 0.7950601], rtol=1e-6)
    assert CorrelatedGaussians.from_mutual_information(3, 0.0).rho == 0.0
    for nats in (0.1, 2.0, 30.0):
        law = CorrelatedGaussians.from_mutual_information(7, nats)
        assert law.mutual_information == pytest.approx(nats, rel=1e-12)


def correlations(stairs, t):
    x, y = (view.numpy().ravel() for view in drawn(stairs, t))
    return np.corrcoef(x, y)[0, 1], y.std()


def test_batches_have_the_correlation_of_their_level():
    stairs = GaussianStairs(20, (0.0, 10.0), 10, 2000, seed=3)
    # 40,000 pairs of numbers: the standard error of a correlation is (1 - rho^2) / 200.
    for t, rho in ((0, 0.0), (4, 0.0), (5, 0.7950601), (9, 0.7950601), (50, 0.7950601)):
        found, sd = correlations(stairs, t)
        assert abs(found - rho) < 4 * (1 - rho**2) / 200
        assert abs(sd - 1) < 4 / np.sqrt(2 * 40_000)


def test_steps_know_the_value_of_the_batch_before_them():
    stairs = GaussianStairs(4, (2.0, 4.0), 6, 8, seed=0)
    values = [stairs.mutual_information_at(step) for step in range(7)]
    np.testing.assert_allclose(values, [2, 2, 2, 2, 4, 4, 4])


def drawn(stairs, t):
    return tuple(stairs.draw(t)["views"].values())


def test_the_cube_is_taken_of_the_same_pairs():
    plain = GaussianStairs(3, (1.0,), 1, 16, seed=5)
    cubic = GaussianStairs(3, (1.0,), 1, 16, seed=5, transform="cubic")
    np.testing.assert_array_equal(drawn(plain, 2)[0], drawn(cubic, 2)[0])
    np.testing.assert_allclose(drawn(plain, 2)[1] ** 3, drawn(cubic, 2)[1], rtol=1e-6)
    assert not np.array_equal(drawn(plain, 2)[0], drawn(plain, 3)[0])
    other = GaussianStairs(3, (1.0,), 1, 16, seed=6)
    assert not np.array_equal(drawn(plain, 2)[0], drawn(other, 2)[0])


def test_stairs_refuse():
    with pytest.raises(ValueError, match=r"whole number of steps\. Received: 2 levels, steps=5"):
        GaussianStairs(3, (1.0, 2.0), 5, 8, seed=0)
    with pytest.raises(ValueError, match=r"identity, cubic\. Received: 'square'"):
        GaussianStairs(3, (1.0,), 5, 8, seed=0, transform="square")
    with pytest.raises(ValueError, match=r"Received: nats=-1\.0"):
        GaussianStairs(3, (-1.0,), 5, 8, seed=0)


def test_the_share_of_the_offset():
    # Half of the variance, as in Fig. 4c, whose covariances are written out.
    assert DependentGaussians.from_share(0.5) == DependentGaussians()
    for share in (0.0, 0.2, 0.5):
        law = DependentGaussians.from_share(share)
        np.testing.assert_allclose(law.marginal_covariance, [[2, 0.4], [0.4, 2]], rtol=1e-12)
        np.testing.assert_allclose(law.shared_covariance[0][0], 2 * share, atol=1e-12)
    with pytest.raises(ValueError, match=r"within \(-1, 1\)\. Received: share=0.6"):
        DependentGaussians.from_share(0.6)  # (0.2 + 0.3) / 0.4 = 1.25


def test_without_an_offset_dependent_batches_are_independent():
    law = DependentGaussians.from_share(0.0)
    x, y = law.batch(50_000, [1, 2], dependent=True)
    pairs = np.concatenate([x, y], axis=1)
    covariance = pairs.T @ pairs / len(pairs)  # about the mean 0, which an offset would move
    np.testing.assert_allclose(covariance, [[2, 0.4], [0.4, 2]], atol=4 * 2 * np.sqrt(2 / 50_000))
