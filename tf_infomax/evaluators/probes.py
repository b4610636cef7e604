"""Probes: how well features predict the classes, by linear and deep classifiers and neighbours."""

import numpy as np

from tf_infomax import evaluation
from tf_infomax.evaluators import needs
from tf_infomax.evaluators.common import ALL, RATE, curve, decay_epochs, numbers, png
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.evaluators.snapshot import PIXELS
from tf_infomax.naming.option_kinds import (
    Integer,
    Integers,
    Name,
    Names,
    OneOf,
    Real,
    Switch,
)
from tf_infomax.naming.options import options_of
from tf_infomax.results.measurements import EVALUATORS, INVERSE_TOLERANCE, Measurement

__all__ = [
    "measure_classifier",
    "measure_fine_tuning",
    "measure_linear_probe",
    "measure_mlp_probe",
    "measure_neighbours",
    "measure_svm_probe",
]


@needs.of_labels
def _need_every_label(facts, options):
    if facts.images is not None and not facts.images.is_labelled:
        raise ValueError(
            "It needs a label for every image. "
            f"Received: {facts.images.name}, which has unlabelled images."
        )
    needs.need_classes(facts, options)


@EVALUATORS.register("linear_probe")
@checked_by(_need_every_label)
def measure_linear_probe(
    snapshot,
    endpoints: Names() = None,
    orders: Integer(1, 100) = 1,
    converged: OneOf(("never", "last", "always")) = "never",
):
    """Accuracy of the linear probe of MI-max; for halves of images at step 0 also on the pixels.

    The protocol stops long before convergence, so that its accuracy depends on the order of the
    examples. Beside it stand ``probe/linear/accuracy_over_orders`` and its sd,
    ``probe/linear/accuracy_sd_over_orders``, over ``orders`` orders of the examples if there are
    several; and ``probe/linear/converged_accuracy`` of the same classifier fitted to convergence,
    if asked for: of the pixels, and of the code at the last step of runs on two views ("last"), or
    at every measurement ("always"). It costs several times as much.

    Codes of a flow that, in float32 as they are read, give the inputs back with an error of more
    than ``INVERSE_TOLERANCE`` have no accuracy: it would be taken for that of an invertible map.
    The row ``flow/not_invertible`` stands in its place and holds the error of the inverse.
    """
    features = snapshot.names_of(endpoints)
    if endpoints is None and snapshot.step == 0 and snapshot.trial.source.is_paired:
        features.append(PIXELS)
    train_labels, test_labels = snapshot.labels
    for name in features:
        if name == snapshot.code and snapshot.has_lost_its_inverse:
            tags = {"features": name, "tolerance": INVERSE_TOLERANCE}
            error = snapshot.inverse_check[1]
            yield Measurement("flow/not_invertible", "test", error, "1", tags)
            continue
        train, test = snapshot.features(name)
        data = (train, train_labels, test, test_labels)
        # The first order is that of the protocol, however many follow.
        seeds = [
            snapshot.seed(f"linear_probe/{order}" if order else "linear_probe")
            for order in range(orders)
        ]
        # One type for every run's precision: accuracies are comparable within one type only.
        accuracies = evaluation.linear_probe_over_orders(
            *data, seeds=seeds, dtype=np.float32
        )
        tags = {"features": name, "examples": _labelled(test_labels)}
        yield Measurement("probe/linear/accuracy", "test", accuracies[0], "fraction", tags)
        if orders > 1:
            over = {**tags, "orders": orders, "values": accuracies}
            mean, sd = np.mean(accuracies), np.std(accuracies, ddof=1)
            metric = "probe/linear/accuracy_over_orders"
            yield Measurement(metric, "test", float(mean), "fraction", over)
            metric = "probe/linear/accuracy_sd_over_orders"
            yield Measurement(metric, "test", float(sd), "fraction", {**tags, "orders": orders})
        if _is_converged(snapshot, name, converged):
            accuracy = evaluation.converged_linear_probe(*data, dtype=np.float32)
            metric = "probe/linear/converged_accuracy"
            yield Measurement(metric, "test", accuracy, "fraction", tags)


def _labelled(labels):
    """Number of examples with a label: what the binomial error of an accuracy depends on."""
    return int(np.sum(np.asarray(labels) >= 0))


