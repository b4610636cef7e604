"""An estimate of mutual information from files, as text, JSON and an HTML page."""

import ast
import dataclasses
import json
import os
import time
import warnings
from pathlib import Path

import pandas as pd

from tf_infomax import bounds
from tf_infomax.estimation.estimator import MutualInformationEstimator
from tf_infomax.estimation.limits import EstimateWarning, certifiable
from tf_infomax.estimation.summary_page import summary_page
from tf_infomax.estimation.units import in_unit
from tf_infomax.naming.options import check_options, options_of
from tf_infomax.results.strict_json import encoded

__all__ = ["Summary", "estimate", "to_bits", "with_settings"]

_FORMAT = "tf_infomax estimate"
_PAGE, _RESULT = "estimate.html", "result.json"


def to_bits(nats):
    """A number of nats in bits: ``nats / ln 2``."""
    return in_unit(nats, "bits")


@dataclasses.dataclass(frozen=True)
class Summary:
    """An estimate with everything needed to judge it.

    Attributes:
        mutual_information, standard_error: nats.
        confidence_interval: (low, high), nats.
        confidence: of the interval, a fraction.
        lower_confidence_limit: one-sided, of the held-out value alone, nats.
        shortfall: estimate of how far the held-out value is below, nats.
        fold_values: tuple, held-out value of each fold, nats.
        ceiling: the largest value of the bound with this number of negatives, nats, perhaps
            infinite.
        certifiable: the most that any lower bound can certify from this number of pairs, nats.
        num_pairs: N.
        dims: (Dx, Dy).
        columns: (names of x, names of y), tuples.
        files: where the pairs are from, paths.
        options: of the estimator, name -> value as JSON.
        warnings: of the estimate, sentences.
        notes: on the interval and the data, sentences.
        training_curve: data frame, a row per fold and epoch.
        seconds: time that the estimate took.
        page: path of the HTML page, or None.
    """

    mutual_information: float
    standard_error: float
    confidence_interval: tuple
    confidence: float
    lower_confidence_limit: float
    shortfall: float
    fold_values: tuple
    ceiling: float
    certifiable: float
    num_pairs: int
    dims: tuple
    columns: tuple
    files: tuple
    options: dict
    warnings: tuple
    notes: tuple
    training_curve: pd.DataFrame
    seconds: float
    page: Path | None = None

    def text(self):
        """The estimate in a few lines."""
        nats, error = self.mutual_information, self.standard_error
        low, high = self.confidence_interval
        return "\n".join([
            f"I(X; Y) = {nats:.3f} nats = {to_bits(nats):.3f} bits",
            f"standard error {error:.3f} nats = {to_bits(error):.3f} bits",
            f"{100 * self.confidence:g} % interval {low:.3f} to {high:.3f} nats = "
            f"{to_bits(low):.3f} to {to_bits(high):.3f} bits",
            f"held-out lower confidence limit {self.lower_confidence_limit:.3f} nats, estimated "
            f"shortfall {self.shortfall:.3f} nats",
            f"from {self.num_pairs:,} pairs of {' and '.join(self.files)}, "
            f"dimensions {self.dims[0]} and {self.dims[1]}",
            *(f"Note: {note}" for note in self.notes),
            *(f"Warning: {warning}" for warning in self.warnings),
            *([f"Report: {self.page}"] if self.page else []),
        ])  # fmt: skip

    def json(self):
        """``to_dict`` as strict JSON."""
        return _json(self.to_dict())

    def to_dict(self):
        """Everything except the training curve, as values for strict JSON."""
        return encoded({
            "format": _FORMAT,
            "mutual_information": _both(self.mutual_information),
            "standard_error": _both(self.standard_error),
            "confidence_interval": {
                "nats": self.confidence_interval,
                "bits": [to_bits(end) for end in self.confidence_interval],
            },
            "confidence": self.confidence,
            "lower_confidence_limit": _both(self.lower_confidence_limit),
            "shortfall": _both(self.shortfall),
            "fold_values_nats": self.fold_values,
            "ceiling_nats": self.ceiling,
            "certifiable_nats": self.certifiable,
            "pairs": self.num_pairs,
            "dimensions": dict(zip("xy", self.dims, strict=True)),
            "columns": dict(zip("xy", self.columns, strict=True)),
            "files": self.files,
            "options": self.options,
            "warnings": self.warnings,
            "notes": self.notes,
            "seconds": self.seconds,
        })  # fmt: skip


