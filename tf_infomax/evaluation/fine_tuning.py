"""Semi-supervised learning: fine-tuning a pretrained encoder on the labelled images."""

import copy

import numpy as np
import tensorflow as tf

from tf_infomax.data.augmentation import random_flips, random_windows
from tf_infomax.encoders import as_encoder
from tf_infomax.evaluation.classifier_fit import Schedule, fit_classifier
from tf_infomax.evaluation.classifier_head import ClassifierHead
from tf_infomax.evaluation.fitting import pixels
from tf_infomax.evaluation.labelled import (
    check_classes,
    checked_images,
    checked_labels,
    checked_pair,
    labelled_subset,
    numbered_classes,
    some_labelled,
)
from tf_infomax.naming import arguments
from tf_infomax.numerics.randomness import stream_seed

__all__ = ["fine_tune"]


def fine_tune(
    encoder,
    train_images,
    train_labels,
    test_images,
    test_labels,
    *,
    endpoint=None,
    hidden_units=200,
    dropout=0.1,
    epochs=100,
    batch_size=64,
    learning_rate=1e-4,
    decay_epochs=(50, 75),
    decay=0.1,
    averaged_epochs=10,
    top_k=(1,),
    augment=None,
    seed=0,
    flip=False,
    shift=0,
    labelled=1.0,
    held_out=0.0,
    patience=None,
):
    """Test accuracy of a copy of the encoder, fine-tuned with a ``ClassifierHead`` on an endpoint.

    Every weight that the endpoint depends on is trained, batch norm in training mode. The given
    encoder is not changed.

    Args:
        encoder: built Keras model, images ``[K, H, W, C]`` in [-1, 1] -> ``[K, ...]``, that can be
            saved as ``.keras``, by which it is copied.
        train_images, test_images: ``[N, H, W, C]``, uint8 (scaled to [-1, 1]) or floats in [-1, 1].
        train_labels, test_labels: ``[N]``, integers; images labelled -1 are left out.
        endpoint: name in ``encoder.endpoints(images, training)``; ``None`` is the output.
        hidden_units, dropout: of the head.
        epochs, batch_size, learning_rate, decay_epochs, decay, averaged_epochs, top_k: as
            ``mlp_probe``. The paper does not give the schedule: the defaults are ours.
        augment: function of a training batch in [-1, 1], or ``None``.
        seed: of the head's weights, order and dropout; of subsets and random draws.
        flip: whether training images are mirrored (left for right), each with probability 1/2.
        shift: pixels by which training images are moved at random along each axis, at most; what
            comes in is mirrored at the edge.
        labelled: fraction of the labelled training images of each class that is used
            (``labelled_subset``); epochs are passes over these, in batches of at most their number.
        held_out: fraction of each class of those that is held out of training, to choose the epoch
            whose test accuracy is reported; 0 averages the last epochs.
        patience: epochs without a better one on the held-out images after which training stops;
            ``None`` never.

    Returns:
        ``ProbeResult``, the test accuracy after each epoch in ``curve``.

    Raises:
        ValueError: on shapes, values or labels that do not fit, an unknown endpoint, fractions out
            of their range, or patience without held-out images.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 4.2, column "SS" of Table 2.
    """
    if patience is not None and not held_out:
        raise ValueError(
            "A patience needs held-out images, on which epochs are compared. "
            f"Received: held_out={held_out!r}, patience={patience!r}."
        )
    train = _labelled_images(train_images, train_labels, "train")
    test = _labelled_images(test_images, test_labels, "test")
    checked_pair(train[0], test[0], "images")
    batch_size = arguments.positive_integer(batch_size, "batch_size")
    flip = arguments.boolean(flip, "flip")
    if augment is not None:
        arguments.function(augment, "augment", "a function of a batch of images, or None")
    number = len(train[0])
    num_classes, *labels = numbered_classes(train[1], test[1])
    train, test = (train[0], labels[0]), (test[0], labels[1])
    train, chosen_on = _parts(train, labelled, held_out, seed)
    check_classes(train[1])
    if len(train[0]) < number:
        batch_size = min(batch_size, len(train[0]))
    features_of, shape, variables = _tunable(encoder, endpoint, train[0][:2])
    head = ClassifierHead(
        num_classes,
        hidden_units,
        dropout,
        seed=stream_seed(seed, "fine_tune", "head"),
        dtype="float32",
        name="head",
    )
    head.build((None, *shape))

    def logits_of(images, training):
        images = pixels(images)
        if training and augment is not None:
            images = augment(images)
        return head(features_of(images, training=training), training=training)

    return fit_classifier(
        logits_of,
        [*variables, *head.trainable_variables],
        train,
        test,
        Schedule(epochs, batch_size, learning_rate, decay_epochs, decay, averaged_epochs),
        top_k=top_k,
        seed=stream_seed(seed, "fine_tune", "order"),
        augment=_movement(train[0].shape[1:3], flip, shift),
        held_out=chosen_on,
        patience=patience,
    )


