"""The table of claims with their verdicts: for terminals, Markdown and pages."""

from collections import Counter

from tf_infomax.results.display_names import data_set_name
from tf_infomax.tables import cells, markdown_text
from tf_infomax.tables.results_table import number

__all__ = ["LEGEND", "markdown", "of_section", "summary", "table", "text"]

LEGEND = (
    "Intervals are 95 % each: of paired differences over seeds (t), or, with one seed or two, of "
    "the binomial error of both accuracies and the spread between runs that is stated. A verdict "
    "is of these rows at their budget, not of longer trainings."
)
_HEAD = (
    "claim", "statement", "place", "data, setting", "compared", "difference [95 %]", "seeds",
    "budget", "verdict", "rests on",
)
# On a page, where a wide table scrolls, what is asked first comes first; the rest may wrap.
_PAGE_HEAD = (
    "verdict", "statement", "compared", "difference [95 %]", "seeds", "budget", "data, setting",
    "claim", "place", "rests on",
)
_WRAPPED = ("statement", "compared", "rests on")
_METRICS = {
    "probe/linear/accuracy": "linear probe",
    "probe/linear/converged_accuracy": "converged linear probe",
    "probe/mlp/accuracy": "MLP probe",
    "probe/svm/accuracy": "SVM",
    "bound": "test bound",
    "train/bound": "bound in training",
}


def of_section(verdicts, experiment, dataset):
    """Those with rows of one experiment on one data set, as a section of the report shows them."""
    return [
        one
        for one in verdicts
        if one.has_rows and one.dataset == dataset and experiment in one.check.experiments()
    ]


def summary(verdicts):
    """How many comparisons had which verdict, in one sentence, and which claims lack rows."""
    measured = [one for one in verdicts if one.has_rows]
    counts = Counter(one.text() for one in measured)
    parts = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    lacking = dict.fromkeys(one.check.claim for one in verdicts if not one.has_rows)
    missing = sum(not one.has_rows for one in verdicts)
    noun = "comparison" if len(measured) == 1 else "comparisons"
    sentence = f"{len(measured)} {noun}: {parts or 'none'}."
    if missing:
        sentence += f" {missing} without rows to compare (of {', '.join(lacking)})."
    return sentence


def _compared(one):
    """Both sides with their values."""
    right = getattr(one.check.right, "label", "") or "limit"
    left = f"{one.check.left.label} {number(one.left)}"
    names = _METRICS.get(one.metric, one.metric)
    return f"{names}: {left}, {right} {number(one.right)}"


def _cells(one):
    check = one.check
    setting = ", ".join(filter(None, (data_set_name(one.dataset), one.setting)))
    return [
        check.claim, check.statement, f"{check.place} [{check.source}]", setting, _compared(one),
        one.interval_text(), str(one.seeds), one.budget, one.text(),
        "; ".join(filter(None, (one.basis, one.note))),
    ]


def text(verdicts):
    """Plain text for a terminal: a block of two lines for each comparison, and the summary."""
    lines, previous = [], None
    for one in verdicts:
        if not one.has_rows and one.note == "no rows":
            continue
        heading = f"{one.check.claim} ({one.check.place}): {one.check.statement}"
        if heading != previous:
            lines.append(heading)
            previous = heading
        if not one.has_rows:
            setting = data_set_name(one.dataset)
            lines.append(f"    {setting + ': ' if setting else ''}{one.text()}: {one.note}")
            continue
        _, _, _, setting, compared, difference, seeds, budget, verdict, basis = _cells(one)
        plural = "" if seeds == "1" else "s"
        lines.append(
            f"    {setting + ': ' if setting else ''}{verdict.upper()}. {compared}; difference "
            f"{difference}; {seeds} seed{plural}, {budget}. {basis}".rstrip()
        )
    return "\n".join([*lines, "", summary(verdicts), LEGEND])


def markdown(verdicts):
    """A Markdown table of the comparisons with rows; empty text if there are none."""
    measured = [one for one in verdicts if one.has_rows]
    if not measured:
        return ""
    rows = [list(_HEAD), ["---"] * len(_HEAD), *map(_cells, measured)]
    return "\n".join(
        markdown_text.row(cell.replace("|", "/") for cell in row) for row in rows
    )


def table(verdicts):
    """A ``cells.Table`` of the comparisons with rows; ``None`` without any."""
    measured = [one for one in verdicts if one.has_rows]
    if not measured:
        return None
    body = []
    for one in measured:
        values = dict(zip(_HEAD, _cells(one), strict=True))
        body.append(("first", [
            cells.cell(
                values[name], "ours" if name == "verdict" else "",
                look="prose" if name in _WRAPPED else "",
            )
            for name in _PAGE_HEAD
        ]))  # fmt: skip
    return cells.table(_PAGE_HEAD, body)
