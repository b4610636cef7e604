"""One point of a study: compute, then write its rows in one move."""

import contextlib
import functools

import tensorflow as tf

from tf_infomax.experiments.spec import Pick, check_distinct, check_seeds, described
from tf_infomax.experiments.study import Study
from tf_infomax.results.rows import Row, write_rows
from tf_infomax.running.execution import FINISHED
from tf_infomax.running.run import refusing
from tf_infomax.running.run_directory import RunDirectory
from tf_infomax.running.tags import data_set_tag
from tf_infomax.studies import Setting, computation
from tf_infomax.training.interruption import current
from tf_infomax.training.progress import note

__all__ = ["check_study", "execute_study", "is_study"]


def is_study(described):
    """Whether ``described`` is a ``Study`` and not an ``Experiment``."""
    return isinstance(described, Study)


def check_study(study, data_dir=None, download=False):
    """Raises ``ValueError`` on mistakes that can be detected before the point is computed."""
    check_seeds(study)
    check_distinct(study)
    setting = Setting(study.seeds[0], data_dir, download)
    computation.check(study.name, setting, study.options)


def execute_study(run):
    """Computes the point ``run`` unless its rows are there already.

    Rows appear all at once when the point is done, so an interrupted point leaves none and is
    computed again, with the same numbers.

    Raises:
        RefusedError: if the directory belongs to another run or process.
    """
    study = run.experiment
    tf.config.experimental.enable_op_determinism()
    directory = RunDirectory(run.directory, study)
    with contextlib.ExitStack() as stack:
        with refusing():
            stack.enter_context(directory.locked())
        if not directory.rows.is_file():
            directory.note_status("running")
            note(run.name, f"computes {study.name}")
            with current().breakable():
                rows = _rows(run, study)
            write_rows(directory.rows, rows)
        directory.note_status(FINISHED)


def _rows(run, study):
    what = computation.get(study.name)
    setting = Setting(run.seed, run.data_dir, note=functools.partial(note, run.name))
    return [
        Row(
            experiment=study.name,
            variant=run.variant,
            seed=run.seed,
            step=0,
            split=one.split,
            metric=one.metric,
            value=one.value,
            unit=one.unit,
            tags={**_tags(study, what.tags), **one.tags},
        )
        for one in what.compute(setting, **study.options)
    ]


def _tags(study, names):
    tags = {name: study.options[name] for name in names if name in study.options}
    if "data" in study.options:
        tags["dataset"] = data_set_tag(study.options["data"])
    return {
        name: described(value) if isinstance(value, Pick) else value for name, value in tags.items()
    }
