"""Whole image data sets, by name. Needs TensorFlow only for TFDS sets."""

import contextlib
import functools
import glob
import os
import pathlib
import re
import typing
import warnings
from collections.abc import Callable

import numpy as np

from tf_infomax.data.image_data import DatasetNotFoundError, DatasetWarning
from tf_infomax.data.sources import (
    arrays,
    bundled,
    image_folders,
    prepared_sets,
    tiny_imagenet,
)
from tf_infomax.data.sources.image_files import listed, visible
from tf_infomax.naming.paths import expanded

__all__ = ["check", "load"]

# Sets of image files, and the folders whose times change when files are added or exchanged.
_FOLDERS = {
    image_folders.from_folder: image_folders.folders,
    tiny_imagenet.from_folder: tiny_imagenet.folders,
}
_BUNDLED = {"digits": bundled.digits, "mnist_sample": bundled.mnist_sample}
# Environment variable.
_CACHE = "TF_INFOMAX_DATA_CACHE"
_SHOWN = 100  # characters of a name that is too long to be a path


def load(name, data_dir=None, download=False, label=None, cache=None):
    """Reads a data set by name; the process remembers the last four.

    Args:
        name: one of

            - ``"digits"``: scikit-learn's bundled 8 x 8 digits, 1,437 train and 360 test images,
              stratified, always the same split;
            - ``"mnist_sample"``: 10,000 training and 2,000 test images of MNIST, as many of each
              digit, which come with this package;
            - an image-classification set of TensorFlow Datasets, ``"mnist"``, ``"cifar10"``,
              ``"cmaterdb/bangla"``, ``"mnist:3.0.1"``: its ``train`` split, and its ``test``
              split or else its ``validation`` split; a split ``unlabelled`` as well
              (``"stl10"``). A set without labels is read with labels of -1; ``"celeb_a"`` is
              reduced to 64 x 64 pixels and has attributes (see ``tfds_sets.from_prepared``);
            - a path ending in ``.npz``: ``x_train``, ``x_test`` and, where known, ``y_train``,
              ``y_test`` and ``x_unlabelled`` (see ``arrays.from_npz``);
            - a folder that holds ``wnids.txt``: Tiny ImageNet as published (its ``val`` is our
              test set);
            - a folder that holds ``train/<class>/*`` and ``test/<class>/*``, images of one size in
              any format that Pillow reads (see ``image_folders.from_folder``). A folder wins over
              a TFDS set of that name.

            ``~`` in a path means the home directory.
        data_dir: folder of prepared TFDS sets, ``<data_dir>/<name>/<version>/``. Default: the
            environment variable ``TFDS_DATA_DIR``, else ``~/tensorflow_datasets``.
        download: whether a missing TFDS set may be downloaded and prepared. If False, nothing ever
            touches the network.
        label: for a set with attributes: the attribute that becomes the label, as in
            ``load("celeb_a", label="Smiling")``.
        cache: folder for data sets that do not fit in memory: TFDS sets and folders are read once,
            as a stream, and their images are kept there as files, which are mapped (see
            ``mapped.kept``). Default: the environment variable ``TF_INFOMAX_DATA_CACHE``; if there
            is none, sets are held in memory.

    Returns:
        ``ImageData``. Training images of only one class count as unlabelled, since there is nothing
        to classify; a ``DatasetWarning`` says so, and names the classes that only one split has.

    Raises:
        DatasetNotFoundError: if there is no such set here; says how to get it.
        ValueError: if the set is not for image classification, its images differ in size, or it
            lacks the attribute.
    """
    with _readable(name):
        found = _located(os.fspath(name), data_dir, download)
        cache = (cache or os.environ.get(_CACHE) or None) if found.streams else None
        # A set that has just been downloaded is not read a second time; kept images can be stale.
        is_read_once = found.read is _prepared and cache is None
        stamp = None if is_read_once else _stamp(found.files())
        images = _read(found.read, *found.args, stamp=stamp, cache=cache)
    return images if label is None else images.labelled_by(label)


def check(name, data_dir=None, download=False):
    """Raises what ``load`` would raise where there is no such set; reads nothing of it.

    Needs no TensorFlow, so that a command answers a misspelt name at once.
    """
    with _readable(name):
        found = _located(os.fspath(name), data_dir, download)
        if found.read is _prepared and not download:
            set_name, folder, _ = found.args
            if prepared_sets.folder_of(set_name, folder) is None:
                raise prepared_sets.not_found(set_name, folder)


