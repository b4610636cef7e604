"""Reads the folder of an export; ``export`` writes it."""

import zipfile
import zlib

import keras

from tf_infomax.naming.json_files import read_json
from tf_infomax.running.run_directory import CARD

__all__ = ["CARD", "ENCODER", "exported_encoder", "read_card"]

ENCODER = "encoder.keras"

# What is read of it, here and in ``export``.
_ENTRIES = {
    "variant": str, "step": int, "settings": dict, "signatures": dict, "view": dict, "proof": dict,
}  # fmt: skip
_DAMAGES = (
    AttributeError, EOFError, ImportError, LookupError, OSError, RuntimeError, TypeError,
    ValueError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def read_card(path):
    """The card of the export in the folder ``path``, as a dict.

    Raises:
        ValueError: naming the file, if it is damaged, or of another version.
    """
    file = path / CARD
    try:
        card = read_json(file)
    except ValueError as error:
        raise ValueError(f"{error} Or export the run again.") from None
    wrong = [key for key, kind in _ENTRIES.items() if not isinstance(card.get(key), kind)]
    if wrong:
        raise ValueError(
            f"{file} is not the card of an export of this version; export the run again. "
            f"Received: no {', '.join(wrong)}."
        )
    return card


def exported_encoder(path):
    """The Keras encoder in the folder ``path`` of an export; ``None`` if the run has none.

    Raises:
        ValueError: naming the file, if it is missing or damaged.
    """
    file = path / ENCODER
    if not file.exists():
        if "encode" not in read_card(path)["signatures"]:
            return None
        raise ValueError(f"{file} is missing: bring it back from a copy, or export the run again.")
    try:
        return keras.saving.load_model(file, compile=False)
    except _DAMAGES as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200].rstrip(".")
        raise ValueError(
            f"{file} cannot be read: bring it back from a copy, or export the run again. "
            f"Received: {reason}."
        ) from None
