"""Tables of final values as records, which the report and the terminal both print."""

import math
from dataclasses import dataclass

from tf_infomax.naming.natural_order import natural_key
from tf_infomax.published import experiments
from tf_infomax.results.metrics import (
    NON_FINITE,
    OF_STANDARDIZED,
    PICTURE,
    described,
    value_with_unit,
)
from tf_infomax.results.rows import Row, final_values, to_frame
from tf_infomax.results.settings import settled_tags
from tf_infomax.results.tags import numeric

__all__ = ["Final", "Overview", "finals", "number", "overviews", "paper_order", "step_text",
           "summary_table"]


def number(value):
    """A number formatted for tables: four decimals, or powers of ten if small or large."""
    if value is None or math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    if value == 0 or 1e-4 <= abs(value) < 1e5:
        return f"{value:.0f}" if value == int(value) and abs(value) >= 100 else f"{value:.4f}"
    return f"{value:.2e}"


def step_text(value):
    """A step that is the value of a row, with separators; "unknown" if it is not finite."""
    step = numeric(value)
    return "unknown" if step is None else f"{int(step):,}"


@dataclass(frozen=True)
class Final:
    """Mean and sd over ``n`` of ``seeds`` seeds of one metric at its last ``step``.

    Args:
        key: experiment, dataset, variant, metric, split, features, unit and raw_codes, as a dict;
            the last is whether an estimator that can standardise codes read them as they are.
        tags: the tags of its rows, as a dict, with dataset and features.
        step, mean, sd, n, seeds: as in ``results.final_values``.
    """

    key: dict
    tags: dict
    step: int
    mean: float
    sd: float
    n: int
    seeds: int

    def text(self):
        """Mean, and sd where there are several seeds."""
        if math.isnan(self.sd):
            return number(self.mean)
        mean = number(self.mean)
        # With the mean's number of decimals: a spread of 0.0009 reads better than 9.4e-04 beside
        # it.
        sd = f"{self.sd:.4f}" if "e" not in mean and self.sd < 1e5 else number(self.sd)
        return f"{mean} \u00b1 {sd}"

    def is_finite(self):
        """Whether the mean can be compared with others."""
        return math.isfinite(self.mean)

    def seeds_text(self):
        """Number of seeds in the mean, and of all seeds if some are missing."""
        return str(self.n) if self.n == self.seeds else f"{self.n} of {self.seeds}"


def finals(frame):
    """All final values of ``frame`` (from ``results.to_frame``) as ``Final`` records."""
    frame = frame[~frame["metric"].str.endswith(PICTURE)] if len(frame) else frame
    if frame.empty:
        return []
    frame = settled_tags(frame)
    raw = frame["metric"].isin(OF_STANDARDIZED)
    if "standardized" in frame:
        raw &= frame["standardized"].map(lambda tag: tag is not True)
    frame = frame.assign(raw_codes=raw)
    fixed = {"experiment", "variant", "seed", "step", "split", "metric", "value", "unit", "values",
             "png"}
    keys = ["experiment", "dataset", "variant", "metric", "split", "features", "unit",
            "raw_codes"]
    names = [name for name in frame.columns if name not in fixed]
    # The tags of the first row are taken for the whole group.
    firsts = frame.drop_duplicates(keys).to_dict("records")
    tags = {
        tuple(first[key] for key in keys): {name: _absent(first[name]) for name in names}
        for first in firsts
    }
    records = []
    for line in final_values(frame, keys).to_dict("records"):
        key = {name: line[name] for name in keys}
        records.append(
            Final(
                key, tags[tuple(key.values())], int(line["step"]), float(line["mean"]),
                float(line["sd"]), int(line["n"]), int(line["seeds"]),
            )
        )
    return records


def _absent(value):
    return None if isinstance(value, float) and math.isnan(value) else value


@dataclass(frozen=True)
class Overview:
    """A line of the summary: a variant and its main numbers.

    Args:
        experiment, dataset, variant: what was run.
        seeds: number of seeds, as text.
        step: the last step.
        values: {column: text}, in order; empty text if there is no such number.
        failures: {seed: step at which a non-finite loss stopped the run, as a float}.
    """

    experiment: str
    dataset: str | None
    variant: str
    seeds: str
    step: int
    values: dict
    failures: dict


