"""The measurements that experiments list by name: a frozen trial at one step -> measurements."""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from tf_infomax import randomness
from tf_infomax.evaluation import (
    NonFiniteError,
    conditioning,
    encode,
    linear_probe,
    mean_bound,
)
from tf_infomax.experiments.build import Trial
from tf_infomax.registry import Registry

__all__ = ["Measurement", "Snapshot", "get", "names"]


@dataclasses.dataclass(frozen=True)
class Measurement:
    """A number that was measured, and what it is (the run's own tags are added later)."""

    metric: str
    split: str
    value: float
    unit: str
    tags: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A trial at one step. Codes are computed on first use and shared by all evaluators."""

    trial: Trial
    step: int

    @functools.cached_property
    def probe_codes(self):
        """Codes of all (train, test) first views, with the probe's noise where there is any."""
        return self._probe_inputs(self.trial.encoder)

    @functools.cached_property
    def probe_pixels(self):
        """The pixels themselves, treated as the probe's inputs are."""
        return self._probe_inputs(lambda x: x)

    def _probe_inputs(self, encoder):
        pairs = self.trial.pairs
        return tuple(
            encode(encoder, views[0], pairs.probe_input(self.step, split))
            for split, views in (("train", pairs.train), ("test", pairs.test))
        )

    @functools.cached_property
    def test_codes(self):
        """Codes of both views of all test pairs, without noise."""
        pairs, model = self.trial.pairs, self.trial.model
        first = (
            encode(model.encoder_1, pairs.test[0], pairs.clean_input)
            if pairs.noise_sd
            else self.probe_codes[1]
        )
        return first, encode(model.encoder_2, pairs.test[1], pairs.clean_input)


_EVALUATORS = Registry("evaluator")


def get(name):
    """The evaluator called ``name``: ``Snapshot`` -> iterable of ``Measurement``."""
    return _EVALUATORS.get(name)


def names():
    """All registered names."""
    return _EVALUATORS.names()


@_EVALUATORS.register("linear_probe")
def measure_linear_probe(snapshot):
    """Accuracy of the linear probe on the codes; at step 0 on the pixels, too."""
    inputs = {"code": snapshot.probe_codes}
    if snapshot.step == 0:
        inputs["pixels"] = snapshot.probe_pixels
    images = snapshot.trial.pairs.images
    for features, (train, test) in inputs.items():
        accuracy = linear_probe(
            train,
            images.train_labels,
            test,
            images.test_labels,
            seed=randomness.stream_seed(snapshot.trial.seed, "linear_probe"),
        )
        yield Measurement(
            "probe/linear/accuracy", "test", accuracy, "fraction", {"features": features}
        )


@_EVALUATORS.register("bound")
def measure_bound(snapshot):
    """The trained bound on all test pairs and on 20 batches of training pairs, apart."""
    model, pairs = snapshot.trial.model, snapshot.trial.pairs
    codes_of_training_pairs = tuple(
        encode(encoder, view.numpy())
        for encoder, view in zip(
            (model.encoder_1, model.encoder_2), pairs.measured_pairs(snapshot.step), strict=True
        )
    )
    for split, codes in (("test", snapshot.test_codes), ("train", codes_of_training_pairs)):
        value = mean_bound(model.bound_of, model.critic, *codes, pairs.batch_size)
        yield Measurement("bound", split, float(value), "nats")


@_EVALUATORS.register("conditioning")
def measure_conditioning(snapshot):
    """The spectrum of the encoder's Jacobian at the inputs of one training batch."""
    inputs = snapshot.trial.pairs.measured_pairs(snapshot.step)[0]
    inputs = inputs[: snapshot.trial.pairs.batch_size]
    jacobians = snapshot.trial.jacobian(inputs)
    if not np.isfinite(jacobians).all():
        raise NonFiniteError("Jacobians must be finite to be decomposed. Received: NaN entries.")
    spectra = conditioning.singular_values(jacobians)
    logs = np.sort(conditioning.log_condition_number(spectra))
    yield Measurement(
        "log_condition_number", "train", float(np.median(logs)), "1", {"values": _rounded(logs)}
    )
    fractions = sorted({*conditioning.PERCENTILES, 0.5})
    for fraction, value in zip(fractions, conditioning.percentiles(logs, fractions), strict=True):
        name = f"log_condition_number/p{round(100 * fraction)}"
        yield Measurement(name, "train", float(value), "1")
    with np.errstate(divide="ignore"):
        mean_spectrum = np.exp(np.mean(np.log(spectra), axis=0))
    yield Measurement(
        "singular_values",
        "train",
        float(np.median(mean_spectrum)),
        "1",
        {"values": _rounded(mean_spectrum)},
    )


def _rounded(values):
    # Rows hold hundreds of these; six digits are more than LAPACK in float32 knows.
    return [float(f"{value:.6g}") for value in values]


@_EVALUATORS.register("invertibility")
def measure_invertibility(snapshot):
    """Largest error of inverse(forward(x)) and largest |log det| over test views.

    The error is computed on codes in float32: what it shows is rounding, amplified by the flow.
    """
    encoder, pairs = snapshot.trial.encoder, snapshot.trial.pairs
    x = pairs.to_pixels(tf.constant(pairs.test[0][: pairs.batch_size]))

    @tf.function
    def check(x):
        codes, log_det = encoder.forward_and_log_det(x)
        return tf.reduce_max(tf.abs(encoder.inverse(codes) - x)), tf.reduce_max(tf.abs(log_det))

    error, log_det = check(x)
    yield Measurement("flow/inverse_error", "test", float(error), "1")
    yield Measurement("flow/log_det", "test", float(log_det), "nats")


@_EVALUATORS.register("exact_mutual_information")
def measure_exact_mutual_information(snapshot):
    """The closed form, where the law of the pairs has one."""
    value = snapshot.trial.pairs.law.mutual_information
    yield Measurement("mutual_information", "test", float(value), "nats")
