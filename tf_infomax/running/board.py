"""What TensorBoard shows besides curves and settings: figures, pictures, and codes in space."""

import base64
import math
import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorboard.plugins import projector

from tf_infomax.evaluation import encode, encode_endpoints
from tf_infomax.training.disk_errors import writing

__all__ = ["write_embedding", "write_figures", "write_picture", "writing_events"]

# Enough to see clusters, few enough for the projector's t-SNE.
_EXAMPLES = 1_000
_FOLDER = "embedding"


def writing_events(events):
    """Within it events that cannot be written to the folder ``events`` are an ``OSError``."""
    return writing("TensorBoard's events", events)


def write_picture(tag, png, step):
    """A picture that a row carries (base64 of a PNG file), to the default summary writer."""
    pixels = tf.io.decode_png(base64.b64decode(png), channels=3)
    tf.summary.image(tag, pixels[tf.newaxis], step)


def write_figures(workdir, step):
    """Writes the figures of a work directory's report to ``<workdir>/events``.

    Args:
        workdir: with rows.
        step: under which they appear.
    """
    # Its figures need matplotlib, which the processes of runs do not.
    from tf_infomax.report import report

    events = Path(workdir) / "events"
    for earlier in events.glob("events.out.tfevents.*"):
        # Those of another call of the same command, with fewer rows.
        earlier.unlink()
    with writing_events(events), tempfile.TemporaryDirectory() as folder:
        writer = tf.summary.create_file_writer(str(events))
        with writer.as_default():
            for path in report.write_figures([workdir], folder):
                pixels = tf.io.decode_png(path.read_bytes(), channels=3)
                tf.summary.image(f"figures/{path.stem}", pixels[tf.newaxis], step)
        writer.close()


def write_embedding(events, snapshot):
    """Writes codes of the first test images for TensorBoard's projector, with labels and images.

    Args:
        events: folder of a run's events.
        snapshot: ``Snapshot`` at the last step; nothing is written without an encoder of images,
            or if codes are not finite.
    """
    encoder, source = snapshot.trial.encoder, snapshot.trial.source
    if encoder is None or getattr(source, "images", None) is None:
        return
    stored = next(iter(source.stored("test").values()))[:_EXAMPLES]
    preprocess = source.probe_input(snapshot.step, "test")
    if hasattr(encoder, "endpoints"):
        codes = encode_endpoints(encoder, [snapshot.code], stored, preprocess)[snapshot.code]
    else:
        codes = encode(encoder, stored, preprocess)
    codes = np.asarray(codes, np.float64).reshape(len(stored), -1)
    if not np.isfinite(codes).all():
        return
    folder = Path(events) / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    np.savetxt(folder / "code.tsv", codes, "%.6g", "\t")
    (folder / "labels.tsv").write_text(_names(source.images, len(codes)), encoding="utf-8")
    pictures = np.asarray(source.pictures(tf.constant(stored)))
    Image.fromarray(_sprite(pictures)).save(folder / "images.png")
    config = projector.ProjectorConfig()
    shown = config.embeddings.add()
    # Paths are relative to the folder of the configuration.
    shown.tensor_name = f"{snapshot.code} of test images, step {snapshot.step}"
    shown.tensor_path = f"{_FOLDER}/code.tsv"
    shown.metadata_path = f"{_FOLDER}/labels.tsv"
    shown.sprite.image_path = f"{_FOLDER}/images.png"
    shown.sprite.single_image_dim.extend([pictures.shape[2], pictures.shape[1]])
    with writing_events(events):
        projector.visualize_embeddings(str(events), config)


def _names(images, count):
    """Names of the labels, a line each: with a single column the file has no header."""
    labels = images.test_labels[:count]
    names = [images.label_names[label] if label >= 0 else "unlabelled" for label in labels]
    return "".join(" ".join(name.split()) + "\n" for name in names)


def _sprite(pictures):
    """Pictures ``[N, H, W, C]`` in [-1, 1], row by row in a square uint8 image ``[S, S, 3]``."""
    count, height, width, channels = pictures.shape
    side = math.ceil(math.sqrt(count))
    grid = np.full((side * side, height, width, 3), 255, np.uint8)
    pixels = np.clip(np.rint((pictures + 1.0) * 127.5), 0, 255).astype(np.uint8)
    grid[:count] = pixels if channels == 3 else pixels[..., :1]
    rows = grid.reshape(side, side, height, width, 3).swapaxes(1, 2)
    return rows.reshape(side * height, side * width, 3)