def estimate(pairs, output=None, settings=(), **options):
    """Estimates I(X; Y) from pairs, and optionally writes a page and a JSON file about it.

    Args:
        pairs: ``pair_files.Pairs``.
        output: directory for ``estimate.html`` and ``result.json``, made if missing; an earlier
            estimate there is replaced. ``None`` writes nothing.
        settings: further options as text, ``"epochs=20"``.
        options: of ``MutualInformationEstimator``.

    Returns:
        ``Summary``.

    Raises:
        ValueError: on a setting that is not ``name=value``, an unknown option, data or options
            that do not fit, or an output that cannot be written or holds another ``result.json``;
            all before any training.
        FloatingPointError: if the held-out value is not finite.
    """
    options = with_settings(options, settings)
    known = options_of(MutualInformationEstimator)
    check_options("estimator", "mutual_information", options, known)
    if output is not None:
        _prepare(Path(output))
    estimator = MutualInformationEstimator(**options)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimateWarning)  # they are in the summary
        estimator.fit(pairs.x, pairs.y)
    found = _summary(estimator, pairs, time.perf_counter() - start)
    if output is None:
        return found
    _write(found, Path(output))
    return dataclasses.replace(found, page=Path(output) / _PAGE)


def with_settings(options, settings):
    """``options`` and those from texts like ``"epochs=20"``, a dict.

    Raises:
        ValueError: on other texts, or an option that is given twice.
    """
    found = dict(options)
    for setting in settings:
        name, value = _option(setting)
        if name in found:
            raise ValueError(
                f"An option must be given once. Received: {name}={found[name]!r} and {setting!r}."
            )
        found[name] = value
    return found


def _option(setting):
    name, separator, text = (part.strip() for part in setting.partition("="))
    if not name or not separator or not text:
        raise ValueError(
            f"A setting must read name=value, as in epochs=20. Received: {setting!r}."
        )
    try:
        return name, ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return name, {"none": None}.get(text.lower(), text)


def _summary(estimator, pairs, seconds):
    num_pairs = len(pairs.x)
    return Summary(
        mutual_information=estimator.mutual_information_,
        standard_error=estimator.standard_error_,
        confidence_interval=tuple(map(float, estimator.confidence_interval_)),
        confidence=estimator.confidence,
        lower_confidence_limit=float(estimator.lower_confidence_limit_),
        shortfall=float(estimator.shortfall_),
        fold_values=tuple(map(float, estimator.fold_values_)),
        ceiling=estimator.ceiling_,
        certifiable=certifiable(num_pairs),
        num_pairs=num_pairs,
        dims=(pairs.x.shape[1], pairs.y.shape[1]),
        columns=(pairs.columns_x, pairs.columns_y),
        files=pairs.files,
        options=_plain_options(estimator),
        warnings=tuple(estimator.warnings_),
        notes=(*_reading(*estimator.confidence_interval_), *pairs.notes),
        training_curve=estimator.training_curve_,
        seconds=seconds,
    )


def _reading(low, high):
    # An estimate may be below 0, as no mutual information is: that is an error around 0.
    return ("No dependence is shown: the interval holds 0.",) if low <= 0.0 <= high else ()


def _plain_options(estimator):
    options = estimator.get_params(deep=False)
    critic = options["critic"]
    options["critic"] = critic if isinstance(critic, str) else type(critic).__name__
    return {**options, "bound": bounds.serialize(options["bound"])}


def _both(nats):
    return {"nats": nats, "bits": to_bits(nats)}


def _prepare(output):
    """Makes the directory; raises before training if files would be lost or cannot be written."""
    if output.exists() and not output.is_dir():
        raise ValueError(f"The output must be a directory. Received: {output}.")
    result = output / _RESULT
    if result.exists() and not _is_ours(result):
        raise ValueError(
            "The output must be a directory without a result.json, or with that of an earlier "
            f"estimate, which is replaced. Received: {output}, where it is something else."
        )
    try:
        output.mkdir(parents=True, exist_ok=True)
        probe = output / f".writable_{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(f"The directory {output} cannot be written ({error}).") from None


def _is_ours(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"))["format"] == _FORMAT
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _write(found, output):
    curve = {name: list(values) for name, values in found.training_curve.items()}
    document = {**found.to_dict(), "training_curve": encoded(curve)}
    (output / _RESULT).write_text(f"{_json(document)}\n", encoding="utf-8")
    (output / _PAGE).write_text(summary_page(found), encoding="utf-8")


def _json(document):
    return json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
