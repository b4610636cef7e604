"""Likelihoods of decoded pixels are densities: they integrate to 1 over the pixel's values."""

import math

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tf_infomax.decoders import likelihoods

DECODED = np.array([-0.999, -0.7, -0.049, -1e-4, 0.0, 1e-4, 0.051, 0.4, 0.999])
SUPPORT = {"gaussian": 12.0, "laplace": 12.0, "continuous_bernoulli": 1.0}


@pytest.mark.parametrize("name", likelihoods.names())
def test_densities_integrate_to_one(name):
    places = np.linspace(-SUPPORT[name], SUPPORT[name], 200_001)
    log_density = likelihoods.get(name)(
        tf.constant(places[:, None]), tf.constant(DECODED[None]), tf.constant(0.5, tf.float64)
    )
    mass = np.trapezoid(np.exp(log_density), places, axis=0)
    np.testing.assert_allclose(mass, 1.0, atol=1e-6)


def test_the_noise_has_the_standard_deviation_that_is_given():
    x = np.linspace(-2, 2, 9)
    for name, expected in (
        ("gaussian", stats.norm.logpdf(x, 0.3, 0.7)),
        ("laplace", stats.laplace.logpdf(x, 0.3, 0.7 / math.sqrt(2.0))),
    ):
        found = likelihoods.get(name)(tf.constant(x), tf.fill([9], tf.constant(0.3, tf.float64)),
                                      tf.constant(0.7, tf.float64))
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert stats.laplace(scale=0.7 / math.sqrt(2.0)).std() == pytest.approx(0.7)


def test_the_continuous_bernoulli_has_a_gradient_everywhere():
    decoded = tf.constant(np.append(DECODED, [-1.0, 1.0]).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(decoded)
        total = tf.reduce_sum(likelihoods.get("continuous_bernoulli")(0.2, decoded, 1.0))
    assert np.isfinite(total) and np.isfinite(tape.gradient(total, decoded)).all()


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ValueError, match=r"Unknown likelihood 'gausian'\. Did you mean 'gaussian'"):
        likelihoods.get("gausian")
