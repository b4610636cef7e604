"""Figures 3 and 4a, b: effect of critics and encoders on bound and accuracy."""

from tf_infomax.plots import style
from tf_infomax.plots.curves import Curve, curve, lines, select, with_unit
from tf_infomax.plots.drawing import Drawing
from tf_infomax.plots.probe_accuracy import accuracy_curve, converged_caption, pixel_level
from tf_infomax.published import log_ceiling
from tf_infomax.results.display_names import display_name

__all__ = ["critic_impact", "encoder_impact"]

_TRAIN = {"linestyle": (0, (5, 2)), "width": 0.9}
_OFFICIAL = {"linestyle": (0, (1, 1)), "width": 1.3}
_TARGET_STYLES = ("-", (0, (4, 2)), (0, (1, 1)), "-.")


def _estimators(frame):
    return style.order("bound", {line.tags["bound"] for line in lines(frame, "bound")})


def _draw_official(panel, official, critic, bound, column, color):
    steps, values = official.curve("critic_impact", critic, bound, column)
    if steps.size:
        panel.reference(Curve.single(steps, values), style.darker(color), **_OFFICIAL)
    return bool(steps.size)


def _log_k(panel, frame, bound):
    """The ceiling of InfoNCE, log K, if the rows have K."""
    if bound == "infonce" and "batch_size" in frame:
        sizes = {int(size) for size in frame["batch_size"].dropna()}
        for size in sorted(sizes):
            name = f"ceiling of InfoNCE, log {size} = {log_ceiling(size):.3f}"
            panel.level(log_ceiling(size), name, linestyle="-.", color="#777777")


def critic_impact(frame, official=None):
    """Figure 3: accuracy (top) and bound (bottom) of each critic, one column per estimator."""
    estimators = _estimators(frame)
    figure, axes = style.canvas(2, len(estimators), 3.1)
    mnist = set(frame["dataset"]) == {"mnist"}
    official = official if mnist else None
    panels, drawn = [], False
    for column, bound in enumerate(estimators):
        title = display_name("bound", bound)
        top = style.Panel(axes[0, column], title, "test accuracy" if not column else "")
        chosen = select(frame, bound=bound) if bound is not None else frame
        # A label for each column: JSD has no unit, InfoNCE is in nats.
        bottom = style.Panel(axes[1, column], "", with_unit("bound", chosen, "bound"))
        for position, line in enumerate(lines(chosen, "critic")):
            critic = line.tags["critic"]
            color = style.colour("critic", critic, position)
            name = display_name("critic", critic) + line.suffix
            accuracy_curve(top, line.frame, color, name)
            bottom.curve(curve(line.frame, "bound", "test"), color, name)
            bottom.curve(curve(line.frame, "bound", "train"), color, band=False, **_TRAIN)
            if official is not None:
                for panel, kind in ((top, "probe_accuracy"), (bottom, "test_bound_nats")):
                    drawn |= _draw_official(panel, official, critic, bound, kind, color)
        pixel_level(top, chosen)
        _log_k(bottom, chosen, bound)
        top.finish((0.80, 0.90), widen=mnist)
        bottom.finish((2.0, None) if mnist else None)
        panels += [top, bottom]
    style.share_y(panels[::2])
    extra = {"training pairs (bound)": style.proxy(**_TRAIN)}
    if drawn:
        extra["official notebook (1 run, test)"] = style.proxy("black", **_OFFICIAL)
    style.legend(figure, panels, extra, columns=4)
    return Drawing(
        figure,
        "Top: accuracy of a linear classifier on the codes; the dashed line is the same classifier "
        "on raw pixels." + converged_caption(panels)
        + " Bottom: the bound on test pairs (solid) and on training pairs (thin, "
        "dashed)." + (" As in the paper, the bound's axis begins at 2 nats where it can." * mnist)
        + (
            " Dotted, in a darker shade of the critic's colour: the official notebook on the same "
            "data." * drawn
        ),
    )


def encoder_impact(frame, official=None):
    """Figure 4a, b: accuracy (top) and bound (bottom) of MLP and ConvNet at matched bounds."""
    estimators = _estimators(frame)
    figure, axes = style.canvas(2, len(estimators), 3.1)
    mnist = set(frame["dataset"]) == {"mnist"}
    # The largest target is drawn solid.
    targets = sorted(
        {line.tags["target"] for line in lines(frame, "target") if line.tags["target"] is not None},
        reverse=True,
    )
    panels = []
    for column, bound in enumerate(estimators):
        title = display_name("bound", bound)
        top = style.Panel(axes[0, column], title, "test accuracy" if not column else "")
        chosen = select(frame, bound=bound) if bound is not None else frame
        bottom = style.Panel(axes[1, column], "", with_unit("test bound", chosen, "bound", "test"))
        for position, line in enumerate(lines(chosen, "encoder", "target")):
            encoder, target = line.tags["encoder"], line.tags["target"]
            color = style.colour("encoder", encoder, position)
            name = display_name("encoder", encoder) + line.suffix
            linestyle = "-"
            if target is not None:
                name += f", target {target:g}"
                linestyle = _TARGET_STYLES[targets.index(target) % len(_TARGET_STYLES)]
            accuracy_curve(top, line.frame, color, name, linestyle)
            bottom.curve(curve(line.frame, "bound", "test"), color, name, linestyle)
        for target in targets:
            bottom.level(target, "target of the bound", color="#777777", linestyle="-.")
        pixel_level(top, chosen)
        top.finish((0.78, 0.92), widen=mnist)
        bottom.finish()
        panels += [top, bottom]
    style.share_y(panels[::2])
    style.share_y(panels[1::2])
    style.legend(figure, panels, columns=4)
    return Drawing(
        figure,
        "Top: accuracy of a linear classifier on the codes; the dashed line is the same classifier "
        "on raw pixels." + converged_caption(panels)
        + " Bottom: the bound on test pairs; training minimises its distance to the "
        "target (dash-dotted) on training pairs.",
    )
