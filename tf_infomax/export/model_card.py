"""The model card of an export in words: data, training, probes and use, as Markdown."""

from tf_infomax.results.display_names import data_set_name
from tf_infomax.results.metrics import described, value_with_unit

__all__ = ["README", "markdown", "training"]

README = "README.md"


def training(experiment, step, sizes):
    """How long a model was trained, on how much: an entry of ``card.json``.

    Args:
        experiment: ``Experiment`` of one variant and one seed.
        step: training steps done.
        sizes: of its data set, as ``build.sizes_of`` gives them, or ``None`` if not known.

    Returns:
        Dict; "epochs" is the number of passes over the training images, unlabelled ones included,
        and ``None`` for pairs that are drawn from a distribution, and for old runs.
    """
    images = (sizes or {}).get("num_examples") or None
    batch = experiment.train.batch_size
    return {
        "steps": step,
        "batch_size": batch,
        "learning_rate": experiment.train.learning_rate,
        "precision": experiment.train.precision,
        "images": images,
        "classes": (sizes or {}).get("num_classes") or None,
        "epochs": None if images is None else step * batch / images,
    }


def markdown(card):
    """The card as a page; numbers are those of the run's last measurements."""
    done, view = card["training"], card["view"]
    length = f"{done['steps']:,} steps of {done['batch_size']} examples"
    if done["epochs"] is not None:
        length += f", {done['epochs']:.3g} epochs of {done['images']:,} images"
    lines = [
        f"# {card['experiment']} {card['variant']}, seed {card['seed']}",
        "",
        f"An encoder trained without labels by `tf_infomax` {card['versions']['tf_infomax']}, "
        f"after {card['source']}.",
        "",
        f"- Data: {data_set_name(card['dataset'])} (`{card['dataset']}`); its licence holds for "
        "what was learned from it.",
        f"- Training: {length}; Adam, learning rate {done['learning_rate']:g}, "
        f"precision {done['precision']}.",
        f"- Input: {_input(view)}.",
        f"- Code: {card['code_width']} numbers." if card["code_width"] else "- No encoder.",
        "",
        "## Measured",
        "",
        "| metric | split | features | step | value |",
        "| --- | --- | --- | ---: | ---: |",
        *(_line(number) for number in card["numbers"]),
        "",
        "Accuracies are of probes: classifiers on the codes, trained with labels, as the metric "
        "says. Of one seed: its number alone does not say how runs scatter.",
        "",
        "## Use",
        "",
        "```python",
        "from tf_infomax import load_pretrained",
        "",
        'trained = load_pretrained("path/of/this/folder")',
        "codes = trained(inputs)",
        "```",
        "",
        "Without this package: `tf.saved_model.load`, signatures "
        f"{', '.join(f'`{name}`' for name in card['signatures'])}. `card.json` holds all settings.",
    ]
    return "\n".join(lines) + "\n"


def _input(view):
    shape = " x ".join(map(str, view["shape"]))
    what = f"float32 {shape}"
    if view["range"] is not None:
        what += f", pixels in [{view['range'][0]:g}, {view['range'][1]:g}]"
    return what + (f", flattened to {view['flattened']} numbers" if view["flattened"] else "")


def _line(number):
    features = number.get("features")
    known = described(number["metric"], number["split"], features)
    digits = known[1].digits if known is not None else ".4g"
    value = value_with_unit(f"{number['value']:{digits}}", number["unit"])
    return (
        f"| {number['metric']} | {number['split']} | {features or ''} | {number['step']:,} "
        f"| {value} |"
    )
