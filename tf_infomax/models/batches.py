"""Forms of a batch: pairs of views, or images with or without labels.

Keras passes to a model whatever its data hold: a tuple of arrays, a tuple of a tuple, a dict. A
form reads this, or says in one sentence what it needs. It reads tensors as well as their
specifications, so that a data set is checked before the first step.
"""

import dataclasses
from typing import Any

import numpy as np
import tensorflow as tf

__all__ = [
    "FACTS", "IMAGES", "PAIRS", "Batch", "ImageForm", "PairForm", "ViewsForm", "given_parts",
    "structure",
]  # fmt: skip

# What a batch may say of every example besides its label; see ``objectives.Features``.
FACTS = ("index", "attributes")


@dataclasses.dataclass(frozen=True)
class Batch:
    """One batch, as tensors or as their specifications.

    Attributes:
        inputs: the model's inputs, in the order of the form's ``names``.
        labels: int ``[K]``, or ``None``.
        facts: dict of ``FACTS`` that are known -> ``[K, ...]``.
    """

    inputs: tuple
    labels: Any = None
    facts: dict = dataclasses.field(default_factory=dict)

    @property
    def rows(self):
        """K as an int, or ``None`` where it is not known."""
        shape = self.inputs[0].shape
        return None if shape.rank is None else shape[0]

    @property
    def shapes(self):
        """Shapes of the inputs with any K; ``None`` where a rank is unknown."""
        shapes = [part.shape for part in self.inputs]
        if any(shape.rank is None for shape in shapes):
            return None
        return tuple((None, *shape[1:]) for shape in shapes)


class PairForm:
    """Pairs ``(x, y)``, two views with as many rows, and nothing else."""

    names = ("view_1", "view_2")
    rows_are = "pairs"
    # Whether the rank of the inputs tells a batch from a single example.
    rank_is_fixed = False

    def read(self, data, model):
        """``data`` as a ``Batch``.

        Args:
            data: what Keras passes: ``(x, y)``, or ``((x, y),)`` for arrays given as one
                argument; tensors, arrays or specifications.
            model: name of the model's class, for messages.

        Raises:
            ValueError: on data of another form.
        """
        parts = given_parts(data)
        if len(parts) == 1 and isinstance(parts[0], (tuple, list)):
            parts = tuple(parts[0])
        if len(parts) != 2 or not all(map(_is_leaf, parts)):
            raise ValueError(
                f"{model} takes pairs: data whose batches are (x, y), two views, without labels or "
                "weights (`data.map(lambda pair, label: pair)` leaves labels out); codes of one "
                f"view are those of its encoder. Received: {structure(data)}."
            )
        x, y = batch = tuple(map(_with_shape, parts))
        for view in batch:
            if _is_single(view):
                raise ValueError(
                    f"{model} takes batches of pairs, x of shape [K, ...] and y of shape [K, ...]. "
                    "Single pairs are batched by `data.batch(128, drop_remainder=True)`, numbers "
                    f"become views of shape [K, 1]. Received: {structure(data)}."
                )
        if not x.shape[:1].is_compatible_with(y.shape[:1]):
            raise ValueError(
                "Both views of a batch must have the same number of rows. "
                f"Received: x of shape {x.shape}, y of shape {y.shape}."
            )
        return Batch(batch)

    def doubt(self, batch, data):
        """A sentence about data that are valid, but probably not as intended; or ``None``."""
        if any(view.dtype == tf.uint8 for view in batch.inputs):
            return (
                "Views of bytes reach the encoders as numbers from 0 to 255, which only encoders "
                "that scale them learn from well: `view / 255` makes numbers from 0 to 1."
            )
        return None

    def build_shape(self, batch):
        """What ``build`` takes for such a batch; ``None`` where a rank is unknown."""
        return batch.shapes


class ImageForm:
    """Images ``[K, H, W, C]`` in [-1, 1], or ``(images, labels)``.

    In place of the images there may be a dict of "images" and what is known of every image besides
    its label (``FACTS``).
    """

    names = ("images",)
    rows_are = "images"
    rank_is_fixed = True

    def read(self, data, model):
        """``data`` as a ``Batch``; as ``PairForm.read``."""
        parts = given_parts(data)
        if len(parts) == 1 and isinstance(parts[0], (tuple, list)):
            parts = tuple(parts[0])
        facts = {}
        if isinstance(parts[0], dict) and {"images"} <= set(parts[0]) <= {"images", *FACTS}:
            facts = {name: _with_shape(parts[0][name]) for name in FACTS if name in parts[0]}
            parts = (parts[0]["images"], *parts[1:])
        if len(parts) > 2 or not all(map(_is_leaf, parts)):
            raise ValueError(
                f"{model} trains on images or on (images, labels). Received: {structure(data)}."
            )
        images, labels = (*map(_with_shape, parts), None)[:2]
        rank = images.shape.rank
        if rank == 3:
            raise ValueError(
                "Images must have shape [K, H, W, C]: single images are batched by "
                "`data.batch(64, drop_remainder=True)`, grey ones need a last axis of 1. "
                f"Received: shape {tuple(images.shape)}."
            )
        if rank is not None and rank != 4:
            raise ValueError(
                f"Images must have shape [K, H, W, C]. Received: shape {tuple(images.shape)}."
            )
        if not images.dtype.is_floating:
            raise ValueError(
                f"{model} takes floating images in [-1, 1]: bytes become such by `images / 127.5 - "
                "1`, or by tf.cast(images, tf.float32) for an encoder that scales its inputs "
                f"itself. Received: images of dtype {images.dtype.name}."
            )
        if labels is not None and not images.shape[:1].is_compatible_with(labels.shape[:1]):
            raise ValueError(
                "There must be one label for each image. Received: images of shape "
                f"{tuple(images.shape)}, labels of shape {tuple(labels.shape)}."
            )
        return Batch((images,), labels, facts)

    def doubt(self, batch, data):
        """As ``PairForm.doubt``; only for arrays, since reading other data costs a batch."""
        if isinstance(data, np.ndarray) and np.abs(data[:64]).max(initial=0.0) > 64.0:
            return (
                "Images are expected in [-1, 1], and these look like bytes from 0 to 255: "
                "`images / 127.5 - 1` makes them fit."
            )
        return None

    def build_shape(self, batch):
        """What ``build`` takes for such a batch; ``None`` where the rank is unknown."""
        return batch.shapes and batch.shapes[0]


