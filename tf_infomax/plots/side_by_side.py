"""Reconstructions of several systems side by side, from the pictures that their rows carry."""

from collections import Counter

import numpy as np

from tf_infomax.plots import style
from tf_infomax.plots.curves import select
from tf_infomax.plots.drawing import Drawing
from tf_infomax.plots.pictures import png_of
from tf_infomax.tables.paper_layouts import LAYOUTS

__all__ = ["side_by_side"]

# Metric of a picture with images above and reconstructions below -> what a line is called after.
_KINDS = {"reconstruction/figure": "{}", "decoder/figure": "{}, its own decoder"}
_ROW = 0.78  # inches


def side_by_side(frame):
    """One line of reconstructions for each system, below the test images; ``None`` for fewer than
    two lines.

    Args:
        frame: rows of any experiments on one data set, from ``results.to_frame``. Each variant is
            shown by its first seed at its last step; pictures of other test images than most have
            are left out.
    Returns:
        ``Drawing`` or ``None``.
    """
    lines = [line for metric, name in _KINDS.items() for line in _lines(frame, metric, name)]
    if not lines:
        return None
    (shown, _), = Counter(images.tobytes() for _, images, _ in lines).most_common(1)
    lines = [line for line in lines if line[1].tobytes() == shown]
    if len(lines) < 2:
        return None
    strips = [("test images", lines[0][1]), *((name, made) for name, _, made in lines)]
    with style.look():
        figure, axes = style.canvas(len(strips), 1, _ROW)
        for place, (name, strip) in zip(axes[:, 0], strips, strict=True):
            place.imshow(strip, interpolation="nearest")
            place.set_xticks([])
            place.set_yticks([])
            place.grid(visible=False)
            for edge in place.spines.values():
                edge.set_visible(False)
            place.set_title(name, loc="left", fontsize=8, pad=2)
    return Drawing(
        figure,
        "The same test images, and what is decoded from their codes. Lines without a remark are "
        "read by a decoder that was trained afterwards, on the codes of the frozen encoder; "
        "\u201cits own decoder\u201d is the decoder or generator that was trained with the "
        "encoder. Each line is of the first seed at its last step.",
    )


def _lines(frame, metric, name):
    """(name, pixels of the images, pixels of the reconstructions) of each variant."""
    chosen = select(frame, metric)
    if "png" not in chosen:
        return
    chosen = chosen[np.array([isinstance(value, str) for value in chosen["png"]], dtype=bool)]
    for (experiment, variant), rows in chosen.groupby(["experiment", "variant"], sort=False):
        rows = rows[rows["seed"] == rows["seed"].min()]
        row = rows.loc[rows["step"].idxmax()].to_dict()
        _, pixels = png_of(row)
        half = pixels.shape[0] // 2
        label = name.format(_system(experiment, variant, row))
        yield label, pixels[:half], pixels[half : 2 * half]


def _system(experiment, variant, tags):
    """The paper's name of a system, or ours and the variant's."""
    systems = (system for layout in LAYOUTS for system in layout.systems)
    found = next((system for system in systems if system.matches(experiment, tags)), None)
    if found is not None and not found.tells_bound:
        return found.label.removesuffix(" (not in the paper)")
    own = experiment.removeprefix("dim_").replace("_", " ")
    return own if variant == "default" else f"{own}, {variant}"