def overviews(frame):
    """One ``Overview`` for each variant in ``frame``; experiments in the paper's order."""
    found = {}
    for record in finals(frame):
        key = record.key
        place = (key["experiment"], key["dataset"], key["variant"])
        found.setdefault(place, {})[key["metric"], key["split"], key["features"]] = record
    failures = {}
    for row in frame[frame["metric"] == NON_FINITE].to_dict("records"):
        place = (row["experiment"], _absent(row["dataset"]), row["variant"])
        failures.setdefault(place, {})[int(row["seed"])] = row["value"]
    chosen = {place: _summary(records) for place, records in found.items()}
    # The same columns for all, in the order of the metrics.
    places = {}
    for columns in chosen.values():
        for column, (place, _) in columns.items():
            places[column] = min(places.get(column, place), place)
    columns = sorted(places, key=places.get)
    lines = []
    for place, records in found.items():
        main = {column: record for column, (_, record) in chosen[place].items()}
        # A run that was stopped before its first evaluation has no main numbers.
        shown = list(main.values()) or list(records.values())
        step = max(record.step for record in shown)
        values = {column: _text(main[column], step) if column in main else "" for column in columns}
        lines.append(
            Overview(*place, shown[0].seeds_text(), step, values, failures.get(place, {}))
        )
    return sorted(
        lines, key=lambda o: (paper_order(o.experiment, o.dataset), natural_key(o.variant))
    )


def paper_order(experiment, dataset):
    """Sorting key: the paper's order, then experiments of our own by name; then the data set."""
    known = experiments()
    rank = known.index(experiment) if experiment in known else len(known)
    return rank, experiment, str(dataset or "")


def _summary(records):
    """Column of the summary -> ((place, features), record), of those that a variant has."""
    found = {}
    for (metric, split, features), record in records.items():
        known = described(metric, split, features)
        if known is not None and known[1].column is not None:
            entry = (known[0], str(features)), record
            column = known[1].column
            found[column] = min(found.get(column, entry), entry, key=lambda one: one[0])
    return found


def _text(record, step):
    """The number with its unit, and its step if that is not ``step``."""
    text = value_with_unit(record.text(), record.key["unit"])
    return text if record.step == step else f"{text} (step {record.step:,})"


def summary_table(rows: list[Row]) -> str:
    """The main final values as plain text for a terminal.

    Columns: experiment (and data set, if there are several), variant, seeds, step, accuracy of the
    linear probe and of the MLP probe on each endpoint, test bound and train bound, local and global
    information and accuracy in training, median log condition number; mean and sd over seeds, in
    nats where stated. Columns without any number are left out. Runs that failed are named below
    the table.

    Args:
        rows: list of ``Row``.
    Returns:
        Text of several lines, without a final newline.
    """
    lines = overviews(to_frame(rows))
    if not lines:
        return "No rows yet."
    several = len({line.dataset for line in lines}) > 1
    columns = [name for name in lines[0].values if any(line.values[name] for line in lines)]
    table = [["experiment", *(["data set"] * several), "variant", "seeds", "step", *columns]]
    for line in lines:
        place = [line.experiment, *([line.dataset or "-"] * several), line.variant]
        numbers = [line.values[name] or "-" for name in columns]
        table.append([*place, line.seeds, f"{line.step:,}", *numbers])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    left = 3 if several else 2
    text = []
    for entries in table:
        cells = [
            entry.ljust(width) if position < left else entry.rjust(width)
            for position, (entry, width) in enumerate(zip(entries, widths, strict=True))
        ]
        text.append("  ".join(cells).rstrip())
    text.insert(1, "  ".join("-" * width for width in widths))
    for line in lines:
        for seed, step in sorted(line.failures.items()):
            text.append(
                f"FAILED: {line.experiment}/{line.variant}, seed {seed}: the loss was not finite "
                f"at step {step_text(step)}."
            )
    return "\n".join(text)
