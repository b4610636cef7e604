"""``launch/estimate_mi.py`` as a user starts it, in this process where TensorFlow is needed."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from absl import flags

from tests.launch.launchers import loaded
from tf_infomax import bounds
from tf_infomax.commands import estimate_mi
from tf_infomax.estimation import MutualInformationEstimator
from tf_infomax.estimation.fold_training import FoldTraining
from tf_infomax.estimation.summary import estimate
from tf_infomax.pair_files import Pairs, read_pairs

ROOT = Path(__file__).parents[2]
LAUNCHER = ROOT / "launch/estimate_mi.py"
# Without an epoch the default critic is the Gaussian answer, and nothing is compiled.
UNTRAINED = ("--set=epochs=0", "--set=jobs=1", "--folds=2")
RHO = 0.8


@pytest.fixture(scope="module")
def pairs():
    """x and y, each [300, 1]: Gaussians of correlation 0.8, whose I(X; Y) is 0.511 nats."""
    draws = np.random.default_rng(1).normal(size=(300, 2))
    return draws[:, :1], RHO * draws[:, :1] + math.sqrt(1 - RHO**2) * draws[:, 1:]


@pytest.fixture
def file(pairs, tmp_path):
    path = tmp_path / "pairs.npz"
    np.savez(path, x=pairs[0], y=pairs[1])
    return path


@pytest.fixture(scope="module")
def launcher():
    """The launcher as a module of this process."""
    with loaded(LAUNCHER) as module:
        yield module


@pytest.fixture
def start(launcher, capsys):
    """Starts the launcher in this process: (exit code, output, errors)."""

    def start(*arguments):
        flags.FLAGS.unparse_flags()
        left = flags.FLAGS([str(LAUNCHER), *map(str, arguments)])
        return launcher.main(left), *capsys.readouterr()

    return start


@pytest.mark.slow
def test_every_type_of_file_gives_the_same_answer(start, pairs, file, tmp_path):
    both = np.hstack(pairs)
    np.save(tmp_path / "pairs.npy", both)
    pd.DataFrame(both, columns=["a", "b"]).to_csv(tmp_path / "pairs.csv", index=False)
    pd.DataFrame(both, columns=["a", "b"]).to_parquet(tmp_path / "pairs.parquet")
    np.save(tmp_path / "y.npy", pairs[1])
    direct = MutualInformationEstimator(epochs=0, jobs=1, folds=2).fit(*pairs)
    for arguments in (
        [file],
        [tmp_path / "pairs.npy"],
        [tmp_path / "pairs.csv", "--x=a", "--y=b"],
        [f"--x_file={tmp_path / 'pairs.parquet'}", "--x=a", f"--y_file={tmp_path / 'y.npy'}"],
    ):
        code, output, errors = start(*arguments, *UNTRAINED, "--json")
        assert code == 0, errors
        found = json.loads(output)
        nats, error = found["mutual_information"]["nats"], found["standard_error"]["nats"]
        assert nats == direct.mutual_information_ and error == direct.standard_error_
        assert tuple(found["confidence_interval"]["nats"]) == direct.confidence_interval_
    # The closed form, within the error of 300 pairs: Var(i(x, y)) = rho^2 for Gaussians.
    exact = -0.5 * math.log(1 - RHO**2)
    assert abs(nats - exact) < 4 * RHO / math.sqrt(300)
    assert found["mutual_information"]["bits"] == pytest.approx(nats / 0.69314718056)
    assert found["pairs"] == 300 and found["dimensions"] == {"x": 1, "y": 1}
    assert not list(tmp_path.glob("*.html"))


def test_what_is_printed(start, file, tmp_path):
    path = tmp_path / "holes.csv"
    data = read_pairs(file)
    table = np.hstack([data.x, data.y])
    table[[4, 9], 1] = np.nan
    pd.DataFrame(table, columns=["a", "b"]).to_csv(path, index=False)
    code, output, errors = start(path, *UNTRAINED, "--drop_missing", "--confidence=0.9")
    assert code == 0, errors
    numbers = [
        [float(number) for number in re.findall(r"-?\d+\.\d{3}", line)]
        for line in output.splitlines()[:3]
    ]
    for nats, bits in (numbers[0], numbers[1], numbers[2][::2], numbers[2][1::2]):
        assert bits == pytest.approx(nats / math.log(2), abs=2e-3)
    (estimate_,), (error,), (low, high) = numbers[0][:1], numbers[1][:1], numbers[2][:2]
    # The upper side has the estimated shortfall, too.
    assert low < estimate_ < high and high - estimate_ > estimate_ - low - 2e-3
    assert 1.6 * error < estimate_ - low < 3.5 * error
    assert "90 % interval" in output and "from 298 pairs" in output
    assert "Note: 2 of 300 rows were left out: they have missing values." in output


def test_somebody_who_waits_is_told_what_was_read():
    x, y = np.zeros((1_200, 7)), np.zeros((1_200, 1))
    pairs = Pairs(x, y, tuple("abcdefg"), ("age",), ("pairs.csv",))
    assert estimate_mi._announcement(pairs) == (
        "pairs.csv",
        "1,200 pairs, x: a, b, c, d, e, ... (7 in all); y: age; loads TensorFlow and trains",
    )


def test_an_interval_that_holds_0_is_put_in_words(start, tmp_path):
    path = tmp_path / "independent.npy"
    np.save(path, np.random.default_rng(0).normal(size=(300, 2)))
    said = "No dependence is shown: the interval holds 0."
    _, output, _ = start(path, "--x=0", "--y=1", *UNTRAINED)
    low, high = re.search(r"interval (-?[\d.]+) to (-?[\d.]+) nats", output).groups()
    assert (said in output) == (float(low) <= 0.0 <= float(high))
    assert said in output


@pytest.mark.slow
def test_the_report(start, file, tmp_path):
    output = tmp_path / "deep/out"
    code, printed, errors = start(
        file, f"--output={output}", "--bound=infonce", "--margins=standardize", "--folds=2",
        "--set=epochs=2", "--set=jobs=1", "--set=held_out_partners=2", "--seed=3",
    )  # fmt: skip
    assert code == 0, errors
    assert printed.splitlines()[-1] == f"Report: {output / 'estimate.html'}"
    assert sorted(os.listdir(output)) == ["estimate.html", "result.json"]
    text = (output / "result.json").read_text(encoding="utf-8")
    result = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert result["options"]["seed"] == 3 and result["options"]["margins"] == "standardize"
    # Two strangers and the partner: log 3.
    assert result["ceiling_nats"] == pytest.approx(math.log(3))
    assert result["certifiable_nats"] == pytest.approx(2 * math.log(300) + 5)
    nats = result["mutual_information"]["nats"]
    assert nats == pytest.approx(np.mean(result["fold_values_nats"])) and nats < math.log(3)
    curve = result["training_curve"]
    assert curve["fold"] == [0, 0, 0, 1, 1, 1] and curve["epoch"] == [0, 1, 2, 0, 1, 2]
    assert curve["training_nats"][0] == "NaN" and 0 < curve["training_nats"][2] < math.log(17)
    (warning,) = result["warnings"]
    assert "within 1 nat of the most" in warning and f"Warning: {warning}" in printed
    page = (output / "estimate.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") and page.count("data:image/svg+xml;base64,") == 2
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    for words in (warning, f"{nats:.4f}", f"{nats / math.log(2):.4f}", "1.10 nats", str(file)):
        assert words in page
    # An earlier estimate is replaced; other results are not.
    (output / "result.json").write_text('{"format": "mine"}', encoding="utf-8")
    code, _, errors = start(file, f"--output={output}", *UNTRAINED)
    assert code == 2 and "it is something else" in errors
    assert (output / "estimate.html").read_text(encoding="utf-8") == page


def test_arrays_and_bounds_with_options():
    x, y = np.random.default_rng(0).normal(size=(2, 60, 1))
    found = estimate(
        Pairs(x, y, ("a<b",), ("c",), ("there",)), bound=bounds.get("smile", clip=1.0), epochs=0,
        jobs=1, folds=2,
    )  # fmt: skip
    assert found.to_dict()["options"]["bound"] == {"name": "smile", "options": {"clip": 1.0}}
    assert found.to_dict()["ceiling_nats"] == "Infinity" and found.page is None


def one_sentence(errors):
    (line,) = errors.strip().splitlines()
    assert line.startswith("estimate_mi: ") and line.endswith("."), line
    return line.removeprefix("estimate_mi: ")


def test_mistaken_options_are_answered_before_any_training(start, file, tmp_path, monkeypatch):
    monkeypatch.setattr(FoldTraining, "run", lambda *_: pytest.fail("training was started"))
    small = tmp_path / "small.npz"
    np.savez(small, x=np.arange(20.0), y=np.arange(20.0))
    taken = tmp_path / "taken"
    taken.touch()
    for arguments, words in (
        ([file, "--bound=infonec"], "Did you mean 'infonce'"),
        ([file, "--bound=jsd"], "must estimate mutual information"),
        ([file, "--margins=normal"], "normal_scores"),
        ([file, "--folds=1"], "`folds` must be an integer of at least 2"),
        ([file, "--confidence=95"], "`confidence` must be between 0 and 1"),
        ([file, "--set=epoch=3"], "no option 'epoch'. Nearest: epochs"),
        ([file, "--set=epochs"], "name=value"),
        ([file, "--seed=6", "--set=seed=5"], "given once. Received: seed=6 and 'seed=5'"),
        ([file, "--set=epochs=5", "--set=epochs=6"], "given once. Received: epochs=5 and"),
        ([file, f"--output={taken}"], "must be a directory"),
        ([file, f"--output={taken / 'below'}"], "cannot be written"),
        ([small], "At least 50 pairs are needed"),
        ([file, tmp_path / "other.csv"], "Expected one file of pairs"),
        ([], "Expected either one file of pairs or both"),
    ):
        code, output, errors = start(*arguments)
        assert code == 2 and output == "" and words in one_sentence(errors), errors


def test_a_value_that_is_not_finite_is_exit_code_1(start, file, monkeypatch):
    def fail(*_):
        raise FloatingPointError("The held-out value must be finite.")

    monkeypatch.setattr(MutualInformationEstimator, "fit", fail)
    code, output, errors = start(file)
    assert code == 1 and output == "" and "must be finite" in one_sentence(errors)


def test_mistaken_files_do_not_wait_for_tensorflow(file, tmp_path):
    code = (
        "import runpy, sys\n"
        "try:\n    runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "finally:\n    assert 'tensorflow' not in sys.modules\n"
    )
    for arguments, words in (
        ([tmp_path / "none.csv"], "There is no such file"),
        ([file, "--x=z"], "has no array 'z'"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", f"import sys\nsys.argv = {[str(LAUNCHER), *map(str, arguments)]}"
             f"\n{code}"],
            capture_output=True, text=True, check=False, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert done.returncode == 2 and done.stdout == "", done.stderr
        assert words in one_sentence(done.stderr)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--quantity=matrix", "--output=found"], "--output is for the report of I"),
        (["--z=y", "--output=found"], "--output is for the report of I"),
        (["--lags=5"], "--lags belongs to --quantity=lagged_mutual_information"),
        (["--quantity=lagged_mutual_information", "--lags=1,a"], "--lags must be integers"),
    ],
)
def test_flags_that_do_not_fit_the_quantity(start, tmp_path, arguments, words):
    # They are refused before the file is looked for.
    code, _, errors = start(tmp_path / "no.csv", "--x=x", "--y=y", *arguments)
    assert code == 2 and words in errors


@pytest.mark.slow
def test_other_quantities(start, tmp_path):
    z, a, b = np.random.default_rng(0).normal(size=(3, 600))
    path = tmp_path / "a.csv"
    kinds = np.where(z > 0, "above", "below")
    frame = pd.DataFrame({"x": z + a, "y": z + b, "z": z, "kind": kinds})
    frame.to_csv(path, index=False)
    code, output, _ = start(path, "--x=z", "--y=x", "--z=y", *UNTRAINED, "--json", "--unit=bits")
    found = json.loads(output)
    assert code == 0 and found["unit"] == "bits"
    # var(z | y) = 1/2: 1/2 log2(1 + 1/2).
    assert found["conditional_mutual_information"] == pytest.approx(0.2925, abs=0.1)
    code, output, _ = start(path, "--x=x", "--y=y", "--quantity=independence_test", *UNTRAINED)
    assert code == 0 and "p value 0.001" in output and "permutations 999" in output
    code, output, _ = start(path, "--x=kind", "--y=z", *UNTRAINED)
    assert code == 0 and "dimensions of x are nominal" in output
    assert float(re.search(r"= (\S+) nats", output)[1]) == pytest.approx(math.log(2), abs=0.06)
    code, output, _ = start(path, "--x=x,z", "--y=y", "--quantity=matrix", *UNTRAINED)
    assert code == 0 and output.startswith("matrix, nats:")
    code, _, errors = start(
        path, "--x=x", "--y=y", "--quantity=conditional_mutual_information", *UNTRAINED
    )
    assert code == 2 and re.search("`z` belongs to .* without z", errors)