def _is_converged(snapshot, name, when):
    """Whether the converged probe is due: "last" means for pixels and the codes of the end."""
    if when != "last":
        return when == "always"
    if name == PIXELS:
        return True
    trial = snapshot.trial
    is_last = snapshot.step == trial.experiment.train.steps
    return is_last and trial.source.is_paired and name == snapshot.code


_MLP = options_of(evaluation.mlp_probe)


@EVALUATORS.register("mlp_probe")
@checked_by(needs.need_classes)
def measure_mlp_probe(
    snapshot,
    endpoints: Names() = ALL,
    epochs: Integer(1) = _MLP["epochs"],
    averaged_epochs: Integer(1) = _MLP["averaged_epochs"],
    hidden_units: Integer(1, 100_000) = _MLP["hidden_units"],
    dropout: Real(0.0, 0.99, closed=True) = _MLP["dropout"],
    batch_size: Integer(1) = _MLP["batch_size"],
    learning_rate: RATE = _MLP["learning_rate"],
    top_k: Integers(1) = _MLP["top_k"],
):
    """Accuracy of a classifier with one hidden layer on each endpoint; see ``mlp_probe``."""
    train_labels, test_labels = snapshot.labels
    for name in snapshot.names_of(endpoints):
        train, test = snapshot.features(name)
        result = evaluation.mlp_probe(
            train,
            train_labels,
            test,
            test_labels,
            epochs=epochs,
            averaged_epochs=averaged_epochs,
            hidden_units=hidden_units,
            dropout=dropout,
            batch_size=batch_size,
            learning_rate=learning_rate,
            top_k=tuple(k for k in numbers(top_k) if k < snapshot.trial.source.images.num_classes),
            seed=snapshot.seed("mlp_probe"),
        )
        tags = {"features": name, "epochs": epochs, "examples": _labelled(test_labels)}
        with_curve = {**tags, "values": curve(result.curve)}
        yield Measurement("probe/mlp/accuracy", "test", result.accuracy, "fraction", with_curve)
        yield Measurement("probe/mlp/last_accuracy", "test", result.last, "fraction", tags)
        for k, accuracy in result.top_k.items():
            if k > 1:
                metric = f"probe/mlp/top_{k}_accuracy"
                yield Measurement(metric, "test", accuracy, "fraction", tags)


_SVM = options_of(evaluation.svm_probe)


@EVALUATORS.register("svm_probe")
@checked_by(needs.need_classes)
def measure_svm_probe(
    snapshot,
    endpoints: Names() = ALL,
    fits: Integer(2, 1_000) = _SVM["fits"],
    # The weights of the last two are averaged.
    epochs: Integer(2) = _SVM["epochs"],
):
    """Accuracy of linear support vector machines on each endpoint, over several fits."""
    train_labels, test_labels = snapshot.labels
    for name in snapshot.names_of(endpoints):
        train, test = snapshot.features(name)
        result = evaluation.svm_probe(
            train,
            train_labels,
            test,
            test_labels,
            fits=fits,
            epochs=epochs,
            seed=snapshot.seed("svm_probe"),
        )
        tags = {
            "features": name,
            "examples": _labelled(test_labels),
            "values": curve(result.accuracies),
        }
        yield Measurement("probe/svm/accuracy", "test", result.mean, "fraction", tags)
        yield Measurement(
            "probe/svm/accuracy_sd", "test", result.sd, "fraction", {"features": name}
        )


_NEIGHBOURS = options_of(evaluation.nearest_neighbours)


