"""The measurements of MI-max: a frozen trial of two views at one step -> measurements."""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from tf_infomax.evaluation import (
    NonFiniteError,
    conditioning,
    encode,
    mean_bound,
)
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.naming.option_kinds import Integer
from tf_infomax.naming.registry import unknown_name
from tf_infomax.numerics import randomness
from tf_infomax.results.measurements import EVALUATORS, INVERSE_TOLERANCE, Measurement
from tf_infomax.studies import dependent_pairs

__all__ = [
    "PAIR_EVALUATORS",
    "PairSnapshot",
    "measure_bound",
    "measure_conditioning",
    "measure_exact_mutual_information",
    "measure_in_batch_optimum",
    "measure_invertibility",
    "measure_optimal_critic",
]


@dataclasses.dataclass(frozen=True)
class PairSnapshot:
    """A trial at one step. Codes are computed on first use and shared by all evaluators."""

    trial: object
    step: int

    # What probes read unless told otherwise.
    default_features = ("code",)

    def features(self, name):
        """(train, test) features called "code" or "pixels", ``[N, D]`` each."""
        found = {"code": lambda: self.probe_codes, "pixels": lambda: self.probe_pixels}
        if name not in found:
            raise unknown_name("kind of features", name, found)
        return found[name]()

    @functools.cached_property
    def probe_codes(self):
        """Codes of all (train, test) first views, with the probe's noise where there is any."""
        return self._probe_inputs(self.trial.encoder)

    @functools.cached_property
    def probe_pixels(self):
        """The pixels themselves, treated as the probe's inputs are."""
        return self._probe_inputs(lambda x: x)

    def _probe_inputs(self, encoder):
        pairs = self.trial.source
        return tuple(
            encode(encoder, views[0], pairs.probe_input(self.step, split))
            for split, views in (("train", pairs.train), ("test", pairs.test))
        )

    @functools.cached_property
    def inverse_check(self):
        """(largest error of inverse(forward(x)), largest |log det|) over a batch of test views.

        In the precision of the encoder. ``None`` of an encoder that has no inverse.
        """
        encoder, pairs = self.trial.encoder, self.trial.source
        if not hasattr(encoder, "forward_and_log_det"):
            return None
        x = pairs.to_pixels(tf.constant(pairs.test[0][: pairs.batch_size]))
        x = tf.cast(x, encoder.compute_dtype)

        @tf.function
        def check(x):
            codes, log_det = encoder.forward_and_log_det(x)
            return tf.reduce_max(tf.abs(encoder.inverse(codes) - x)), tf.reduce_max(tf.abs(log_det))

        error, log_det = check(x)
        return float(error), float(log_det)

    @property
    def has_lost_its_inverse(self):
        """Whether the encoder should be invertible, and is not within ``INVERSE_TOLERANCE``."""
        # Negated, so that NaN counts as lost.
        return self.inverse_check is not None and not self.inverse_check[0] <= INVERSE_TOLERANCE

    @functools.cached_property
    def test_codes(self):
        """Codes of both views of all test pairs, without noise."""
        pairs, model = self.trial.source, self.trial.model
        first = (
            encode(model.encoder_1, pairs.test[0], pairs.clean_input)
            if pairs.noise_sd
            else self.probe_codes[1]
        )
        return first, encode(model.encoder_2, pairs.test[1], pairs.clean_input)


def _need_model_of_images(facts, options):
    del options
    if facts.images is None or not facts.has_model:
        raise ValueError(
            "It needs images and a critic that is trained on their codes. "
            f"Received: {', '.join(facts.terms)}"
            f"{'' if facts.images else ' on pairs without images'}."
        )


def _need_encoder(facts, options):
    del options
    if not facts.shapes:
        raise ValueError("It needs an encoder. Received: pairs without an encoder.")


def _need_density(facts, options):
    del options
    if facts.source is None:
        raise ValueError("It needs pairs whose density is known. Received: images.")


def _need_dependent_pairs(facts, options):
    _need_density(facts, options)
    if not hasattr(facts.source, "law"):
        raise ValueError(
            "It needs pairs whose batches share an offset, data.law=dependent or none. "
            f"Received: {type(facts.source).__name__}."
        )


