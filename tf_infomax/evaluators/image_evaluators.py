"""The measurements of Deep InfoMax: a frozen encoder of images at one step -> measurements."""

import base64

import numpy as np
import tensorflow as tf

from tf_infomax import evaluation
from tf_infomax.evaluation.dependence import MEASURES
from tf_infomax.evaluation.reconstruction import Decoder
from tf_infomax.evaluation.structural_similarity import multi_scale
from tf_infomax.evaluators import needs
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.naming.option_kinds import Integer, Integers, Name, Names, OneOf, Real, Switch
from tf_infomax.results.measurements import EVALUATORS, Measurement, several

__all__ = ["IMAGE_EVALUATORS"]


_ALL = ("conv", "fc", "global")


_RATE = Real(0.0, 100.0)


def _known(encoder, endpoints):
    """Those of ``endpoints`` that the encoder has: not every one has dense layers."""
    has, names = encoder.endpoint_shapes, several(endpoints)
    known = [name for name in names if name in has or name == "pixels"]
    if not known or set(names) - {*known, *_ALL}:
        raise _unknown_endpoints(encoder, names)
    return known


def _unknown_endpoints(encoder, names):
    return ValueError(
        f"The encoder's endpoints are {', '.join(encoder.endpoint_shapes)}. "
        f"Received: endpoints={tuple(names)}."
    )


def _numbers(option):
    """An option that takes numbers as a tuple, which on a command line may be a single one."""
    return (option,) if isinstance(option, int) else tuple(dict.fromkeys(option))


def _decay_epochs(epochs, *fractions):
    """Where the learning rate falls, in parts of all epochs; never before the first is over."""
    return tuple(sorted({int(fraction * epochs) for fraction in fractions} - {0}))


def _curve(values):
    return [float(f"{value:.6g}") for value in values]


def _png(images, columns):
    """Images ``[N, H, W, C]`` in [-1, 1], set in rows of ``columns``, as a base64 PNG."""
    images = np.clip(np.round((np.asarray(images) + 1.0) * 127.5), 0, 255).astype(np.uint8)
    rows = len(images) // columns
    _, height, width, channels = images.shape
    grid = images.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    grid = grid.reshape(rows * height, columns * width, channels)
    return base64.b64encode(tf.io.encode_png(grid).numpy()).decode()


@EVALUATORS.register("mlp_probe")
@checked_by(needs.need_classes)
def measure_mlp_probe(
    snapshot,
    endpoints: Names() = _ALL,
    epochs: Integer(1) = 150,
    averaged_epochs: Integer(1) = None,
    hidden_units: Integer(1, 100_000) = 200,
    dropout: Real(0.0, 0.99, closed=True) = 0.1,
    batch_size: Integer(1) = 64,
    learning_rate: _RATE = 1e-4,
    top_k: Integers(1) = (1, 5),
):
    """Accuracy of a classifier with one hidden layer on each endpoint; see ``mlp_probe``."""
    train_labels, test_labels = snapshot.labels
    for name in _known(snapshot.trial.encoder, endpoints):
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
            top_k=tuple(k for k in _numbers(top_k) if k < snapshot.trial.source.images.num_classes),
            seed=snapshot.seed("mlp_probe"),
        )
        tags = {"features": name, "epochs": epochs}
        curve = {**tags, "values": _curve(result.curve)}
        yield Measurement("probe/mlp/accuracy", "test", result.accuracy, "fraction", curve)
        yield Measurement("probe/mlp/last_accuracy", "test", result.last, "fraction", tags)
        for k, accuracy in result.top_k.items():
            if k > 1:
                metric = f"probe/mlp/top_{k}_accuracy"
                yield Measurement(metric, "test", accuracy, "fraction", tags)


@EVALUATORS.register("svm_probe")
@checked_by(needs.need_classes)
def measure_svm_probe(
    snapshot,
    endpoints: Names() = _ALL,
    fits: Integer(2, 1_000) = 5,
    # The weights of the last two are averaged.
    epochs: Integer(2) = 6,
):
    """Accuracy of linear support vector machines on each endpoint, over several fits."""
    train_labels, test_labels = snapshot.labels
    for name in _known(snapshot.trial.encoder, endpoints):
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
        tags = {"features": name, "values": _curve(result.accuracies)}
        yield Measurement("probe/svm/accuracy", "test", result.mean, "fraction", tags)
        yield Measurement(
            "probe/svm/accuracy_sd", "test", result.sd, "fraction", {"features": name}
        )


@EVALUATORS.register("neighbours")
@checked_by(needs.need_neighbours)
def measure_neighbours(
    snapshot,
    endpoint: Name() = "global",
    k: Integers(1) = (1, 10),
    shown: Integer(1, 1_000) = 10,
    columns: Integer(1, 100) = 4,
):
    """Accuracy of nearest neighbours in code space, and the paper's figure of some of them.

    The accuracy is that of test codes among the training codes. The figure has one test image a
    class, of at most ``shown`` classes, each with the ``columns`` nearest of the other test images.
    """
    k = _numbers(k)
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
        {"features": endpoint, "gallery": "test", "png": _png(pictures, columns + 1)},
    )


