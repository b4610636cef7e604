"""Flags of the launchers: paths, and what absl refuses, as one sentence and exit code 2."""

import errno
import sys
from pathlib import Path

import pytest
from absl import app, flags

from tests.launch.launchers import loaded
from tf_infomax.running import command_line

# Before the flags of launchers, which are forgotten after each test.
app.define_help_flags()
LAUNCHERS = sorted((Path(__file__).parents[1] / "launch").glob("*.py"))
REQUIRED = {
    "evaluate": ["--run=r", "--evaluate=ndm"],
    "export_model": ["--run=r"],
    "run_experiment": ["--experiment=critic_impact", "--workdir=w"],
}
PATHS = {
    "check_results": ["runs", "output"],
    "estimate_mi": ["x_file", "y_file", "output"],
    "evaluate": ["run", "data_dir"],
    "export_model": ["run", "output", "data_dir"],
    "make_report": ["runs", "output", "official_curves", "tables", "figures", "gallery"],
    "run_experiment": ["workdir", "data_dir"],
}


@pytest.fixture(params=LAUNCHERS, ids=lambda path: path.stem)
def launcher(request, monkeypatch):
    """(name, function that starts it with arguments and gives its exit code)."""
    with loaded(request.param) as module:

        def started(*arguments, main=module.main):
            # absl's own can be called only once in a process.
            monkeypatch.setattr(
                command_line.app, "run",
                lambda main, flags_parser: sys.exit(main(flags_parser(["launcher", *arguments]))),
            )
            flags.FLAGS.unparse_flags()
            with pytest.raises(SystemExit) as end:
                command_line.start(main)
            return end.value.code

        yield request.param.stem, started


def test_flags_that_absl_refuses(launcher, capsys):
    name, started = launcher
    wrong = [["--no_such_flag=1"], ["--nonsense"]]
    wrong += [[f"--{path}"] for path in PATHS[name]]
    wrong += [[f"--{path}="] for path in PATHS[name]]
    wrong += {"estimate_mi": [["--folds=two"], ["--json=perhaps"]],
              "run_experiment": [["--seeds=two"], ["--jobs=-1"], ["--download=7"]]}.get(name, [])
    wrong += [[]] if name in REQUIRED else []
    for arguments in wrong:
        assert started(*arguments) == 2, arguments
        output, errors = capsys.readouterr()
        assert output == "" and errors.startswith(f"{name}: ") and errors.endswith(".\n"), errors
        assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("--experimnt=x", "There is no flag --experimnt. Did you mean --experiment?"),
        ("--steps=3", "A field or option is changed by --set, as in --set=steps=3."),
        ("--train.steps=3", "A field or option is changed by --set, as in --set=train.steps=3."),
        ("--fast", "A field or option is changed by --set, as in --set=fast=...."),
        ("--preset=shrt", "--preset must be one of short, paper."),
        ("--backend=slurm", "--backend must be one of loky, dask, ray."),
    ],
)
def test_what_may_have_been_meant_is_named(given, meant, monkeypatch, capsys):
    arguments = ["launcher", *REQUIRED["run_experiment"], given]
    with loaded(LAUNCHERS[-1]) as module:
        monkeypatch.setattr(
            command_line.app, "run", lambda main, flags_parser: flags_parser(arguments)
        )
        with pytest.raises(SystemExit) as end:
            command_line.start(module.main)
    assert end.value.code == 2
    errors = capsys.readouterr().err
    assert meant in errors and errors.endswith(f"Received: {given}.\n"), errors


def test_help_is_no_mistake(launcher, capsys):
    _, started = launcher
    for flag in ("--help", "-h", "--helpshort"):
        assert started(flag) == 0
        assert "flags:" in capsys.readouterr().out


def test_what_is_required_is_named(launcher, capsys):
    name, started = launcher
    for left_out in REQUIRED.get(name, ()):
        others = [flag for flag in REQUIRED[name] if flag != left_out]
        assert started(*others) == 2
        flag = left_out.partition("=")[0]
        assert capsys.readouterr().err == (
            f"{name}: The flag {flag} is required; --help says more. Received: no {flag}.\n"
        )
        assert started("what", *others) == 2
        assert f"is required, as in {flag}=what. Received: no {flag}." in capsys.readouterr().err


def test_tilde_in_every_path(launcher, tmp_path, monkeypatch):
    name, started = launcher
    monkeypatch.setenv("HOME", str(tmp_path))
    seen = {}

    def main(argv):
        seen.update({path: flags.FLAGS[path].value for path in PATHS[name]})
        return 0

    arguments = [*REQUIRED.get(name, []), *(f"--{path}=~/a b" for path in PATHS[name])]
    assert started(*arguments, main=main) == 0
    home = f"{tmp_path}/a b"
    assert seen == {path: [home] if path == "runs" else home for path in PATHS[name]}


def test_arguments_where_there_are_only_flags(launcher, capsys):
    name, started = launcher
    if name not in REQUIRED:
        return
    assert started(*REQUIRED[name], "extra") == 2
    assert "Arguments are flags, as in --" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(errno.ENOSPC, "No space left", "/a/b"),
         "No space left: /a/b. Make room there, and start the same command again."),
        (ValueError("two\nlines"), "two lines."),
        (FileNotFoundError("Expected a run. Received: x."), "Expected a run. Received: x."),
        (ImportError(), "ImportError."),
    ],
)
def test_errors_are_one_sentence(error, sentence, capsys):
    @command_line.command("some_command")
    def main(argv):
        raise error

    assert main(["x"]) == 2
    assert capsys.readouterr().err == f"some_command: {sentence}\n"


def test_a_fault_of_the_program_keeps_its_traceback():
    @command_line.command("some_command")
    def main(argv):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        main(["x"])
