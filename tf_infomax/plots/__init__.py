"""Figures, drawn from rows: one function per experiment of the papers.

``draw(experiment, frame)`` gives the figure in the paper's layout, for any data set. Matplotlib is
used without pyplot and without touching its global settings; TensorFlow is not needed.
"""

import dataclasses
import io

from tf_infomax.plots import style
from tf_infomax.plots.alignment import alignment_uniformity
from tf_infomax.plots.architectures import critic_impact, encoder_impact
from tf_infomax.plots.bijective import adversarial, invertible
from tf_infomax.plots.ceiling import infonce_ceiling
from tf_infomax.plots.circle import circle
from tf_infomax.plots.conditioning import non_invertible
from tf_infomax.plots.deep_infomax import deep_infomax
from tf_infomax.plots.dependence import dependent_samples
from tf_infomax.plots.dependent_pairs import dependent_negatives
from tf_infomax.plots.discrete_joints import jsd_and_kl
from tf_infomax.plots.drawing import Drawing
from tf_infomax.plots.estimator_limits import estimator_variance, formal_limit
from tf_infomax.plots.generic import generic
from tf_infomax.plots.kl_weight import kl_weight
from tf_infomax.plots.needs import lacking, with_needed
from tf_infomax.plots.negatives import negatives
from tf_infomax.plots.pair_estimate import pair_estimate
from tf_infomax.plots.pictures import Picture, enlarged, pictures
from tf_infomax.plots.self_consistency import self_consistency
from tf_infomax.plots.side_by_side import side_by_side
from tf_infomax.plots.staircase import staircase
from tf_infomax.plots.weights import weights
from tf_infomax.results.display_names import data_set_name
from tf_infomax.results.rows import without_copies
from tf_infomax.results.settings import settled_tags

__all__ = [
    "Drawing", "Picture", "draw", "enlarged", "image", "names", "pictures", "register",
    "side_by_side",
]

_FIGURES = {
    "invertible": invertible,
    "adversarial": adversarial,
    "non_invertible": non_invertible,
    "critic_impact": critic_impact,
    "encoder_impact": encoder_impact,
    "dependent_samples": dependent_samples,
    "dim_supervised": deep_infomax,
    "dim_untrained": deep_infomax,
    "dim_global": deep_infomax,
    "dim_local": deep_infomax,
    "dim_local_global": deep_infomax,
    "dim_coordinates": deep_infomax,
    "dim_occlusion": deep_infomax,
    "dim_coordinates_occlusion": deep_infomax,
    "dim_single_global_cifar10": deep_infomax,
    "dim_single_global": deep_infomax,
    "dim_multiple_globals": deep_infomax,
    "dim_weights": weights,
    "dim_weights_attributes": weights,
    "dim_negatives": negatives,
    "dim_autoencoder": deep_infomax,
    "dim_vae": deep_infomax,
    "dim_beta_vae": deep_infomax,
    "dim_aae": deep_infomax,
    "dim_bigan": deep_infomax,
    "dim_ndm_and_beta": kl_weight,
    "alignment_uniformity": alignment_uniformity,
    "circle": circle,
    "staircase": staircase,
    "staircase_baseline": staircase,
    "infonce_ceiling": infonce_ceiling,
    "estimator_variance": estimator_variance,
    "formal_limit": formal_limit,
    "jsd_and_kl": jsd_and_kl,
    "self_consistency": self_consistency,
    "dependent_negatives": dependent_negatives,
    "pair_estimate": pair_estimate,
}


def names():
    """Experiments with a figure of their own, in the papers' order."""
    return tuple(_FIGURES)


def register(experiment):
    """Decorator of a function ``(frame, official) -> Drawing``: the figure of ``experiment``."""

    def registered(function):
        _FIGURES[experiment] = function
        return function

    return registered


def draw(experiment, frame, official=None):
    """The figure of one experiment on one data set.

    Args:
        experiment: a catalogue name; one without a figure of its own gets a panel for each metric.
        frame: its rows, from ``results.to_frame``, of a single data set.
        official: ``published.OfficialCurves`` to draw beside ours, or None. They are of MNIST and
            are left out on other data.
    Returns:
        ``Drawing``: matplotlib figure and caption. Where rows lack what the figure of a study
        shows, its panel is empty and says what is missing.
    Raises:
        ValueError: if the rows are of no or of several experiments or data sets, or contradict
            each other.
    """
    found = sorted({*frame["experiment"]}), sorted({*frame["dataset"]}, key=str)
    if [len(part) for part in found] != [1, 1]:
        raise ValueError(
            "A figure needs rows of one experiment on one data set. "
            f"Received: experiments={found[0]}, datasets={found[1]}."
        )
    with style.look():
        frame, missing = with_needed(experiment, settled_tags(without_copies(frame)))
        function = _FIGURES.get(experiment, generic)
        drawing = lacking(missing) if missing else function(_without_formulas(frame), official)
        drawing = dataclasses.replace(drawing, caption=drawing.caption.replace("\\$", "$"))
        title = data_set_name(found[1][0])
        if title:
            # In the corner that the panels' centred titles leave free, so it needs no room.
            title = title.replace("$", "\\$")
            text = drawing.figure.suptitle(title, x=0.005, y=0.99, ha="left", va="top")
            text.set(fontsize=8.5, color="#777777", in_layout=False)
    return drawing


def _without_formulas(frame):
    """Dollar signs in names are dollar signs: matplotlib reads formulas between two of them."""

    def escaped(value):
        return value.replace("$", "\\$") if isinstance(value, str) else value

    names = [name for name in frame if frame[name].dtype == object or name == "variant"]
    return frame.assign(**{name: frame[name].map(escaped) for name in names if name != "png"})


def image(figure, kind="svg"):
    """The figure as bytes of an ``svg`` or ``png`` file, the same bytes for the same figure."""
    buffer = io.BytesIO()
    with style.look():
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, metadata=metadata)
    return buffer.getvalue()