@EVALUATORS.register("ndm")
@checked_by(needs.need_columns)
def measure_ndm(
    snapshot,
    endpoint: Name() = "global",
    measure: OneOf(MEASURES) = "kl",
    epochs: Integer(1) = 1000,
    # Fewer rows are one batch.
    batch_size: Integer(2) = 10_000,
    learning_rate: _RATE = 1e-4,
    standardize: Switch() = True,
):
    """Total correlation of the code's entries: the neural dependency measure, see ``ndm``.

    Beside it the closed form for Gaussian codes, ``dependence/gaussian_total_correlation``. Where
    the correlation matrix is singular that is infinite, and the row
    ``dependence/singular_correlation`` stands in its place: the number of directions without
    variance.
    """
    train, test = snapshot.features(endpoint)
    result = evaluation.ndm(
        train,
        test_codes=test,
        measure=measure,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        decay_epochs=_decay_epochs(epochs, 0.5, 0.75),
        standardize=standardize,
        seed=snapshot.seed("ndm"),
    )
    tags = {"features": endpoint, "epochs": epochs, "standardized": standardize}
    curve = {**tags, "values": _curve(result.curve)}
    yield Measurement("dependence/ndm", "train", result.train_nats, "nats", curve)
    yield Measurement("dependence/ndm", "test", result.test_nats, "nats", tags)
    for split, codes in (("train", train), ("test", test)):
        yield _gaussian_total_correlation(codes, split, endpoint)


def _gaussian_total_correlation(codes, split, endpoint):
    found = evaluation.gaussian_total_correlation(codes)
    tags = {"features": endpoint, "constant": found.constant}
    if found.missing:
        metric = "dependence/singular_correlation"
        return Measurement(metric, split, found.missing, "1", tags)
    return Measurement("dependence/gaussian_total_correlation", split, found.nats, "nats", tags)


@EVALUATORS.register("mine")
@checked_by(needs.need_rows, needs.need_test_pairs)
def measure_mine(
    snapshot,
    endpoint: Name() = "global",
    epochs: Integer(1) = 50,
    # Each image has four negatives in its batch.
    batch_size: Integer(5) = 256,
    learning_rate: _RATE = 5e-4,
    average_rate: Real(0.0, 1.0) = 0.01,
    standardize: Switch() = True,
):
    """Information of image and code as MINE estimates it: a ranking, no bound; see ``mine``."""
    train, test = snapshot.features(endpoint)
    images = snapshot.images
    result = evaluation.mine(
        images[0],
        train,
        images[1],
        test,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        average_rate=average_rate,
        decay_epochs=_decay_epochs(epochs, 0.5, 0.8),
        standardize=standardize,
        seed=snapshot.seed("mine"),
    )
    tags = {"features": endpoint, "epochs": epochs, "standardized": standardize}
    for split, value, curve in (
        ("train", result.train_nats, result.train_curve),
        ("test", result.test_nats, result.test_curve),
    ):
        yield Measurement(
            "dependence/mine", split, value, "nats", {**tags, "values": _curve(curve)}
        )


def _need_decoder(facts, options):
    # Without weights: both say themselves which images they are for.
    multi_scale(*facts.image_shape[:2])
    Decoder(facts.image_shape, options["base_channels"])


@EVALUATORS.register("reconstruction")
@checked_by(needs.need_rows, _need_decoder)
def measure_reconstruction(
    snapshot,
    endpoint: Name() = "global",
    epochs: Integer(1) = 150,
    base_channels: Integer(2, 8_192) = 512,
    batch_size: Integer(1) = 64,
    shown: Integer(1, 1_000) = 16,
):
    """How well images are decoded from the code: MSE, MS-SSIM, and a figure."""
    train, test = snapshot.features(endpoint)
    images = snapshot.images
    result = evaluation.reconstruction(
        train,
        images[0],
        test,
        images[1],
        epochs=epochs,
        base_channels=base_channels,
        batch_size=batch_size,
        shown=shown,
        seed=snapshot.seed("reconstruction"),
    )
    setting = result.setting
    tags = {"features": endpoint, "epochs": epochs}
    yield Measurement("reconstruction/mse", "test", result.mse, "1", tags)
    yield Measurement(
        "reconstruction/ms_ssim",
        "test",
        result.ms_ssim,
        "1",
        {**tags, "setting": f"{len(setting.weights)} scales, window {setting.filter_size}"},
    )
    yield Measurement("reconstruction/released_ssim", "test", result.released_ssim, "1", tags)
    pictures = np.concatenate([images[1][:shown], result.images[:shown]])
    png = _png(pictures, len(result.images))
    yield Measurement("reconstruction/figure", "test", result.mse, "1", {**tags, "png": png})


@EVALUATORS.register("fine_tuning")
@checked_by(needs.need_classes)
def measure_fine_tuning(
    snapshot,
    endpoint: Name() = "conv",
    epochs: Integer(1) = 100,
    averaged_epochs: Integer(1) = 10,
    batch_size: Integer(1) = 64,
):
    """Accuracy after training the encoder on with the labels (semi-supervised learning)."""
    images, labels = snapshot.images, snapshot.labels
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
        decay_epochs=_decay_epochs(epochs, 0.5, 0.75),
        seed=snapshot.seed("fine_tuning"),
    )
    yield Measurement(
        "fine_tuning/accuracy",
        "test",
        result.accuracy,
        "fraction",
        {"features": endpoint, "epochs": epochs, "values": _curve(result.curve)},
    )


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


IMAGE_EVALUATORS = (
    "classifier",
    "mlp_probe",
    "svm_probe",
    "neighbours",
    "ndm",
    "mine",
    "reconstruction",
    "fine_tuning",
)