@EVALUATORS.register("neighbours")
@checked_by(needs.need_neighbours)
def measure_neighbours(
    snapshot,
    endpoint: Name() = "global",
    k: Integers(1) = _NEIGHBOURS["k"],
    shown: Integer(1, 1_000) = 10,
    columns: Integer(1, 100) = 4,
):
    """Accuracy of nearest neighbours in code space, and the paper's figure of some of them.

    The accuracy is that of test codes, with neighbours among the training codes. The figure has one
    test image per class, of at most ``shown`` classes, each with the ``columns`` nearest of the
    other test images.
    """
    k = numbers(k)
    endpoint = snapshot.name_of(endpoint)
    train, test = snapshot.features(endpoint)
    train_labels, test_labels = snapshot.labels
    found = evaluation.nearest_neighbours(train, train_labels, test, test_labels, k=k)
    for one in k:
        yield Measurement(
            f"probe/neighbours_{one}/accuracy",
            "test",
            found.accuracy[one],
            "fraction",
            {"features": endpoint},
        )
    queries = evaluation.one_of_each(test_labels)[:shown]
    indices, distances = evaluation.nearest_within(test, queries, columns)
    _, test_images = snapshot.images
    pictures = test_images[np.column_stack([queries, indices]).ravel()]
    yield Measurement(
        "neighbours/figure",
        "test",
        float(np.mean(distances)),
        "1",
        {"features": endpoint, "gallery": "test", "png": png(pictures, columns + 1)},
    )


_FINE_TUNING = options_of(evaluation.fine_tune)


@EVALUATORS.register("fine_tuning")
@checked_by(needs.need_classes, needs.need_endpoints)
def measure_fine_tuning(
    snapshot,
    endpoint: Name() = "conv",
    epochs: Integer(1) = _FINE_TUNING["epochs"],
    averaged_epochs: Integer(1) = _FINE_TUNING["averaged_epochs"],
    batch_size: Integer(1) = _FINE_TUNING["batch_size"],
    learning_rate: RATE = _FINE_TUNING["learning_rate"],
    percent: Integers(1, 100) = 100,
    flip: Switch() = _FINE_TUNING["flip"],
    shift: Integer(0, 1_000) = _FINE_TUNING["shift"],
    held_out_percent: Integer(0, 90) = 0,
    patience: Integer(1) = _FINE_TUNING["patience"],
):
    """Accuracy after fine-tuning the encoder with labels (semi-supervised learning).

    ``percent`` of the labels of each class are used: one or several numbers, each of which gives a
    row, ``fine_tuning/accuracy`` for all labels and ``fine_tuning/percent_<n>/accuracy`` for a
    part. With ``held_out_percent`` the epoch is chosen on held-out training images (early
    stopping). On an untrained encoder this is the fully supervised network.
    """
    images, labels = snapshot.images, snapshot.labels
    for one in numbers(percent):
        result = evaluation.fine_tune(
            snapshot.trial.encoder,
            images[0],
            labels[0],
            images[1],
            labels[1],
            endpoint=endpoint,
            epochs=epochs,
            averaged_epochs=averaged_epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            decay_epochs=decay_epochs(epochs, 0.5, 0.75),
            seed=snapshot.seed("fine_tuning"),
            flip=flip,
            shift=shift,
            labelled=one / 100,
            held_out=held_out_percent / 100,
            patience=patience,
        )
        tags = {"features": endpoint, "epochs": epochs, "values": curve(result.curve)}
        chosen = {"flip": flip, "shift": shift, "held_out_percent": held_out_percent}
        # As in rows of earlier versions, where nothing was chosen.
        tags.update({name: value for name, value in chosen.items() if value})
        if held_out_percent:
            tags["held_out_accuracy"] = max(result.held_out_curve)
            tags["chosen_epoch"] = 1 + int(np.argmax(result.held_out_curve))
        name = "fine_tuning/accuracy" if one == 100 else f"fine_tuning/percent_{one}/accuracy"
        yield Measurement(name, "test", result.accuracy, "fraction", tags)


@EVALUATORS.register("classifier")
@checked_by(needs.need_classifier)
def measure_classifier(snapshot):
    """Test accuracy of the classifier that a supervised encoder was trained with."""
    model = snapshot.trial.model
    terms = [] if model is None else [t for t in model.objectives if t.label == "classification"]
    if not terms:
        raise ValueError(
            "The evaluator 'classifier' is for runs with the term classification. Received: "
            f"{snapshot.trial.experiment.name}."
        )
    (term,) = terms
    test, labels = snapshot.features(term.endpoint)[1], snapshot.labels[1]
    guesses = np.argmax(term.classifier(test), axis=1)
    labelled = labels >= 0
    accuracy = float(np.mean(guesses[labelled] == labels[labelled]))
    tags = {"features": term.endpoint}
    yield Measurement("classification/accuracy", "test", accuracy, "fraction", tags)
