"""Deep InfoMax: objectives over training, accuracy of probes, and curves of the estimators."""

import math

from tf_infomax.plots import style
from tf_infomax.plots.curves import curve, epoch_curve, lines, select, with_unit
from tf_infomax.plots.drawing import Drawing
from tf_infomax.plots.metric_panels import PUBLISHED, bars, curves, laid_out, published_value
from tf_infomax.results.display_names import display_name

__all__ = ["SHOWN", "deep_infomax", "endpoints_of", "panels_of", "variants_of"]

MLP = "probe/mlp/accuracy"
_ENDPOINTS = ("conv", "fc", "global")
_PROBES = ((MLP, "MLP probe"), ("probe/svm/accuracy", "SVM"),
           ("probe/linear/accuracy", "Linear probe"))
_ENDPOINT_STYLES = ("-", (0, (4, 2)), (0, (1, 1)), "-.")
_TRAIN = {"linestyle": (0, (4, 2)), "width": 1.0, "band": False}

# Metric, title, label of the y axis. Estimates of information are drawn apart by their unit.
_INFORMATION = (
    ("train/local_information", "Local information"),
    ("train/global_information", "Global information"),
)
_OBJECTIVES = (
    ("train/prior_divergence", "Prior matching", "divergence from the prior"),
    ("train/coordinates_accuracy", "Coordinates", "training accuracy"),
    ("train/relative_coordinates_accuracy", "Relative coordinates", "training accuracy"),
    ("train/classification_accuracy", "Classification", "training accuracy"),
    ("train/reconstruction_mse", "Reconstruction", "mean squared error"),
    ("train/elbo", "ELBO", "nats an image"),
    ("train/reconstruction_kl", "KL of code and prior", "nats an image"),
    ("train/bigan_value", "BiGAN", "value of the game"),
)

# Metrics of which ``panels_of`` draws all rows.
SHOWN = tuple(metric for metric, *_ in (*_INFORMATION, *_OBJECTIVES, *_PROBES))


def endpoints_of(frame, metric):
    """Endpoints on which ``metric`` was measured: conv, fc, global, then others by name."""
    found = {name for name in select(frame, metric)["features"] if isinstance(name, str)}
    return [name for name in _ENDPOINTS if name in found] + sorted(found - {*_ENDPOINTS})


def variants_of(frame):
    """(name, colour, rows) of each variant, in the order of bounds."""
    found = lines(frame, "bound")
    result = []
    for position, line in enumerate(found):
        bound, variant = line.tags["bound"], line.frame["variant"].iloc[0]
        if bound is not None and not line.suffix:
            color = style.colour("bound", bound, position)
            result.append((display_name("bound", bound), color, line.frame))
        else:
            # These variants share a bound, so its colour cannot distinguish them.
            own = line.frame["experiment"].iloc[0].removeprefix("dim_").replace("_", " ")
            name = own if variant == "default" else variant
            result.append((name, style.colour("", "", position), line.frame))
    return result


def _information(metric, title, unit, several):
    is_nats = unit == "nats"
    label = f"{title}, {'in nats' if is_nats else 'other measures'}" if several else title
    draw = curves(metric, label, "estimate [nats]" if is_nats else "estimate [no unit]")

    def draw_unit(axes, variants):
        chosen = [
            (name, color, select(frame, metric, "train", unit=unit))
            for name, color, frame in variants
        ]
        panel = draw(axes, chosen)
        values = _tag_values(chosen, "bound")
        if values == {"jsd"}:
            # If curves are far below the ceiling, drawing it would only flatten them.
            low, high = axes.get_ylim()
            if high > math.log(2.0):
                panel.level(2 * math.log(2.0), "ceiling of JSD, 2 log 2", "#777777", "-.")
                axes.set_ylim(low, max(high, 2 * math.log(2.0) + 0.04))
        return panel

    return draw_unit


def _tag_values(variants, tag):
    """All values of ``tag`` among the rows of ``variants``."""
    return {
        value for _, _, frame in variants if tag in frame for value in frame[tag] if value == value
    }


def _endpoint_curves(title, xlabel, measured, endpoints, level=lambda frame, endpoint: None):
    """A function that draws a curve for each variant and endpoint, and returns its panel.

    Args:
        title: heading.
        xlabel: label of the x axis.
        measured: (frame, endpoint) -> ``Curve``.
        endpoints: names; if several, each has its own style of line.
        level: (frame, endpoint) -> the published value for a horizontal line, or None. Of several
            variants each has one, in its colour.
    """

    def draw(axes, variants):
        panel = style.Panel(axes, title, "test accuracy")
        several = len(variants) > 1
        for name, color, frame in variants:
            for place, endpoint in enumerate(endpoints):
                linestyle = _ENDPOINT_STYLES[place % len(_ENDPOINT_STYLES)]
                panel.curve(measured(frame, endpoint), color, name, linestyle, 1.5)
                of_level = (color, ":") if several else ("black", linestyle)
                panel.level(level(frame, endpoint), PUBLISHED, *of_level, width=1.0)
        panel.finish(xlabel=xlabel)
        if len(endpoints) > 1:
            for place, endpoint in enumerate(endpoints):
                linestyle = _ENDPOINT_STYLES[place % len(_ENDPOINT_STYLES)]
                panel.handles[f"on {endpoint}"] = style.proxy(linestyle=linestyle, width=1.5)
        return panel

    return draw


