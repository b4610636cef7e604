"""The folder of an export: SavedModel, Keras encoder and card, written whole or not at all."""

import contextlib
import dataclasses
import datetime
import fcntl
import glob
import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.export.formats import check_formats, file_names, write_formats
from tf_infomax.export.model_card import README, markdown, training
from tf_infomax.export.proof import TOLERANCE, ProofError, largest_difference, prove
from tf_infomax.export.signatures import SIGNATURES, save, signatures
from tf_infomax.export.trained import restore_trained
from tf_infomax.naming import arguments
from tf_infomax.naming.files import is_held
from tf_infomax.naming.json_files import read_json
from tf_infomax.naming.paths import PathLike, has_wildcards, without_wildcards
from tf_infomax.naming.version import VERSION, commit
from tf_infomax.results.rows import EVALUATION_LOCK, EVALUATION_ROWS, read_rows
from tf_infomax.running.exported import CARD, ENCODER, exported_encoder, read_card
from tf_infomax.running.run_directory import RunDirectory
from tf_infomax.training.disk_errors import writing

__all__ = ["CARD", "ENCODER", "export_model", "load_encoder", "summary"]

_FORMAT = "tf_infomax export"
_LOCKED_BY_NOW = 1.0  # seconds
# All files of an export: a folder with other files must not be replaced.
_CONTENTS = {
    CARD,
    ENCODER,
    README,
    EVALUATION_ROWS,
    EVALUATION_LOCK,
    "assets",
    "fingerprint.pb",
    "saved_model.pb",
    "variables",
    *file_names(SIGNATURES),
}


def export_model(
    run_directory: PathLike,
    output: PathLike | None = None,
    data_dir: PathLike | None = None,
    formats: Sequence[str] = (),
) -> Path:
    """Exports a run's models at its last checkpoint, and proves the export.

    The folder holds a SavedModel with the signatures of ``signatures``, the Keras encoder
    (``encoder.keras``, for ``load_encoder``), and ``card.json``: the model's run, its inputs and
    outputs, the run's last measurements, and the differences measured by the proof; ``README.md``
    says it in words.

    Args:
        run_directory: of one run, ``runs/<experiment>/<variant>/seed_<n>`` of a work directory.
        output: folder to write; an earlier export there is replaced, and rows that were measured on
            it stay if it was of this run. Default: ``export`` in the run directory.
        data_dir: where TFDS finds prepared data sets; needed only for runs that have not noted the
            shape of their views.
        formats: further ones, "tflite" and "onnx": ``model.tflite`` has all signatures, ONNX one
            file each, ``encode.onnx``; they are read back and compared, too.

    Returns:
        Path of the export.

    Raises:
        FileNotFoundError: if there is no run, or it has no checkpoint.
        ImportError: if the libraries of a format are missing.
        ValueError: if ``output`` holds anything but an export, the run cannot be read, or a format
            is unknown or lacks an operation of the model.
        ProofError: if the export does not compute what the live model does; it is then deleted.
    """
    output = Path(run_directory, "export") if output is None else Path(output)
    # What a link leads to is written, and the link stays.
    output = output.resolve()
    _check_replaceable(output)
    check_formats(formats)
    trained = restore_trained(run_directory, data_dir)
    with _written_in_one_move(output) as path:
        found = signatures(trained)
        with writing("The export", output.parent, "export the run again"):
            shapes = save(found, trained.variables, path)
        with without_wildcards(path) as plain:
            differences = prove(plain, found)
        differences.update(write_formats(formats, found, trained.variables, path))
        if trained.encoder is not None:
            trained.encoder.save(path / ENCODER)
            differences[ENCODER] = _prove_encoder(path / ENCODER, trained)
        card = _card(run_directory, trained, shapes, differences)
        card["view"]["accepted"] = _accepted(found)
        text = json.dumps(card, indent=1, allow_nan=False)
        (path / CARD).write_text(f"{text}\n", encoding="utf-8")
        (path / README).write_text(markdown(card), encoding="utf-8")
        _keep_evaluation(output, path, card)
    return output


