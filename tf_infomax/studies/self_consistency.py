"""Three self-consistency tests of MI estimates on images, for which the true MI is unknown."""

import math

import numpy as np
import tensorflow as tf

from tf_infomax import bounds, critics, encoders
from tf_infomax.data import datasets
from tf_infomax.data.batches import BatchIndex
from tf_infomax.data.views import to_pixels
from tf_infomax.evaluation import encode, mean_bound
from tf_infomax.naming.pick import Pick, as_pick
from tf_infomax.numerics import randomness
from tf_infomax.results.measurements import Measurement
from tf_infomax.studies.computation import TESTS, Computation
from tf_infomax.studies.critic_training import train

__all__ = ["COMPUTATION", "keep_top", "self_consistency", "stacked_pair"]

_ENCODER = Pick("mlp", {"layer_dimensions": (256, 64)})
_CRITIC = Pick("inner_product")


def keep_top(images, rows):
    """``images [K, H, W, C]`` whose rows from ``rows`` on are zero."""
    keep = tf.range(tf.shape(images)[1]) < rows
    return tf.where(keep[:, tf.newaxis, tf.newaxis], images, tf.zeros_like(images))


def stacked_pair(test, images, others, rows, fewer=3):
    """The two views in a test, from images ``[K, H, W, C]`` and independent ``others``.

    Y_t is X with the top t rows kept. "baseline": (X, Y_t); "data_processing": ([X, X],
    [Y_t, Y_{t - fewer}]), which has no more information than (X, Y_t); "additivity": ([X1, X2],
    [Y1_t, Y2_t]), which has twice as much. Images are stacked along the channels.
    """
    if test == "baseline":
        return images, keep_top(images, rows)
    if test == "data_processing":
        y = [keep_top(images, rows), keep_top(images, max(rows - fewer, 0))]
        return tf.concat([images, images], -1), tf.concat(y, -1)
    both = tf.concat([images, others], -1)
    return both, keep_top(both, rows)


def self_consistency(
    setting, data, bound, test, rows, encoder=_ENCODER, critic=_CRITIC, steps=1_000,
    batch_size=64, learning_rate=5e-4, test_images=5_000,
):
    """Trains encoders and critic for one test at one number of rows.

    Yields:
        "bound" in nats, on held-out images (``split="test"``, at the training batch size) and in
        the last tenth of the training. The ratios are taken between rows: see ``plots``.

    Reference: Song and Ermon (2020), arXiv:1910.06222, section 6.2 (its protocol; ours trains
    shorter, and with the encoders and critics of this package).
    """
    images = datasets.load(data, setting.data_dir, setting.download)
    shape = images.train_images.shape[1:]
    channels = shape[-1] * (1 if test == "baseline" else 2)
    seed = setting.seed
    source = tf.constant(images.train_images)
    draws = [
        BatchIndex(len(source), batch_size, randomness.stream(seed, stream))
        for stream in ("batches", "independent_batches")
    ]

    def views(first, second):
        pixels = [to_pixels(part, images.pixel_max) for part in (first, second)]
        return stacked_pair(test, *pixels, rows)

    def draw(t):
        return views(*(tf.gather(source, index(t)) for index in draws))

    full = (None, *shape[:2], channels)
    networks = [_encoder(encoder, full[1:], seed, which) for which in (1, 2)]
    scorer = critics.get(
        critic.name, seed=randomness.stream_seed(seed, "critic"), **critic.options
    )
    choice = as_pick(bound)
    function = bounds.get(choice.name, **choice.options)
    model, trained = train(
        networks, scorer, function, draw, (full, full), steps, learning_rate, setting.note
    )
    yield Measurement("bound", "train", trained, model.bound_unit)
    held_out = np.asarray(images.test_images[:test_images])
    # Shifted by half the set, so that no image is paired with itself.
    others = np.roll(held_out, len(held_out) // 2, axis=0)
    if math.isfinite(trained):
        codes = [
            encode(network, np.concatenate([held_out, others], -1), _view(views, which, shape))
            for which, network in enumerate((model.encoder_1, model.encoder_2))
        ]
        value = float(mean_bound(model.bound_of, model.critic, *codes, batch_size))
        yield Measurement("bound", "test", value, model.bound_unit)


def _view(views, which, shape):
    """Preprocessing for ``encode``: images and independent others, stacked -> one view of them."""

    def preprocess(batch, start):
        del start
        return views(batch[..., : shape[-1]], batch[..., shape[-1]:])[which]

    return preprocess


def _encoder(choice, shape, seed, which):
    options = dict(choice.options)
    if choice.name == "convnet":
        options.setdefault("image_shape", shape)
    network = encoders.get(
        choice.name, seed=randomness.stream_seed(seed, "encoder", which), **options
    )
    network.build((None, *shape))
    return network


def _check(
    setting, data, bound, test, rows, encoder, critic, steps, batch_size, learning_rate, test_images
):
    bounds.info(as_pick(bound).name)
    encoders.class_of(encoder.name)
    critics.class_of(critic.name)
    if test not in TESTS:
        raise ValueError(f"test must be one of {', '.join(TESTS)}. Received: {test!r}.")
    images = datasets.load(data, setting.data_dir, setting.download)
    height = images.train_images.shape[1]
    if not 0 <= rows <= height:
        raise ValueError(f"{data} has {height} rows of pixels. Received: rows={rows}.")
    if steps < 1 or not 0 < learning_rate < math.inf:
        raise ValueError(
            "There must be a step and a positive learning rate. "
            f"Received: steps={steps}, learning_rate={learning_rate}."
        )
    fewest = min(len(images.train_images), len(images.test_images), test_images)
    if not 2 <= batch_size <= fewest:
        raise ValueError(
            f"batch_size must be from 2 to the number of images of a split. Received: {batch_size}."
        )


COMPUTATION = Computation(
    self_consistency, _check, ("bound", "test", "rows", "batch_size", "steps")
)
