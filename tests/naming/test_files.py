"""Files that are written whole or not at all, by any number of processes."""

import fcntl
import os
import stat
import threading

import pytest

from tf_infomax.naming import files, paths


def test_text_has_one_writer_which_leaves_nothing(tmp_path, monkeypatch):
    assert paths.write_text is files.write_text
    path = tmp_path / ("ü" * 120)
    files.write_text(path, "ünï\n")
    assert path.read_text(encoding="utf-8") == "ünï\n"
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError) as raised:
        files.write_bytes(path, [b"new"])
    # The sentence is to name the file, not a temporary one.
    assert raised.value.filename == str(path) and raised.value.errno == 28
    assert path.read_text(encoding="utf-8") == "ünï\n"
    assert {entry.name for entry in tmp_path.iterdir()} == {path.name, "plain"}


def test_many_writers_at_a_time_leave_one_whole_file(tmp_path):
    path = tmp_path / "file"
    texts = [str(number) * 50_000 for number in range(8)]
    writers = [threading.Thread(target=files.write_text, args=(path, text)) for text in texts]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert path.read_text() in texts
    assert os.listdir(tmp_path) == ["file"]


def test_leftovers_are_removed_unless_they_are_being_written(tmp_path):
    names = (".writing-a.partial", ".writing-b.partial", "experiment.json.partial", "rows.jsonl")
    for name in names:
        (tmp_path / name).touch()
    with open(tmp_path / ".writing-a.partial") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        files.remove_leftovers(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".writing-a.partial", "rows.jsonl"]


def test_a_lock_has_one_holder(tmp_path):
    path = tmp_path / "lock"
    with files.locked(path, 0.0, "busy."), pytest.raises(ValueError, match=r"busy\."):
        files.locked(path, 0.0, "busy.").__enter__()
    with files.locked(path, 0.0, "busy."):
        pass


def test_a_directory_where_a_file_is_to_be_written(tmp_path):
    (tmp_path / "rows.jsonl").mkdir()
    with pytest.raises(ValueError, match=r"rows\.jsonl is to be .* Received: a directory\.$"):
        files.check_no_directory(tmp_path / "rows.jsonl")
    files.check_no_directory(tmp_path / "new.jsonl")
