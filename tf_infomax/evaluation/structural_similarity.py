"""Structural similarity of images: multi-scale SSIM, and the release's score of that name."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from tf_infomax.naming import arguments
from tf_infomax.numerics.tensors import tensor

__all__ = ["MultiScale", "multi_scale", "multi_scale_ssim", "released_ssim"]

# Weights of the scales, finest first: Wang, Simoncelli, Bovik (2003), as in TensorFlow.
_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


@dataclasses.dataclass(frozen=True)
class MultiScale:
    """The setting of a multi-scale SSIM, which belongs to the score.

    Attributes:
        filter_size: side of the Gaussian window.
        filter_sigma: its standard deviation, in pixels.
        weights: of the scales, finest first; they sum to 1.

    Raises:
        ValueError: on a window or weights that are not positive.
    """

    filter_size: int
    filter_sigma: float
    weights: tuple

    def __post_init__(self):
        arguments.positive_integer(self.filter_size, "filter_size")
        arguments.number(self.filter_sigma, "filter_sigma", exclusive=True)
        weights = arguments.array(self.weights, "weights")
        # Negated, so that NaN is an error.
        if weights.ndim != 1 or not weights.size or not (weights > 0.0).all():
            raise ValueError(
                "`weights` must be positive numbers, one for each scale. "
                f"Received: weights={self.weights!r}."
            )


def multi_scale(height, width, filter_size=7, filter_sigma=1.5):
    """The setting for images of a size: as many of the five scales as the window fits into.

    The usual five scales need 161 pixels for a window of 11. With the default window of 7 there
    are 3 scales at 28 and 32 pixels, 4 at 64, and 5 from 97 on. The first weights are kept, and
    divided by their sum.

    Args:
        height, width: of the images.
        filter_size, filter_sigma: of the window.

    Returns:
        ``MultiScale``.

    Raises:
        ValueError: if the images are smaller than the window.
    """
    height, width, filter_size = (
        arguments.positive_integer(value, name)
        for name, value in (("height", height), ("width", width), ("filter_size", filter_size))
    )
    count = _scales(min(height, width), filter_size, len(_WEIGHTS))
    if not count:
        raise ValueError(
            f"Images must be at least as large as the window, {filter_size} pixels. "
            f"Received: {height} x {width} pixels."
        )
    weights = np.array(_WEIGHTS[:count])
    return MultiScale(filter_size, filter_sigma, tuple((weights / weights.sum()).tolist()))


def _scales(side, filter_size, most):
    """Number of scales, up to ``most``, at which the window fits into images of a side."""
    count = 0
    while side >= filter_size and count < most:
        # Odd sides are padded before they are halved.
        side, count = -(-side // 2), count + 1
    return count


def multi_scale_ssim(a, b, data_range=(-1.0, 1.0), setting=None):
    """Multi-scale structural similarity of each pair of images, mean over channels.

    ``prod over scales j: cs_j^{w_j}``, times the luminance at the coarsest scale; negative terms
    count as 0. The luminance ``2 m n / (m^2 + n^2)`` compares mean intensities and is defined for
    intensities of at least 0: so the images are moved to pictures in [0, 1] first.

    Args:
        a, b: ``[N, H, W, C]``, floating.
        data_range: (smallest, largest) possible value. A number R means (0, R), such as 1 or 255;
            2 means (-1, 1), the range of this package's images.
        setting: ``MultiScale``, or ``None`` for that of the images' size.

    Returns:
        ``[N]``, in [0, 1]; 1 for equal images.

    Raises:
        ValueError: on images of different shapes, without pixels or channels, or smaller than the
            window at any scale; on a range that is empty or infinite; if called eagerly, on values
            outside the range by more than rounding, and NaN. In a graph values are clipped.

    Reference: Wang, Simoncelli, Bovik (2003), "Multi-scale structural similarity".
    """
    a, b = _checked(a, b)
    if setting is None:
        setting = multi_scale(int(a.shape[1]), int(a.shape[2]))
    else:
        _check_setting(setting, a.shape[1:3])
    a, b = _pictures(data_range, a, b)
    return tf.image.ssim_multiscale(
        a,
        b,
        max_val=1.0,
        power_factors=setting.weights,
        filter_size=setting.filter_size,
        filter_sigma=setting.filter_sigma,
    )


def _check_setting(setting, sides):
    if not isinstance(setting, MultiScale):
        raise ValueError(f"`setting` must be a MultiScale, or None. Received: setting={setting!r}.")
    number = len(setting.weights)
    # Sides may be unknown in a graph.
    if None not in sides and _scales(min(sides), setting.filter_size, number) < number:
        raise ValueError(
            f"The window of {setting.filter_size} pixels must fit into images that are halved "
            f"{number - 1} times. Received: {sides[0]} x {sides[1]} pixels, setting={setting!r}."
        )


def _pictures(data_range, *images):
    """Images as intensities in [0, 1], float32."""
    given = arguments.array(data_range, "data_range")
    if given.ndim == 0:
        given = np.array((-1.0, 1.0) if given == 2 else (0.0, given))
    is_range = given.shape == (2,) and given.dtype.kind in "fiu"
    low, high = map(float, given) if is_range else (0.0, 0.0)
    if not low < high or not math.isfinite(high - low):
        raise ValueError(
            "`data_range` must be finite: (smallest, largest), or a largest value above 0. "
            f"Received: data_range={data_range!r}."
        )
    pictures = [tf.cast((one - low) / (high - low), tf.float32) for one in images]
    if tf.executing_eagerly():
        for one, picture in zip(images, pictures, strict=True):
            # Negated, so that NaN is an error; the slack is for rounding.
            if not bool(tf.reduce_all((picture >= -1e-4) & (picture <= 1.0 + 1e-4))):
                # NumPy's extremes are NaN where a value is; those of TensorFlow may not be.
                ends = [float(end) for end in (np.min(one), np.max(one))]
                raise ValueError(
                    f"Images must be in their data range, [{low:g}, {high:g}]. "
                    f"Received: data_range={data_range!r}, values from {ends[0]:g} to {ends[1]:g}."
                )
    return [tf.clip_by_value(picture, 0.0, 1.0) for picture in pictures]


def released_ssim(a, b, window=11):
    """The score that the release of Deep InfoMax calls "ms_ssim", of each pair of images.

    It has a single scale; its Gaussian window is nearly flat, as its standard deviation is the
    window's size and not 1.5; borders are padded with zeros; and the constants are those of a unit
    data range although the images span 2, negative intensities among them. Use it only to
    compare with the release; otherwise use ``multi_scale_ssim``.

    Args:
        a, b: ``[N, H, W, C]``, floating, in [-1, 1].
        window: side of the window, odd.

    Returns:
        ``[N]``, mean over places and channels; 1 for equal images.

    Raises:
        ValueError: on images of different shapes, or without pixels or channels; on an even window;
            if called eagerly, on values outside [-1, 1] by more than rounding, and NaN.
    """
    a, b = _checked(a, b)
    # For the check of their range alone: the score is of the images as they are.
    _pictures((-1.0, 1.0), a, b)
    window = arguments.integer(window, "window", wanted="odd and positive")
    if window % 2 == 0:
        raise ValueError(f"`window` must be odd and positive. Received: window={window}.")
    offsets = np.arange(window) - window // 2
    gaussian = np.exp(-0.5 * (offsets / window) ** 2)
    gaussian /= gaussian.sum()

    def smooth(maps):
        # A Gaussian window is separable: columns, then rows.
        for shape in ((window, 1, 1, 1), (1, window, 1, 1)):
            kernel = tf.constant(gaussian.reshape(shape), maps.dtype)
            kernel = tf.tile(kernel, [1, 1, maps.shape[-1], 1])
            maps = tf.nn.depthwise_conv2d(maps, kernel, [1, 1, 1, 1], "SAME")
        return maps

    mean_a, mean_b = smooth(a), smooth(b)
    variances = smooth(a * a) - mean_a**2 + smooth(b * b) - mean_b**2
    covariance = smooth(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    similarity = (2.0 * mean_a * mean_b + c1) * (2.0 * covariance + c2)
    similarity /= (mean_a**2 + mean_b**2 + c1) * (variances + c2)
    return tf.reduce_mean(similarity, axis=[1, 2, 3])


def _checked(a, b):
    a, b = (tensor(one, name) for name, one in (("a", a), ("b", b)))
    fits = a.shape.rank == 4 and a.shape == b.shape and 0 not in a.shape[1:]
    if not fits or not a.dtype.is_floating or a.dtype != b.dtype:
        raise ValueError(
            "Both must be floating images of one shape [N, H, W, C], H, W, C >= 1. "
            f"Received: {a.dtype.name} of shape {a.shape}, {b.dtype.name} of shape {b.shape}."
        )
    return a, b
