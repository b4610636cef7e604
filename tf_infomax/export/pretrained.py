"""Trained encoders as they are handed on: a folder, a run, or one file that holds an export."""

import dataclasses
import shutil
import tempfile
from pathlib import Path

import keras

from tf_infomax.export.archive import CARD, ENCODER, load_encoder
from tf_infomax.naming.files import write_bytes
from tf_infomax.naming.json_files import read_json
from tf_infomax.naming.paths import PathLike

__all__ = ["Pretrained", "load_pretrained", "pack"]


@dataclasses.dataclass(frozen=True)
class Pretrained:
    """A trained encoder and what is known about it.

    Attributes:
        encoder: Keras model, views or images -> codes, to be used like any other.
        card: what was trained on which data, how long, with which settings, its numbers, and the
            form of its inputs (``card["view"]``); empty for a run that was not exported.
    """

    encoder: keras.Model
    card: dict

    def __call__(self, inputs):
        """The codes of a batch; ``card["view"]["range"]`` is the range of its pixels."""
        return self.encoder(inputs, training=False)


def load_pretrained(path: PathLike, data_dir: PathLike | None = None) -> Pretrained:
    """The trained encoder of an export, of a packed export, or of a run.

        trained = tf_infomax.load_pretrained("dim_local-cifar10.zip")
        codes = trained(images)
        model = keras.Sequential([trained.encoder, keras.layers.Dense(10)])

    Args:
        path: folder of an export, ``.zip`` or ``.tar.gz`` of one (a release, or from ``pack``),
            or run directory.
        data_dir: where TFDS finds prepared data sets, for runs that did not note their views.

    Returns:
        ``Pretrained``.

    Raises:
        FileNotFoundError: if there is neither an export nor a run.
        ValueError: if the file is no packed export, or the run has no encoder.
    """
    path = Path(path)
    if path.is_file():
        with tempfile.TemporaryDirectory() as folder:
            return _of_folder(_unpacked(path, Path(folder)), data_dir)
    return _of_folder(path, data_dir)


def pack(export: PathLike, output: PathLike) -> Path:
    """Packs an export: one file with the card, the encoder and the SavedModel.

    They are in a folder of the file's name, so that several can be unpacked in one place.

    Args:
        export: folder of an export.
        output: file to write, ``.zip`` or ``.tar.gz``.

    Returns:
        Path of the file.
    """
    export, output = Path(export), Path(output)
    if not (export / CARD).is_file():
        raise FileNotFoundError(f"Expected the folder of an export. Received: {export}.")
    name = str(output)
    for ending, kind in ((".zip", "zip"), (".tar.gz", "gztar")):
        if name.endswith(ending):
            return _packed(export, output, output.name.removesuffix(ending), kind)
    raise ValueError(f"`output` must end in .zip or .tar.gz. Received: output={name!r}.")


def _packed(export, output, root, kind):
    with tempfile.TemporaryDirectory() as staged:
        shutil.copytree(export, Path(staged, root))
        packed = Path(shutil.make_archive(Path(staged, "packed"), kind, staged, root))
        output.parent.mkdir(parents=True, exist_ok=True)
        # In one move: where the disk is full, a former file stays as it was.
        write_bytes(output, [packed.read_bytes()])
    return output


def _of_folder(path, data_dir):
    card = read_json(path / CARD) if (path / CARD).is_file() else {}
    return Pretrained(load_encoder(path, data_dir), card)


def _unpacked(path, folder):
    try:
        # Members that would be written elsewhere are refused.
        if path.suffix == ".zip":
            shutil.unpack_archive(path, folder, "zip")
        else:
            shutil.unpack_archive(path, folder, filter="data")
    except (shutil.ReadError, ValueError, EOFError) as error:
        raise ValueError(
            f"Expected a .zip or .tar.gz of an export. Received: {path} ({error})."
        ) from None
    found = sorted(folder.rglob(CARD))
    if len(found) != 1 or not (found[0].parent / ENCODER).is_file():
        raise ValueError(
            f"The file must hold one export with {CARD} and {ENCODER}. Received: {path}, "
            f"with {len(found)} cards."
        )
    return found[0].parent
