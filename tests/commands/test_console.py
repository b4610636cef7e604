"""``tf-infomax``: help, the list and misspelt names, without TensorFlow and at once."""

import os
import subprocess
import sys

import pytest

from tf_infomax.commands import console, list_experiments
from tf_infomax.experiments import catalog
from tf_infomax.naming.version import VERSION


def test_help_names_every_command_and_a_misspelt_one_is_answered(monkeypatch, capsys):
    for arguments in ([], ["--help"]):
        monkeypatch.setattr(sys, "argv", ["tf-infomax", *arguments])
        with pytest.raises(SystemExit) as end:
            console.main()
        output = capsys.readouterr().out
        assert end.value.code == 0
        assert all(f"  {name} " in output for name in console.COMMANDS)
    monkeypatch.setattr(sys, "argv", ["tf-infomax", "exprot", "--run=x"])
    with pytest.raises(SystemExit) as end:
        console.main()
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith(
        "tf-infomax: Unknown command 'exprot'. Did you mean 'export'"
    )
    monkeypatch.setattr(sys, "argv", ["tf-infomax", "--version"])
    with pytest.raises(SystemExit):
        console.main()
    assert capsys.readouterr().out.startswith(VERSION)


def test_the_package_starts_as_the_command_does():
    done = subprocess.run(
        [sys.executable, "-m", "tf_infomax"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{console._help()}\n"
    done = subprocess.run(
        [sys.executable, "-m", "tf_infomax", "exprot"], capture_output=True, text=True
    )
    assert done.returncode == 2 and "Did you mean 'export'" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--help"]])
def test_a_reader_that_has_left_is_no_mistake(arguments):
    reads, writes = os.pipe()
    os.close(reads)
    start = [sys.executable, "-m", "tf_infomax", *arguments]
    done = subprocess.run(start, stdout=writes, stderr=subprocess.PIPE, text=True)
    os.close(writes)
    # 13 is the number of SIGPIPE.
    assert (done.returncode, done.stderr) == (128 + 13, "")


def test_the_list_has_a_line_for_every_experiment():
    lines = list_experiments.listing().split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(catalog.names())
    # Three critics, two bounds; 21,000 steps in the official code.
    (line,) = list_experiments.listing("critic_impact").split("\n\n")[0].splitlines()[1:]
    assert line.split()[:4] == ["critic_impact", "6", "21,000", "mnist"]
    with pytest.raises(ValueError, match="Did you mean 'critic_impact'"):
        list_experiments.listing("critic_impct")
    assert list_experiments.main(["list", "dim", "local"]) == 2


@pytest.mark.slow
def test_commands_as_a_user_starts_them(tmp_path):
    """Every command shows its flags, and none needs TensorFlow for that."""
    program = (
        "import sys; from tf_infomax.commands.console import main\n"
        "try: main()\n"
        "finally: assert 'tensorflow' not in sys.modules"
    )
    for name in console.COMMANDS:
        if name == "list":
            continue
        done = subprocess.run(
            [sys.executable, "-c", program, name, "--help"], capture_output=True, text=True
        )
        assert "flags:" in done.stdout and "--" in done.stdout, (name, done.stderr)
        assert done.returncode == 0 and f"tf-infomax {name} " in done.stdout
    done = subprocess.run(
        [sys.executable, "-c", program, "run", "--experiment=x", f"--workdir={tmp_path}"],
        capture_output=True, text=True,
    )
    assert done.returncode == 2 and "Unknown experiment 'x'" in done.stderr
