"""Appendix A.6 of Hjelm et al. (2019): dependence of the code's entries over a beta-VAE's beta."""

from tf_infomax.plots import style
from tf_infomax.plots.curves import Curve, select, with_unit
from tf_infomax.plots.deep_infomax import deep_infomax
from tf_infomax.plots.drawing import Drawing
from tf_infomax.results.rows import final_values

__all__ = ["kl_weight", "over_betas"]

_SPLITS = (("train", "training codes", "#0072B2"), ("test", "test codes", "#D55E00"))
# (title, word on the y axis, metric).
_PANELS = (
    ("NDM of the code", "total correlation", "dependence/ndm"),
    ("Gaussian total correlation", "total correlation", "dependence/gaussian_total_correlation"),
    ("The same of drawn codes", "total correlation", "dependence/drawn_total_correlation"),
    ("KL of code and prior", "KL an image", "elbo/kl"),
    ("Log-likelihood of the decoder", "log p(x | z) an image", "elbo/log_likelihood"),
)


def over_betas(frame, metric, split):
    """Final values of a metric over the tag ``kl_weight``, as a ``Curve`` whose steps are betas."""
    chosen = select(frame, metric, split)
    chosen = chosen[chosen["kl_weight"] == chosen["kl_weight"]]
    table = final_values(chosen, ["kl_weight"]).sort_values("kl_weight")
    return Curve(*(table[name].to_numpy(dtype=float) for name in ("kl_weight", "mean", "sd", "n")))


def kl_weight(frame, official=None):
    """NDM against beta, and the two parts of the ELBO; means over seeds."""
    wanted = [one for one in _PANELS if len(select(frame, one[2]))]
    if "kl_weight" not in frame or not wanted:
        return deep_infomax(frame, official)
    columns = min(2, len(wanted))
    figure, axes = style.canvas(-(-len(wanted) // columns), columns, 2.9)
    panels = []
    for place, (title, word, metric) in zip(axes.flat, wanted, strict=False):
        panel = style.Panel(place, title, with_unit(word, frame, metric))
        for split, name, color in _SPLITS:
            found = over_betas(frame, metric, split)
            if not found.steps.size:
                continue
            bars = None if (found.n < 2).all() else found.sd
            panel.handles[name] = place.errorbar(
                found.steps, found.mean, yerr=bars, marker="o", markersize=5, capsize=3,
                color=color,
            )
            if (found.steps > 0).all():
                place.set_xscale("log", base=2)
                place.set_xticks(found.steps, [f"{beta:g}" for beta in found.steps])
        place.set_xlabel("\u03b2, weight of the KL term")
        panels.append(panel)
    for place in axes.flat[len(wanted):]:
        place.set_axis_off()
    style.legend(figure, panels)
    return Drawing(
        figure,
        "A beta-VAE at the end of its training: the neural dependency measure of the entries of "
        "its code (the means), and the parts of its ELBO, against the weight of the KL term. "
        "Entries are independent where NDM is 0; means of entries that carry nothing may depend on "
        "one another where codes drawn from q(z | x) do not. Bars are one standard deviation over "
        "seeds, where there are several.",
    )
