"""Paths with ``~``, wildcards and long names."""

import os

import pytest

from tf_infomax.naming import paths


def test_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert paths.expanded("~", "x") == str(tmp_path)
    assert paths.expanded("~/a/~b", "x") == f"{tmp_path}/a/~b"
    for unchanged in ("a b", "./~", "/ü [1]/'q\"%20", "a/", "../a"):
        assert paths.expanded(unchanged, "x") == unchanged
    with pytest.raises(ValueError, match=r"no such user.*Received: --x='~nobody_of_this_name/a'"):
        paths.expanded("~nobody_of_this_name/a", "--x")
    with pytest.raises(ValueError, match="must not be empty"):
        paths.expanded("", "--x")
    with pytest.raises(ValueError, match="longer than the 255 bytes"):
        paths.expanded("/tmp/" + "ü" * 128, "--x")


def test_short_names(tmp_path):
    longest = "ü" * 127 + "x"
    assert paths.short_name(longest) == longest and len(longest.encode()) == 255
    one, other = (paths.short_name(longest + end) for end in "ab")
    assert one != other and one == paths.short_name(longest + "a")
    (tmp_path / one).mkdir()
    (tmp_path / (paths.short_name(longest, room=4) + ".png")).touch()


@pytest.mark.parametrize("name", ["plain", "a [1]", "*", "what?", "back\\slash"])
def test_without_wildcards(name, tmp_path):
    (tmp_path / name).mkdir()
    with paths.without_wildcards(tmp_path / name) as plain:
        assert not set("*?[]\\") & set(str(plain))
        (plain / "file").write_text("x")
    assert os.listdir(tmp_path / name) == ["file"]
    assert plain.exists() == (name == "plain")


def test_text_is_written_in_one_move(tmp_path, monkeypatch):
    path = tmp_path / "file"
    paths.write_text(path, "old")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        paths.write_text(path, "new")
    assert path.read_text() == "old"
