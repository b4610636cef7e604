"""Pictures that rows carry with them, as PNG files: neighbours, reconstructions, samples."""

import base64
import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from matplotlib.image import imread, imsave

from tf_infomax.naming.natural_order import natural_key
from tf_infomax.plots.curves import select
from tf_infomax.results.tags import numeric

__all__ = ["Picture", "enlarged", "pictures", "pixels_of", "png_of"]

_READABLE_WIDTH = 640  # pixels; a row of 32-pixel images is too small to see


@dataclass(frozen=True)
class Picture:
    """One picture of one run.

    Args:
        name: kind of picture and variant, usable as a file name.
        caption: how to read it.
        png: the file's bytes, as measured: one pixel is one pixel of the images.
        width: in pixels.
    """

    name: str
    caption: str
    png: bytes
    width: int


def _neighbours(place, row):
    # Older rows without the tag show neighbours in the training set.
    query, gallery = ("a test image, one a class", "test")
    if row.get("gallery") != "test":
        query, gallery = ("a test image", "training")
    return (
        f"Nearest neighbours in code space, {place}. Each row: {query}, then the {gallery} images "
        "whose codes are nearest, the nearest first."
    )


def _reconstruction(place, row):
    return (
        f"Reconstructions, {place}. Above: test images; below: what a decoder reads from their "
        f"codes (mean squared error {row['value']:.4f} over the test set)."
    )


def _decoder(place, row):
    return (
        f"Reconstructions by the run's own decoder or generator, {place}. Above: test images; "
        f"below: what it makes of their codes (mean squared error {row['value']:.4f} over the test "
        "set)."
    )


def _samples(place, row):
    return (
        f"Samples, {place}: images decoded from drawn codes ({row.get('codes')}). The mean over "
        f"pixels of their standard deviation is {row['value']:.3f}"
        + (f", that of test images {_number(row['images'], '.3f')}." if row.get("images") else ".")
    )


def _traversals(place, row):
    span = _number(row.get("span", 0), "g")
    return (
        f"Latent traversals, {place}. Each row moves one entry of the code of the first test image "
        f"from -{span} to {span} standard deviations; shown are "
        f"the entries that change the image most: {_listed(row.get('entries'))}."
    )


def _number(tag, form):
    number = numeric(tag)
    return "unknown" if number is None else format(number, form)


def _listed(entries):
    return ", ".join(map(str, entries)) if isinstance(entries, list) else "not recorded"


_KINDS = {
    "neighbours/figure": _neighbours,
    "reconstruction/figure": _reconstruction,
    "decoder/figure": _decoder,
    "samples/figure": _samples,
    "traversals/figure": _traversals,
}


def pictures(frame):
    """The pictures in ``frame``: for each variant those of its first seed at its last step.

    Args:
        frame: rows of one experiment and data set, from ``results.to_frame``.
    Returns:
        List of ``Picture``, by kind and variant.
    Raises:
        ValueError: if a row's tag ``png`` is not a base64 PNG.
    """
    found = []
    if "png" not in frame:
        return found
    for metric, caption in _KINDS.items():
        chosen = select(frame, metric)
        # An array and not a list, which if empty would select no columns.
        chosen = chosen[np.array([isinstance(value, str) for value in chosen["png"]], dtype=bool)]
        for variant, rows in sorted(
            chosen.groupby("variant"), key=lambda one: natural_key(one[0])
        ):
            rows = rows[rows["seed"] == rows["seed"].min()]
            row = rows.loc[rows["step"].idxmax()].to_dict()
            png, pixels = png_of(row)
            place = f"{variant}, seed {row['seed']}, step {row['step']:,}"
            name = f"{variant}-{metric.split('/')[0]}"
            found.append(Picture(name, caption(place, row), png, pixels.shape[1]))
    return found


def png_of(row):
    """(bytes of the PNG that a row carries, its pixels); ``ValueError`` if it carries none."""
    try:
        png = base64.b64decode(row["png"], validate=True)
        return png, pixels_of(png)
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error) as error:
        raise ValueError(
            f"The tag `png` must be a base64 PNG ({error}). "
            f"Received: metric={row['metric']!r} of {row['experiment']}/{row['variant']}."
        ) from None


def pixels_of(png):
    """Colours [H, W, 3 or 4] in [0, 1]."""
    pixels = imread(io.BytesIO(png), format="png")
    return pixels if pixels.ndim == 3 else np.repeat(pixels[..., np.newaxis], 3, axis=-1)


def enlarged(png):
    """``png`` enlarged by a whole factor to at most 640 pixels' width, every pixel a square."""
    pixels = pixels_of(png)
    factor = max(1, _READABLE_WIDTH // pixels.shape[1])
    buffer = io.BytesIO()
    large = np.kron(pixels, np.ones((factor, factor, 1)))
    imsave(buffer, large, format="png", metadata={"Software": None})
    return buffer.getvalue()
