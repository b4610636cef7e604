"""Data sets in mapped files: the same images and batches, of which memory does not hold all."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.tiny import determinism_undone, plan_tiny
from tf_infomax.data import datasets, mapped
from tf_infomax.data.batches import Part
from tf_infomax.data.image_data import ImageData
from tf_infomax.data.images import WholeImages
from tf_infomax.data.pairs import HalvesOfImages
from tf_infomax.data.sources import storage
from tf_infomax.running.run import execute
from tf_infomax.training.loop import StepLoop


@pytest.fixture
def folder(tmp_path):
    """Images of two classes as PNG files, the last of them coloured."""
    rng = np.random.default_rng(0)
    for split, number in (("train", 40), ("test", 36)):
        for place in range(number):
            kind = tmp_path / "set" / split / "ab"[place % 2]
            kind.mkdir(parents=True, exist_ok=True)
            is_last = split == "test" and place == number - 1
            pixels = rng.integers(256, size=(8, 6, 3) if is_last else (8, 6), dtype=np.uint8)
            Image.fromarray(pixels).save(kind / f"{place:02}.png")
    return tmp_path / "set"


def batches_of(images):
    whole = WholeImages(images, 8, 0, crop=4, flip=True)
    halves = HalvesOfImages(images, 8, 0.1, 0)

    @tf.function
    def drawn(t):
        return (
            whole.draw(t)["views"]["image"], whole.draw(t, part=Part(1, 2))["views"]["image"],
            halves.draw(t)["views"]["view_2"],
        )  # fmt: skip

    found = [one for t in (0, 7) for one in drawn(tf.constant(t, tf.int64))]
    return [np.asarray(one) for one in (*found, whole.measured(3)["image"])]


@pytest.mark.slow
def test_a_folder_gives_the_same_images_and_batches(folder, tmp_path):
    in_memory = datasets.load(str(folder))
    cache = str(tmp_path / "cache")
    for _ in range(2):
        datasets._read.cache_clear()
        found = datasets.load(str(folder), cache=cache)
        assert storage.is_mapped(found.train_images) and storage.is_mapped(found.test_images)
        assert found.checksum == in_memory.checksum and found.image_shape == (8, 6, 3)
        assert (found.name, found.label_names) == (in_memory.name, in_memory.label_names)
        for one, other in zip(batches_of(found), batches_of(in_memory), strict=True):
            np.testing.assert_array_equal(one, other)
    (place,) = (tmp_path / "cache").iterdir()
    assert not [path for path in place.iterdir() if path.is_dir()]
    # Another image: another set.
    Image.fromarray(np.zeros((8, 6), np.uint8)).save(folder / "train" / "a" / "new.png")
    assert len(datasets.load(str(folder), cache=cache).train_images) == 41
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_an_image_that_is_changed_in_place_is_read_again(folder, tmp_path):
    cache = str(tmp_path / "cache")
    assert datasets.load(str(folder), cache=cache).train_images[0].any()
    image = folder / "train" / "a" / "00.png"
    Image.fromarray(np.zeros((8, 6), np.uint8)).save(image)
    os.utime(image, (1e9, 1e9))
    # As another process does.
    datasets._read.cache_clear()
    assert not datasets.load(str(folder), cache=cache).train_images[0].any()


def _cut(path):
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("is_old", [False, True], ids=["sizes", "no sizes"])
@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("train_images.npy", _cut),
        ("test_labels.npy", _cut),
        ("train_images.npy", Path.unlink),
        ("train_labels.npy", lambda path: path.write_bytes(b"")),
        ("set.json", lambda path: path.write_text("{")),
        ("set.json", lambda path: path.write_text("{}")),
        ("set.json", lambda path: path.write_text("[]")),
    ],
    ids=["cut", "cut labels", "deleted", "empty", "no JSON", "no facts", "a list"],
)
def test_what_is_damaged_is_read_again(name, damage, is_old, folder, tmp_path):
    cache = tmp_path / "cache"
    whole = datasets.load(str(folder), cache=str(cache))
    (place,) = cache.iterdir()
    facts = json.loads((place / "set.json").read_text())
    sizes = facts.pop("sizes")
    assert sizes == {path.name: path.stat().st_size for path in place.glob("*.npy")}
    if is_old:
        # As earlier versions wrote it: it is read as it is.
        (place / "set.json").write_text(json.dumps(facts))
        written = (place / "train_images.npy").stat().st_mtime_ns
        datasets._read.cache_clear()
        assert datasets.load(str(folder), cache=str(cache)).checksum == whole.checksum
        assert (place / "train_images.npy").stat().st_mtime_ns == written
    checksum = whole.checksum
    damage(place / name)
    datasets._read.cache_clear()
    found = datasets.load(str(folder), cache=str(cache))
    assert found.checksum == checksum and storage.is_mapped(found.train_images)
    assert json.loads((place / "set.json").read_text())["sizes"] == sizes
    assert {path.name for path in place.glob("*.npy")} == set(sizes)


def test_images_of_another_process_stay_when_a_set_is_read_again(folder, tmp_path):
    first = datasets.load(str(folder), cache=str(tmp_path / "cache"))
    before = np.array(first.train_images)
    (place,) = (tmp_path / "cache").iterdir()
    (place / "test_labels.npy").unlink()
    inode = (place / "train_images.npy").stat().st_ino
    datasets._read.cache_clear()
    datasets.load(str(folder), cache=str(tmp_path / "cache"))
    assert (place / "train_images.npy").stat().st_ino != inode
    np.testing.assert_array_equal(first.train_images, before)


def test_files_that_do_not_fit_when_written_name_their_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(mapped, "_found", lambda place: None)
    with pytest.raises(ValueError, match=rf"Delete the folder {tmp_path}.*Received: folder="):
        mapped.kept(tmp_path, _large, (4,))


def test_several_arrays_are_read_as_one(tmp_path):
    rng = np.random.default_rng(1)
    parts = [rng.integers(256, size=(n, 3), dtype=np.uint8) for n in (5, 4)]
    with storage.in_files(tmp_path):
        files = [storage.empty(part.shape, part.dtype) for part in parts]
    for file, part in zip(files, parts, strict=True):
        file[:] = part
    rows = mapped.rows_of(files, None)
    order = np.array([8, 0, 5, 4, 4])
    np.testing.assert_array_equal(rows(tf.constant(order)), np.concatenate(parts)[order])


def _large(megabytes):
    """Images of noise, made as a source makes them."""
    rng = np.random.default_rng(0)
    train = storage.empty((megabytes * 64, 128, 128, 1), np.uint8)
    for start in range(0, len(train), 256):
        train[start : start + 256] = rng.integers(256, size=(256, 128, 128, 1), dtype=np.uint8)
    labels = np.zeros(len(train), np.int64)
    return ImageData("large", train, labels, train[:64], labels[:64], 255.0, 1, ("a",))


def _memory():
    """MiB of memory of this process that belongs to no file."""
    (found,) = re.findall(r"RssAnon:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux' /proc")
def test_memory_does_not_hold_the_set(tmp_path):
    code = (
        "import sys\n"
        "import tensorflow as tf\n"
        "from tests.data import test_mapped as test\n"
        "from tf_infomax.data import mapped\n"
        "small = test.HalvesOfImages(test._large(4), 64, 0.0, 0)\n"
        "small.draw(tf.constant(0, tf.int64))\n"
        "before = test._memory()\n"
        "images = mapped.kept(sys.argv[1], test._large, (256,))\n"
        "images.checksum\n"
        "halves = test.HalvesOfImages(images, 64, 0.0, 0)\n"
        "for source in (test.WholeImages(images, 64, 0), halves):\n"
        "    for t in range(20):\n"
        "        source.draw(tf.constant(t, tf.int64))\n"
        "print(test._memory() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) < 64


class Stopped(BaseException):
    """Not an Exception: nothing in the package may catch it."""


@pytest.mark.slow
def test_a_resumed_run_has_the_rows_of_a_run_in_memory(folder, tmp_path, monkeypatch):
    settings = (f"data={folder}", "train.batch_size=8")
    original = StepLoop.run

    def stopped(loop, start, *arguments):
        if start == 8:
            raise Stopped
        return original(loop, start, *arguments)

    found = []
    with determinism_undone():
        for name in ("memory", "files"):
            (run,) = plan_tiny(tmp_path / name, "critic_impact", *settings)
            if name == "files":
                with monkeypatch.context() as patched, pytest.raises(Stopped):
                    patched.setattr(StepLoop, "run", stopped)
                    execute(run)
            assert execute(run) == "finished"
            found.append((run.directory / "rows.jsonl").read_bytes())
            monkeypatch.setenv("TF_INFOMAX_DATA_CACHE", str(tmp_path / "cache"))
    assert found[0] == found[1] and len(found[0]) > 1_000
    assert list((tmp_path / "cache").glob("*/train_images.npy"))