@EVALUATORS.register("bound")
@checked_by(_need_model_of_images)
def measure_bound(snapshot):
    """The trained bound on all test pairs and on 20 batches of training pairs, apart."""
    model, pairs = snapshot.trial.model, snapshot.trial.source
    codes_of_training_pairs = tuple(
        encode(encoder, view.numpy())
        for encoder, view in zip(
            (model.encoder_1, model.encoder_2), pairs.measured_pairs(snapshot.step), strict=True
        )
    )
    for split, codes in (("test", snapshot.test_codes), ("train", codes_of_training_pairs)):
        value = mean_bound(
            model.bound_of, model.critic, *codes, pairs.batch_size, model.baseline
        )
        yield Measurement("bound", split, float(value), model.bound_unit)


@EVALUATORS.register("conditioning")
@checked_by(_need_encoder)
def measure_conditioning(snapshot):
    """The spectrum of the encoder's Jacobian at the inputs of one training batch."""
    inputs = snapshot.trial.source.measured_pairs(snapshot.step)[0]
    inputs = inputs[: snapshot.trial.source.batch_size]
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


@EVALUATORS.register("invertibility")
@checked_by(_need_encoder)
def measure_invertibility(snapshot):
    """Largest error of inverse(forward(x)) and largest |log det| over a batch of test views.

    The error is that of the run's precision: what it shows is rounding, amplified by the flow.
    """
    if snapshot.inverse_check is None:
        raise ValueError(
            "Invertibility is measured on encoders that have an inverse, such as 'realnvp'. "
            f"Received: encoder={type(snapshot.trial.encoder).__name__}."
        )
    error, log_det = snapshot.inverse_check
    yield Measurement("flow/inverse_error", "test", error, "1", {"tolerance": INVERSE_TOLERANCE})
    yield Measurement("flow/log_det", "test", log_det, "nats")


@EVALUATORS.register("exact_mutual_information")
@checked_by(_need_density)
def measure_exact_mutual_information(snapshot):
    """The closed form, where the law of the pairs has one."""
    value = snapshot.trial.source.mutual_information_at(snapshot.step)
    yield Measurement("mutual_information", "test", float(value), "nats")


@EVALUATORS.register("optimal_critic")
@checked_by(_need_density)
def measure_optimal_critic(snapshot, batches: Integer(1) = 20):
    """The trained bound at the best critic there is, log p(x, y) / p(x) p(y), on fresh batches.

    Of correlated Gaussians before their transform, which changes neither ratio nor bound.
    """
    source, model = snapshot.trial.source, snapshot.trial.model
    law = source.law_at(snapshot.step)

    @tf.function
    def value(t):
        seed = randomness.stream_seed(snapshot.trial.seed, "optimal_critic", snapshot.step)
        pairs = law.sample(source.batch_size, tf.stack([tf.constant(seed, tf.int64), t]))
        # Its best baseline is a(x) = 1.
        return model.bound_of(law.log_density_ratio(*pairs), log_baseline=0.0)

    values = np.array([value(tf.constant(t, tf.int64)) for t in range(batches)], np.float64)
    yield Measurement("bound/optimal_critic", "test", float(values.mean()), model.bound_unit)


@EVALUATORS.register("in_batch_optimum")
@checked_by(_need_dependent_pairs)
def measure_in_batch_optimum(snapshot):
    """What bounds converge to on batches whose pairs share an offset, and I(X; Y | offset)."""
    law = snapshot.trial.source.law
    for name, value in (
        ("nwj", dependent_pairs.nwj_optimum(law)),
        ("infonce", dependent_pairs.infonce_optimum(law)),
        ("conditional", dependent_pairs.conditional_mutual_information(law)),
    ):
        yield Measurement(f"in_batch_optimum/{name}", "test", float(value), "nats")


PAIR_EVALUATORS = (
    "bound",
    "conditioning",
    "invertibility",
    "exact_mutual_information",
    "optimal_critic",
    "in_batch_optimum",
)
