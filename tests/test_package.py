"""The package as it is handed on: version, lowest versions, metadata, types for others."""

import re
import tomllib
from pathlib import Path

import tf_infomax
from tf_infomax.naming.version import VERSION, commit, version

ROOT = Path(__file__).parents[1]


def test_one_version_everywhere():
    assert tf_infomax.__version__ == VERSION
    assert f"\nversion: {VERSION}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {VERSION}" in (ROOT / "CHANGELOG.md").read_text()
    head = commit()
    assert head is None or re.fullmatch(r"[0-9a-f]{12}(\+changes)?", head)
    assert version().startswith(VERSION)


def test_the_lowest_versions_are_those_of_setup():
    text = (ROOT / "setup.py").read_text()
    lowest = dict(re.findall(r'"([A-Za-z0-9_-]+)>=([\d.]+)', text))
    pinned = re.findall(r"^([A-Za-z0-9_-]+)==([\d.]+)$",
                        (ROOT / "tests/lowest_versions.txt").read_text(), re.M)
    assert pinned and all(lowest[name] == number for name, number in pinned)
    wanted = re.search(r"install_requires=\[(.*?)\n    \]", text, re.S).group(1)
    names = set(re.findall(r'"([A-Za-z0-9_-]+)>=', wanted))
    assert names <= {name for name, _ in pinned}


def test_what_the_wheel_holds_beside_code_is_there():
    assert (ROOT / "tf_infomax/py.typed").is_file()
    assert "Apache License" in (ROOT / "LICENSE").read_text()
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tool["mypy"]["packages"] == ["tf_infomax"]
    # The workflows call the Makefile and nothing else.
    workflow = (ROOT / ".github/workflows/tests.yml").read_text()
    steps = re.findall(r"- run: (.*)", workflow)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert steps
    for step in steps:
        assert step.split()[0] == "make" and step.split()[-1] in targets, step
