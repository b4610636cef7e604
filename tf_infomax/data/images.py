"""Whole images, held as bytes in memory or in mapped files, and batched by index."""

import numpy as np
import tensorflow as tf

from tf_infomax.data import augmentation, mapped, views
from tf_infomax.data.batches import WHOLE, BatchIndex
from tf_infomax.numerics import randomness

__all__ = ["WholeImages"]

# Bytes: alignment of memory that TensorFlow uses without a copy.
_ALIGNMENT = 64


class WholeImages:
    """Batches of whole images in [-1, 1]: batch t is a pure function of (seed, t).

    An epoch runs over the training images and, if there are any, the unlabelled images, without
    distinction: Hjelm et al. (2019) train on the 100,000 unlabelled and the 5,000 labelled training
    images of STL-10, with random 64 x 64 crops and flips; on other sets without crops or flips.

    Pixels stay on the host as they are stored, because the unlabelled images of STL-10 would take
    2.8 GB of an accelerator's memory; a batch is chosen, cropped and flipped there.

    Args:
        images: ``ImageData``.
        batch_size: images in a batch, K.
        seed: the run's seed, an int >= 0.
        crop: side in pixels of square crops, or ``None``. In training every image is cropped at a
            random place, in evaluation in the centre.
        flip: whether training images are mirrored, each with probability 1/2.
        use_unlabelled: whether unlabelled images are used in training; they are useless to a
            supervised encoder.

    Attributes:
        images: the ``ImageData``.
        image_shape: ``(H, W, C)`` of an image in a batch, after cropping.
        num_examples: images in an epoch.
        steps_per_epoch: whole batches in an epoch.

    Raises:
        ValueError: if the crop is larger than the images, or the batch than the data set.
    """

    def __init__(self, images, batch_size, seed, crop=None, flip=False, use_unlabelled=True):
        self.images = images
        self.batch_size = batch_size
        self.crop = crop
        self.flip = flip
        self.image_shape = tuple(images.image_shape)
        if crop is not None:
            augmentation.check_crop(self.image_shape, crop)
            self.image_shape = (crop, crop, self.image_shape[-1])
        tables = [images.train_images]
        if use_unlabelled and images.unlabelled_images is not None:
            tables.append(images.unlabelled_images)
        self.num_examples = sum(map(len, tables))
        self._index = BatchIndex(self.num_examples, batch_size, randomness.stream(seed, "batches"))
        self.steps_per_epoch = self._index.steps_per_epoch
        self._seed = seed
        with tf.device("CPU:0"):
            self._images = mapped.rows_of(tables, _joined)
            labels = np.full(self.num_examples, -1, np.int64)
            labels[: len(images.train_labels)] = images.train_labels
            self._labels = tf.constant(labels)
            self._attributes = None
            if images.attribute_names and len(images.train_images) == self.num_examples:
                self._attributes = tf.constant(images.train_attributes)

    def draw(self, t, part=WHOLE):
        """Training batch t.

        Args:
            t: number of the batch, from 0; a Python int or an integer scalar tensor.
            part: ``batches.Part`` whose rows are read; the others' pixels are not touched.

        Returns:
            Dict: "views", {"image": float32 ``[K, H, W, C]`` in [-1, 1]}; "labels", int64 ``[K]``,
            -1 where unlabelled; "seed", int32 ``[2]``, a stateless seed for the other draws of the
            step; "index", int64 ``[K]``, which images they are; "attributes", uint8 ``[K, A]``,
            where all images have them.
        """
        with tf.device("CPU:0"):
            indices = part.of(self._index(t))
            batch, labels = self._images(indices), tf.gather(self._labels, indices)
            if self.crop is not None:
                seed = self._step_seed("crops", t)
                batch = augmentation.random_crops(batch, self.crop, seed, part)
            if self.flip:
                batch = augmentation.random_flips(batch, self._step_seed("flips", t), part)
            facts = {"index": indices}
            if self._attributes is not None:
                facts["attributes"] = tf.gather(self._attributes, indices)
        return {
            "views": {"image": self._to_signed(batch)},
            "labels": labels,
            "seed": self._step_seed("step", t),
            **facts,
        }

    is_paired = False
    # Whole images are never noisy; see ``HalvesOfImages``.
    noise_sd = 0.0

    def stored(self, split):
        """``{"image": [N, H, W, C]}``: all images of "train" or "test", as stored."""
        return {"image": getattr(self.images, f"{split}_images")}

    def pictures(self, batch):
        """Stored images as the encoder sees them in evaluation, float32 in [-1, 1]."""
        return self.evaluation_input(batch, 0)

    def measured(self, step):
        """``{"image": [K, H, W, C]}``: a training batch to measure on, as in evaluation."""
        index = BatchIndex(
            len(self.images.train_images),
            self.batch_size,
            randomness.stream(self._seed, "measured_batches"),
        )
        batch = self.images.train_images[index(step).numpy()]
        return {"image": self.evaluation_input(tf.constant(batch), 0)}

    def probe_input(self, step, split):
        """Preprocessing for ``evaluation.encode``; see ``HalvesOfImages.probe_input``."""
        del step, split
        return self.evaluation_input

    def clean_input(self, batch, start):
        """As ``evaluation_input``; see ``HalvesOfImages.clean_input``."""
        return self.evaluation_input(batch, start)

    def evaluation_input(self, batch, start):
        """Preprocessing for ``evaluation.encode``: stored pixels -> [-1, 1], cropped in the centre.

        Args:
            batch: ``[K, H, W, C]`` as in the ``ImageData``.
            start: index of the first example; ignored, since nothing is random here.
        """
        del start
        return self._to_signed(
            batch if self.crop is None else augmentation.centre_crop(batch, self.crop)
        )

    def _to_signed(self, batch):
        return views.to_pixels(batch, self.images.pixel_max) * 2.0 - 1.0

    def _step_seed(self, stream, t):
        word = randomness.stream_seed(self._seed, stream)
        return tf.stack([tf.constant(word, tf.int32), tf.cast(t, tf.int32)])


def _joined(tables):
    """The arrays, concatenated as one tensor on the host.

    ``tf.constant`` needs two temporary copies of its argument, and so does ``tf.concat``.
    """
    first = tables[0]
    count, row_bytes = sum(map(len, tables)), first[0].nbytes
    memory = np.empty(count * row_bytes + _ALIGNMENT, np.uint8)
    begin = -memory.ctypes.data % _ALIGNMENT
    joined = memory[begin : begin + count * row_bytes].view(first.dtype)
    joined = joined.reshape(count, *first.shape[1:])
    np.concatenate(tables, out=joined)
    return tf.experimental.dlpack.from_dlpack(joined.__dlpack__())
