"""Image files of every kind that people have, written by Pillow and TensorFlow."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tf_infomax.data.sources.image_files import is_image, read_image, read_images

RGB = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
GREY = RGB[..., :1]


def _saved(path, pixels, mode=None, **options):
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    (image if mode is None else image.convert(mode)).save(path, **options)
    return path


@pytest.mark.parametrize("pixels", [RGB, GREY], ids=["RGB", "grey"])
@pytest.mark.parametrize(
    "name", ["a.png", "a.PNG", "a.bmp", "a.tif", "a.TIFF", "a.ppm", "a.tga", "a.jp2", "a.gif"]
)
def test_lossless_formats_keep_every_pixel(tmp_path, pixels, name):
    # 30 pixels: the palette of a GIF holds them all.
    options = {"irreversible": False} if name == "a.jp2" else {}
    file = _saved(tmp_path / name, pixels, **options)
    assert is_image(file)
    np.testing.assert_array_equal(read_image(file), pixels)


@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "a.jfif", "a.webp", "a.avif"])
def test_lossy_formats_come_near(tmp_path, name):
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    file = _saved(tmp_path / name, flat, quality=95)
    assert is_image(file) and np.abs(read_image(file) - flat.astype(int)).max() <= 4


def test_the_content_says_what_a_file_is(tmp_path):
    np.testing.assert_array_equal(
        read_image(_saved(tmp_path / "really_png.jpg", RGB, format="PNG")), RGB
    )
    assert is_image(_saved(tmp_path / "no_suffix", RGB, format="PNG"))
    (tmp_path / "labels.txt").write_text("cat 0\n")
    np.save(tmp_path / "codes.npy", RGB)
    assert not is_image(tmp_path / "labels.txt") and not is_image(tmp_path / "codes.npy")


def test_forms_of_storing_colours(tmp_path):
    two = np.zeros((6, 5, 3), np.uint8)
    two[2:, 1:] = (10, 200, 30)
    alpha = np.concatenate([RGB, np.full((6, 5, 1), 255, np.uint8)], axis=-1)
    grey_alpha = np.concatenate([GREY, np.full((6, 5, 1), 255, np.uint8)], axis=-1)
    Image.fromarray(two).quantize(2).save(tmp_path / "palette.png")
    assert Image.open(tmp_path / "palette.png").mode == "P"
    bits = (GREY > 100).astype(np.uint8) * 255
    for expected, file in (
        (two, tmp_path / "palette.png"),
        (two, _saved(tmp_path / "palette.gif", two)),
        (RGB, _saved(tmp_path / "opaque.png", alpha)),
        (bits, _saved(tmp_path / "bits.png", bits, "1")),
    ):
        np.testing.assert_array_equal(read_image(file), expected)
    Image.fromarray(grey_alpha).save(tmp_path / "grey_opaque.png")
    np.testing.assert_array_equal(read_image(tmp_path / "grey_opaque.png"), GREY)
    # CMYK without black is the complement of RGB.
    _saved(tmp_path / "cmyk.tif", RGB, "CMYK")
    np.testing.assert_array_equal(read_image(tmp_path / "cmyk.tif"), RGB)


def test_the_first_of_several_frames(tmp_path):
    frames = [Image.fromarray(np.full((4, 4), value, np.uint8)) for value in (50, 90)]
    for name in ("a.gif", "a.tif"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        np.testing.assert_array_equal(read_image(tmp_path / name), np.full((4, 4, 1), 50))


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_cameras_that_were_turned(tmp_path, name):
    exif = Image.Exif()
    exif[0x0112] = 6  # The stored image must be turned by 90 degrees, clockwise.
    _saved(tmp_path / name, RGB, exif=exif)
    np.testing.assert_array_equal(read_image(tmp_path / name), np.rot90(RGB, -1))


def _png16(channels):
    return tf.io.encode_png(np.full((6, 5, channels), 4660, np.uint16)).numpy()


def _file(pixels, mode, kind="PNG"):
    stream = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(stream, kind)
    return stream.getvalue()


_CLEAR = np.dstack([RGB, np.full((6, 5), 128, np.uint8)])
_DEEP_PPM = b"P6 5 6 65535\n" + bytes(180)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.png", _png16(1), "8 bits a channel.*Received: .*a.png with more"),
        ("a.png", _png16(3), "8 bits a channel.*Received: .*a.png with more"),
        ("a.png", _png16(4), "8 bits a channel.*Received: .*a.png with more"),
        ("a.ppm", _DEEP_PPM, "8 bits a channel.*Received: .*a.ppm with more"),
        ("a.tif", _file(GREY[..., 0], "F", "TIFF"), "8 bits a channel.*a.tif with more"),
        ("a.png", _file(_CLEAR, "RGBA"), "must be opaque.*Received: .*a.png with transparent"),
        ("a.png", _file(_CLEAR, "LA"), "must be opaque.*Received: .*a.png with transparent"),
        ("a.tif", _file(RGB, "LAB", "TIFF"), "grey or RGB. Received: .*a.tif of mode LAB"),
        ("a.png", b"", "can be read. Received: .*a.png .UnidentifiedImageError"),
        ("a.png", _file(RGB, "RGB")[:80], "can be read. Received: .*a.png"),
        ("a.jpg", _file(RGB, "RGB", "JPEG")[:-60], "can be read. Received: .*a.jpg"),
    ],
)
def test_files_that_are_refused(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=message):
        read_image(tmp_path / name)


def test_grey_among_rgb_becomes_rgb(tmp_path):
    files = [_saved(tmp_path / f"{i}.png", pixels) for i, pixels in enumerate((GREY, RGB, GREY))]
    images = read_images(files)
    np.testing.assert_array_equal(images, [GREY.repeat(3, axis=-1), RGB, GREY.repeat(3, axis=-1)])
    assert read_images(files[:1]).shape == (1, 6, 5, 1)
    files.append(_saved(tmp_path / "small.png", RGB[:3]))
    with pytest.raises(ValueError, match=r"one size.*0\.png of 6 x 5 .*small\.png of 3 x 5\."):
        read_images(files)
