"""Whether everything that an experiment chooses by name exists, without TensorFlow.

The annotations of its dataclasses have the registries and the words; those of a study's options are
in ``studies.computation``.
"""

import dataclasses
import typing

from tf_infomax.bounds.catalog import BOUNDS, check_reads_scores
from tf_infomax.experiments.spec import described
from tf_infomax.experiments.study import Study
from tf_infomax.naming.option_kinds import OneOf
from tf_infomax.naming.pick import as_pick
from tf_infomax.naming.registry import did_you_mean
from tf_infomax.studies import computation

__all__ = ["check_names"]


def check_names(experiment):
    """Raises ``ValueError`` on a name or word that does not exist, with the nearest ones.

    Args:
        experiment: ``Experiment`` or ``Study``, with its sweep or without; of every run all names
            are looked at, and neither types nor values of other options.
    """
    seen = set()
    for _, _, run in dataclasses.replace(experiment, seeds=(0,)).runs():
        for path, value, known in _choices(run):
            if (path, described(value)) not in seen:
                seen.add((path, described(value)))
                _check(path, value, known)


def _choices(run):
    """(path, value, registry or words) of everything that is chosen by name."""
    if isinstance(run, Study):
        for option, known in computation.words(run.name).items():
            if option in run.options:
                yield option, run.options[option], known
        return
    for path, node in _nodes(run):
        hints = typing.get_type_hints(type(node), include_extras=True)
        for field, hint in hints.items():
            for known in getattr(hint, "__metadata__", ()):
                yield f"{path}{field}", getattr(node, field), known


def _nodes(run):
    yield "", run
    yield "data.", run.data
    yield "train.", run.train
    for member in (*run.objectives, *run.evaluate):
        yield f"{member.name}.", member


def _check(path, value, known):
    if value is None:
        return
    if isinstance(known, OneOf):
        if not known.accepts(value):
            hint = did_you_mean(value, known.words, known.synonyms)
            part, _, field = path.rpartition(".")
            # As the checks of a term's other options call them.
            told = path if part in ("", "data", "train") else f"`{field}`"
            raise ValueError(f"{told} must be {known}.{hint} Received: {path}={value!r}.")
        return
    name = as_pick(value).name
    known.check(name)
    if known is BOUNDS:
        check_reads_scores(name)
