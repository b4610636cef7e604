"""An export as a file for a release: named after what was trained, with its checksum beside it."""

import hashlib
import re
from pathlib import Path

from tf_infomax.export.archive import CARD
from tf_infomax.export.pretrained import pack
from tf_infomax.naming.json_files import read_json
from tf_infomax.naming.paths import PathLike, write_text

__all__ = ["CHECKSUMS", "release", "release_name"]

# As `sha256sum` writes and checks it.
CHECKSUMS = "SHA256SUMS"


def release_name(card):
    """Name of a release, without ending, such as
    ``"dim_local-infonce-cifar10-50epochs-seed0-0.1.0"``.

    Args:
        card: of an export, ``card.json``. Where epochs are not known, its steps are named.
    """
    done = card["training"]
    known = done["epochs"] is not None
    length = f"{done['epochs']:.3g}epochs" if known else f"{done['steps']}steps"
    parts = (
        card["experiment"],
        "" if card["variant"] == "default" else card["variant"],
        Path(card["dataset"]).name.removesuffix(".npz"),
        length,
        f"seed{card['seed']}",
        card["versions"]["tf_infomax"],
    )
    return "-".join(re.sub(r"[^\w.+]+", "_", part) for part in parts if part)


def release(exported: PathLike, output: PathLike) -> Path:
    """Packs an export under its ``release_name``, and notes the file's SHA-256.

    The line of an earlier file of the same name is replaced; the others stay.

    Args:
        exported: folder of an export, whose card says what was trained.
        output: folder for the ``.zip`` and ``SHA256SUMS``; made if it is missing.

    Returns:
        Path of the ``.zip``, which ``load_pretrained`` reads.

    Raises:
        FileNotFoundError: if there is no export.
        ValueError: if ``output`` is the folder of the export, which holds nothing else.
    """
    exported, output = Path(exported), Path(output)
    if not (exported / CARD).is_file():
        raise FileNotFoundError(f"Expected the folder of an export. Received: {exported}.")
    if output.resolve() == exported.resolve():
        raise ValueError(
            "A release must go into another folder than the export that it packs. "
            f"Received: output={output}."
        )
    output.mkdir(parents=True, exist_ok=True)
    packed = pack(exported, output / f"{release_name(read_json(exported / CARD))}.zip")
    with open(packed, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    checksums = output / CHECKSUMS
    before = checksums.read_text(encoding="utf-8").splitlines() if checksums.is_file() else []
    others = [line for line in before if line.split("  ", 1)[-1] != packed.name]
    lines = sorted([*others, f"{digest}  {packed.name}"], key=lambda line: line.split("  ", 1)[-1])
    write_text(checksums, "\n".join(lines) + "\n")
    return packed
