"""What the folders promise: exports, the direction of imports, and what is loaded when."""

import ast
import pathlib
import subprocess
import sys

import pytest

import tf_infomax

PACKAGE = pathlib.Path(tf_infomax.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
# Packages whose parts are imported by their own names: the docstring is all there is to them.
WITHOUT_EXPORTS = {"training/__init__.py", "experiments/__init__.py"}

# Family -> what it must not import. Everything not named here may be imported.
FORBIDDEN = {
    "tf_infomax.naming.registry": ("tf_infomax",),
    "tf_infomax.results.rows": ("tf_infomax.experiments", "tf_infomax.training", "tensorflow", "keras"),
    "tf_infomax.scores.pairs": tuple(
        f"tf_infomax.{path.stem}"
        for path in PACKAGE.iterdir()
        if path.stem not in ("__init__", "score_reductions")
    ),
    "tf_infomax.scores.pairs.reductions": ("tf_infomax.",),
    "tf_infomax.numerics.replicas": ("tf_infomax.",),
    "tf_infomax.numerics.row_blocks": ("tf_infomax.",),
    "tf_infomax.naming.arguments": ("tf_infomax", "tensorflow", "keras"),
    "tf_infomax.layers.shared": tuple(
        f"tf_infomax.{path.stem}"
        for path in PACKAGE.iterdir()
        if path.stem not in ("__init__", "arguments", "layers")
    ),
    "tf_infomax.bounds": (
        "tf_infomax.critics",
        "tf_infomax.encoders",
        "tf_infomax.objectives",
        "tf_infomax.training",
        "tf_infomax.evaluation",
        "tf_infomax.experiments",
        "keras",
    ),
    "tf_infomax.critics": (
        "tf_infomax.bounds",
        "tf_infomax.scores.pairs",
        "tf_infomax.encoders",
        "tf_infomax.objectives",
        "tf_infomax.training",
        "tf_infomax.evaluation",
        "tf_infomax.experiments",
    ),
    "tf_infomax.encoders": (
        "tf_infomax.bounds",
        "tf_infomax.scores.pairs",
        "tf_infomax.critics",
        "tf_infomax.objectives",
        "tf_infomax.training",
        "tf_infomax.evaluation",
        "tf_infomax.experiments",
    ),
    "tf_infomax.flows": ("tf_infomax.encoders", "tf_infomax.training", "tf_infomax.experiments"),
    "tf_infomax.objectives": (
        "tf_infomax.training",
        "tf_infomax.evaluation",
        "tf_infomax.experiments",
    ),
    "tf_infomax.training": ("tf_infomax.evaluation", "tf_infomax.experiments"),
    # Networks that evaluate are trained by the same step; no other part of training is theirs.
    "tf_infomax.evaluation": (
        *(
            f"tf_infomax.training.{path.stem}"
            for path in PACKAGE.glob("training/*.py")
            if path.stem not in ("__init__", "step")
        ),
        "tf_infomax.experiments",
    ),
    "tf_infomax.data": (
        "tf_infomax.bounds",
        "tf_infomax.critics",
        "tf_infomax.encoders",
        "tf_infomax.training",
        "tf_infomax.evaluation",
        "tf_infomax.experiments",
    ),
    # Answers must not depend on what is tested against them.
    "tf_infomax.distributions": (
        "tensorflow",
        "keras",
        *(
            f"tf_infomax.{path.stem}"
            for path in PACKAGE.iterdir()
            if path.stem not in ("__init__", "distributions", "randomness", "registry")
        ),
    ),
    "tf_infomax.plots": ("tensorflow", "keras", "tf_infomax.training", "tf_infomax.data"),
    # Of everything: launchers are above the package, and flags are theirs.
    "tf_infomax": ("launch", "absl", "tests", "tf_keras"),
}


# The launchers' shared part is the one place in the package that knows their flags.
ALLOWED = {("tf_infomax.running.command_line", "absl")}


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def relative(path):
    return path.relative_to(PACKAGE).as_posix()


def imports(source, package):
    """Full names of everything a module imports, at its head or inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                base = ".".join([*parents[: len(parents) - node.level + 1], *filter(None, [base])])
            # `from tf_infomax import bounds` is an import of tf_infomax.bounds.
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def is_within(name, family):
    return name == family or name.startswith(family.rstrip(".") + ".")


def violations(name, source, package):
    for family, forbidden in FORBIDDEN.items():
        if not is_within(name, family):
            continue
        for imported in imports(source, package):
            for part in forbidden:
                # A trailing dot forbids the modules of a package, not its name.
                inside = imported.startswith(part) if part.endswith(".") else False
                if (name, part) in ALLOWED:
                    continue
                if inside or (not part.endswith(".") and is_within(imported, part)):
                    yield f"{name} imports {imported} ({family} must not)"


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


def test_imports_point_one_way():
    found = [
        violation
        for path in MODULES
        for violation in violations(
            module_name(path),
            path.read_text(),
            module_name(path) if path.stem == "__init__" else module_name(path).rpartition(".")[0],
        )
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("name", "source", "number"),
    [
        ("tf_infomax.bounds.new", "import tf_infomax.training.step", 1),
        ("tf_infomax.bounds.new", "def f():\n    from tf_infomax import evaluation", 1),
        ("tf_infomax.encoders.new", "from ..experiments import spec", 2),
        ("tf_infomax.evaluation.new", "from tf_infomax.experiments.spec import pick", 2),
        ("tf_infomax.data.new", "from absl import flags\nflags.FLAGS", 2),
        ("tf_infomax.training.new", "import launch.run_experiment", 1),
        ("tf_infomax.encoders.new", "from tf_infomax.layers import dense_stack", 0),
        ("tf_infomax.bounds.new", "from . import variational\nimport numpy", 0),
    ],
)
def test_the_import_test_sees_violations(name, source, number):
    assert len(list(violations(name, source, name.rpartition(".")[0]))) == number


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
                "tf_infomax.distributions",
                "tf_infomax.experiments.catalog",
                "tf_infomax.experiments.spec",
                "tf_infomax.results.rows",
                "tf_infomax.report.report",
                "tf_infomax.plots",
            ],
            {"tensorflow", "keras", "tf_keras", "tensorflow_probability", "tensorflow_datasets"},
        ),
        (
            [
                "tf_infomax.encoders",
                "tf_infomax.critics",
                "tf_infomax.bounds",
                "tf_infomax.infomax",
                "tf_infomax.evaluation",
                "tf_infomax.data.datasets",
            ],
            {"tensorflow_probability", "tf_keras", "tensorflow_datasets"},
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
