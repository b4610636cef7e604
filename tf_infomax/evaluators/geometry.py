"""Geometry of codes on the unit sphere: alignment and uniformity, and codes on a circle."""

import numpy as np
import tensorflow as tf

from tf_infomax import evaluation
from tf_infomax.data.random_views import RandomView
from tf_infomax.evaluation import NonFiniteError
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.naming.option_kinds import Integer, Name, Real, Switch
from tf_infomax.numerics import geometry
from tf_infomax.results.measurements import EVALUATORS, Measurement

__all__ = [
    "codes_of_random_views",
    "measure_alignment_uniformity",
    "measure_circle",
    "need_random_views",
]


def _need_two_views(facts, options):
    if facts.images is None or not facts.shapes:
        raise ValueError("It needs images and an encoder. Received: pairs without an encoder.")
    if facts.is_paired and len(facts.views) < 2:
        raise ValueError(
            "It needs an encoder of each half, which this experiment does not train. "
            f"Received: {', '.join(facts.terms)}."
        )
    name = options["endpoint"]
    if name == "pixels" or (facts.is_paired and name not in (None, "code", "global")):
        raise ValueError(f"It measures codes. Received: endpoint={name!r}.")
    if len(facts.images.test_images) < 2:
        raise ValueError("It needs two test images or more. Received: 1.")


_UNIT = Real(0.0, 1.0, closed=True)


@EVALUATORS.register("alignment_uniformity")
@checked_by(_need_two_views)
def measure_alignment_uniformity(
    snapshot,
    endpoint: Name() = None,
    exponent: Real(0.0, 100.0) = 2.0,
    t: Real(0.0, 1_000.0) = 2.0,
    examples: Integer(2) = 2_000,
    crop_area: Real(0.0, 1.0) = 0.25,
    flip: Switch() = True,
    colour_jitter: _UNIT = 0.4,
    grey: _UNIT = 0.2,
):
    """Alignment of the codes of two views of test images, and the mean uniformity of both views.

    Codes are put on the unit sphere. The views are those of the pairs, or for whole images two
    random views (``RandomView``, the last four options) of the first ``examples`` test images,
    the same at every step.
    """
    endpoint = snapshot.name_of(endpoint or snapshot.code)
    if snapshot.trial.source.is_paired:
        views = _codes_of_pairs(snapshot, examples)
    else:
        views = codes_of_random_views(
            snapshot, endpoint, examples, 2, "alignment_view",
            crop_area=crop_area, flip=flip, colour_jitter=colour_jitter, grey=grey,
        )
    x, y = (geometry.unit_norm(_of_size_one(codes)) for codes in views)
    tags = {"features": endpoint}
    aligned = float(geometry.alignment(x, y, exponent, normalize=False))
    yield Measurement("alignment", "test", aligned, "1", {**tags, "exponent": exponent})
    uniform = np.mean([float(geometry.uniformity(one, t, normalize=False)) for one in (x, y)])
    floor = geometry.uniformity_floor(x.shape[1], t)
    yield Measurement("uniformity", "test", float(uniform), "1", {**tags, "t": t, "floor": floor})


def _codes_of_pairs(snapshot, examples):
    x, y = (snapshot.codes_of(view)[:examples] for view in snapshot.trial.model.encoders)
    if x.shape != y.shape:
        raise ValueError(
            "Alignment compares codes of one width. "
            f"Received: codes of shapes {x.shape} and {y.shape}."
        )
    return x, y


def need_random_views(facts, options):
    """Whole images, of which random views can be made, and two of them."""
    _need_two_views(facts, options)
    if facts.is_paired:
        raise ValueError(
            "Random views are made of whole images, data.views=image. Received: halves of images."
        )


def codes_of_random_views(snapshot, endpoint, examples, number, stream, **options):
    """Codes ``[N, D]`` of each of ``number`` random views of the first test images, a list.

    Args:
        snapshot: ``Snapshot``.
        endpoint: name of an endpoint.
        examples: how many test images.
        number: of views.
        stream: prefix of the names of the streams of random draws.
        **options: of ``RandomView``.
    """
    trial, view = snapshot.trial, RandomView(**options)
    images = trial.source.images.test_images[:examples]

    def preprocess(stream):
        seed = snapshot.seed(stream)
        return lambda batch, start: view(
            trial.source.clean_input(batch, start), tf.constant([seed, start], tf.int32)
        )

    return [
        evaluation.encode_endpoints(
            trial.encoder, [endpoint], images, preprocess(f"{stream}_{k}")
        )[endpoint]
        for k in range(1, number + 1)
    ]


def _need_width_2(facts, options):
    if facts.images is None or not facts.shapes:
        raise ValueError("It needs images and an encoder. Received: pairs without an encoder.")
    name = facts.name_of(options["endpoint"] or "code")
    if facts.width(name) != 2:
        raise ValueError(
            "Codes lie on a circle if they have 2 numbers, as with encoder.output_units=2. "
            f"Received: {name!r} of width {facts.width(name)}."
        )
    if not (facts.images.test_labels >= 0).any():
        raise ValueError(
            "The circle shows classes, of labelled test images. "
            f"Received: no labels in {facts.images.name}."
        )


@EVALUATORS.register("circle")
@checked_by(_need_width_2)
def measure_circle(snapshot, endpoint: Name() = None):
    """The angles of all test codes of width 2, class by class, and how well they tell the classes.

    The rows ``circle/angle/<class>`` hold the angles (tag ``values``, radians) of a class' codes;
    their value is the direction of the mean code, because a circle has no median. Their mean
    resultant length, averaged over the classes, is ``circle/concentration``: 1 if every class is
    one point. ``circle/probe_accuracy`` is the accuracy of the linear probe on the unit codes.
    """
    endpoint = snapshot.name_of(endpoint or snapshot.code)
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
    """Codes scaled to a largest entry of 1, so that squares of small codes do not underflow."""
    codes = np.asarray(codes)
    largest = np.abs(codes).max(axis=1, keepdims=True)
    return codes / np.where(largest > 0.0, largest, 1.0).astype(codes.dtype)


def _on_circle(codes):
    codes = _of_size_one(codes)
    norms = np.linalg.norm(codes, axis=1, keepdims=True)
    if (norms == 0.0).any():
        # An encoder whose units are all dead: its codes are meaningless.
        raise NonFiniteError(
            "Codes must have a direction to lie on a circle. "
            f"Received: {int((norms == 0.0).sum())} of {len(codes)} codes of norm 0."
        )
    return codes / norms