def load_encoder(path: PathLike, data_dir: PathLike | None = None) -> keras.Model:
    """The trained Keras encoder (of the first view), to be used like any Keras model.

        model = keras.Sequential([load_encoder("runs/.../seed_0"), keras.layers.Dense(10)])

    Args:
        path: run directory, or folder of an export.
        data_dir: as for ``export_model``.

    Returns:
        Keras model, views ``[K, D]`` or ``[K, H, W, C]`` -> codes ``[K, code]``; the card lists
        the accepted shapes (``card["view"]["accepted"]``). For Deep InfoMax: images.

    Raises:
        FileNotFoundError: if there is neither a run nor an export.
        ValueError: if the run has no encoder.
    """
    folder = arguments.path(path)
    is_export = (folder / CARD).is_file() or (folder / ENCODER).is_file()
    encoder = exported_encoder(folder) if is_export else restore_trained(folder, data_dir).encoder
    if encoder is None:
        raise ValueError(
            f"Expected a run with an encoder. Received: {path}, whose critic scores the views."
        )
    return encoder


def summary(path: PathLike) -> str:
    """An export in a few lines: its signatures, the proof, and how to load it."""
    card = read_card(Path(path))
    lines = [f"Export: {path}"]
    for name, shapes in card["signatures"].items():
        sides = [
            ", ".join(f"{key} {_shape(shape)}" for key, shape in shapes[side].items())
            for side in ("inputs", "outputs")
        ]
        lines.append(f"  {name}: {sides[0]} -> {sides[1]}")
    worst = max(card["proof"]["largest_difference"].values())
    lines.append(f"Loaded without tf_infomax: at most {worst:.1e} away from the live model.")
    name, shapes = next(iter(card["signatures"].items()))
    arguments = ", ".join(f"{key}={key}" for key in shapes["inputs"])
    (output,) = shapes["outputs"]
    if has_wildcards(path):
        lines.append("TensorFlow takes *, ?, [ and ] in a path for a pattern: move the export, or")
        lines.append("load it by a symbolic link without them.")
    return "\n".join(
        [
            *lines,
            f"To use it ({_inputs(card)}; keep `loaded` while you use its signatures):",
            "  import tensorflow as tf",
            f"  loaded = tf.saved_model.load({str(path)!r})",
            f"  {output} = loaded.signatures[{name!r}]({arguments})[{output!r}]",
        ]
    )


def _accepted(found):
    """The shapes that an encoder's input may have, in the SavedModel and in Keras; or ``None``."""
    if "encode" not in found:
        return None
    (spec,), others = found["encode"].inputs, found["encode"].accepts
    return [spec.shape.as_list(), *map(list, others)]


def _inputs(card):
    if card["view"]["flattened"] is None:
        return "float32 images in [-1, 1]"
    accepted = card["view"].get("accepted") or []
    return "float32 views, flattened" + (" or not" if len(accepted) > 1 else "")


def _shape(sizes):
    return "[" + ", ".join("any" if size is None else str(size) for size in sizes) + "]"


def _keep_evaluation(former, path, card):
    """Takes over the rows of the former export, which name their steps, if it was of this run."""
    rows = former / EVALUATION_ROWS
    if not rows.is_file():
        return
    earlier = read_json(former / CARD)
    same = ("experiment", "variant", "seed", "data_checksum")
    if all(earlier.get(name) == card[name] for name in same):
        shutil.copy(rows, path / EVALUATION_ROWS)


def _prove_encoder(path, trained):
    views = np.random.default_rng(1).random((5, *trained.input_shape), np.float32)
    difference = largest_difference(
        load_encoder(path.parent)(views).numpy(), trained.encoder(views).numpy()
    )
    if not difference <= TOLERANCE:
        raise ProofError(
            f"{ENCODER} must give the live encoder's codes to {TOLERANCE}. "
            f"Received: a difference of {difference:.3g}."
        )
    return difference


