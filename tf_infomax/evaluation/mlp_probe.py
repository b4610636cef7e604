"""The non-linear probe: accuracy of a small network on frozen codes."""

import dataclasses
import math

import numpy as np
import tensorflow as tf

from tf_infomax.evaluation.classifier_head import (
    ClassifierHead,
    labelled_accuracy,
    labelled_cross_entropy,
)
from tf_infomax.evaluation.fitting import Epochs, batches_of, check_batch_size, staircase_adam
from tf_infomax.evaluation.labelled import checked_pair, labelled_rows, number_of_classes
from tf_infomax.naming import arguments
from tf_infomax.numerics.randomness import stream_seed

__all__ = ["ProbeResult", "fit_classifier", "mlp_probe"]


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


def mlp_probe(
    train_codes,
    train_labels,
    test_codes,
    test_labels,
    *,
    hidden_units=200,
    dropout=0.1,
    epochs=150,
    batch_size=64,
    learning_rate=1e-4,
    decay_epochs=(50, 100),
    decay=0.1,
    averaged_epochs=None,
    top_k=(1, 5),
    seed=0,
):
    """Test accuracy of ``ClassifierHead`` on frozen codes, averaged over the last epochs.

    Adam; the rate falls by ``decay`` at ``decay_epochs``. The paper reports the mean over the last
    100 epochs and not the best epoch, which would be selected on the test set.

    Args:
        train_codes, test_codes: ``[N, ...]``, ``[M, ...]``, finite; maps are flattened.
        train_labels, test_labels: ``[N]``, ``[M]``, integers; rows labelled -1 are left out.
        hidden_units, dropout: of the network.
        epochs: passes over the training rows.
        batch_size: rows in a step; an incomplete last batch is skipped.
        learning_rate, decay_epochs, decay: of Adam.
        averaged_epochs: number of last epochs that are averaged; ``None`` means two thirds of all,
            as the paper's 100 of 150.
        top_k: numbers of guesses allowed; 1 is always included.
        seed: of weights, order and dropout.

    Returns:
        ``ProbeResult``.

    Raises:
        ValueError: on shapes that do not fit, non-finite codes, fewer labelled rows than a batch.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 4; schedule by the released code.
    """
    epochs = arguments.positive_integer(epochs, "epochs")
    train = labelled_rows(train_codes, train_labels, "train")
    test = labelled_rows(test_codes, test_labels, "test")
    checked_pair(train[0], test[0])
    head = ClassifierHead(
        number_of_classes(train[1], test[1]),
        hidden_units,
        dropout,
        seed=stream_seed(seed, "mlp_probe", "head"),
        # Independent of the precision in which the encoder was trained.
        dtype="float32",
        name="head",
    )
    head.build((None, train[0].shape[1]))
    return fit_classifier(
        head,
        head.trainable_variables,
        train,
        test,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        decay_epochs=decay_epochs,
        decay=decay,
        averaged_epochs=max(2 * epochs // 3, 1) if averaged_epochs is None else averaged_epochs,
        top_k=top_k,
        seed=stream_seed(seed, "mlp_probe", "order"),
    )


def fit_classifier(
    logits_of,
    variables,
    train,
    test,
    *,
    epochs,
    batch_size,
    learning_rate,
    decay_epochs,
    decay,
    averaged_epochs,
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
        epochs, batch_size, learning_rate, decay_epochs, decay, averaged_epochs, top_k, seed: as
            ``mlp_probe``.
        augment: function (inputs of a step, seed ``[2]``) -> inputs, or ``None``.
        held_out: (inputs, labels) on which the best epoch is chosen, of the training data and not
            among ``train``; the first of equally good epochs. ``None`` averages the last epochs.
        patience: epochs without a better one on the held-out rows after which training stops;
            ``None`` never.

    Returns:
        ``ProbeResult``.
    """
    for name, value in (("epochs", epochs), ("averaged_epochs", averaged_epochs)):
        arguments.integer(value, name, wanted="1 or more")
    if not all(isinstance(k, int) and k >= 1 for k in top_k):
        raise ValueError(f"`top_k` must hold integers of 1 or more. Received: top_k={top_k!r}.")
    steps = check_batch_size(len(train[0]), batch_size)

    def loss_and_metrics(step_seed, inputs, labels):
        inputs = inputs if augment is None else augment(inputs, step_seed)
        return labelled_cross_entropy(labels, logits_of(inputs, training=True)), {}

    optimizer = staircase_adam(learning_rate, decay, decay_epochs, steps)
    fit = Epochs(loss_and_metrics, variables, optimizer, train, batch_size, seed)
    ks = sorted({1, *top_k})
    test_accuracies = _accuracies(logits_of, test, ks)
    held_out_accuracies = None if held_out is None else _accuracies(logits_of, held_out, [1])
    curves, losses, held_out_curve = {k: [] for k in ks}, [], []
    for epoch in range(epochs):
        losses.append(fit.run(epoch)["loss"])
        for k, accuracy in test_accuracies().items():
            curves[k].append(accuracy)
        if held_out is not None:
            held_out_curve.append(held_out_accuracies()[1])
            if patience is not None and epoch - _best(held_out_curve) >= patience:
                break
    chosen = slice(-averaged_epochs, None)
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
