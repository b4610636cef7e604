"""What the folders promise: exports, the direction of imports, and what is loaded when."""

import ast
import importlib
import subprocess
import sys

import pytest

import tf_infomax
from tests.import_graph import PACKAGE, Graph, module_name, room_of

MODULES = sorted(PACKAGE.rglob("*.py"))
# Packages whose parts are imported by their own names: the docstring is all there is to them.
WITHOUT_EXPORTS = {
    f"{room}/__init__.py"
    for room in (
        "commands", "evaluators", "experiments", "naming", "numerics", "running", "tables",
        "training",
    )
}

# The house, from the ground up: a module imports its own room, earlier rooms of its floor, and
# lower floors, never a higher one.
FLOORS = (
    ("naming",),
    ("numerics", "results", "distributions", "pair_files"),
    ("published", "tables", "plots", "report"),
    ("layers", "flows", "scores"),
    ("bounds", "critics", "encoders", "decoders", "data"),
    ("objectives",),
    ("training", "models"),
    ("evaluation", "estimation", "studies"),
    ("evaluators",),
    ("experiments",),
    ("running",),
    ("export",),
    ("commands",),
)
ROOMS = [room for floor in FLOORS for room in floor]
# Rooms whose modules must be usable without TensorFlow (and so import neither it nor Keras).
WITHOUT_TENSORFLOW = (
    "naming.registry", "naming.pick", "naming.option_kinds", "naming.arguments", "naming.paths",
    "results", "distributions", "pair_files", "published", "tables", "plots", "report",
    "experiments", "objectives.options", "training.strategy_choice", "running.backends",
    "bounds.bound_info", "bounds.catalog", "bounds.divergence_names", "critics.baseline_names",
    "decoders.likelihood_names", "estimation.margins", "estimation.named_options",
    "evaluators.names", "objectives.view_losses", "training.precision_choice",
)
# Launchers are above the package; flags are known to the commands and their shared part only.
OUTSIDE = ("launch", "absl", "tests", "tf_keras")
WITH_FLAGS = ("tf_infomax.running.command_line", "tf_infomax.commands.")


def relative(path):
    return path.relative_to(PACKAGE).as_posix()


def upward(arrows):
    """Arrows (room, room) that run back up."""
    return sorted(
        (room, other) for room, other in arrows if ROOMS.index(room) < ROOMS.index(other)
    )


@pytest.fixture(scope="module")
def graph():
    return Graph()


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_modules_say_what_they_are_and_what_they_offer(path):
    tree = ast.parse(path.read_text())
    assert ast.get_docstring(tree), "no docstring"
    if relative(path) in WITHOUT_EXPORTS:
        assert len(tree.body) == 1, "no longer empty: it needs __all__"
        return
    exports = [
        node
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "__all__"
    ]
    assert len(exports) == 1, "no __all__"
    assert len(path.read_text().splitlines()) <= 350, "too long: a concept has no name yet"


def test_every_module_is_in_a_room_of_the_house():
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert rooms == set(ROOMS)
    loose = {path.name for path in PACKAGE.glob("*.py")} - {"__init__.py", "__main__.py"}
    assert not loose, "a loose module"


def test_imports_run_downwards_and_in_no_circle(graph):
    arrows = {(room, other) for room, other in graph.room_arrows() if room}
    assert not upward(arrows)
    assert not graph.circles()


def test_what_needs_no_tensorflow_imports_none(graph):
    heavy = ("tensorflow", "keras", "tensorflow_probability", "tensorflow_datasets")
    for name, outside in graph.outside.items():
        for room in WITHOUT_TENSORFLOW:
            if f"{name}.".startswith(f"tf_infomax.{room}."):
                found = [one for one in outside if one.split(".")[0] in heavy]
                assert not found, f"{name} imports {found}"


def test_nothing_imports_what_is_above_the_package(graph):
    for name, outside in graph.outside.items():
        found = {one.split(".")[0] for one in outside} & set(OUTSIDE)
        assert found <= ({"absl"} if name.startswith(WITH_FLAGS) else set()), name


def test_truths_do_not_depend_on_what_is_tested_against_them(graph):
    for name, others in graph.arrows.items():
        if room_of(name) == "distributions":
            assert {room_of(other) for other in others} <= {"distributions", "naming", "numerics"}