def _card(run_directory, trained, shapes, differences):
    experiment = trained.experiment
    opened = RunDirectory.open(run_directory)
    rows = read_rows(opened.rows) if opened.rows.is_file() else []
    # A killed run has rows newer than its checkpoint, which belong to other weights.
    rows = [row for row in rows if row.step <= trained.step]
    images = len(trained.view_shape) > 1
    return {
        "format": _FORMAT,
        "experiment": experiment.name,
        "variant": opened.variant,
        "seed": experiment.seeds[0],
        "step": trained.step,
        "source": experiment.source,
        "dataset": experiment.data.name,
        "data_checksum": (opened.inputs or {}).get("data"),
        "training": training(experiment, trained.step, opened.sizes),
        "view": {
            "shape": list(trained.view_shape),
            "flattened": trained.input_shape[0] if len(trained.input_shape) == 1 else None,
            "range": list(experiment.data.given_views.pixel_range) if images else None,
        },
        "code_width": shapes["encode"]["outputs"]["code"][-1] if "encode" in shapes else None,
        "signatures": shapes,
        "numbers": _last_numbers(rows),
        "settings": experiment.to_dict(),
        "proof": {"tolerance": TOLERANCE, "largest_difference": differences},
        "versions": {
            "tf_infomax": VERSION,
            "commit": commit(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
        },
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _last_numbers(rows):
    """The last row of every scalar that was measured, as plain dicts without the run's tags."""
    last = {}
    for row in rows:
        last[row.metric, row.split, row.tags.get("features")] = row
    numbers = []
    for row in last.values():
        tags = {key: row.tags[key] for key in ("features",) if key in row.tags}
        plain = json.loads(dataclasses.replace(row, tags=tags).to_json())
        keys = ("metric", "split", "features", "value", "unit", "step")
        numbers.append({key: plain[key] for key in keys if key in plain})
    return numbers


def _check_replaceable(output):
    if not output.exists() or (output.is_dir() and not any(output.iterdir())):
        return
    if not output.is_dir() or not _is_export(output):
        raise ValueError(
            "The output must be a new folder, or an earlier export, which is replaced. "
            f"Received: {output}, which is something else."
        )


def _is_export(path):
    try:
        card = read_json(path / CARD)
    except (OSError, ValueError):
        return False
    known = {entry.name for entry in path.iterdir()} <= _CONTENTS
    return known and card.get("format") == _FORMAT


@contextlib.contextmanager
def _written_in_one_move(output):
    """Yields a new folder beside ``output``, which replaces it on success.

    What processes left that were killed while they wrote the same output is removed.
    """
    partial = output.with_name(f".{output.name}.partial-{os.getpid()}")
    former = output.with_name(f".{output.name}.former-{os.getpid()}")
    partial.mkdir(parents=True)
    # Tells a folder that is being written from one that a killed process has left.
    handle = os.open(partial, os.O_RDONLY)
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        _remove_abandoned(output)
        yield partial
        if output.exists():
            os.replace(output, former)
        try:
            os.replace(partial, output)
        except OSError:
            if former.exists():
                os.replace(former, output)
            raise
        shutil.rmtree(former, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        os.close(handle)


def _remove_abandoned(output):
    name = glob.escape(f".{output.name}.")
    for left in output.parent.glob(f"{name}partial-*"):
        # Another process may have made it this moment, and not locked it yet.
        with contextlib.suppress(OSError):
            is_young = time.time() - left.stat().st_mtime < _LOCKED_BY_NOW
            if not is_young and not is_held(left):
                shutil.rmtree(left, ignore_errors=True)
    # Between two moves of a process that was killed; with the output in place it is of no use.
    for left in output.parent.glob(f"{name}former-*") if output.exists() else ():
        shutil.rmtree(left, ignore_errors=True)
