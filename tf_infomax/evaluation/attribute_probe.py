"""The multi-label probe: how well frozen codes tell yes-or-no attributes, such as CelebA's."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from tf_infomax.evaluation.classifier_head import ClassifierHead
from tf_infomax.evaluation.fitting import Epochs, batches_of, check_batch_size, staircase_adam
from tf_infomax.evaluation.labelled import checked_codes, checked_pair
from tf_infomax.naming import arguments
from tf_infomax.numerics.randomness import stream_seed

__all__ = ["AttributeResult", "attribute_probe"]


@dataclasses.dataclass(frozen=True)
class AttributeResult:
    """Results of the probe on test rows; NaN if training diverged.

    Attributes:
        accuracy: mean over attributes of the fraction of rows that are told correctly.
        balanced_accuracy: mean over attributes of the mean of both classes' accuracies, which is
            1/2 for a constant guess; attributes of which all test rows agree are left out.
        per_attribute: accuracy of each attribute, a tuple.
        train_loss: mean binary cross-entropy of each epoch, in nats.
    """

    accuracy: float
    balanced_accuracy: float
    per_attribute: tuple
    train_loss: tuple


def attribute_probe(
    train_codes,
    train_attributes,
    test_codes,
    test_attributes,
    *,
    hidden_units=200,
    dropout=0.1,
    epochs=50,
    batch_size=64,
    learning_rate=1e-4,
    decay_epochs=(25, 40),
    decay=0.1,
    seed=0,
):
    """One ``ClassifierHead`` with a logit for each attribute, on frozen codes.

    Codes are used as they are: as in ``mlp_probe``, the accuracy depends on their scale and offset.
    Bring codes that are far from unit scale to mean 0 and deviation 1 of the training codes first.

    Args:
        train_codes, test_codes: ``[N, ...]``, ``[M, ...]``, finite; maps are flattened.
        train_attributes, test_attributes: ``[N, A]``, ``[M, A]`` of 0 and 1, A >= 2.
        hidden_units, dropout: of the network.
        epochs, batch_size, learning_rate, decay_epochs, decay: as ``mlp_probe``.
        seed: of weights, order and dropout.

    Returns:
        ``AttributeResult``, after the last epoch.

    Raises:
        ValueError: on shapes that do not fit, codes that are not finite, attributes besides 0 and
            1, fewer rows than a batch, or a number of epochs that is no integer of 1 or more.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, appendix A.5, Fig. 11; network and schedule
    are those of ``mlp_probe``, since the paper does not give them.
    """
    epochs = arguments.integer(epochs, "epochs", wanted="1 or more")
    train, test = (
        (checked_codes(codes, split), _checked_attributes(attributes, len(codes), split))
        for codes, attributes, split in (
            (train_codes, train_attributes, "train"), (test_codes, test_attributes, "test")
        )
    )
    checked_pair(train[0], test[0])
    number = train[1].shape[1]
    head = ClassifierHead(
        number, hidden_units, dropout, seed=stream_seed(seed, "attribute_probe", "head"),
        dtype="float32", name="head",
    )  # fmt: skip
    head.build((None, train[0].shape[1]))

    def loss_and_metrics(_, codes, attributes):
        logits = head(codes, training=True)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=attributes, logits=logits)
        return tf.reduce_mean(losses), {}

    steps = check_batch_size(len(train[0]), batch_size)
    optimizer = staircase_adam(learning_rate, decay, decay_epochs, steps)
    order = stream_seed(seed, "attribute_probe", "order")
    fit = Epochs(loss_and_metrics, head.trainable_variables, optimizer, train, batch_size, order)
    losses = tuple(fit.run(epoch)["loss"] for epoch in range(epochs))
    logits = batches_of(lambda codes: head(codes, training=False), test[:1])().numpy()
    if not np.isfinite(logits).all():
        return AttributeResult(math.nan, math.nan, (math.nan,) * number, losses)
    hits, truth = (logits > 0) == (test[1] > 0.5), test[1] > 0.5
    balanced = [
        (hit[true].mean() + hit[~true].mean()) / 2
        for hit, true in zip(hits.T, truth.T, strict=True)
        if true.any() and not true.all()
    ]
    per_attribute = tuple(map(float, hits.mean(axis=0)))
    balanced = float(np.mean(balanced)) if balanced else math.nan
    return AttributeResult(float(np.mean(per_attribute)), balanced, per_attribute, losses)


def _checked_attributes(attributes, rows, split):
    attributes = arguments.array(attributes, f"{split} attributes")
    fits = attributes.ndim == 2 and len(attributes) == rows and attributes.shape[1] >= 2
    if not fits or not np.isin(attributes, (0, 1)).all():
        raise ValueError(
            f"The {split} attributes must be 0 or 1, of shape [{rows}, A] with A >= 2. "
            f"Received: {attributes.dtype.name} attributes of shape {attributes.shape}."
        )
    return attributes.astype(np.float32)
