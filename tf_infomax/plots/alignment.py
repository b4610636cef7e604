"""Alignment, uniformity and accuracy of encoders trained by contrast or by both directly."""

from tf_infomax.plots import style
from tf_infomax.plots.curves import curve, last, lines, select
from tf_infomax.plots.drawing import Drawing
from tf_infomax.plots.generic import generic
from tf_infomax.plots.probe_accuracy import ACCURACY

__all__ = ["alignment_uniformity"]

_LABELS = {"alignment_uniformity": "alignment + uniformity", "contrastive": "contrastive"}


def alignment_uniformity(frame, official=None):
    """Both metrics over training, one against the other, and the final probes of each variant."""
    if select(frame, "alignment", "test").empty:
        return generic(frame, official)
    figure, axes = style.canvas(1, 3, 3.2)
    aligned = style.Panel(axes[0, 0], "Alignment of two views", "mean squared distance")
    uniform = style.Panel(axes[0, 1], "Uniformity", "log mean kernel")
    plane = axes[0, 2]
    for position, line in enumerate(lines(frame)):
        variant = line.frame["variant"].iloc[0]
        colour, name = style.colour("", "", position), _LABELS.get(variant, variant)
        curves = [curve(line.frame, metric, "test") for metric in ("alignment", "uniformity")]
        for panel, one in zip((aligned, uniform), curves, strict=True):
            panel.curve(one, colour, name)
        plane.plot(curves[0].mean, curves[1].mean, "o-", color=colour, markersize=3, linewidth=1.0)
        accuracies = [
            (endpoint, last(line.frame, ACCURACY, "test", features=endpoint)[0])
            for endpoint in ("fc", "global")
        ]
        told = ", ".join(f"{name} {100 * value:.1f} %" for name, value in accuracies if value)
        # In the corner without encoders: badly aligned and not uniform.
        plane.text(
            0.98, 0.97 - 0.07 * position, told, transform=plane.transAxes, ha="right", va="top",
            fontsize=8.5, color=colour,
        )
    uniform.level(_floor(frame), "uniform distribution")
    aligned.finish()
    uniform.finish()
    plane.set_title("Both; final linear probes")
    plane.set_xlabel("alignment")
    plane.set_ylabel("uniformity")
    plane.margins(0.15)
    style.legend(figure, [aligned, uniform])
    return Drawing(
        figure,
        "Two random views of test images, codes on the unit sphere: smaller is better aligned "
        "(left) and more uniform (middle; dashed: the uniform distribution, the minimum). "
        "Right: the path of each encoder in the plane of both, with the accuracy of the linear "
        "probe on two endpoints of the trained encoder. The contrastive loss is trained in one "
        "run, alignment plus uniformity in the other; both are measured in both.",
    )


def _floor(frame):
    rows = select(frame, "uniformity", "test")
    return float(rows["floor"].iloc[0]) if "floor" in rows else None
