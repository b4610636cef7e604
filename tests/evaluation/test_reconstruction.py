"""Reconstruction of images that their codes determine, and of images that they do not."""

import keras
import numpy as np
import pytest

from tf_infomax.decoders import Decoder, decoder_stages
from tf_infomax.evaluation import reconstruction
from tf_infomax.evaluation.structural_similarity import multi_scale, multi_scale_ssim, released_ssim

RNG = np.random.default_rng(0)
FAST = {"base_channels": 16, "batch_size": 20, "learning_rate": 0.01, "decay_epochs": (12,)}


def shaded(count, seed):
    """Codes, and the 8 x 8 images of their shade: left and right halves of two grey values."""
    codes = np.random.default_rng(seed).uniform(-0.8, 0.8, size=(count, 2)).astype(np.float32)
    return codes, np.repeat(codes, 4, axis=1)[:, None, :, None] * np.ones((1, 8, 1, 1), np.float32)


TRAIN, TEST = shaded(400, 0), shaded(60, 1)


@pytest.mark.slow
def test_codes_that_hold_the_images():
    result = reconstruction(*TRAIN, *TEST, epochs=15, shown=5, **FAST)
    # Without the codes the best constant leaves the variance of U(-0.8, 0.8), 0.213.
    assert result.mse < 0.02
    assert result.ms_ssim > 0.8 and result.released_ssim > 0.8
    assert result.setting == multi_scale(8, 8)
    assert len(result.train_mse) == 15 and result.train_mse[-1] < 0.1 * result.train_mse[0]
    assert result.images.shape == (5, 8, 8, 1) and result.images.dtype == np.float32
    assert np.mean((result.images - TEST[1][:5]) ** 2) < 0.05


def test_codes_that_say_nothing():
    codes = RNG.normal(size=(460, 2)).astype(np.float32)
    result = reconstruction(codes[:400], TRAIN[1], codes[400:], TEST[1], epochs=3, **FAST)
    assert result.mse > 0.15


def test_scores_are_those_of_the_reconstructions():
    result = reconstruction(*TRAIN, *TEST, epochs=1, shown=60, seed=1, **FAST)
    images = TEST[1], result.images
    assert result.mse == pytest.approx(np.mean((images[0] - images[1]) ** 2), rel=1e-5)
    assert result.ms_ssim == pytest.approx(np.mean(multi_scale_ssim(*images)), rel=1e-4)
    assert result.released_ssim == pytest.approx(np.mean(released_ssim(*images)), rel=1e-4)


@pytest.mark.slow
def test_bytes_are_scaled_and_equal_seeds_give_equal_bits():
    data = [
        (codes, np.round((images + 1) * 127.5).astype(np.uint8)) for codes, images in (TRAIN, TEST)
    ]
    as_floats = [(codes, (images / 127.5 - 1).astype(np.float32)) for codes, images in data]
    bytewise, again = (reconstruction(*data[0], *data[1], epochs=1, **FAST) for _ in range(2))
    floatwise = reconstruction(*as_floats[0], *as_floats[1], epochs=1, **FAST)
    assert bytewise.train_mse == again.train_mse and bytewise.mse == again.mse
    np.testing.assert_allclose(bytewise.mse, floatwise.mse, rtol=1e-3)


@pytest.mark.parametrize(
    ("side", "stages"), [(8, (4, 1)), (28, (7, 2)), (32, (4, 3)), (64, (4, 4)), (96, (6, 4))]
)
def test_stages(side, stages):
    assert decoder_stages(side) == stages


@pytest.mark.parametrize("image_shape", [(32, 32, 3), (64, 64, 3), (28, 28, 1)])
def test_shapes(image_shape):
    decoder = Decoder(image_shape, 16, seed=0)
    images = decoder(np.ones((2, 5), np.float32))
    assert images.shape == (2, *image_shape) == decoder.compute_output_shape((2, 5))
    assert np.abs(images).max() <= 1.0


def test_the_released_size():
    decoder = Decoder()
    decoder.build((None, 64))
    kernels = 64 * 8192 + 16 * (512 * 256 + 256 * 128 + 128 * 64) + 9 * 64 * 3
    norms_and_bias = 2 * (8192 + 256 + 128 + 64) + 3
    assert sum(np.prod(w.shape) for w in decoder.trainable_weights) == kernels + norms_and_bias


def test_saving(tmp_path):
    decoder = Decoder((8, 8, 2), 4, seed=0)
    codes = RNG.normal(size=(3, 5)).astype(np.float32)
    expected = decoder(codes)
    decoder.save(tmp_path / "decoder.keras")
    loaded = keras.models.load_model(tmp_path / "decoder.keras")
    np.testing.assert_array_equal(loaded(codes), expected)
    assert loaded.get_config() == decoder.get_config()


@pytest.mark.parametrize(
    ("image_shape", "base_channels", "message"),
    [
        ((30, 30, 3), 16, "Received: side=30"),
        ((4, 4, 3), 16, "Received: side=4"),
        ((32, 28, 3), 16, r"Received: image_shape=\(32, 28, 3\)"),
        ((32, 32, 3), 4, "at least 8.* Received: base_channels=4"),
    ],
)
def test_errors(image_shape, base_channels, message):
    with pytest.raises(ValueError, match=message):
        Decoder(image_shape, base_channels)
