"""Which sets of TensorFlow Datasets are in a folder, by file names alone. Needs no TensorFlow."""

import re

from tf_infomax.data.image_data import DatasetNotFoundError
from tf_infomax.naming import registry

__all__ = ["folder_of", "is_known", "not_found"]

_NAME = re.compile(r"(?P<set>\w+)(/(?P<config>[\w.+-]+))?(:(?P<version>\d+\.\d+\.\d+))?")
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def folder_of(name, data_dir):
    """The folder of the highest prepared version, or ``None``. Looks at file names only.

    ``tfds.builder`` would look for the code of the set first, and take the newest version known to
    the code rather than the version on disk.

    Args:
        name: ``"mnist"``, ``"cmaterdb/bangla"``, ``"mnist:3.0.1"``.
        data_dir: ``pathlib.Path`` of the folder of prepared sets.

    Raises:
        DatasetNotFoundError: if the name may mean several configurations.
    """
    match = _NAME.fullmatch(name)
    if not match:
        return None
    set_name, config, version = match["set"], match["config"], match["version"]
    root = data_dir / set_name / (config or "")
    found = _versions(root)
    if not found and config is None and root.is_dir():
        configs = sorted(entry.name for entry in root.iterdir() if _versions(entry))
        if len(configs) > 1:
            raise DatasetNotFoundError(
                f"{root} holds several configurations; name one, as in {set_name}/{configs[0]}. "
                f"Known: {', '.join(configs)}. Received: name={name!r}."
            )
        found = _versions(root / configs[0]) if configs else []
    if version is not None:
        found = [folder for folder in found if folder.name == version]
    return found[-1] if found else None


def is_known(name):
    """Whether TensorFlow Datasets has code for the set ``name``, so that it may be downloaded."""
    import tensorflow_datasets as tfds

    match = _NAME.fullmatch(name)
    return match is not None and match["set"] in tfds.list_builders()


def not_found(name, data_dir):
    """A ``DatasetNotFoundError`` that says what is in ``data_dir``, and how to get the set."""
    # Imports no TensorFlow before a set is read.
    import tensorflow_datasets as tfds

    match = _NAME.fullmatch(name)
    set_name = match["set"] if match else name
    if data_dir.is_dir():
        here = sorted(
            entry.name
            for entry in data_dir.iterdir()
            if _versions(entry) or (entry.is_dir() and any(map(_versions, entry.iterdir())))
        )
        listing = f"{data_dir} holds: {', '.join(here) or 'no data set'}."
    else:
        reason = "is a file, not a folder" if data_dir.exists() else "does not exist"
        listing, here = f"{data_dir} {reason}.", []
    known = tfds.list_builders(with_community_datasets=False)
    if set_name in known:
        advice = (
            "To get it, pass --download (download=True) where there is a network, or pass "
            f"--data_dir (or set TFDS_DATA_DIR) to the folder that holds {set_name}/<version>/; "
            "data=mnist_sample (or data=digits) needs nothing."
        )
        return DatasetNotFoundError(f"The data set {name!r} is not here. {listing} {advice}")
    hint = registry.did_you_mean(
        set_name.lower(), sorted({*known, *here, "digits", "mnist_sample"})
    )
    return DatasetNotFoundError(
        f"There is no data set {name!r}: it is neither a folder of images, nor a path ending in "
        f".npz, nor a set of TensorFlow Datasets.{hint} {listing} data=mnist_sample needs nothing."
    )


def _versions(folder):
    if not folder.is_dir():
        return []
    prepared = (
        entry
        for entry in folder.iterdir()
        if _VERSION.fullmatch(entry.name) and (entry / "dataset_info.json").is_file()
    )
    return sorted(prepared, key=lambda entry: tuple(map(int, entry.name.split("."))))
