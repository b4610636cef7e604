"""Spectra of an encoder decomposed where it is, against those of LAPACK on the host."""

import time

import numpy as np
import pytest
import tensorflow as tf

from tests.evaluation.test_conditioning import RNG, with_singular_values
from tf_infomax.encoders import MLP, ConvNet
from tf_infomax.evaluation import NonFiniteError
from tf_infomax.evaluation.encoder_spectra import READ, EncoderSpectra, fastest, spectra_on_device

# More than are differentiated together.
INPUTS = RNG.uniform(size=(19, 30)).astype(np.float32)


def linear(log_condition, rows=30, dtype=np.float32):
    values = np.exp(np.linspace(0.0, log_condition, min(rows, 30)))
    matrix = with_singular_values(values, rows, 30).astype(dtype)
    return lambda x: tf.matmul(x, matrix, transpose_b=True)


def mlp(**options):
    encoder = MLP((40, 20), seed=0, **options)
    encoder.build((None, 30))
    return encoder


ENCODERS = {
    "few outputs": mlp(),
    "many outputs": lambda x: tf.concat([tf.sin(3.0 * x), x**2], axis=1),
    "well conditioned": linear(1.0),
    # The smallest eigenvalue of A^T A is beyond the digits of float64.
    "badly conditioned": linear(15.0),
    "tall and badly conditioned": linear(15.0, 45),
}


@pytest.mark.parametrize("read", READ)
@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow if "linear" in name or "well" in name else ())
    for name in ENCODERS
])
def test_device_and_host_agree(name, read):
    host = EncoderSpectra(ENCODERS[name], read, "host")(INPUTS)
    found = spectra_on_device(ENCODERS[name], read)(INPUTS)
    assert found.shape == host.shape
    np.testing.assert_allclose(found, host, rtol=1e-5)


@pytest.mark.parametrize("read", READ)
def test_float64_and_images_agree(read):
    encoder = ConvNet(output_dim=5, channels=4, seed=0)
    encoder.build((None, 8, 4, 1))
    images = RNG.uniform(size=(3, 8, 4, 1)).astype(np.float32)
    np.testing.assert_allclose(
        spectra_on_device(encoder, read)(images), EncoderSpectra(encoder, read)(images), rtol=1e-5
    )
    exact = linear(20.0, dtype=np.float64)
    doubles = INPUTS.astype(np.float64)
    found = spectra_on_device(exact, read)(doubles)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, EncoderSpectra(exact, read)(doubles), rtol=1e-5)


def test_known_spectrum():
    found = spectra_on_device(linear(np.log(29.0)))(INPUTS)
    expected = np.exp(np.linspace(0.0, np.log(29.0), 30))[::-1]
    np.testing.assert_allclose(found, [expected] * 19, rtol=1e-5)
    numbers = spectra_on_device(linear(3.0), "log_condition_numbers")(INPUTS)
    np.testing.assert_allclose(numbers, [3.0] * 19, rtol=1e-5)
    dead = spectra_on_device(lambda x: 0.0 * x, "log_condition_numbers")(INPUTS)
    np.testing.assert_array_equal(dead, [np.inf] * 19)


@pytest.mark.parametrize("make", [lambda f: EncoderSpectra(f, device="host"), spectra_on_device])
def test_what_is_not_finite_is_refused(make):
    with pytest.raises(NonFiniteError, match=r"finite .* Received: NaN or infinity in 1 of 19"):
        make(lambda x: tf.sqrt(x - 0.5))(np.where(np.arange(19)[:, None] == 17, 0.5, 0.9))


def test_without_a_gpu_auto_is_the_host():
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("there is a GPU")
    assert EncoderSpectra(mlp()).device == "host"
    with pytest.raises(ValueError, match=r"auto or host without a GPU. Received: device='gpu'"):
        EncoderSpectra(mlp(), device="gpu")


@pytest.mark.parametrize("options", [{"read": "spectrum"}, {"device": "cpu"}])
def test_unknown_options(options):
    ((name, value),) = options.items()
    with pytest.raises(ValueError, match=rf"`{name}` must be one of .*Received: {name}='{value}'"):
        EncoderSpectra(mlp(), **options)


def test_the_faster_at_the_second_call_is_chosen():
    calls = []

    def waits(name, first, second):
        def function(inputs):
            assert inputs == "inputs"
            calls.append(name)
            time.sleep(second if calls.count(name) > 1 else first)

        return function

    def fails(inputs):
        raise tf.errors.ResourceExhaustedError(None, None, "too large")

    # Tracing takes longer for the one that is faster then.
    paths = {"host": waits("host", 0.0, 0.2), "gpu": waits("gpu", 0.3, 0.0)}
    assert fastest(paths, "inputs") == "gpu"
    assert calls == ["host", "host", "gpu", "gpu"]
    assert fastest({"host": waits("other", 0.0, 0.1), "gpu": fails}, "inputs") == "host"
