"""Measuring a trained encoder later, from a run directory or an export."""


from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.experiments.overrides import override
from tf_infomax.experiments.spec import Experiment
from tf_infomax.naming import arguments
from tf_infomax.naming.files import check_no_directory, locked, remove_leftovers
from tf_infomax.results import metrics
from tf_infomax.results.rows import (
    EVALUATION_LOCK,
    EVALUATION_ROWS,
    Row,
    read_rows,
    replaced,
    write_rows,
)
from tf_infomax.running.build import Trial, build_source, input_shape, load_images
from tf_infomax.running.exported import CARD, exported_encoder, read_card
from tf_infomax.running.inputs import changes
from tf_infomax.running.run import restore
from tf_infomax.running.run_directory import RunDirectory, is_export
from tf_infomax.running.tags import tags_of

__all__ = ["evaluate"]

_LOCK_SECONDS = 60.0


def evaluate(path, names, settings=(), data_dir=None, note=print, accept_changed_inputs=False):
    """Runs the evaluators ``names`` on a trained encoder, and keeps the rows beside it.

    Args:
        path: directory of one run, or folder of an export.
        names: names of evaluators, at least one.
        settings: options, as in ``"mlp_probe.epochs=20"``; others are as the experiment sets them
            for the evaluator.
        data_dir: where TFDS finds prepared data sets.
        note: called with one line of text before each evaluator starts.
        accept_changed_inputs: whether the data may be other than the encoder was trained on; a row
            ``run/inputs_changed_step`` says so.

    Returns:
        (the new rows, the file ``evaluation.jsonl`` that they were written to). Rows of an earlier
        evaluation of the same metric are replaced.

    Raises:
        FileNotFoundError, ValueError: one sentence on what is wrong, before any work starts, such
            as data that is no longer what the encoder was trained on.
    """
    path = arguments.path(path)
    if not names:
        raise ValueError(f"Name at least one evaluator of {', '.join(evaluators.names())}.")
    exported = is_export(path)
    card = read_card(path) if exported else None
    described = _described(card, path / CARD) if exported else None
    directory = None if exported else RunDirectory.open(path)
    experiment = described if exported else directory.experiment
    chosen = override(
        experiment,
        [f"evaluate={','.join(names)}", *(f"evaluate.{setting}" for setting in settings)],
    )
    for entry in chosen.evaluate:
        evaluators.check(entry)
    target = path / EVALUATION_ROWS
    with _locked(path):
        # Before the work: whether the rows can be written, and those that are there can be read.
        remove_leftovers(path)
        check_no_directory(target)
        if target.is_file():
            read_rows(target)
    noted = {"data": card.get("data_checksum")} if exported else directory.inputs
    changed = _changed_data(path, noted, experiment, data_dir, accept_changed_inputs)
    trial, step = _exported(path, chosen, card, data_dir) if exported else restore(path, data_dir)
    evaluators.check_facts(chosen, _facts(trial))
    snapshot = evaluators.Snapshot(trial, step, chosen.evaluate)
    place = {
        "experiment": experiment.name,
        "variant": card["variant"] if exported else directory.variant,
        "seed": experiment.seeds[0],
        "step": step,
    }
    tags = tags_of(experiment)

    def row(split, metric, value, unit, more):
        return Row(
            **place, split=split, metric=metric, value=value, unit=unit, tags={**tags, **more}
        )

    what = {"changed": "; ".join(changed)}
    rows = [row("train", metrics.INPUTS_CHANGED, step, "step", what)] if changed else []
    for entry in chosen.evaluate:
        note(f"{entry.name} at step {step} ...")
        rows += [
            row(one.split, one.metric, one.value, one.unit, one.tags)
            for one in evaluators.get(entry.name)(snapshot, **entry.options)
        ]
        # After each evaluator: the next one may take an hour.
        with _locked(path):
            known = read_rows(target) if target.is_file() else []
            write_rows(target, replaced(known, rows))
    return rows, target


def _changed_data(path, noted, experiment, data_dir, is_accepted):
    """What has changed of the data since the encoder was trained, as a list of texts.

    Raises:
        ValueError: if there are changes that are not accepted.
    """
    images = load_images(experiment, data_dir)
    if images is None or not (noted or {}).get("data"):
        return []
    changed = changes({"data": noted["data"]}, {"data": images.checksum})
    if changed and not is_accepted:
        raise ValueError(
            f"{path} was trained on other data than {experiment.data.name} holds now "
            f"({'; '.join(changed)}): its rows would not be those of one run. Bring the former "
            "data back, or go on with --accept_changed_inputs, which is noted in the rows."
        )
    return changed


def _locked(path):
    """Two evaluations may run at a time, but read and write the rows one after the other."""
    busy = f"{path / EVALUATION_ROWS} is being written by another process; try again later."
    return locked(path / EVALUATION_LOCK, _LOCK_SECONDS, busy)


def _described(card, path):
    """The experiment of an export."""
    try:
        return Experiment.from_dict(card["settings"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is not the card of an export of this version "
            f"({type(error).__name__}: {error}); export the run again."
        ) from None


def _facts(trial):
    source = trial.source
    images = getattr(source, "images", None)
    shape = input_shape(trial.experiment, images)
    # An export holds the encoder alone.
    return evaluators.facts_of(
        trial.experiment, images, shape, trial.model, trial.encoder, None if images else source
    )


def _exported(path, experiment, card, data_dir):
    images = load_images(experiment, data_dir)
    source = build_source(experiment, images)
    return Trial(experiment, source, None, exported_encoder(path), None, False), card["step"]
