"""Figure 1: encoders that cannot lose information (experiments invertible, adversarial)."""

from tf_infomax.plots import style
from tf_infomax.plots.curves import curve, lines, select, with_unit
from tf_infomax.plots.drawing import Drawing
from tf_infomax.plots.probe_accuracy import (
    accuracy_curve,
    converged_caption,
    pixel_level,
)
from tf_infomax.results.display_names import display_name
from tf_infomax.results.measurements import INVERSE_TOLERANCE

__all__ = ["adversarial", "bound_panel_of", "invertible"]


def bound_panel_of(axes, frame):
    """The empty panel for ``bounds_panel``, whose title and unit are those of the rows."""
    label = with_unit("bound", frame, "bound")
    # A divergence such as JSD estimates no mutual information.
    title = "Estimated divergence" if label == "bound [no unit]" else "Estimated mutual information"
    return style.Panel(axes, title, label)


def bounds_panel(panel, frame):
    """Bound of every estimator: solid on test pairs, thin and dashed on training pairs."""
    for position, line in enumerate(lines(frame, "bound")):
        name = line.tags["bound"]
        color = style.colour("bound", name, position)
        panel.curve(
            curve(line.frame, "bound", "test"), color, display_name("bound", name) + line.suffix
        )
        panel.curve(
            curve(line.frame, "bound", "train"), color, linestyle=(0, (4, 2)), width=1.0, band=False
        )


def accuracy_panel(panel, frame):
    """Accuracy of the linear probe under every estimator, and the pixel baseline."""
    for position, line in enumerate(lines(frame, "bound")):
        name = line.tags["bound"]
        color = style.colour("bound", name, position)
        accuracy_curve(panel, line.frame, color, display_name("bound", name) + line.suffix)
    pixel_level(panel, frame)


def invertible(frame, official=None):
    """Figure 1a, b: estimate and accuracy of bijective encoders (true information constant)."""
    figure, axes = style.canvas(1, 2, 3.7)
    bound = bound_panel_of(axes[0, 0], frame)
    accuracy = style.Panel(axes[0, 1], "Linear classification", "test accuracy")
    bounds_panel(bound, frame)
    accuracy_panel(accuracy, frame)
    mnist = set(frame["dataset"]) == {"mnist"}
    bound.finish((-5.0, 8.0), widen=mnist)
    accuracy.finish()
    train = style.proxy(linestyle=(0, (4, 2)), width=1.0)
    style.legend(figure, (bound, accuracy), {"training pairs (left)": train})
    return Drawing(
        figure,
        "Left: the bound on pairs of test images (solid) and of training images (thin, dashed). "
        "Right: accuracy of a linear classifier on the codes of the first view; the dashed line is "
        "the same classifier on its raw pixels." + converged_caption([accuracy])
        + " The mutual information itself does not change "
        "during training, since the encoders are bijective.",
    )


def adversarial(frame, official=None):
    """Figure 1c: accuracy of bijective encoders that are trained against a linear classifier."""
    figure, axes = style.canvas(1, 2, 3.5)
    accuracy = style.Panel(axes[0, 0], "Linear classification", "test accuracy")
    losses = style.Panel(
        axes[0, 1],
        "The two players",
        with_unit("cross-entropy", frame, "classifier/cross_entropy", "train"),
    )
    for position, line in enumerate(lines(frame)):
        suffix = line.suffix
        color = style.colour("encoder", "realnvp", position)
        accuracy_curve(accuracy, _invertible(line.frame), color, "codes" + suffix)
        losses.curve(
            curve(line.frame, "classifier/cross_entropy", "train"), "#882255",
            "classifier, to the labels" + suffix,
        )
        losses.curve(
            curve(line.frame, "encoder/uniform_cross_entropy", "train"), "#0072B2",
            "encoder, to uniform labels" + suffix,
        )
    pixel_level(accuracy, frame)
    accuracy.finish()
    losses.finish()
    style.legend(figure, (accuracy, losses), columns=3)
    return Drawing(
        figure,
        "Left: accuracy of a linear classifier trained afresh on the codes; the dashed line is the "
        "same classifier on raw pixels." + converged_caption([accuracy])
        + " Right: losses of the classifier that the encoder plays against and of the encoder, "
        "which wants the uniform distribution over the labels. The encoder is a bijection by "
        "construction, and numerically as long as its inverse is exact "
        f"to {INVERSE_TOLERANCE:g} (rows flow/inverse_error): the curve of the codes ends where it "
        "is not.",
    )


def _invertible(frame):
    """``frame`` without the steps of each seed at which the flow was not invertible."""
    errors = select(frame, "flow/inverse_error", "test")
    lost = errors[~(errors["value"] <= INVERSE_TOLERANCE)]
    places = set(zip(lost["seed"], lost["step"], strict=True))
    keep = [place not in places for place in zip(frame["seed"], frame["step"], strict=True)]
    return frame[keep]
