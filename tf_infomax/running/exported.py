"""Reads the encoder from the folder of an export; ``export`` writes it."""

import keras

__all__ = ["CARD", "ENCODER", "exported_encoder"]

CARD = "card.json"
ENCODER = "encoder.keras"


def exported_encoder(path):
    """The Keras encoder in the folder ``path`` of an export; ``None`` if it has none."""
    if not (path / ENCODER).is_file():
        return None
    return keras.saving.load_model(path / ENCODER, compile=False)