def test_the_test_sees_what_it_looks_for():
    sources = {
        "tf_infomax.bounds": ("", True),
        "tf_infomax.bounds.a": ("def f():\n    from tf_infomax.training import step", False),
        "tf_infomax.bounds.b": ("from . import a, c", False),
        "tf_infomax.bounds.c": ("import tf_infomax.bounds.b\nfrom absl import flags", False),
        "tf_infomax.training": ("", True),
        "tf_infomax.training.step": ("from tf_infomax.bounds import a", False),
    }
    graph = Graph(sources)
    assert upward(graph.room_arrows()) == [("bounds", "training")]
    assert graph.circles() == [
        ["tf_infomax.bounds.a", "tf_infomax.training.step"],
        ["tf_infomax.bounds.b", "tf_infomax.bounds.c"],
    ]
    assert graph.outside["tf_infomax.bounds.c"] == {"absl.flags"}
    assert module_name(PACKAGE / "bounds" / "__init__.py") == "tf_infomax.bounds"


def imported_in_a_fresh_process(names, unwanted):
    """Imports one module after the other; the first that brings in ``unwanted`` is an error."""
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        f"    loaded = {unwanted!r} & set(sys.modules)\n"
        "    assert not loaded, f'{name} imports {loaded}'\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent
    )


@pytest.mark.parametrize(
    ("names", "unwanted"),
    [
        (
            [
                "tf_infomax",
                "tf_infomax.naming.registry",
                "tf_infomax.numerics.randomness",
                "tf_infomax.objectives.options",
                "tf_infomax.distributions",
                "tf_infomax.bounds",
                "tf_infomax.critics",
                "tf_infomax.decoders",
                "tf_infomax.encoders",
                "tf_infomax.estimation",
                "tf_infomax.evaluators.names",
                "tf_infomax.experiments.catalog",
                "tf_infomax.experiments.vocabulary",
                "tf_infomax.experiments.spec",
                "tf_infomax.results.rows",
                "tf_infomax.report.report",
                "tf_infomax.plots",
            ],
            {"tensorflow", "keras", "tf_keras", "tensorflow_probability", "tensorflow_datasets"},
        ),
        pytest.param(
            [
                "tf_infomax.encoders.convnet",
                "tf_infomax.encoders.layered",
                "tf_infomax.critics.vector",
                "tf_infomax.bounds.variational",
                "tf_infomax.models",
                "tf_infomax.evaluation",
                "tf_infomax.data.datasets",
            ],
            {"tensorflow_probability", "tf_keras", "tensorflow_datasets"},
            marks=pytest.mark.slow,
        ),
    ],
    ids=["without TensorFlow", "without TensorFlow Probability"],
)
def test_imports_are_light(names, unwanted):
    done = imported_in_a_fresh_process(names, unwanted)
    assert done.returncode == 0, done.stderr


def test_the_light_import_test_sees_heavy_imports():
    done = imported_in_a_fresh_process(["json", "decimal"], {"decimal"})
    assert "decimal imports {'decimal'}" in done.stderr and done.returncode == 1


LAZY = sorted(
    path.parent.name for path in PACKAGE.glob("*/__init__.py") if "lazy_names(" in path.read_text()
)


@pytest.mark.parametrize("room", LAZY)
def test_type_checkers_and_the_documentation_see_what_is_imported_on_first_use(room):
    tree = ast.parse((PACKAGE / room / "__init__.py").read_text())
    seen = {
        alias.name: node.module.removeprefix(f"tf_infomax.{room}").removeprefix(".") or None
        for block in tree.body
        if isinstance(block, ast.If) and getattr(block.test, "id", "") == "TYPE_CHECKING"
        for node in block.body
        for alias in node.names
    }
    package = importlib.import_module(f"tf_infomax.{room}")
    assert seen == package._HOMES
    assert set(seen) <= set(package.__all__)
    assert all(getattr(package, name) is not None for name in package.__all__)


def test_every_public_name_resolves():
    assert set(dir(tf_infomax)) == set(tf_infomax.__all__)
    missing = [name for name in tf_infomax.__all__ if not _resolves(name)]
    assert not missing, missing
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = tf_infomax.nonsense


def _resolves(name):
    try:
        return getattr(tf_infomax, name) is not None
    except ImportError:
        return False
