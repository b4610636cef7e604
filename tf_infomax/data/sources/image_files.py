"""Image files, read by Pillow: which are accepted, and how they become arrays."""

import functools
import re
from multiprocessing.pool import ThreadPool

import numpy as np
from PIL import Image, ImageOps

from tf_infomax.data.sources import storage

__all__ = ["is_image", "listed", "read_image", "read_images", "visible"]

# Formats whose readers need a program or a library that Pillow does not bring.
_NOT_READ = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
# Files that operating systems and their archives leave in folders, in lower case.
_LITTER = {
    "$recycle.bin", "@eadir", "__macosx", "desktop.ini", "ehthumbs.db", "icon\r", "lost+found",
    "system volume information", "thumbs.db",
}  # fmt: skip
_GREY = {"1", "L", "LA", "La"}
_COLOUR = {"CMYK", "HSV", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "YCbCr"}
# Pillow names the stored form of every tile: "RGB;16B" has 16 bits a channel, but "BGR;16" (in BMP
# files) has 16 bits for all three.
_DEEP = re.compile(r";16[BLN]$")


def visible(folder):
    """The entries of a folder, sorted by name, without hidden files and system files."""
    return sorted(
        entry
        for entry in folder.iterdir()
        if not entry.name.startswith(".") and entry.name.lower() not in _LITTER
    )


def listed(names, limit=3):
    """``"a, b, c and 4 more"``."""
    names = [str(name) for name in names]
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


@functools.cache
def _formats():
    Image.init()
    return tuple(sorted(set(Image.OPEN) - _NOT_READ))


def is_image(file):
    """Whether ``file`` is an image that Pillow reads, by its suffix or else by its content."""
    formats = _formats()
    if Image.registered_extensions().get(file.suffix.lower()) in formats:
        return True
    try:
        with Image.open(file, formats=formats):
            return True
    except Exception:  # Pillow's readers raise a dozen kinds on files of other formats.
        return False


def read_image(file):
    """The pixels of one image file, turned upright.

    Grey images give one channel: greyscale files, and files with a palette whose colours are all
    grey. All others give RGB; CMYK, YCbCr and HSV are converted without colour profiles. Of an
    animation or a file of several pages, the first is read. The orientation in the EXIF data is
    applied. An alpha channel is dropped if every pixel is opaque.

    Args:
        file: path.

    Returns:
        uint8 ``[H, W, 1]`` or ``[H, W, 3]``.

    Raises:
        ValueError: if the file is damaged or no image, has more than 8 bits a channel, pixels that
            are not opaque, or a colour space that Pillow does not convert to RGB.
    """
    try:
        with Image.open(file, formats=_formats()) as image:
            is_deep = _is_deep(image)
            image = ImageOps.exif_transpose(image)
    except Exception as error:  # Pillow's readers raise a dozen kinds on damaged files.
        raise ValueError(
            f"Expected an image that can be read. Received: {file} "
            f"({type(error).__name__}: {error})."
        ) from error
    if is_deep:
        raise ValueError(
            "Images must have 8 bits a channel; convert them, or store them as floats in [0, 1] in "
            f"an .npz file. Received: {file} with more (mode {image.mode})."
        )
    if image.mode not in _GREY | _COLOUR:
        raise ValueError(f"Images must be grey or RGB. Received: {file} of mode {image.mode}.")
    if image.has_transparency_data:
        pixels = np.asarray(image.convert("RGBA"))
        if pixels[..., 3].min() < 255:
            raise ValueError(
                "Images must be opaque; paste them onto a background, or drop their alpha channel. "
                f"Received: {file} with transparent pixels."
            )
        pixels = pixels[..., :3]
    else:
        pixels = np.asarray(image.convert("L" if image.mode in _GREY else "RGB"))
        pixels = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    has_palette = image.mode in ("P", "PA")
    if image.mode in _GREY or (has_palette and np.all(pixels == pixels[..., :1])):
        return pixels[..., :1]
    return pixels


def _is_deep(image):
    """Whether there are more than 8 bits a channel, which Pillow drops silently from RGB."""
    if image.mode.startswith(("I", "F")):
        return True
    for tile in image.tile:
        stored = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        if any(isinstance(entry, str) and _DEEP.search(entry) for entry in stored):
            return True
        if tile.codec_name.startswith("ppm") and stored[-1] > 255:  # the value of white
            return True
    return False


def read_images(files):
    """The pixels of many image files of one size, as ``read_image`` reads each.

    If one of them is RGB, all are: grey images get three equal channels.

    Args:
        files: paths, at least one.

    Returns:
        uint8 ``[N, H, W, C]``, C = 1 or 3.

    Raises:
        ValueError: as ``read_image``, or if the images differ in height or width.
    """
    images = None
    with ThreadPool() as pool:
        for index, image in enumerate(pool.imap(read_image, files, chunksize=16)):
            if images is None:
                images = storage.empty((len(files), *image.shape), np.uint8)
            if image.shape[:2] != images.shape[1:3]:
                raise ValueError(
                    "All images must have one size; resize them first. Received: "
                    f"{files[0]} of {images.shape[1]} x {images.shape[2]} pixels and "
                    f"{files[index]} of {image.shape[0]} x {image.shape[1]}."
                )
            if image.shape[-1] > images.shape[-1]:
                images = _coloured(images, index)
            images[index] = image
    return images


def _coloured(images, number):
    """The same images, of which so many are filled, with three equal channels."""
    found = storage.empty((*images.shape[:-1], 3), images.dtype)
    for index in range(number):
        found[index] = images[index]
    return found
