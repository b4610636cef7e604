"""NT-Xent, Barlow Twins and VICReg where their values are known, and their projection head.

That they equal a derivation in NumPy on any codes is in test_two_views.py.
"""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy.linalg import hadamard

from tests.stored_endpoints import StoredEndpoints
from tf_infomax.objectives import EncodedViews, Features, NTXent, VICReg
from tf_infomax.objectives.projected_views import barlow_twins, nt_xent, vicreg

# Eight codes of five entries with mean 0, sd 1 and no correlation.
DESIGN = hadamard(8)[:, 1:6].astype(np.float64)


def test_nt_xent_of_equal_and_of_far_codes():
    # All 2 K codes are one: each of the 2 K - 1 others is as likely, at any temperature.
    same = np.ones((6, 3))
    assert float(nt_xent(same, same, 0.3)[0]) == pytest.approx(math.log(11))
    # Orthogonal codes, both views equal: one partner at 1, and 2 K - 2 negatives at 0.
    axes = np.eye(4)
    loss, accuracy = nt_xent(axes, 3.0 * axes, 0.5)
    assert float(loss) == pytest.approx(math.log1p(6 * math.exp(-2.0))) and float(accuracy) == 1.0
    # Both directions count: exchanging the views changes nothing.
    x, y = np.random.default_rng(0).normal(size=(2, 7, 3))
    assert float(nt_xent(x, y)[0]) == pytest.approx(float(nt_xent(y, x)[0]))
    # Partners are opposite, and everything else is nearer.
    assert float(nt_xent(axes[:2], -axes[:2])[1]) == 0.0


def test_barlow_twins_of_uncorrelated_entries():
    loss, on, off = barlow_twins(DESIGN, 5.0 * DESIGN + 2.0, epsilon=0.0)
    np.testing.assert_allclose([loss, on, off], 0.0, atol=1e-12)
    # c = -1 on the diagonal: four an entry.
    np.testing.assert_allclose(barlow_twins(DESIGN, -DESIGN, epsilon=0.0), [20, 20, 0], atol=1e-9)
    # Every entry is the same: c is 1 everywhere, and only the 20 entries off the diagonal count.
    same = np.repeat(DESIGN[:, :1], 5, axis=1)
    np.testing.assert_allclose(barlow_twins(same, same, 0.1, 0.0), [2, 0, 20], atol=1e-9)


def test_vicreg_of_uncorrelated_entries():
    sd = math.sqrt(8 / 7)
    kwargs = {"deviation": 3.0, "epsilon": 0.0}
    expected = [25 * 0.25 + 25 * 2 * (3 - sd), 0.25, 2 * (3 - sd), 0.0]
    np.testing.assert_allclose(vicreg(DESIGN, DESIGN + 0.5, **kwargs), expected, atol=1e-9)
    # Above the wanted deviation nothing is lost; equal entries covary by 8/7 each.
    same = np.repeat(DESIGN[:, :1], 5, axis=1)
    found = vicreg(same, same, deviation=1.0, epsilon=0.0)
    np.testing.assert_allclose(found[1:], [0, 0, 2 * 20 * (8 / 7) ** 2 / 5], atol=1e-9)


def test_the_head_is_trained_shared_and_left_out_of_the_code():
    rng = np.random.default_rng(0)
    views = {f"view_{k}": tf.constant(rng.normal(size=(6, 3)), tf.float32) for k in (1, 2)}
    encoded = EncodedViews({name: StoredEndpoints(code=one) for name, one in views.items()})
    term = NTXent(projection=(8, 4), seed=0, views=tuple(views), endpoint="code")
    term.connect(encoded)
    assert len(term.representation_variables) == 5
    loss, metrics = term.loss(Features(encoded, views, training=True))
    both = term.head(tf.concat(list(views.values()), 0), training=True)
    assert both.shape == (12, 4)
    np.testing.assert_allclose(loss, nt_xent(both[:6], both[6:])[0], rtol=1e-5)
    assert set(metrics) == set(term.metric_units)
    wide = {**views, "view_2": tf.zeros([6, 4])}
    encoded = EncodedViews({name: StoredEndpoints(code=one) for name, one in wide.items()})
    with pytest.raises(ValueError, match=r"one width. Received: shapes \(3,\) and \(4,\)"):
        VICReg(views=tuple(views), endpoint="code").connect(encoded)
