"""Divergences of discrete joints against sums written out, and against known laws."""

import math

import numpy as np
import pytest

from tf_infomax.studies import Setting, get
from tf_infomax.studies.discrete_joints import SCHEMES, divergences, random_joint


def by_hand(joint):
    kl = jsd = 0.0
    for i, row in enumerate(joint):
        for j, p in enumerate(row):
            q = sum(joint[i]) * sum(joint[:, j])
            m = (p + q) / 2
            if p > 0:
                kl += p * math.log(p / q)
                jsd += p * math.log(p / m) / 2
            if q > 0:
                jsd += q * math.log(q / m) / 2
    return kl, jsd


@pytest.mark.parametrize("scheme", SCHEMES)
def test_divergences_are_the_sums(scheme):
    rng = np.random.default_rng(0)
    for size in (2, 8):
        joint = random_joint(scheme, rng, size)
        assert joint.min() >= 0 and joint.sum() == pytest.approx(1)
        np.testing.assert_allclose(joint.sum(axis=1), 1 / size, rtol=1e-12)
        np.testing.assert_allclose(divergences(joint), by_hand(joint), rtol=1e-10)


def test_known_laws():
    np.testing.assert_allclose(divergences(np.full((4, 4), 1 / 16)), (0, 0), atol=1e-15)
    # A permutation of n values: KL = log n; half of JSD's sums is of p = 1/n against q = 1/n^2.
    n = 8
    kl, jsd = divergences(np.eye(n) / n)
    assert kl == pytest.approx(math.log(n))
    m = (1 / n + 1 / n**2) / 2
    on, off = 0.5 * (math.log(1 / n / m) + math.log(1 / n**2 / m) / n), 0.5 * math.log(2)
    assert jsd == pytest.approx(on + off * (1 - 1 / n))
    assert jsd < math.log(2)


def test_dropout_comes_before_the_softmax():
    rng = np.random.default_rng(1)
    shares = []
    for _ in range(200):
        conditional = 16 * random_joint("softmax_dropout", rng, 16)
        # A dropped logit is 0, the smallest there is: its probability is its row's least, not 0.
        assert (conditional > 0).all()
        least = conditional.min(axis=1, keepdims=True)
        dropped = np.isclose(conditional, least, rtol=1e-12)
        shares.append(dropped.mean())
        # Kept logits are one scale times uniform draws: below that scale, and at most 30.
        logits = np.log(conditional / least)
        assert logits.max() <= 30.0
    # The share that is dropped is uniform from 0 to 0.95; one entry a row is the least anyway.
    assert 0.4 < np.mean(shares) < 0.6 and max(shares) > 0.85


def test_rows_of_the_study():
    rows = {
        one.metric: one
        for one in get("jsd_and_kl").compute(Setting(3), scheme="softmax", size=8, draws=40)
    }
    kl, jsd = (np.array(rows[f"divergence/{name}"].tags["values"]) for name in ("kl", "jsd"))
    assert kl.shape == jsd.shape == (40,)
    assert (rows["divergence/kl"].unit, rows["divergence/jsd"].unit) == ("nats", "1")
    assert rows["divergence/kl"].value == pytest.approx(np.median(kl), rel=1e-5)
    assert np.all(jsd <= math.log(2)) and np.all(jsd <= kl)
    # Ranks by counting, an independent form of Spearman's coefficient without ties.
    ranks = [np.argsort(np.argsort(values)) for values in (kl, jsd)]
    expected = 1 - 6 * np.sum((ranks[0] - ranks[1]) ** 2) / (40 * (40**2 - 1))
    assert rows["rank_correlation"].value == pytest.approx(expected, abs=1e-9)
    again = list(get("jsd_and_kl").compute(Setting(3), scheme="softmax", size=8, draws=40))
    assert again[0].tags["values"] == rows["divergence/kl"].tags["values"]