@contextlib.contextmanager
def _readable(name):
    """What the system says of a name becomes a sentence."""
    if not isinstance(name, str | os.PathLike) or not os.fspath(name):
        raise ValueError(f"A data set is named by a string or a path. Received: name={name!r}.")
    name = os.fspath(name)
    try:
        yield
    except DatasetNotFoundError:
        raise
    except (OSError, RuntimeError) as error:
        # A name longer than the file system allows, an unreadable folder, or an unknown home
        # directory.
        shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
        where = f" ({error.filename})" if getattr(error, "filename", name) != name else ""
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise DatasetNotFoundError(
            f"The data set cannot be read: {reason}{where if len(where) < _SHOWN else ''}. "
            f"Received: name={shown!r}."
        ) from error


class _Located(typing.NamedTuple):
    """Where a data set is, what reads it, and a function that lists files that change with it."""

    read: Callable
    args: tuple = ()
    files: Callable = tuple
    streams: bool = False


def _located(name, data_dir, download):
    if name in _BUNDLED:
        return _Located(_BUNDLED[name])
    path = pathlib.Path(expanded(name, "data"))
    if path.suffix.lower() == ".npz" and not path.is_dir():
        if not path.is_file():
            raise DatasetNotFoundError(f"There is no such file. Received: name={name!r}.")
        return _Located(arrays.from_npz, (path.resolve(),), lambda: [path])
    if (path / "wnids.txt").is_file():
        return _in_folders(tiny_imagenet.from_folder, path)
    if (path / "train").is_dir():
        return _in_folders(image_folders.from_folder, path)
    # A name that can only be a path, or exists as a path, is not looked up among the TFDS names.
    if path.is_absolute() or name.startswith((".", "~")) or path.exists():
        raise DatasetNotFoundError(
            "A folder of images must hold train/<class>/*.png and test/<class>/*.png, or be Tiny "
            "ImageNet as published, with wnids.txt; a file of arrays must end in .npz. "
            f"{_contents(path)} Received: name={name!r}."
        )
    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    data_dir = pathlib.Path(expanded(data_dir, "data_dir")).resolve()
    set_name = re.split("[/:]", name)[0]
    described = f"{glob.escape(set_name)}/**/dataset_info.json"
    return _Located(
        _prepared, (name, data_dir, bool(download)), lambda: sorted(data_dir.glob(described)), True
    )


def _in_folders(source, path):
    return _Located(source, (path.resolve(),), functools.partial(_FOLDERS[source], path), True)


def _prepared(name, data_dir, download):
    # TensorFlow and TFDS take seconds to import, and no other source needs them.
    from tf_infomax.data.sources import tfds_sets

    return tfds_sets.from_prepared(name, data_dir, download)


def _all_files(source, args):
    """Every file of a set of image files; none of another set."""
    if source not in _FOLDERS:
        return []
    places = _FOLDERS[source](*args)
    return [file for place in places for file in (visible(place) if place.is_dir() else [place])]


def _stamp(paths):
    """Changes whenever one of the files or folders does, so that a changed set is read again."""
    return tuple((status.st_mtime_ns, status.st_size) for status in map(os.stat, paths))


def _contents(path):
    if not path.exists():
        return f"{path} does not exist."
    if not path.is_dir():
        return f"{path} is a file."
    return f"{path} holds: {listed([entry.name for entry in visible(path)], 20) or 'nothing'}."


# Large data sets take gigabytes, so only a few are kept.
@functools.lru_cache(maxsize=4)
def _read(source, *args, stamp=None, cache=None):
    if cache is None:
        images = source(*args)
    else:
        # Needs TensorFlow.
        from tf_infomax.data import mapped

        # A file that is changed in place does not change the time of its folder.
        stamp = (stamp, _stamp(_all_files(source, args)))
        images = mapped.kept(expanded(cache, "cache"), source, args, stamp)
    train, test = (
        set(np.unique(labels[labels >= 0]).tolist())
        for labels in (images.train_labels, images.test_labels)
    )
    if len(train) == 1:
        (label,) = train
        _warn(
            f"{images.name} is read as unlabelled: its training images are all of one class, "
            f"{images.label_names[label]!r} (-1 means unlabelled)."
        )
        return images.without_labels()
    # A split without any labels has no classes to compare.
    for split, missing in (("training", test - train), ("test", train - test)):
        if train and test and missing:
            names = [images.label_names[label] for label in sorted(missing)]
            _warn(f"{images.name} has no {split} images of: {listed(names, 10)}.")
    return images


def _warn(sentence):
    # Four frames up: _warn, _read, load, and the caller of load.
    warnings.warn(sentence, DatasetWarning, stacklevel=4)
