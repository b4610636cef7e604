"""Further quantities of pairs from files, as text or JSON, for the command line."""

import json

import numpy as np
import pandas as pd

from tf_infomax.estimation.derived import (
    conditional_mutual_information,
    lagged_table,
    side_by_side,
    total_correlation,
    transfer_entropy,
)
from tf_infomax.estimation.estimator import MutualInformationEstimator
from tf_infomax.estimation.feature_selection import mutual_information_matrix
from tf_infomax.estimation.independence import independence_test
from tf_infomax.estimation.named_options import check_names
from tf_infomax.estimation.summary import with_settings
from tf_infomax.estimation.units import in_unit
from tf_infomax.naming.options import check_options, options_of
from tf_infomax.results.strict_json import encoded

__all__ = ["quantity"]


def quantity(name, pairs, *, lags=(0, 1), unit="nats", as_json=False, settings=(), **options):
    """A quantity of the columns of x and y, as text.

    Args:
        name: of ``named_options.QUANTITIES``. "matrix" and "total_correlation" are of the columns
            of x and y together; "transfer_entropy" is from x to y; series are in the order of the
            rows.
        pairs: ``pair_files.Pairs``, with z for "conditional_mutual_information".
        lags: ints, for "lagged_mutual_information".
        unit: "nats", "bits" or "hartleys".
        as_json: whether the text is a JSON object.
        settings: further options as text, ``"epochs=20"``.
        options: of ``MutualInformationEstimator``.

    Raises:
        ValueError: on an unknown name or option, and on data that do not fit.
    """
    options = with_settings(options, settings)
    check_options(
        "estimator", "mutual_information", options, options_of(MutualInformationEstimator)
    )
    in_unit(0.0, unit)
    check_names(quantity=name)
    if (pairs.z is None) == (name == "conditional_mutual_information"):
        raise ValueError(
            "`z` belongs to quantity=conditional_mutual_information, and to no other. "
            f"Received: quantity={name!r} {'without' if pairs.z is None else 'with'} z."
        )
    x, y = pairs.x, pairs.y
    if name == "independence_test":
        found = independence_test(x, y, **options)
        told = {"p_value": found.p_value, "permutations": len(found.permuted),
                "mutual_information": in_unit(found.estimator.mutual_information_, unit)}
    elif name == "matrix":
        table = mutual_information_matrix(_together(pairs), **options)
        told = {"matrix": in_unit(table, unit)}
    elif name == "lagged_mutual_information":
        table, sentences = lagged_table(x, y, lags, **options)
        told = {"lags": pd.concat([table["lag"], in_unit(table.drop(columns="lag"), unit)], axis=1),
                "warnings": list(sentences)}
    else:
        estimate = {
            "conditional_mutual_information": lambda: conditional_mutual_information(
                x, y, pairs.z, **options
            ),
            "total_correlation": lambda: total_correlation(_together(pairs), **options),
            "transfer_entropy": lambda: transfer_entropy(x, y, **options),
        }[name]()
        told = {
            name: in_unit(estimate.value, unit),
            "standard_error": in_unit(estimate.standard_error, unit),
            "confidence_interval": [in_unit(end, unit) for end in estimate.confidence_interval],
            "warnings": list(estimate.warnings),
        }
    return _json({**told, "unit": unit}) if as_json else _text(told, unit)


def _together(pairs):
    """The columns of x and y in one frame; names that recur are told apart by their side."""
    joined = side_by_side(pairs.x, pairs.y)
    x, y = _names(pairs.x, pairs.columns_x), _names(pairs.y, pairs.columns_y)
    if {*x} & {*y}:
        x, y = ([f"{side}.{name}" for name in names] for side, names in (("x", x), ("y", y)))
    joined.columns = [*x, *y]
    return joined


def _names(side, columns):
    """A name for each dimension; one array of a ``.npz`` has several."""
    return columns if len(columns) == side.shape[1] else [*map(str, range(side.shape[1]))]


def _text(told, unit):
    lines = []
    for name, value in told.items():
        if isinstance(value, pd.DataFrame):
            lines += [f"{name}, {unit}:", value.round(4).to_string(na_rep="-")]
        elif name == "warnings":
            lines += [f"Warning: {sentence}" for sentence in value]
        else:
            numbers = " to ".join(f"{number:.4g}" for number in np.atleast_1d(value))
            counts = name in ("p_value", "permutations")
            lines.append(f"{name.replace('_', ' ')} {numbers}{'' if counts else ' ' + unit}")
    return "\n".join(lines)


def _json(told):
    values = {
        name: value.to_dict("split", index=True) if isinstance(value, pd.DataFrame) else value
        for name, value in told.items()
    }
    return json.dumps(encoded(values), indent=2, allow_nan=False, ensure_ascii=False)
