"""What rows a figure of a study cannot do without, and the panel in its place without them."""

from dataclasses import dataclass

from tf_infomax.plots import style
from tf_infomax.plots.drawing import Drawing

__all__ = ["lacking", "with_needed"]


@dataclass(frozen=True)
class _Needs:
    """Metrics of which there must be rows, and tags that every row must have."""

    metrics: tuple = ()
    tags: tuple = ()


_NEEDS = {
    "infonce_ceiling": _Needs(("train/bound",), ("level", "batch_size")),
    "estimator_variance": _Needs(
        ("variance/nwj", "bias/donsker_varadhan"), ("samples", "mutual_information")
    ),
    "formal_limit": _Needs(("donsker_varadhan",), ("samples", "mutual_information")),
    "jsd_and_kl": _Needs(("divergence/kl", "divergence/jsd"), ("scheme", "size")),
    "self_consistency": _Needs(("bound",), ("bound", "test", "rows")),
    "dependent_negatives": _Needs(("train/bound",), ("bound", "share")),
    "pair_estimate": _Needs(("estimate",)),
}


def with_needed(experiment, frame):
    """The rows that a figure can show, and what it lacks.

    Returns:
        (DataFrame without rows that lack a tag, text of the metrics and tags that are missing or
        an empty text).
    """
    needs = _NEEDS.get(experiment)
    if needs is None:
        return frame, ""
    absent = [f"tag {name}" for name in needs.tags if name not in frame or frame[name].isna().all()]
    if not absent:
        frame = frame.dropna(subset=list(needs.tags)) if needs.tags else frame
    there = {*frame["metric"]}
    absent += [f"metric {name}" for name in needs.metrics if name not in there]
    return frame, ", ".join(absent)


def lacking(missing):
    """The ``Drawing`` of an empty panel that says what is missing."""
    figure, axes = style.canvas(1, 1, 2.5)
    style.Panel(axes[0, 0]).empty(f"no rows with {missing}")
    return Drawing(figure, f"Nothing to draw: there are no rows with {missing}.")