def _dependence(metric, title):
    def draw(axes, variants):
        units = {with_unit("estimate", frame, metric) for _, _, frame in variants} - {"estimate"}
        panel = style.Panel(axes, title, *sorted(units)[:1])
        for name, color, frame in variants:
            test = epoch_curve(frame, metric, "test")
            train = epoch_curve(frame, metric, "train")
            if test.steps.size:
                panel.curve(test, color, name)
                panel.curve(train, color, **_TRAIN)
                panel.handles["training pairs (MINE)"] = style.proxy(
                    linestyle=_TRAIN["linestyle"], width=_TRAIN["width"]
                )
            else:
                panel.curve(train, color, name)
        panel.finish(xlabel="epochs of the estimator")
        return panel

    return draw


def _probe_curves(metric, title, endpoints):
    """How a probe itself learned, at the last step of the encoder's training."""

    def measured(frame, endpoint):
        return epoch_curve(frame, metric, "test", features=endpoint)

    return _endpoint_curves(title, "epochs of the probe", measured, endpoints)


def _probes_on_the_way(metric, title, endpoints):
    """What a probe found while the encoder was trained, towards the published values."""

    def measured(frame, endpoint):
        return curve(frame, metric, "test", features=endpoint)

    def level(frame, endpoint):
        return published_value(frame, metric, endpoint)

    return _endpoint_curves(title, "training steps", measured, endpoints, level)


def _apart(draw, metric, title, endpoints, frame):
    """``draw`` for all endpoints in one panel or, with several variants, for one a panel.

    Lines of several variants and endpoints in one panel would be indistinguishable.
    """
    if frame["variant"].nunique() == 1:
        return [draw(metric, title, endpoints)]
    return [draw(metric, f"{title} on {one}", [one]) for one in endpoints]


def panels_of(frame):
    """Functions ``(axes, variants) -> Panel`` for the metrics with rows in ``frame``, in order."""
    result = []
    for metric, title in _INFORMATION:
        units = sorted({*select(frame, metric, "train")["unit"]}, key=lambda unit: unit != "nats")
        result += [_information(metric, title, unit, len(units) > 1) for unit in units]
    for metric, title, ylabel in _OBJECTIVES:
        if len(select(frame, metric, "train")):
            result.append(curves(metric, title, ylabel))
    for metric, title in _PROBES:
        endpoints = endpoints_of(select(frame, split="test"), metric)
        if endpoints:
            result.append(bars(metric, title, endpoints))
            if select(frame, metric, "test")["step"].nunique() > 1:
                on_the_way = f"{title} during training"
                result += _apart(_probes_on_the_way, metric, on_the_way, endpoints, frame)
    for metric, title in ((MLP, "MLP probe"), ("fine_tuning/accuracy", "Fine-tuning")):
        endpoints = endpoints_of(select(frame, split="test"), metric)
        if endpoints and epoch_curve(frame, metric, "test").steps.size:
            alone = f"{title}, its training" if frame["variant"].nunique() == 1 else title
            result += _apart(_probe_curves, metric, alone, endpoints, frame)
    for metric, title in (
        ("dependence/mine", "MINE: image and code"), ("dependence/ndm", "NDM: entries of the code"),
    ):
        if epoch_curve(frame, metric).steps.size:
            result.append(_dependence(metric, title))
    return result


def deep_infomax(frame, official=None):
    """Every objective over training, final accuracies, and the curves of probes and estimators."""
    wanted = panels_of(frame) or [curves("train/local_information", "Local information", "")]
    figure, shown = laid_out(wanted, variants_of(frame))
    caption = (
        "What each term of the objective reports on training batches; accuracy of probes on the "
        "endpoints of the frozen encoder (bars: at the end), and how probes and estimators learned."
    )
    if PUBLISHED in shown:
        caption += (
            " A black mark or line, or a dotted one in a variant's colour, is the published value, "
            "of far longer training."
        )
    if len(select(frame, "train/prior_divergence")):
        caption += (
            " The divergence from the prior is what its discriminator reaches: with the GAN "
            "measure -2 log 2 = -1.386 where it cannot tell codes from the prior, 0 where it "
            "always can."
        )
    if len(select(frame, "train/bigan_value")):
        caption += (
            " The value of BiGAN's game is 0 where its discriminator always tells (image, code) "
            "from (generated image, prior draw), and -1.386 where it cannot."
        )
    if len(select(frame, "dependence/mine")):
        caption += " MINE ranks systems rather than measures nats."
    return Drawing(figure, caption)
