"""The HTML page of one estimate: value, warnings, two figures, data and options."""

import math

from tf_infomax import bounds
from tf_infomax.plots import image
from tf_infomax.plots.estimate import held_out_values, training_curves
from tf_infomax.report.page import figure, render
from tf_infomax.report.report import made
from tf_infomax.tables import html_tables
from tf_infomax.tables.cells import cell, table

__all__ = ["summary_page"]

_LISTED = 12  # columns named


def summary_page(found):
    """The page as text.

    Args:
        found: ``summary.Summary``.

    Returns:
        Self-contained HTML.
    """
    told = found.to_dict()
    value, error = told["mutual_information"], told["standard_error"]
    ends = told["confidence_interval"]
    confidence = f"{100 * found.confidence:g} %"
    low, high = (f"{end:.3f}" for end in ends["nats"])
    curves = training_curves(found.training_curve)
    held_out = held_out_values(
        found.fold_values, found.mutual_information, found.confidence_interval, found.confidence,
        {"ceiling of the bound": found.ceiling, "2 ln N + 5": found.certifiable},
    )
    seen = (
        f"Value of the bound over the epochs, one line for each of {len(found.fold_values)} folds.",
        f"Held-out values of {len(found.fold_values)} folds, from {min(found.fold_values):.3f} to "
        f"{max(found.fold_values):.3f} nats, around the estimate of {value['nats']:.3f} nats with "
        f"its interval from {low} to {high}.",
    )
    return render(
        "estimate.html",
        title="Mutual information",
        pairs=f"{found.num_pairs:,}",
        files=list(map(str, found.files)),
        dimensions=[_dimensions(number) for number in found.dims],
        nats=f"{value['nats']:.3f}",
        bits=f"{value['bits']:.3f}",
        error=f"{error['nats']:.3f}",
        confidence=confidence,
        low=low,
        high=high,
        sentences=[
            *(("Warning", one) for one in found.warnings), *(("Note", one) for one in found.notes)
        ],
        values=html_tables.estimate_values(value, error, ends, confidence),
        figures=[
            figure(name, alt, image(drawing.figure), drawing.caption, number=number)
            for number, (name, alt, drawing) in enumerate(
                zip(("Training", "Held-out values"), seen, (curves, held_out), strict=True), 1
            )
        ],
        data=_listed(("data", "value"), _data(found)),
        options=_listed(("option", "value"), _options(found)),
        made=f"{made()}, in {found.seconds:.1f} s",
    )  # fmt: skip


def _listed(head, pairs):
    return table(head, [("", [name, cell(value, look="prose")]) for name, value in pairs])


def _dimensions(number):
    return f"{number} dimension" + "s" * (number != 1)


def _data(found):
    ceiling = f"{found.ceiling:.2f} nats" if math.isfinite(found.ceiling) else "no limit"
    return [
        ("pairs, N", f"{found.num_pairs:,}"),
        *(
            (f"{side} ({_dimensions(dims)})", _listing(columns))
            for side, dims, columns in zip("xy", found.dims, found.columns, strict=True)
        ),
        *(("file", file) for file in found.files),
        ("most that any lower bound can certify, 2 ln N + 5", f"{found.certifiable:.2f} nats"),
        ("largest value of this bound with so many negatives", ceiling),
    ]


def _listing(columns):
    rest = len(columns) - _LISTED
    return ", ".join(columns[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")


def _options(found):
    info = bounds.info(bounds.deserialize(found.options["bound"]))
    rows = [
        (name, "; ".join((str(value), info.summary)) if name == "bound" else value)
        for name, value in found.options.items()
    ]
    return [*rows, ("source of the bound", info.reference)]
