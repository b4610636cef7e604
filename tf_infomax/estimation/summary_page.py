"""The HTML page of one estimate: value, warnings, two figures, data and options."""

import datetime
import math
import os
import platform
from html import escape

from tf_infomax import bounds
from tf_infomax.plots import image
from tf_infomax.plots.estimate import held_out_values, training_curves
from tf_infomax.report.page import document, figure

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
    figures = (
        training_curves(found.training_curve),
        held_out_values(
            found.fold_values, found.mutual_information, found.confidence_interval,
            found.confidence,
            {"ceiling of the bound": found.ceiling, "2 ln N + 5": found.certifiable},
        ),
    )  # fmt: skip
    now = datetime.datetime.now().astimezone()
    values = _table(("", "nats", "bits"), [
        ("estimate", *(f"{value[unit]:.4f}" for unit in ("nats", "bits"))),
        ("standard error", *(f"{error[unit]:.4f}" for unit in ("nats", "bits"))),
        (f"{confidence} interval", *(
            "{:.4f} to {:.4f}".format(*ends[unit]) for unit in ("nats", "bits")
        )),
    ])  # fmt: skip
    body = f"""<p class="lead">From {found.num_pairs:,} pairs in {_files(found)}: x in
{_dimensions(found.dims[0])}, y in {_dimensions(found.dims[1])}.</p>
<p class="claim">I(X; Y) = <strong>{value["nats"]:.3f} nats</strong> = {value["bits"]:.3f} bits,
with standard error {error["nats"]:.3f} nats; {confidence} interval
{ends["nats"][0]:.3f} to {ends["nats"][1]:.3f} nats.</p>
{_sentences("Warning", found.warnings)}{_sentences("Note", found.notes)}
<section><h2>The estimate</h2>
<div class="scroll">{values}</div>
{_figure(1, "Training", figures[0])}
{_figure(2, "Held-out values", figures[1])}
</section>
<section><h2>Data and options</h2>
<div class="scroll">{_table(("data", ""), _data(found))}</div>
<div class="scroll">{_table(("option", "value"), _options(found))}</div>
</section>
<footer><p>Made {now:%Y-%m-%d %H:%M %Z} on {escape(platform.platform())}, {os.cpu_count()} cores,
Python {platform.python_version()}, in {found.seconds:.1f} s.</p></footer>"""
    return document("Mutual information", body)


def _files(found):
    return " and ".join(f"<code>{escape(file)}</code>" for file in found.files) or "arrays"


def _dimensions(number):
    return f"{number} dimension" + "s" * (number != 1)


def _sentences(kind, sentences):
    return "\n".join(
        f'<p class="short"><strong>{kind}.</strong> {escape(sentence)}</p>'
        for sentence in sentences
    )


def _figure(number, name, drawing):
    caption = f"<strong>Figure {number}.</strong> {escape(drawing.caption)}"
    return figure(name, image(drawing.figure), caption)


def _table(head, rows):
    """Cells are plain text; the first cell of a row is a heading."""
    heads = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    lines = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>\n" for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>\n{lines}</tbody></table>"


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
