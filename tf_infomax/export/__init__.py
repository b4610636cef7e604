"""Trained models for use without this package: SavedModels, and encoders for Keras.

``export_model(run_directory)`` writes both and proves the SavedModel in a process that cannot
import ``tf_infomax``; ``load_encoder(path)`` reads the Keras encoder back.
"""

from tf_infomax.export.archive import export_model, load_encoder, summary
from tf_infomax.export.pretrained import Pretrained, load_pretrained, pack
from tf_infomax.export.proof import ProofError
from tf_infomax.export.releases import release
from tf_infomax.export.signatures import Signature, signatures
from tf_infomax.export.trained import Trained, restore_trained

__all__ = [
    "Pretrained",
    "ProofError",
    "Signature",
    "Trained",
    "export_model",
    "load_encoder",
    "load_pretrained",
    "pack",
    "release",
    "restore_trained",
    "signatures",
    "summary",
]
