"""Semi-supervised learning: fine-tuning a pretrained encoder on the labelled images."""

import copy

import tensorflow as tf

from tf_infomax.encoders import as_encoder
from tf_infomax.evaluation.classifier_head import ClassifierHead
from tf_infomax.evaluation.fitting import pixels
from tf_infomax.evaluation.labelled import (
    checked_images,
    checked_labels,
    checked_pair,
    number_of_classes,
    some_labelled,
)
from tf_infomax.evaluation.mlp_probe import fit_classifier
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
        seed: of the head's weights, order and dropout.

    Returns:
        ``ProbeResult``, the test accuracy after each epoch in ``curve``.

    Raises:
        ValueError: on shapes, values or labels that do not fit, or an unknown endpoint.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 4.2, column "SS" of Table 2.
    """
    train = _labelled_images(train_images, train_labels, "train")
    test = _labelled_images(test_images, test_labels, "test")
    checked_pair(train[0], test[0], "images")
    tuned = copy.deepcopy(encoder)
    features_of = _features(tuned, endpoint, (None, *train[0].shape[1:]))
    with tf.GradientTape() as tape:
        features = features_of(pixels(tf.constant(train[0][:2])), training=False)
        total = tf.reduce_sum(features)
    # Layers after the endpoint have no gradient.
    candidates = tuned.trainable_variables
    gradients = tape.gradient(total, [variable.value for variable in candidates])
    variables = [v for v, g in zip(candidates, gradients, strict=True) if g is not None]
    head = ClassifierHead(
        number_of_classes(train[1], test[1]),
        hidden_units,
        dropout,
        seed=stream_seed(seed, "fine_tune", "head"),
        dtype="float32",
    )
    head.build((None, *features.shape[1:]))

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
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        decay_epochs=decay_epochs,
        decay=decay,
        averaged_epochs=averaged_epochs,
        top_k=top_k,
        seed=stream_seed(seed, "fine_tune", "order"),
    )


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
