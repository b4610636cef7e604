"""Accuracy of the linear probe in a panel: its curve, the converged fit, and raw pixels."""

from tf_infomax.plots.curves import curve, level

__all__ = ["ACCURACY", "accuracy_curve", "converged_caption", "pixel_level"]

ACCURACY = "probe/linear/accuracy"
_CONVERGED = "probe/linear/converged_accuracy"
_DIAMONDS = "converged probe"
_DASH_DOT_DOT = (0, (6, 2, 1, 2, 1, 2))


def accuracy_curve(panel, frame, color, name, linestyle="-"):
    """The paper's probe on codes as a curve, and the probe fitted to convergence as diamonds."""
    panel.curve(curve(frame, ACCURACY, "test", features="code"), color, name, linestyle)
    panel.points(curve(frame, _CONVERGED, "test", features="code"), color, _DIAMONDS)


def pixel_level(panel, frame):
    """The accuracy of both linear probes on raw pixels, as a dashed and a thin dash-dotted line."""
    panel.level(level(frame, ACCURACY, "test", features="pixels"), "raw pixels")
    converged = level(frame, _CONVERGED, "test", features="pixels")
    panel.level(converged, "raw pixels, converged probe", linestyle=_DASH_DOT_DOT, width=0.9)


def converged_caption(panels):
    """What diamonds are, as a sentence of a caption; nothing where ``panels`` have none."""
    shown = any(_DIAMONDS in panel.handles for panel in panels)
    return " Diamonds: the classifier fitted to convergence." if shown else ""