def _parts(train, labelled, held_out, seed):
    """((inputs, labels) to train on, those to choose an epoch by or ``None``)."""
    held_out = arguments.fraction(held_out, "held_out", zero=True)
    labelled = arguments.fraction(labelled, "labelled", one=True)
    used = labelled_subset(train[1], labelled, stream_seed(seed, "fine_tune", "labelled"))
    train = tuple(part[used] for part in train)
    if not held_out:
        return train, None
    chosen = labelled_subset(train[1], held_out, stream_seed(seed, "fine_tune", "held_out"))
    rest = np.setdiff1d(np.arange(len(train[1])), chosen)
    if not len(rest):
        raise ValueError(
            "Images must be left to train on, and one of each class at least is held out. "
            f"Received: held_out={held_out!r} of {len(train[1])} images."
        )
    return tuple(tuple(part[rows] for part in train) for rows in (rest, chosen))


def _tunable(encoder, endpoint, images):
    """A copy of the encoder: (its features' function, their shape, variables they depend on)."""
    tuned = copy.deepcopy(encoder)
    features_of = _features(tuned, endpoint, (None, *images.shape[1:]))
    with tf.GradientTape() as tape:
        features = features_of(pixels(tf.constant(images)), training=False)
        total = tf.reduce_sum(features)
    # Layers after the endpoint have no gradient.
    candidates = tuned.trainable_variables
    gradients = tape.gradient(total, [variable.value for variable in candidates])
    variables = [v for v, g in zip(candidates, gradients, strict=True) if g is not None]
    return features_of, features.shape[1:], variables


def _movement(sides, flip, shift):
    """A function (images of any type, seed) -> images moved at random; ``None`` if none moves."""
    most = min(sides) - 1
    wanted = f"from 0 to {most} pixels, less than a side of the images"
    shift = arguments.integer(shift, "shift", 0, wanted, most)

    def moved(images, seed):
        seeds = tf.random.split(seed, 2, alg="philox")
        if shift:
            edges = [[0, 0], [shift, shift], [shift, shift], [0, 0]]
            images = random_windows(tf.pad(images, edges, mode="REFLECT"), sides, seeds[0])
        return random_flips(images, seeds[1]) if flip else images

    return moved if flip or shift else None


def _labelled_images(images, labels, split):
    images = checked_images(images, split)
    labels = checked_labels(labels, images, split)
    labelled = some_labelled(labels, split)
    return images[labelled], labels[labelled]


def _features(encoder, endpoint, input_shape):
    if endpoint is None:
        return encoder
    encoder = as_encoder(encoder, input_shape)
    known = list(encoder.endpoint_shapes)
    if endpoint not in known:
        raise ValueError(
            f"The encoder's endpoints are {', '.join(known)}. Received: endpoint={endpoint!r}."
        )
    return lambda images, training: encoder.endpoints(images, training=training)[endpoint]
