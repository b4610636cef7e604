"""Conditioning: the spectrum of the encoder's Jacobian, and the error of a flow's inverse."""

import numpy as np

from tf_infomax.evaluation import conditioning
from tf_infomax.evaluation.encoder_spectra import DEVICES
from tf_infomax.evaluators import needs
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.naming.option_kinds import OneOf
from tf_infomax.results.measurements import EVALUATORS, INVERSE_TOLERANCE, Measurement

__all__ = ["measure_conditioning", "measure_invertibility"]


@EVALUATORS.register("conditioning")
@checked_by(needs.need_encoder)
def measure_conditioning(snapshot, device: OneOf(DEVICES) = "auto"):
    """The spectrum of the encoder's Jacobian at the inputs of one training batch."""
    source = snapshot.trial.source
    inputs = next(iter(source.measured(snapshot.step).values()))[: source.batch_size]
    spectra = snapshot.trial.spectra(device)(inputs)
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
    # Rows hold hundreds of these; six digits exceed the precision of LAPACK in float32.
    return [float(f"{value:.6g}") for value in values]


@EVALUATORS.register("invertibility")
@checked_by(needs.need_inverse)
def measure_invertibility(snapshot):
    """Largest error of inverse(forward(x)) and largest |log det| over a batch of test views.

    The error is that of the run's precision: what it shows is rounding, amplified by the flow. Its
    second row is the error from codes in float32, as probes read them.
    """
    if snapshot.inverse_check is None:
        raise ValueError(
            "Invertibility is measured on encoders that have an inverse, such as 'realnvp'. "
            f"Received: encoder={type(snapshot.trial.encoder).__name__}."
        )
    error, error_as_read, log_det = snapshot.inverse_check
    yield Measurement("flow/inverse_error", "test", error, "1", {"tolerance": INVERSE_TOLERANCE})
    tags = {"tolerance": INVERSE_TOLERANCE}
    yield Measurement("flow/inverse_error_of_float32_codes", "test", error_as_read, "1", tags)
    yield Measurement("flow/log_det", "test", log_det, "nats")
