"""The non-linear probe: accuracy of a small network on frozen codes."""

from tf_infomax.evaluation.classifier_fit import ProbeResult, Schedule, fit_classifier
from tf_infomax.evaluation.classifier_head import ClassifierHead
from tf_infomax.evaluation.labelled import checked_pair, labelled_rows, numbered_classes
from tf_infomax.naming import arguments
from tf_infomax.numerics.randomness import stream_seed

__all__ = ["ProbeResult", "mlp_probe"]


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

    As in the paper, codes are used as they are. The accuracy therefore depends on their scale and
    offset: a network of this learning rate learns nothing from codes of 1e-6, or of 1e6 +- 1. Bring
    codes of such scales to mean 0 and deviation 1 of the training codes first.

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
    averaged_epochs = max(2 * epochs // 3, 1) if averaged_epochs is None else averaged_epochs
    schedule = Schedule(epochs, batch_size, learning_rate, decay_epochs, decay, averaged_epochs)
    train_codes, train_labels = labelled_rows(train_codes, train_labels, "train")
    test_codes, test_labels = labelled_rows(test_codes, test_labels, "test")
    checked_pair(train_codes, test_codes)
    number, train_labels, test_labels = numbered_classes(train_labels, test_labels)
    head = ClassifierHead(
        number,
        hidden_units,
        dropout,
        seed=stream_seed(seed, "mlp_probe", "head"),
        # Independent of the precision in which the encoder was trained.
        dtype="float32",
        name="head",
    )
    head.build((None, train_codes.shape[1]))
    return fit_classifier(
        head,
        head.trainable_variables,
        (train_codes, train_labels),
        (test_codes, test_labels),
        schedule,
        top_k=top_k,
        seed=stream_seed(seed, "mlp_probe", "order"),
    )
