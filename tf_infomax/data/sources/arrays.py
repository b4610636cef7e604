"""Images in NumPy's ``.npz`` files."""

import warnings

import numpy as np

from tf_infomax.data.image_data import DatasetWarning, ImageData

__all__ = ["from_npz"]

_ROUNDING = 1e-6  # Rounding by which float32 images may exceed [0, 1].
_MOST_CHANNELS = 4
# Names in files of MedMNIST; its images for validation are not read.
_OTHER_NAMES = {
    "train_images": "x_train", "train_labels": "y_train",
    "test_images": "x_test", "test_labels": "y_test",
}  # fmt: skip


def from_npz(path):
    """Reads ``x_train``, ``x_test`` and, if present, labels and unlabelled images.

    Pixels: ``x_train``, ``x_test``, ``x_unlabelled``, each ``[N, H, W]`` or ``[N, H, W, C]``, all
    integers from 0 to 255 (which become uint8), all floats in [0, 1] (float32), or all bool (uint8,
    0 and 255).

    Labels: ``y_train``, ``y_test`` of shape ``[N]`` or ``[N, 1]``: integers or floats without a
    fraction, -1 for unlabelled, or strings. The values that occur are the classes, in their order.
    A matrix ``[N, C]`` of zeros with a single 1 a row names its C columns, which are the classes
    even if some of them do not occur.

    ``train_images``, ``train_labels``, ``test_images`` and ``test_labels``, as in MedMNIST's files,
    are read as well.

    Args:
        path: ``pathlib.Path`` of the file.

    Returns:
        ``ImageData``.

    Raises:
        ValueError: if the file or an array is not as above; the message says what to do.

    Warns:
        DatasetWarning: if no pixel reaches half of the range: they may be scaled otherwise.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
    except Exception as error:  # zipfile, zlib and NumPy raise a dozen kinds for a broken file
        raise ValueError(
            f"{path} is not a readable .npz file of plain arrays (labels that are Python strings "
            f"must be saved as y.astype(str)): {error}"
        ) from error
    for other, name in _OTHER_NAMES.items():
        if name not in arrays and other in arrays:
            arrays[name] = arrays.pop(other)
    if missing := {"x_train", "x_test"} - set(arrays):
        raise ValueError(
            f"{path} must hold x_train and x_test, and may hold y_train, y_test and x_unlabelled; "
            f"it lacks {' and '.join(sorted(missing))}. Received: {sorted(arrays)}."
        )
    keys = [key for key in ("x_train", "x_test", "x_unlabelled") if key in arrays]
    images = {key: _images(arrays[key], f"{key} of {path}") for key in keys}
    kinds = {array.dtype for array in images.values()}
    if len(kinds) > 1:
        raise ValueError(
            f"{' and '.join(keys)} of {path} must all be integers or all be floating. "
            f"Received: {' and '.join(str(arrays[key].dtype) for key in keys)}."
        )
    is_integer = kinds == {np.dtype(np.uint8)}
    for key, array in images.items() if is_integer else ():
        if arrays[key].dtype != bool and array.max() == 1:
            raise ValueError(
                f"Integer pixels run from 0 to 255, and those of {key} of {path} would all be "
                "black; save images of zeros and ones as bool. Received: largest value 1."
            )
    _warn_of_darkness(images, 255 if is_integer else 1, path)
    train, test, names = _labels(
        [arrays.get(key) for key in ("y_train", "y_test")],
        [f"{key} of {path}" for key in ("y_train", "y_test")],
        [len(images[key]) for key in ("x_train", "x_test")],
    )
    return ImageData(
        name=path.stem,
        train_images=images["x_train"],
        train_labels=train,
        test_images=images["x_test"],
        test_labels=test,
        pixel_max=255.0 if is_integer else 1.0,
        num_classes=len(names),
        label_names=names,
        unlabelled_images=images.get("x_unlabelled"),
    )


def _images(array, what):
    if array.ndim not in (3, 4) or 0 in array.shape:
        raise ValueError(
            f"{what} must have shape [N, H, W] or [N, H, W, C], nothing empty. "
            f"Received: shape {array.shape}."
        )
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if array.shape[1] <= _MOST_CHANNELS < min(array.shape[2:]):
        raise ValueError(
            f"{what} must have its channels last; np.moveaxis(x, 1, -1) puts them there. "
            f"Received: shape {array.shape}."
        )
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if np.issubdtype(array.dtype, np.integer):
        return _of_integers(array, what)
    if np.issubdtype(array.dtype, np.floating):
        return _of_floats(array, what)
    raise ValueError(
        f"{what} must be integers (0 to 255), floating (0 to 1) or bool. "
        f"Received: dtype {array.dtype}."
    )


def _warn_of_darkness(images, white, path):
    """Warns of images of fewer bits (0 to 16, 0 to 100) and of those that were scaled twice.

    All arrays may be so, or some of them, which are then another kind of images than the others.
    """
    brightest = {key: array.max() for key, array in images.items()}
    dark = {key: value for key, value in brightest.items() if 0 < value < white / 2}
    if not dark:
        return
    largest = max(dark.values())
    which = "All images" if len(dark) == len(images) else f"The images {' and '.join(dark)}"
    others = "" if len(dark) == len(images) else f", but {max(brightest.values())} in the others"
    warnings.warn(
        f"{which} of {path} are dark: {white} is white, and no pixel exceeds "
        f"{largest}{others}. If that stands for white, save x / {largest}.",
        DatasetWarning,
        stacklevel=5,  # the caller of `load`
    )


def _of_integers(array, what):
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise ValueError(
            f"{what} must lie in [0, 255] if it holds integers; save other ranges as floats in "
            f"[0, 1], as by x / 65535 for 16 bits. Received: {array.dtype} from {low} to {high}."
        )
    return array.astype(np.uint8, copy=False)


def _of_floats(array, what):
    count = array.size - np.count_nonzero(np.isfinite(array))
    if count:
        raise ValueError(
            f"{what} must be finite. Received: {count} NaN or infinite values of {array.size}."
        )
    low, high = float(array.min()), float(array.max())
    if low < -_ROUNDING or high > 1 + _ROUNDING:
        raise ValueError(
            f"{what} must lie in [0, 1] if it is floating; {_cure(low, high)} may be what it "
            f"needs. Received: {low:g} to {high:g}."
        )
    return np.clip(array, 0, 1).astype(np.float32, copy=False)


def _cure(low, high):
    """The expression that most likely scales floats from ``low`` to ``high`` into [0, 1]."""
    if low >= 0 and 2 < high <= 255:
        return "x / 255 (or x.astype(np.uint8) where the values are whole)"
    if low >= 0 and high <= 2:
        return "np.clip(x, 0, 1)"
    if low >= -0.5 and high <= 0.5:
        return "x + 0.5"
    if low >= -1 and high <= 1:
        return "(x + 1) / 2"
    return "(x - x.min()) / (x.max() - x.min())"


def _labels(arrays, what, counts):
    """Labels of each split as numbers of classes, and the names of the classes."""
    columns = [
        np.full(count, -1) if array is None else _column(array, name, count)
        for array, name, count in zip(arrays, what, counts, strict=True)
    ]
    widths = {array.shape[1] for array in arrays if array is not None and array.ndim == 2} - {1}
    # Python's integers for the few different values, since they hold any label.
    uniques = [np.unique(column, return_inverse=True) for column in columns]
    values = [
        [value if isinstance(value, str) else int(value) for value in unique.tolist()]
        for unique, _ in uniques
    ]
    classes = {value for split in values for value in split} - {-1}
    classes.update(*map(range, widths))
    if len({type(value) for value in classes}) > 1 or len(widths) > 1:
        received = " and ".join(
            f"{array.dtype} of shape {array.shape}" for array in arrays if array is not None
        )
        raise ValueError(f"{' and '.join(what)} must be of one kind. Received: {received}.")
    names = sorted(classes)
    if names and not isinstance(names[0], str) and names[0] < 0:
        raise ValueError(
            f"{' and '.join(what)} must be 0 or more, or -1 for unlabelled. Received: {names[0]}."
        )
    number = {-1: -1, **{value: label for label, value in enumerate(names)}}
    train, test = (
        np.array([number[value] for value in split], np.int64)[inverse]
        for split, (_, inverse) in zip(values, uniques, strict=True)
    )
    return train, test, tuple(map(str, names))


def _column(array, what, count):
    """Names of the labels, one for each image: whole numbers or strings."""
    received = f"Received: {array.dtype} of shape {array.shape}"
    is_numeric = array.dtype.kind in "biuf"
    if is_numeric and array.ndim == 2 and len(array) == count and array.shape[1] > 1:
        if not np.all((array == 0) | (array == 1)) or np.any(np.count_nonzero(array, axis=1) != 1):
            raise ValueError(
                f"A matrix of labels must have a single 1 in every row, the rest 0; {what} does "
                f"not. {received}."
            )
        return array.argmax(axis=1)
    if array.shape == (count, 1):  # the form of Keras' own data sets
        array = array[:, 0]
    if array.shape != (count,) or not (is_numeric or array.dtype.kind in "US"):
        raise ValueError(
            f"{what} must be {count} labels, one for each image: whole numbers, strings, or a "
            f"matrix with a column for each class. {received}."
        )
    if array.dtype.kind == "S":
        try:
            return np.char.decode(array, "utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{what} must be UTF-8 if it holds bytes; np.char.decode(y, 'latin-1') makes text "
                f"of other bytes. Received: {error.object!r}."
            ) from None
    if array.dtype.kind == "f":
        odd = array[~(np.isfinite(array) & (array == np.floor(array)))]
        if odd.size:
            raise ValueError(
                f"{what} must hold whole numbers. Received: {array.dtype} with {odd.size} others, "
                f"such as {odd[0]:g}."
            )
    return array
