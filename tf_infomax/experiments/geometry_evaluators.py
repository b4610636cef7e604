"""How codes lie on the unit sphere: alignment and uniformity, and codes on a circle."""

import numpy as np
import tensorflow as tf

from tf_infomax import evaluation, geometry
from tf_infomax.data.random_views import RandomView
from tf_infomax.evaluation import NonFiniteError
from tf_infomax.experiments.measurements import EVALUATORS, Measurement

__all__ = ["measure_alignment_uniformity", "measure_circle"]


@EVALUATORS.register("alignment_uniformity")
def measure_alignment_uniformity(
    snapshot,
    endpoint=None,
    exponent=2.0,
    t=2.0,
    examples=2_000,
    crop_area=0.25,
    flip=True,
    colour_jitter=0.4,
    grey=0.2,
):
    """Alignment of the codes of two views of test images, and the mean uniformity of both views.

    Codes are put on the unit sphere. Of halves the two views are the halves, of whole images two
    random views (``RandomView``, the last four options) of the first ``examples`` test images,
    the same ones at every step.
    """
    if hasattr(snapshot, "test_codes"):
        views = _codes_of_halves(snapshot, examples)
    else:
        view = RandomView(crop_area, flip, colour_jitter, grey)
        views = _codes_of_views(snapshot, endpoint or "global", view, examples)
    x, y = (geometry.unit_norm(_of_size_one(codes)) for codes in views)
    tags = {"features": endpoint or snapshot.default_features[0]}
    aligned = float(geometry.alignment(x, y, exponent, normalize=False))
    yield Measurement("alignment", "test", aligned, "1", {**tags, "exponent": exponent})
    uniform = np.mean([float(geometry.uniformity(one, t, normalize=False)) for one in (x, y)])
    floor = geometry.uniformity_floor(x.shape[1], t)
    yield Measurement("uniformity", "test", float(uniform), "1", {**tags, "t": t, "floor": floor})


def _codes_of_halves(snapshot, examples):
    if snapshot.trial.model is None:
        raise ValueError(
            "Alignment needs an encoder of each half, which this experiment does not train. "
            f"Received: {snapshot.trial.experiment.name}."
        )
    x, y = (codes[:examples] for codes in snapshot.test_codes)
    if x.shape != y.shape:
        raise ValueError(
            "Alignment compares codes of one width. "
            f"Received: codes of shapes {x.shape} and {y.shape}."
        )
    return x, y


def _codes_of_views(snapshot, endpoint, view, examples):
    trial = snapshot.trial
    images = trial.source.images.test_images[:examples]

    def preprocess(stream):
        seed = snapshot.seed(stream)
        return lambda batch, start: view(
            trial.source.evaluation_input(batch, start), tf.constant([seed, start], tf.int32)
        )

    return tuple(
        evaluation.encode_endpoints(
            trial.encoder, [endpoint], images, preprocess(f"alignment_view_{k}")
        )[endpoint]
        for k in (1, 2)
    )


@EVALUATORS.register("circle")
def measure_circle(snapshot, endpoint=None):
    """The angles of all test codes of width 2, class by class, and how well they tell the classes.

    The rows ``circle/angle/<class>`` hold the angles (tag ``values``, radians) of a class' codes;
    their value is the direction of the mean code, because a circle has no median. Their mean
    resultant length, averaged over the classes, is ``circle/concentration``: 1 if every class is
    one point. ``circle/probe_accuracy`` is that of the linear probe on the unit codes.
    """
    endpoint = endpoint or snapshot.default_features[0]
    images = snapshot.trial.source.images
    train, test = snapshot.features(endpoint)
    if test.shape[1] != 2:
        raise ValueError(
            "Codes lie on a circle if they have 2 numbers, as with encoder.output_units=2. "
            f"Received: {endpoint!r} of width {test.shape[1]}."
        )
    train, test = (_on_circle(codes) for codes in (train, test))
    lengths = []
    for label, name in enumerate(images.label_names):
        codes = test[images.test_labels == label]
        if not len(codes):
            continue
        mean = codes.mean(axis=0)
        lengths.append(np.linalg.norm(mean))
        angles = [float(f"{angle:.4g}") for angle in np.arctan2(codes[:, 1], codes[:, 0])]
        direction = float(np.arctan2(mean[1], mean[0]))
        tags = {"features": endpoint, "class": name, "values": angles}
        yield Measurement(f"circle/angle/{name}", "test", direction, "1", tags)
    if not lengths:
        raise ValueError(
            "The circle shows classes, of labelled test images. "
            f"Received: no labels in {images.name}."
        )
    tags = {"features": endpoint}
    yield Measurement("circle/concentration", "test", float(np.mean(lengths)), "1", tags)
    if images.is_labelled:
        accuracy = evaluation.linear_probe(
            train,
            images.train_labels,
            test,
            images.test_labels,
            seed=snapshot.seed("linear_probe"),
            dtype=np.float32,
        )
        yield Measurement("circle/probe_accuracy", "test", accuracy, "fraction", tags)


def _of_size_one(codes):
    """Codes whose largest entry is 1: the direction of a short code is not lost to its square."""
    codes = np.asarray(codes)
    largest = np.abs(codes).max(axis=1, keepdims=True)
    return codes / np.where(largest > 0.0, largest, 1.0).astype(codes.dtype)


def _on_circle(codes):
    codes = _of_size_one(codes)
    norms = np.linalg.norm(codes, axis=1, keepdims=True)
    if (norms == 0.0).any():
        # An encoder whose units have all died: no number that it gives means anything.
        raise NonFiniteError(
            "Codes must have a direction to lie on a circle. "
            f"Received: {int((norms == 0.0).sum())} of {len(codes)} codes of norm 0."
        )
    return codes / norms
