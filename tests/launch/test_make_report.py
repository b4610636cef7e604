"""``launch/make_report.py`` as a user starts it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launch.launchers import called, loaded
from tests.synthetic_rows import rows_of
from tf_infomax.results.rows import write_rows
from tf_infomax.running.command_line import refuse_outputs_over_rows

ROOT = Path(__file__).parents[2]
LAUNCHER = ROOT / "launch/make_report.py"


@pytest.fixture(scope="module")
def launcher():
    """The launcher as a module of this process."""
    with loaded(LAUNCHER) as module:
        yield module


def start(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, str(LAUNCHER), *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_writes_the_page_into_the_first_directory_and_prints_the_table(
    launcher, tmp_path, capsys
):
    write_rows(tmp_path / "a/rows.jsonl", rows_of("adversarial", 1))
    write_rows(tmp_path / "b/rows.jsonl", rows_of("dependent_samples", 1, 500))
    flags = [f"--runs={tmp_path / 'b'}", f"--figures={tmp_path / 'figures'}"]
    assert called(launcher, tmp_path / "a", *flags) == 0
    output = capsys.readouterr().out
    page = (tmp_path / "a/report.html").read_text(encoding="utf-8")
    assert "adversarial-mnist" in page and "dependent_samples-gaussian_pairs" in page
    assert "softplus" in output and str(tmp_path / "a/report.html") in output
    assert len(list((tmp_path / "figures").glob("*.png"))) == 2


@pytest.mark.slow
def test_output_and_official_curves(tmp_path):
    write_rows(tmp_path / "rows.jsonl", rows_of("adversarial", 1))
    output = tmp_path / "deep/page.html"
    done = start(f"--runs={tmp_path}", f"--output={output}")
    assert done.returncode == 0 and output.is_file(), done.stderr


def test_tables_of_the_paper_are_written_on_demand(launcher, tmp_path):
    write_rows(tmp_path / "rows.jsonl", rows_of("dim_untrained", 1, 0, "cifar10"))
    assert called(launcher, tmp_path, f"--tables={tmp_path / 'tables.md'}") == 0
    assert "| untrained (not in the paper) | 0 |" in (tmp_path / "tables.md").read_text()


def test_user_errors_are_one_sentence_and_exit_code_2(launcher, tmp_path, capsys):
    def refused(*arguments):
        assert called(launcher, *arguments) == 2
        output, errors = capsys.readouterr()
        assert output == "" and errors.count("\n") == 1, errors
        return errors

    def has(message, *words):
        assert all(word in message for word in words), message

    has(refused(), "at least one work directory")
    has(refused(tmp_path / "none"), "Expected a file of rows or a work directory", "none")
    (tmp_path / "rows.jsonl").write_text('{"experiment": 1}\n')
    has(refused(tmp_path), "rows.jsonl, line 1", "A row needs variant")
    write_rows(tmp_path / "rows.jsonl", rows_of("adversarial", 1))
    has(refused(tmp_path, "--output=/proc/none/page.html"), "/proc/none")
    message = refused(tmp_path, f"--output={tmp_path / 'rows.jsonl'}")
    has(message, "another file than those")
    # And as a process.
    done = start(tmp_path, f"--output={tmp_path / 'rows.jsonl'}")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)


@pytest.mark.parametrize("flag", ["output", "tables", "gallery"])
def test_rows_are_not_written_over(flag, tmp_path, monkeypatch):
    run = tmp_path / "work/runs/adversarial/softplus/seed_0"
    for file in (run / "rows.jsonl", run / "evaluation.jsonl"):
        write_rows(file, rows_of("adversarial", 1))
    monkeypatch.chdir(run)
    for paths, output in (
        ([tmp_path / "work"], run / "rows.jsonl"),
        ([run], "evaluation.jsonl"),
        ([run / "rows.jsonl"], "../seed_0/rows.jsonl"),
        ([tmp_path / "work"], tmp_path / "work/rows.jsonl"),
    ):
        with pytest.raises(ValueError, match=rf"rows are read.*Received: --{flag}={output}"):
            refuse_outputs_over_rows(paths, other=None, **{flag: str(output)})
    page = str(tmp_path / "work/report.html")
    refuse_outputs_over_rows([tmp_path / "work"], **{flag: page})
    with pytest.raises(ValueError, match=rf"than other outputs\. Received: --other={page}"):
        refuse_outputs_over_rows([tmp_path / "work"], **{flag: page}, other=page)

