"""A data set of images, independent of its source."""

import dataclasses
import functools
import hashlib

import numpy as np

from tf_infomax.naming.registry import unknown_name

__all__ = ["DatasetNotFoundError", "DatasetWarning", "ImageData"]


class DatasetWarning(UserWarning):
    """A data set was read, but something in it was left out or cannot serve its purpose."""


class DatasetNotFoundError(FileNotFoundError, ValueError):
    """The named data set is not on this machine; the message says how to get it."""


@dataclasses.dataclass(frozen=True)
class ImageData:
    """An image data set, held in memory as it is stored on disk, or in mapped files.

    Attributes:
        name: for rows and reports.
        train_images, test_images: ``[N, H, W, C]``, uint8, or float32 if they were stored so.
            Read-only, because runs in one process share them.
        train_labels, test_labels: ``int64 [N]``; -1 means unlabelled.
        unlabelled_images: further training images, of the same shape and dtype as
            ``train_images``, or ``None``.
        attribute_names: A strings, names of yes-or-no facts about every image besides its class;
            several may be true of one image (CelebA: "Smiling", "Young").
        train_attributes, test_attributes: uint8 ``[N, A]``, 0 or 1, or ``None`` where A = 0.
        pixel_max: the stored value that stands for 1.0: 255 (uint8), 16 (digits) or 1 (float32).
        num_classes: number of classes, 0 if nothing is labelled.
        label_names: ``num_classes`` strings.

    Raises:
        ValueError: on shapes or dtypes other than these, an empty split, labels outside
            ``[-1, num_classes)``, pixels that are NaN or infinite, or attributes that do not fit.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    pixel_max: float
    num_classes: int
    label_names: tuple
    unlabelled_images: np.ndarray | None = None
    attribute_names: tuple = ()
    train_attributes: np.ndarray | None = None
    test_attributes: np.ndarray | None = None

    def __post_init__(self):
        fields = [f"{split}_{kind}" for split in ("train", "test") for kind in ("images", "labels")]
        optional = ("unlabelled_images", "train_attributes", "test_attributes")
        fields += [field for field in optional if getattr(self, field) is not None]
        for field in fields:
            shared = getattr(self, field).view()
            shared.flags.writeable = False
            object.__setattr__(self, field, shared)
        for field in fields:
            if field.endswith("_images"):
                self._check_images(field)
            elif field.endswith("_labels"):
                self._check_labels(field.replace("labels", "images"), field)
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            raise ValueError(
                f"Train and test images of {self.name} must have one shape (H, W, C). Received: "
                f"{self.train_images.shape[1:]} and {self.test_images.shape[1:]}."
            )
        self._check_unlabelled()
        self._check_attributes()
        if len(self.label_names) != self.num_classes:
            raise ValueError(
                f"Every class needs a name. Received: num_classes={self.num_classes}, "
                f"label_names={self.label_names}."
            )

    def _check_images(self, field):
        images = getattr(self, field)
        if images.ndim != 4 or 0 in images.shape:
            raise ValueError(
                f"`{field}` of {self.name} must have shape [N, H, W, C], nothing empty. "
                f"Received: shape {images.shape}."
            )
        if images.dtype not in (np.uint8, np.float32):
            raise ValueError(
                f"`{field}` of {self.name} must be uint8 or float32. "
                f"Received: dtype {images.dtype}."
            )
        if images.dtype == np.float32:
            # Some at a time, because they may be a mapped file.
            count = sum(
                part.size - np.count_nonzero(np.isfinite(part))
                for part in (images[k : k + 1_024] for k in range(0, len(images), 1_024))
            )
            if count:
                raise ValueError(
                    f"`{field}` of {self.name} must be finite. "
                    f"Received: {count} NaN or infinite values of {images.size}."
                )

    def _check_labels(self, images_field, field):
        images, labels = getattr(self, images_field), getattr(self, field)
        if labels.shape != images.shape[:1] or labels.dtype != np.int64:
            raise ValueError(
                f"`{field}` of {self.name} must be int64 of shape [{len(images)}]. "
                f"Received: {labels.dtype} of shape {labels.shape}."
            )
        if labels.min() < -1 or labels.max() >= self.num_classes:
            raise ValueError(
                f"`{field}` of {self.name} must lie in [0, {self.num_classes}), or be -1 "
                f"for unlabelled. Received: {labels.min()} to {labels.max()}."
            )

    def _check_unlabelled(self):
        unlabelled, train = self.unlabelled_images, self.train_images
        if unlabelled is None:
            return
        if unlabelled.shape[1:] != train.shape[1:] or unlabelled.dtype != train.dtype:
            raise ValueError(
                f"Unlabelled images of {self.name} must be as the training images, "
                f"{train.dtype} of shape {train.shape[1:]} each. "
                f"Received: {unlabelled.dtype} of shape {unlabelled.shape[1:]}."
            )

    def _check_attributes(self):
        for split in ("train", "test"):
            attributes = getattr(self, f"{split}_attributes")
            expected = (len(getattr(self, f"{split}_images")), len(self.attribute_names))
            if attributes is None and not self.attribute_names:
                continue
            if (
                attributes is None
                or attributes.shape != expected
                or attributes.dtype != np.uint8
                or attributes.max(initial=0) > 1
            ):
                kind = "None" if attributes is None else f"{attributes.dtype} {attributes.shape}"
                raise ValueError(
                    f"`{split}_attributes` of {self.name} must be uint8 of shape {expected}, "
                    f"0 or 1. Received: {kind}."
                )

    @property
    def image_shape(self):
        """``(H, W, C)`` of every image."""
        return self.train_images.shape[1:]

    @property
    def is_labelled(self):
        """Whether every training and test image has a label, as probes need."""
        return bool(min(self.train_labels.min(), self.test_labels.min()) >= 0)

    @functools.cached_property
    def checksum(self):
        """SHA-256 of all images, labels and attributes, in hexadecimal."""
        found = hashlib.sha256()
        for field in dataclasses.fields(self):
            values = getattr(self, field.name)
            if isinstance(values, np.ndarray):
                found.update(f"{field.name} {values.dtype} {values.shape}".encode())
                found.update(np.ascontiguousarray(values))
        return found.hexdigest()

    @functools.cached_property
    def without_last_row(self):
        """The same images without their last row of pixels."""
        fields = ("train_images", "test_images", "unlabelled_images")
        kept = {name: getattr(self, name) for name in fields}
        return dataclasses.replace(
            self, **{name: images[:, :-1] for name, images in kept.items() if images is not None}
        )

    def without_labels(self):
        """The same images, all unlabelled."""
        return dataclasses.replace(
            self,
            train_labels=np.full_like(self.train_labels, -1),
            test_labels=np.full_like(self.test_labels, -1),
            num_classes=0,
            label_names=(),
        )

    def labelled_by(self, attribute):
        """The same images with one of their attributes as the label: two classes, no and yes.

        Args:
            attribute: one of ``attribute_names``.

        Returns:
            ``ImageData`` with labels 0 and 1, named ``"not <attribute>"`` and ``"<attribute>"``.

        Raises:
            ValueError: if there is no such attribute; names the nearest.
        """
        if not self.attribute_names:
            raise ValueError(
                f"Only a data set with attributes, such as celeb_a, can be labelled by one of "
                f"them. Received: label={attribute!r} for {self.name}."
            )
        if attribute not in self.attribute_names:
            raise unknown_name("attribute", attribute, self.attribute_names)
        column = self.attribute_names.index(attribute)
        return dataclasses.replace(
            self,
            train_labels=self.train_attributes[:, column].astype(np.int64),
            test_labels=self.test_attributes[:, column].astype(np.int64),
            num_classes=2,
            label_names=(f"not {attribute}", attribute),
        )
