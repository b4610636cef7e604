"""Unlabelled images: what needs labels is left out of an experiment, with a sentence."""

import dataclasses

from tf_infomax.evaluators import catalog as evaluators

__all__ = ["measurable"]


def measurable(experiment, images):
    """The experiment as it can be measured on its data.

    Args:
        experiment: ``Experiment``, checked.
        images: its ``ImageData``, or ``None``.

    Returns:
        (the experiment, without evaluators that need labels where the images have none; a sentence
        that names them, or ``None``).
    """
    if images is None or images.num_classes:
        return experiment, None
    left_out = [one for one in experiment.evaluate if evaluators.needs_labels(one.name)]
    if not left_out:
        return experiment, None
    kept = tuple(one for one in experiment.evaluate if one not in left_out)
    names = ", ".join(dict.fromkeys(one.name for one in left_out))
    sentence = f"{images.name} has no labels: without {names}, which cannot measure it"
    return dataclasses.replace(experiment, evaluate=kept), sentence
