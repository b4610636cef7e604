"""Appendix A.5 of Hjelm et al. (2019): maps over the weights of the objective's terms."""

import numpy as np

from tf_infomax.plots import style
from tf_infomax.plots.curves import select, with_unit
from tf_infomax.plots.deep_infomax import MLP, deep_infomax, endpoints_of
from tf_infomax.plots.drawing import Drawing
from tf_infomax.results.rows import final_values

__all__ = ["weight_map", "weights"]

# Many attributes are rare: plain accuracy would reward the answer "no".
_ATTRIBUTES = "probe/attributes/balanced_accuracy"
_LETTERS = ("alpha", "beta", "gamma")
_GREEK = {"alpha": "\u03b1", "beta": "\u03b2", "gamma": "\u03b3"}


def _maps(frame):
    """(title, metric, split, tags, format, whether more is better) of each column of maps."""
    found = []
    for title, metric in (("MLP probe", MLP), ("Attributes (balanced accuracy)", _ATTRIBUTES)):
        endpoints = endpoints_of(select(frame, split="test"), metric)
        if endpoints:
            endpoint = "global" if "global" in endpoints else endpoints[0]
            tags = {"features": endpoint}
            found.append((f"{title} on {endpoint}", metric, "test", tags, ".3f", True))
    for title, metric, more in (
        ("MS-SSIM", "reconstruction/ms_ssim", True), ("MSE", "reconstruction/mse", False),
    ):
        if len(select(frame, metric, "test")):
            found.append((f"{title} of reconstructions", metric, "test", {}, ".3f", more))
            break
    for split in ("test", "train"):
        if len(select(frame, "dependence/ndm", split)):
            title = f"{with_unit('NDM', frame, 'dependence/ndm', split)}, {split} codes"
            found.append((title, "dependence/ndm", split, {}, ".2f", False))
            break
    return found


def weight_map(frame, metric, split, gamma, **tags):
    """Final values over the weights alpha and beta at one gamma, means over seeds.

    Args:
        frame: rows with the tags alpha, beta, gamma.
        metric, split, tags: of the rows that count.
        gamma: weight of the prior.
    Returns:
        (alphas [A], betas [B], values [A, B]); NaN for combinations that were not run. The axes are
        those of the whole frame, so that maps of several gammas and metrics agree.
    """
    alphas, betas = (sorted({float(v) for v in frame[name] if v == v}) for name in _LETTERS[:2])
    values = np.full((len(alphas), len(betas)), np.nan)
    chosen = select(frame, metric, split, gamma=gamma, **tags)
    for line in final_values(chosen, ["alpha", "beta"]).to_dict("records"):
        values[alphas.index(line["alpha"]), betas.index(line["beta"])] = line["mean"]
    return np.array(alphas), np.array(betas), values


def _draw_map(axes, alphas, betas, values, limits, form, more):
    colours = "viridis" if more else "viridis_r"
    image = axes.imshow(
        np.ma.masked_invalid(values), cmap=colours, vmin=limits[0], vmax=limits[1], origin="lower",
        aspect="auto",
    )
    for row, column in np.ndindex(*values.shape):
        value = values[row, column]
        if not np.isfinite(value):
            axes.text(column, row, "\u2013", ha="center", va="center", color="#888888")
            continue
        red, green, blue, _ = image.cmap(image.norm(value))
        dark = 0.3 * red + 0.6 * green + 0.1 * blue < 0.5
        axes.text(column, row, format(value, form), ha="center", va="center", fontsize=9,
                  color="white" if dark else "#222222")
    axes.set_xticks(range(len(betas)), [f"{value:g}" for value in betas])
    axes.set_yticks(range(len(alphas)), [f"{value:g}" for value in alphas])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    return image


def weights(frame, official=None):
    """Maps over alpha and beta, one row a gamma: accuracy, reconstruction and dependence."""
    columns = _maps(frame) if set(_LETTERS) <= set(frame) else []
    if not columns:
        return deep_infomax(frame, official)
    gammas = sorted({float(value) for value in frame["gamma"] if value == value})
    figure, axes = style.canvas(len(gammas), len(columns), 2.3)
    for column, (title, metric, split, tags, form, more) in enumerate(columns):
        maps = [weight_map(frame, metric, split, gamma, **tags) for gamma in gammas]
        values = np.concatenate([values.ravel() for _, _, values in maps])
        values = values[np.isfinite(values)]
        limits = (values.min(), values.max()) if values.size else (0.0, 1.0)
        for row, (gamma, (alphas, betas, table)) in enumerate(zip(gammas, maps, strict=True)):
            place = axes[row, column]
            image = _draw_map(place, alphas, betas, table, limits, form, more)
            if row == 0:
                place.set_title(title)
            if row == len(gammas) - 1:
                place.set_xlabel(f"{_GREEK['beta']}, local information")
            if column == 0:
                place.set_ylabel(
                    f"{_GREEK['gamma']} = {gamma:g}\n{_GREEK['alpha']}, global information"
                )
        bar = figure.colorbar(
            image, ax=list(axes[:, column]), location="bottom", shrink=0.8, aspect=30, pad=0.02
        )
        bar.outline.set_visible(False)
        bar.ax.tick_params(length=0, labelsize=8)
    return Drawing(
        figure,
        "Final values over the weights of the global term (\u03b1), the local term (\u03b2) and "
        "the prior (\u03b3); means over seeds. Bright is better: high accuracy, reconstructions "
        "near the images, entries of the code that depend little on one another. A column shares "
        "its colours; a dash is a combination that was not run.",
    )
