"""Limits of estimators: variance and bias against theory, and what can be certified."""

import numpy as np
from matplotlib.ticker import NullLocator, SymmetricalLogLocator

from tf_infomax.plots import style
from tf_infomax.plots.curves import means_over, select
from tf_infomax.plots.drawing import Drawing

__all__ = ["estimator_variance", "formal_limit"]

_LINEAR = 10.0  # nats, up to which the axis of the formal limit is linear


def _spread(frame, axis, metric):
    """The mean standard error of a metric over a tag, for error bars."""
    return select(frame, metric).groupby(axis)["standard_error"].mean().to_numpy(float)


def _against_theory(place, frame, metric, theory, color):
    own, values = means_over(frame, "mutual_information", metric)
    errors = _spread(frame, "mutual_information", metric)
    # A logarithmic axis cannot show values that are not positive.
    keep = values > 0
    low = np.minimum(errors, 0.9 * np.abs(values))
    points = place.errorbar(
        own[keep], values[keep], yerr=[low[keep], errors[keep]], color=color, marker="o",
        markersize=4, linestyle="none", capsize=2,
    )
    place.plot(*means_over(frame, "mutual_information", theory), color=color, linewidth=1.3)
    return points


def estimator_variance(frame, official=None):
    """Variance of NWJ and bias of Donsker-Varadhan over the true value, a colour a sample size."""
    figure, axes = style.canvas(1, 2, 3.8)
    left, right = axes[0]
    handles = {}
    for position, (samples, own) in enumerate(_by_tag(frame, "samples")):
        color = style.colour("samples", samples, position)
        handles[f"{samples:,} pairs"] = _against_theory(
            left, own, "variance/nwj", "theory/variance", color
        )
        left.plot(
            *means_over(own, "mutual_information", "theory/variance_floor"), color=color,
            linewidth=1.0, linestyle=":",
        )
        _against_theory(right, own, "bias/donsker_varadhan", "theory/bias", color)
    for place, title, ylabel in (
        (left, "Variance of NWJ", "variance [nats\u00b2]"),
        (right, "Bias of Donsker-Varadhan, upwards", "bias [nats]"),
    ):
        place.set_yscale("log")
        place.set_title(title)
        place.set_ylabel(ylabel)
        place.set_xlabel("true mutual information [nats]")
    low, high = right.get_ylim()
    right.set_ylim(max(low, 1e-5), min(high, 1e4))
    handles["theory for Gaussians"] = style.proxy(width=1.3)
    floor = "floor for any distribution, $(e^I - 1)$ / pairs"
    handles[floor] = style.proxy(linestyle=":", width=1.0)
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    return Drawing(
        figure,
        "Both estimators at the optimal critic of correlated Gaussians, from independent samples: "
        "points are measured over replicates, with standard errors; lines are theory, which grows "
        "like exp(2 I) / pairs (left exact, right to first order in 1 / pairs). Above about half "
        "of log(pairs) nats the variance is made of draws so rare that few replicates hold one: "
        "there the measured points stay below it, and an error estimated from the data means "
        "nothing.",
    )


def _by_tag(frame, tag):
    """(value of a tag, its rows), by value."""
    return [(value, select(frame, **{tag: value})) for value in sorted({*frame[tag]})]


def formal_limit(frame, official=None):
    """What Donsker-Varadhan reports from N pairs, and the most that N pairs can certify."""
    values = _by_tag(frame, "mutual_information")
    figure, axes = style.canvas(1, len(values), 3.9, sharey=True)
    handles = {}
    for place, (exact, own) in zip(axes[0], values, strict=True):
        for split, name, color in (
            ("train", "Donsker-Varadhan, the pairs it was trained on", "#D55E00"),
            ("test", "Donsker-Varadhan, held-out pairs", "#0072B2"),
        ):
            handles[name] = place.plot(
                *means_over(own, "samples", "donsker_varadhan", split), color=color, marker="o",
                markersize=5,
            )[0]
        for metric, name, style_of_line in (
            ("certified/mutual_information", "any certified bound on MI: 2 ln N + 5", "-"),
            ("certified/kl", "any certified bound on KL: ln N", (0, (4, 2))),
        ):
            handles[name] = place.plot(
                *means_over(own, "samples", metric), color="black", linestyle=style_of_line,
                linewidth=1.4,
            )[0]
        handles["true mutual information"] = place.axhline(
            exact, color="#777777", linestyle=":", linewidth=1.4
        )
        place.set_title(f"true value {exact:g} nats")
        sizes = sorted({*own["samples"]})
        place.set_xscale("log", base=2)
        place.set_xticks(sizes, [f"{size:g}" for size in sizes])
        place.xaxis.set_minor_locator(NullLocator())
        place.set_xlabel("training pairs, N")
        place.set_yscale("symlog", linthresh=_LINEAR)
        # A tick per decade would give a dozen overlapping ticks.
        ticks = SymmetricalLogLocator(base=10.0, linthresh=_LINEAR)
        ticks.set_params(numticks=7)
        place.yaxis.set_major_locator(ticks)
        place.yaxis.set_minor_locator(NullLocator())
    axes[0, 0].set_ylabel("[nats]")
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2)
    return Drawing(
        figure,
        "A critic trained by Donsker-Varadhan on N pairs of Gaussians far beyond overfitting, "
        "read on these pairs and on fresh ones. No lower bound that holds with high confidence for "
        "every distribution exceeds the black lines (McAllester and Stratos, 2020); values on the "
        "training pairs may, and say nothing about the true value. Values are means over batches "
        "of 64 pairs; the axis is linear up to 10.",
    )
