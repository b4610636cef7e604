"""Checks of the inputs of evaluations: codes, labels and images."""

import numpy as np

from tf_infomax.naming import arguments

__all__ = [
    "check_classes",
    "checked_codes",
    "checked_images",
    "checked_labels",
    "checked_pair",
    "labelled_rows",
    "labelled_subset",
    "numbered_classes",
    "some_labelled",
]


def checked_codes(codes, split, dtype=np.float32, within=None):
    """Codes as a matrix ``[N, D]``: maps are flattened, and everything must be finite.

    Args:
        codes: ``[N, ...]``, rank 2 or more; not copied if it has the type already.
        split: name of the codes' split, for messages.
        dtype: of the matrix; ``None`` leaves the type as it is.
        within: type whose range the entries must be in; ``None`` means that of the matrix.

    Raises:
        ValueError: if there are no codes, on a rank below 2, or entries that are NaN or infinite in
            that type.
    """
    codes = arguments.array(codes, f"{split} codes")
    if codes.ndim < 2 or 0 in codes.shape or codes.dtype.kind not in "fiu":
        raise ValueError(
            f"The {split} codes must be numbers of shape [N, D] or [N, ..., C]. "
            f"Received: {codes.dtype.name} codes of shape {codes.shape}."
        )
    with np.errstate(over="ignore"):
        codes = np.asarray(codes, dtype).reshape(len(codes), -1)
    # In blocks: the mask of a whole data set would be a quarter of its size.
    within = within or codes.dtype
    with np.errstate(over="ignore"):
        num_bad = sum(
            int(np.sum(~np.isfinite(np.asarray(codes[start : start + 4096], within))))
            for start in range(0, len(codes), 4096)
        )
    if num_bad:
        raise ValueError(
            f"The {split} codes must be finite. Received: {num_bad} NaN or infinite entries."
        )
    return codes


def checked_labels(labels, codes, split):
    """Labels as int64 ``[N]``, one for each row of the codes; -1 means unlabelled.

    Args:
        labels: integers; any values from 0 on, such as the numbers of a database.
        codes: what they are the labels of, ``[N, ...]``.
        split: what the codes are of, for messages.

    Raises:
        ValueError: on another number of labels, fractional labels, or labels below -1 or beyond
            int64.
    """
    labels = arguments.array(labels, f"{split} labels")
    if labels.shape != codes.shape[:1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"Every row of the {split} codes (or images) must have one integer label. "
            f"Received: shape {codes.shape}, labels of shape {labels.shape}, {labels.dtype.name}."
        )
    if (labels < -1).any():
        raise ValueError(
            f"The {split} labels must be classes from 0 on, or -1 for unlabelled. "
            f"Received: min(labels)={labels.min()}."
        )
    # Cast, an unsigned label would become a negative one, that is unlabelled.
    if labels.max() > np.iinfo(np.int64).max:
        raise ValueError(
            f"The {split} labels must be less than 2 ** 63. Received: max(labels)={labels.max()}."
        )
    return np.asarray(labels, np.int64)


def some_labelled(labels, split):
    """Mask ``[N]`` of the labelled rows; ``ValueError`` if there is none."""
    labelled = labels >= 0
    if not labelled.any():
        raise ValueError(
            f"At least one {split} row must be labelled, and -1 means unlabelled. "
            f"Received: {len(labels)} unlabelled rows."
        )
    return labelled


def labelled_rows(codes, labels, split, dtype=np.float32, within=None):
    """(codes ``[N', D]``, labels int64 ``[N']``) of the labelled rows; types as ``checked_codes``.

    Raises:
        ValueError: as ``checked_codes`` and ``checked_labels``, or if no row is labelled.
    """
    codes = checked_codes(codes, split, dtype, within)
    labels = checked_labels(labels, codes, split)
    labelled = some_labelled(labels, split)
    # A mask copies, and the codes of a whole data set are too large for that.
    return (codes, labels) if labelled.all() else (codes[labelled], labels[labelled])


def labelled_subset(labels, fraction, seed):
    """Positions of a random part of each class, at least one row of every class, ascending.

    Args:
        labels: int ``[N]``, all labelled.
        fraction: of the rows of each class, above 0 and at most 1; rounded to whole rows.
        seed: int; the same seed gives subsets of which the smaller are within the larger.

    Raises:
        ValueError: if ``fraction`` is out of its range.
    """
    fraction = arguments.fraction(fraction, "fraction", one=True)
    order = np.random.default_rng(seed).permutation(len(labels))
    chosen = []
    for label in np.unique(labels):
        rows = order[labels[order] == label]
        chosen.append(rows[: max(1, round(fraction * len(rows)))])
    return np.sort(np.concatenate(chosen))


def check_classes(train_labels):
    """Raises ``ValueError`` if the training labels are all the same."""
    if train_labels.min() == train_labels.max():
        raise ValueError(
            "A classifier needs training labels of two classes or more. "
            f"Received: {len(train_labels)} labels, all {train_labels[0]}."
        )


def numbered_classes(train_labels, *others):
    """(number of classes C, the labels of each split as int32 from 0 to C - 1).

    Classes are the labels that occur in any split, in ascending order: what a network learns does
    not depend on which integers they are, and labels 0 .. C - 1 stay as they are.

    Args:
        train_labels, *others: integers ``[N]``, all labelled.

    Raises:
        ValueError: if the training labels are all the same.
    """
    check_classes(train_labels)
    splits = (train_labels, *others)
    classes = np.unique(np.concatenate(splits))
    return len(classes), *(np.searchsorted(classes, one).astype(np.int32) for one in splits)


def checked_pair(train, test, what="codes"):
    """Raises ``ValueError`` if rows of the two splits differ in shape."""
    if train.shape[1:] != test.shape[1:]:
        kind, sizes = "shape", (train.shape[1:], test.shape[1:])
        if train.ndim == test.ndim == 2:
            kind, sizes = "width", (train.shape[1], test.shape[1])
        raise ValueError(
            f"Train and test {what} must have the same {kind}. Received: {sizes[0]} and {sizes[1]}."
        )


def checked_images(images, split, dtype=np.float32):
    """Images as uint8, or floating, ``[N, H, W, C]``.

    Args:
        images: ``[N, H, W, C]``, uint8, or floating with values in [-1, 1].
        split: name of the images' split, for messages.
        dtype: of floating images; ``None`` leaves their type as it is.

    Raises:
        ValueError: on other shapes or types, NaN, or values outside [-1, 1].
    """
    images = arguments.array(images, f"{split} images")
    if images.ndim != 4 or 0 in images.shape:
        raise ValueError(
            f"The {split} images must have shape [N, H, W, C]. Received: shape {images.shape}."
        )
    if images.dtype == np.uint8:
        return images
    low, high = (images.min(), images.max()) if images.dtype.kind == "f" else (None, None)
    # Negated, so that NaN is an error; the slack is for rounding.
    if low is None or not (low >= -1.0001 and high <= 1.0001):
        raise ValueError(
            f"The {split} images must be uint8, or floats in [-1, 1]. "
            f"Received: {images.dtype.name} in [{low}, {high}]."
        )
    return np.asarray(images, dtype)