class ViewsForm:
    """A dict of views ``{name: [K, ...]}``, or the views in their order; perhaps labels after them.

    So ``(views, labels)`` with either form of the views, or ``(x, y, labels)``.

    Args:
        names: of the views.
    """

    rows_are = "examples"
    rank_is_fixed = False

    def __init__(self, names):
        self.names = tuple(names)

    def read(self, data, model):
        """``data`` as a ``Batch``; as ``PairForm.read``."""
        parts = given_parts(data)
        if len(parts) == 1 and isinstance(parts[0], (tuple, list)):
            parts = tuple(parts[0])
        number = len(self.names)
        if isinstance(parts[0], dict) and set(parts[0]) == set(self.names):
            parts = (*(parts[0][name] for name in self.names), *parts[1:])
        elif isinstance(parts[0], (tuple, list)) and len(parts[0]) == number:
            parts = (*parts[0], *parts[1:])
        if len(parts) not in (number, number + 1) or not all(map(_is_leaf, parts)):
            raise ValueError(
                f"{model} takes the views {', '.join(self.names)}, as a dict of just these or in "
                "this order, and perhaps labels after them: (views, labels). "
                f"Received: {structure(data)}."
            )
        parts = tuple(map(_with_shape, parts))
        views, labels = parts[:number], (*parts[number:], None)[0]
        if any(map(_is_single, views)):
            raise ValueError(
                f"{model} takes batches of views, each of shape [K, ...]. Single examples are "
                "batched by `data.batch(128, drop_remainder=True)`, numbers become views of shape "
                f"[K, 1]. Received: {structure(data)}."
            )
        if any(not views[0].shape[:1].is_compatible_with(part.shape[:1]) for part in parts):
            raise ValueError(
                "All views of a batch, and its labels, must have the same number of rows. "
                f"Received: {structure(data)}."
            )
        return Batch(views, labels)

    def doubt(self, batch, data):
        """``None``: no check applies to views in general."""
        del batch, data

    def build_shape(self, batch):
        """What ``build`` takes for such a batch; ``None`` where a rank is unknown."""
        return batch.shapes and dict(zip(self.names, batch.shapes, strict=True))


PAIRS = PairForm()
IMAGES = ImageForm()


def given_parts(data):
    """Keras' (x, y, weights) as a tuple, without what was not given."""
    parts = tuple(data) if isinstance(data, (tuple, list)) else (data,)
    while len(parts) > 1 and parts[-1] is None:
        parts = parts[:-1]
    return parts


def _is_leaf(part):
    return part is not None and not isinstance(part, (tuple, list, dict))


def _is_single(view):
    """Whether a view is certainly no batch: words are batched as ``[K]``, all else is not."""
    return view.shape.rank is not None and view.shape.rank < 2 and view.dtype != tf.string


def _with_shape(part):
    """``part`` with TensorFlow's shape and dtype: specifications and tensors as they are."""
    if isinstance(part, tf.TypeSpec) and hasattr(part, "shape"):
        return part
    return tf.convert_to_tensor(part)


def structure(data):
    """``data`` in a few words: "(float32 [8, 4], float32 [8, 4])"."""
    if isinstance(data, (tuple, list)):
        return f"({', '.join(map(structure, data))}{',' * (len(data) == 1)})"
    if isinstance(data, dict):
        return f"{{{', '.join(f'{name!r}: {structure(part)}' for name, part in data.items())}}}"
    shape, dtype = getattr(data, "shape", None), getattr(data, "dtype", None)
    if shape is None or dtype is None:
        return type(data).__name__
    name = getattr(dtype, "name", str(dtype))
    rank = getattr(shape, "rank", len(shape) if isinstance(shape, tuple) else None)
    if isinstance(shape, tf.TensorShape) and rank is None:
        return f"{name} of unknown shape"
    return f"{name} [{', '.join('K' if size is None else str(size) for size in shape)}]"
