"""``docs/extending.md``: every addition that it shows is carried out as it stands."""

import math
import pathlib
import re

import pytest

from tests.tiny import determinism_undone
from tf_infomax import plots
from tf_infomax.experiments import catalog
from tf_infomax.results import read_rows
from tf_infomax.results.measurements import EVALUATORS

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "extending.md"
BLOCKS = re.findall(r"^## (.*?) \(.*?$.*?(?=^## |\Z)", PAGE.read_text(), re.M | re.S)


def blocks_of(heading):
    section = re.search(rf"^## {re.escape(heading)}.*?(?=^## |\Z)", PAGE.read_text(), re.M | re.S)
    return re.findall(r"^```python\n(.*?)^```", section.group(), re.M | re.S)


def carried_out(heading):
    """The names that a section's blocks have made."""
    names = {}
    for block in blocks_of(heading):
        exec(compile(block, f"{PAGE.name}: {heading}", "exec"), names)
    return names


def test_the_page_has_all_additions():
    assert BLOCKS == [
        "A critic", "A term", "An encoder", "An evaluator", "An experiment", "A figure",
        "A competing method with a decoder",
    ]


@pytest.mark.parametrize("heading", ["A term", "An encoder", "A competing method with a decoder"])
def test_models(heading):
    history = carried_out(heading)["history"]
    assert all(math.isfinite(value) for values in history.values() for value in values)


def test_a_critic_an_evaluator_an_experiment_and_a_figure_together(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert math.isfinite(carried_out("A critic")["history"]["bound"][0])
    carried_out("An evaluator")
    with determinism_undone():
        outcome = carried_out("An experiment")["outcome"]
    assert outcome.exit_code == 0, outcome.statuses
    rows = read_rows(tmp_path / "runs" / "digits_by_distance")
    norms = [row for row in rows if row.metric == "code/norm"]
    # Two bounds, before and after.
    assert len(norms) == 4
    assert all(row.value > 0 and row.tags["features"] == "code" for row in norms)
    names = {"workdir": "runs/digits_by_distance"}
    (block,) = blocks_of("A figure")
    exec(block, names)
    assert len(names["drawing"].figure.axes[0].lines) == 2


@pytest.fixture(autouse=True, scope="module")
def forgotten():
    """What the page enters into the package's registries is gone afterwards."""
    figures = dict(plots._FIGURES)
    tables = (EVALUATORS._entries, catalog._CATALOG._entries)
    before = [dict(entries) for entries in tables]
    yield
    for entries, kept in zip((*tables, plots._FIGURES), (*before, figures), strict=True):
        entries.clear()
        entries.update(kept)
