"""The snippets of README and docs: complete as they stand, with flags and settings that exist."""

import contextlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from absl import flags

from tests.launch.launchers import loaded
from tf_infomax.commands import console
from tf_infomax.experiments import catalog, presets
from tf_infomax.experiments.overrides import override
from tf_infomax.experiments.vocabulary import check_names

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMANDS = {module: name for name, (module, _) in console.COMMANDS.items()}
START = "from tf_infomax.commands.console import main; main()"


def blocks(page):
    """Fenced blocks of a page: (language, text)."""
    return re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def commands(text):
    """What starts this package, line by line: the name of the command and its arguments."""
    for line in text.replace("\\\n", " ").splitlines():
        line = line.strip().removeprefix("python ")
        # Other lines may be parts of longer shell programs.
        if not line.startswith(("tf-infomax ", "launch/")):
            continue
        match shlex.split(line, comments=True):
            case ["tf-infomax", name, *arguments]:
                yield name, arguments
            case [path, *arguments]:
                yield COMMANDS[Path(path).stem], arguments


def all_commands():
    return [
        pytest.param(name, arguments, id=f"{page.stem}: {name}")
        for page in PAGES
        for language, text in blocks(page)
        if language == "sh"
        for name, arguments in commands(text)
    ]


def test_no_snippet_uses_a_name_that_its_page_does_not_define(tmp_path):
    for page in PAGES:
        snippets = [text for language, text in blocks(page) if language == "python"]
        (tmp_path / f"{page.stem}.py").write_text("\n".join(snippets))
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select=F821", str(tmp_path)],
        capture_output=True, text=True, check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("name", "arguments"), all_commands())
def test_flags_and_settings_exist(name, arguments):
    """Of every command line that a page shows."""
    launcher = ROOT / f"launch/{console.COMMANDS[name][0]}.py"
    with loaded(launcher) if launcher.exists() else contextlib.nullcontext():
        flags.FLAGS.unparse_flags()
        flags.FLAGS([name, *arguments])
        if name == "run":
            for experiment in catalog.get(flags.FLAGS.experiment):
                preset = presets.preset(experiment, flags.FLAGS.preset)
                check_names(override(override(experiment, preset), flags.FLAGS.set))


@pytest.mark.slow
@pytest.mark.parametrize("page", ["own_models", "exporting", "generative_methods", "estimating"])
def test_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch):
    """Its commands and its Python, in one folder, as a reader would carry them out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    names = {}
    for language, text in blocks(ROOT / f"docs/{page}.md"):
        if language == "python":
            exec(compile(text, f"{page}.md", "exec"), names)
        for name, arguments in commands(text) if language == "sh" else ():
            if page in ("own_models", "exporting"):
                subprocess.run([sys.executable, "-c", START, name, *arguments], check=True)
    assert names


@pytest.mark.slow
def test_the_readme_runs(capsys):
    snippets = [text for language, text in blocks(ROOT / "README.md") if language == "python"]
    assert len(snippets) == 3
    estimate, images, pairs = ({} for _ in snippets)
    exec(compile(snippets[0], "README.md: six lines", "exec"), estimate)
    low, high = estimate["estimator"].confidence_interval_
    # 3 (h(y) - h(noise)), with the density of y = x^2 + noise by numerical integration over x.
    assert low < 2.408 < high
    assert f"{estimate['estimator'].mutual_information_:.1f}" in capsys.readouterr().out
    exec(compile(snippets[1], "README.md: images", "exec"), images)
    assert images["codes"].shape[1] == 64 and np.isfinite(images["codes"]).all()
    exec(compile(snippets[2], "README.md: pairs", "exec"), pairs)
    assert np.isfinite(pairs["model"].history.history["bound"]).all()
