"""Training of a classifier on arrays in memory, with its accuracy after each epoch."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from tf_infomax.evaluation.classifier_head import labelled_accuracy, labelled_cross_entropy
from tf_infomax.evaluation.fitting import Epochs, batches_of, check_batch_size, staircase_adam
from tf_infomax.naming import arguments

__all__ = ["ProbeResult", "Schedule", "fit_classifier"]


@dataclasses.dataclass(frozen=True)
class Schedule:
    """How long and how fast a classifier is trained with Adam, and which epochs count.

    Attributes:
        epochs: passes over the training rows.
        batch_size: rows in a step; an incomplete last batch is skipped.
        learning_rate: of the first epoch.
        decay_epochs: epochs, from 0, at whose start the rate is multiplied by ``decay``.
        decay: a factor.
        averaged_epochs: number of last epochs whose accuracies are averaged.

    Raises:
        ValueError: if a number of epochs is no integer of 1 or more.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    decay_epochs: tuple
    decay: float
    averaged_epochs: int

    def __post_init__(self):
        for name in ("epochs", "averaged_epochs"):
            arguments.integer(getattr(self, name), name, wanted="1 or more")


@dataclasses.dataclass(frozen=True)
class ProbeResult:
    """Results of a classifier; accuracies are fractions of the labelled test rows.

    NaN from the epoch on in which training diverged.

    Attributes:
        accuracy: mean over the last ``averaged_epochs`` epochs; with held-out rows, after the epoch
            that is best on them.
        last: after the last epoch.
        curve: after each epoch.
        top_k: k -> mean over the same epochs.
        train_loss: mean loss of each epoch, in nats.
        held_out_curve: accuracy on the held-out rows after each epoch, empty without such rows.
    """

    accuracy: float
    last: float
    curve: tuple
    top_k: dict
    train_loss: tuple
    held_out_curve: tuple = ()


def fit_classifier(
    logits_of,
    variables,
    train,
    test,
    schedule,
    *,
    top_k=(1,),
    seed=0,
    augment=None,
    held_out=None,
    patience=None,
):
    """Trains a classifier and tests it after each epoch.

    Args:
        logits_of: function ``(inputs [K, ...], training=bool) -> [K, C]``, its variables built.
        variables: those to train.
        train, test: (inputs ``[N, ...]``, labels int ``[N]``).
        schedule: ``Schedule``.
        top_k: numbers of guesses allowed; 1 is always included.
        seed: of order and draws.
        augment: function (inputs of a step, seed ``[2]``) -> inputs, or ``None``.
        held_out: (inputs, labels) on which the best epoch is chosen, of the training data and not
            among ``train``; the first of equally good epochs. ``None`` averages the last epochs.
        patience: epochs without a better one on the held-out rows after which training stops;
            ``None`` never.

    Returns:
        ``ProbeResult``.

    Raises:
        ValueError: on a ``top_k`` that holds no positive integers, a patience that is none, or
            fewer rows than a batch.
    """
    top_k = arguments.integers(top_k, "top_k", smallest_number=0)
    if patience is not None:
        patience = arguments.integer(patience, "patience", wanted="a positive integer, or None")
    steps = check_batch_size(len(train[0]), schedule.batch_size)

    def loss_and_metrics(step_seed, inputs, labels):
        inputs = inputs if augment is None else augment(inputs, step_seed)
        return labelled_cross_entropy(labels, logits_of(inputs, training=True)), {}

    optimizer = staircase_adam(
        schedule.learning_rate, schedule.decay, schedule.decay_epochs, steps
    )
    fit = Epochs(loss_and_metrics, variables, optimizer, train, schedule.batch_size, seed)
    ks = sorted({1, *top_k})
    test_accuracies = _accuracies(logits_of, test, ks)
    held_out_accuracies = None if held_out is None else _accuracies(logits_of, held_out, [1])
    curves, losses, held_out_curve = {k: [] for k in ks}, [], []
    for epoch in range(schedule.epochs):
        losses.append(fit.run(epoch)["loss"])
        for k, accuracy in test_accuracies().items():
            curves[k].append(accuracy)
        if held_out is not None:
            held_out_curve.append(held_out_accuracies()[1])
            if patience is not None and epoch - _best(held_out_curve) >= patience:
                break
    chosen = slice(-schedule.averaged_epochs, None)
    if held_out is not None:
        best = _best(held_out_curve)
        chosen = slice(best, best + 1)
    means = {k: float(np.mean(curve[chosen])) for k, curve in curves.items()}
    curve, held_out_curve = tuple(curves[1]), tuple(held_out_curve)
    return ProbeResult(means[1], curve[-1], curve, means, tuple(losses), held_out_curve)


def _accuracies(logits_of, rows, ks):
    """A function without arguments: dict of k -> top-k accuracy of (inputs, labels), NaN if failed.
    """
    logits_of_rows = batches_of(lambda inputs: logits_of(inputs, training=False), rows[:1])
    labels = tf.constant(rows[1])

    def accuracies():
        logits = logits_of_rows()
        has_failed = not bool(tf.reduce_all(tf.math.is_finite(logits)))
        hits = {k: round(float(labelled_accuracy(labels, logits, k)) * len(labels)) for k in ks}
        return {k: math.nan if has_failed else hits[k] / len(labels) for k in ks}

    return accuracies


def _best(curve):
    """The first epoch of the highest accuracy; NaN, of a diverged classifier, is the lowest."""
    return int(np.argmax(np.nan_to_num(curve, nan=-1.0)))
