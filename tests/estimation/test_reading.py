"""Reading a critic: the bound on all pairs, by a double loop, and on groups."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import bounds, critics
from tf_infomax.estimation.reading import Reader


def setting(n):
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=(n, 2)).astype(np.float32) for _ in range(2))
    critic = critics.BilinearCritic(feature_dim=2, seed=0)
    return critic, critic(x, y).numpy().astype(np.float64), x, y


# 600 pairs are read in three blocks, the last one not full.
@pytest.mark.parametrize("n", [2, 7, 600])
def test_all_partners_are_the_whole_matrix(n):
    critic, scores, x, y = setting(n)
    off = scores[~np.eye(n, dtype=bool)]
    expected = np.mean(np.diag(scores)) - np.log(np.mean(np.exp(off)))
    found = Reader(critic, bounds.donsker_varadhan).value(x, y, partners=n - 1)
    assert found == pytest.approx(expected, abs=1e-5)


def test_fewer_partners_meet_every_y_equally_often():
    n, partners = 9, 3
    critic, scores, x, y = setting(n)
    shifts = [1, 4, 8]  # from 1 to 8 in equal steps, 4.5 rounded to even
    marginal = np.array([[scores[i, (i + s) % n] for s in shifts] for i in range(n)])
    expected = 1 + np.mean(np.diag(scores)) - 1 - np.mean(np.exp(marginal - 1)) * 1.0
    found = Reader(critic, bounds.nwj).value(x, y, partners)
    assert found == pytest.approx(expected, abs=1e-5)


def test_groups_see_no_other_group():
    critic, _, x, y = setting(11)
    values = Reader(critic, bounds.infonce).group_values(x, y, groups=2)
    expected = [bounds.infonce(critic(x[p], y[p])) for p in (slice(0, 5), slice(5, 10))]
    np.testing.assert_allclose(values, expected, atol=1e-6)


def test_the_weights_of_the_moment_are_read():
    critic, _, x, y = setting(20)
    reader = Reader(critic, bounds.infonce)
    reader.value(x, y, 19)
    critic.kernel.assign(tf.zeros_like(critic.kernel))
    assert reader.value(x, y, 19) == pytest.approx(0.0, abs=1e-6)
