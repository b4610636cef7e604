"""Deep InfoMax's golden files: groups inside files, and layouts turned to channels last.

The README in the folder ``dim`` of the golden files is the specification: keys read
``group/name``, maps are N, C, H, W, dense and convolution weights have their outputs first. Arrays
are float32 results of the release, and a float64 port must be as close to them as a float32 one.
"""

import numpy as np

from tests.golden import golden_files
from tests.golden.golden_files import Comparisons

__all__ = [
    "DimComparisons",
    "cases",
    "channels_last",
    "conv_kernel",
    "dense_kernel",
    "flatten_order",
    "groups",
]


def cases(pattern, keys=lambda golden: ("",)):
    """As ``golden_files.cases``, of the Deep InfoMax files."""
    return golden_files.cases(pattern, keys, paper="dim")


def groups(pattern):
    """Function from a file to its groups (first parts of its keys) that match ``pattern``."""
    return lambda golden: golden.prefixes(rf"({pattern})/.*")


def channels_last(maps):
    """``[N, C, H, W]`` -> ``[N, H, W, C]``; arrays of other ranks as they are."""
    maps = np.asarray(maps)
    return np.moveaxis(maps, 1, -1) if maps.ndim == 4 else maps


def conv_kernel(weight):
    """``(out, in, kh, kw)`` -> ``(kh, kw, in, out)``."""
    return np.transpose(weight, (2, 3, 1, 0))


def dense_kernel(weight, map_shape=None):
    """``(out, in)`` -> ``(in, out)``.

    Args:
        weight: as stored.
        map_shape: ``(H, W, C)`` of the map whose flattening is the input, if it is one: inputs are
            stored channel slowest and are wanted channel fastest.
    """
    kernel = np.asarray(weight).T
    return kernel if map_shape is None else kernel[flatten_order(map_shape)]


def flatten_order(map_shape):
    """Indices into a C, H, W flattening that give the H, W, C flattening."""
    height, width, channels = map_shape
    stored = np.arange(height * width * channels).reshape(channels, height, width)
    return np.transpose(stored, (1, 2, 0)).reshape(-1)


class DimComparisons(Comparisons):
    """Comparisons whose tolerance is relative to the largest finite entry of the stored array."""

    def relative(self, name, actual, rtol=1e-5, atol=1e-6, to_stored=lambda array: array):
        """Compares with the array ``name``, if the file has it.

        Args:
            name: full key, ``group/name``.
            actual: what the port computed, in the layout of ``to_stored(array)``.
            rtol: tolerance as a part of the largest finite magnitude.
            atol: added to it.
            to_stored: brings the stored array into the port's layout.
        """
        if name not in self.golden:
            return
        expected = to_stored(np.asarray(self.golden[name]))
        magnitudes = np.abs(expected.astype(np.float64))
        largest = magnitudes[np.isfinite(magnitudes)].max(initial=0.0)
        self.close(f"{name} ({self.precision} port)", actual, expected, rtol * largest + atol)
