"""Every file of a run that was stopped half way, harmed in every way, one at a time.

The same command then gives the very rows of a run that was never stopped, or ends before any work
with one sentence that names the file and the way out.
"""

import itertools

import pytest

from tests.faults import harm
from tests.faults.harm import (  # fmt: skip
    HARMS,
    RUN,
    a_folder,
    check_sentence,
    copied,
    cut,
    emptied,
    flipped,
    garbage,
    outcome,
    removed,
)
from tests.tiny import determinism_undone, plan_tiny, tiny
from tf_infomax import export
from tf_infomax.naming.sentences import sentence
from tf_infomax.results.metrics import INPUTS_CHANGED
from tf_infomax.results.rows import Row
from tf_infomax.running import inputs, sweep
from tf_infomax.running.evaluate import evaluate
from tf_infomax.running.run import FINISHED, execute

ENDS = ("index", "data-00000-of-00001", "json")
STEPS = [f"{RUN}/checkpoints/step-{step}.{end}" for step in (4, 8) for end in ENDS]
OTHERS = [
    "experiment.json",
    f"{RUN}/experiment.json",
    f"{RUN}/views.json",
    f"{RUN}/inputs.json",
    f"{RUN}/status.json",
    f"{RUN}/rows.jsonl",
    f"{RUN}/evaluation.jsonl",
    f"{RUN}/checkpoints/checkpoint",
]


@pytest.fixture(scope="module", autouse=True)
def _quick():
    patch = pytest.MonkeyPatch()
    patch.setattr(sweep.report, "make_report", lambda paths, output: output)
    with determinism_undone():
        yield
    patch.undo()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was never stopped: (its work directory, the bytes of its rows)."""
    workdir = tmp_path_factory.mktemp("whole")
    (run,) = plan_tiny(workdir, "critic_impact", *harm.SETTINGS)
    assert execute(run) == FINISHED
    return workdir, (run.directory / "rows.jsonl").read_bytes()


@pytest.fixture(scope="module")
def half(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("half")
    patch = pytest.MonkeyPatch()
    harm.begun(workdir, patch)
    # What a sweep and an evaluation write besides.
    (workdir / "experiment.json").write_text('{"started": "2026-01-01", "runs": []}\n')
    rows = (workdir / RUN / "rows.jsonl").read_text().splitlines(keepends=True)
    (workdir / RUN / "evaluation.jsonl").write_text(rows[-1])
    return workdir


def goes_on_or_says_why(half, whole, tmp_path, *harms):
    workdir = copied(half, tmp_path / "work")
    for file, how in harms:
        how(workdir / file)
    found = outcome(workdir)
    if isinstance(found, bytes):
        assert found == whole[1]
    elif any(how is a_folder for _, how in harms):
        assert str(workdir) in found and "\n" not in found
    else:
        check_sentence(found, workdir)
        # Said before the work: nothing was lost, so that a repaired file is all it takes.
        assert len(list(workdir.rglob("step-12.*"))) == 0
    return found


# The rest is slow: a sample of each kind.
SAMPLE = {
    (STEPS[4], flipped): "goes on", (f"{RUN}/rows.jsonl", cut): "says why",
    (f"{RUN}/experiment.json", emptied): "says why",
}  # fmt: skip


@pytest.mark.parametrize(
    ("file", "how"),
    [
        pytest.param(file, how, id=f"{how.__name__}-{file.rpartition('/')[2]}")
        for file, how in SAMPLE
    ],
)
def test_a_sample_of_the_damages(file, how, half, whole, tmp_path):
    found = goes_on_or_says_why(half, whole, tmp_path, (file, how))
    assert isinstance(found, bytes) == (SAMPLE[file, how] == "goes on")


@pytest.mark.slow
def test_changed_inputs_are_refused_or_noted_in_a_row(half, whole, tmp_path, monkeypatch):
    workdir = copied(half, tmp_path / "work")
    started_with = (workdir / RUN / "inputs.json").read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(inputs, "VERSION", "99.0")
        refused = outcome(workdir)
        check_sentence(refused, workdir)
        assert "versions.tf_infomax was" in refused and "is '99.0'" in refused
        assert (workdir / RUN / "inputs.json").read_bytes() == started_with
        runs = sweep.plan([tiny("critic_impact", *harm.SETTINGS)], workdir,
                          accept_changed_inputs=True)  # fmt: skip
        assert sweep.run_all(runs, workdir, jobs=1).exit_code == 0
    lines = (workdir / RUN / "rows.jsonl").read_text().splitlines()
    (noted,) = [Row.from_json(line) for line in lines if INPUTS_CHANGED in line]
    assert (noted.step, noted.value, noted.unit) == (8, 8.0, "step")
    assert noted.tags["changed"].endswith("is '99.0'")
    # Nothing else differs, and the new inputs are those to go on with.
    kept = [line for line in lines if INPUTS_CHANGED not in line]
    assert kept == whole[1].decode().splitlines()
    assert b"99.0" in (workdir / RUN / "inputs.json").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("how", HARMS, ids=lambda how: how.__name__)
@pytest.mark.parametrize("file", [*STEPS, *OTHERS], ids=lambda file: file.rpartition("/")[2])
def test_one_damaged_file(file, how, half, whole, tmp_path):
    found = goes_on_or_says_why(half, whole, tmp_path, (file, how))
    if how is a_folder:
        return
    # What must not stop a run: one damaged checkpoint of two, and what nothing depends on.
    if file in STEPS or file.endswith(("status.json", "checkpoint")) or file == "experiment.json":
        assert isinstance(found, bytes), found


@pytest.mark.slow
@pytest.mark.parametrize(
    "how", [removed, emptied, cut, flipped, garbage], ids=lambda how: how.__name__
)
@pytest.mark.parametrize("end", ENDS)
def test_both_checkpoints_damaged(end, how, half, whole, tmp_path):
    files = [f"{RUN}/checkpoints/step-{step}.{end}" for step in (4, 8)]
    found = goes_on_or_says_why(half, whole, tmp_path, *((file, how) for file in files))
    assert "checkpoint" in str(found) and not isinstance(found, bytes)


@pytest.mark.slow
def test_all_checkpoints_lost(half, whole, tmp_path):
    found = goes_on_or_says_why(half, whole, tmp_path, *((file, removed) for file in STEPS))
    assert "holds no checkpoint" in found or "missing" in found


def altered(workdir, change):
    """Changes the lines of the rows file."""
    path = workdir / RUN / "rows.jsonl"
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


LINES = {
    "a value changed": lambda lines: [lines[0].replace(b'"value": 0.', b'"value": 1.'), *lines[1:]],
    "a line lost": lambda lines: lines[1:],
    "a line doubled": lambda lines: [lines[0], *lines],
    "lines exchanged": lambda lines: [lines[1], lines[0], *lines[2:]],
    "a line of garbage": lambda lines: [lines[0], b"{garbage\n", *lines[1:]],
    "no rows at all": lambda lines: [],
    "half a line at the end": lambda lines: [*lines, b'{"experiment": "cri'],
    "a later row": lambda lines: [*lines, lines[-1].replace(b'"step": 8', b'"step": 9')],
    "later garbage": lambda lines: [*lines, b"\x00\xff\n"],
}


@pytest.mark.slow
@pytest.mark.parametrize("change", LINES)
def test_lines_of_the_rows(change, half, whole, tmp_path):
    workdir = copied(half, tmp_path / "work")
    altered(workdir, LINES[change])
    found = outcome(workdir)
    if change in ("half a line at the end", "a later row"):
        assert found == whole[1]
    else:
        check_sentence(found, workdir)


@pytest.mark.slow
def test_leftovers_are_removed_and_change_nothing(half, whole, tmp_path):
    workdir = copied(half, tmp_path / "work")
    left = [
        f"{RUN}/.writing-abc.partial", f"{RUN}/experiment.json.partial",
        f"{RUN}/checkpoints/.writing-x.partial", f"{RUN}/checkpoints/step-8.json.partial",
        f"{RUN}/checkpoints/unfinished-12.json", f"{RUN}/checkpoints/unfinished-12.index",
        f"{RUN}/checkpoints/checkpoint.tmp123",
    ]  # fmt: skip
    for name in left:
        (workdir / name).write_bytes(b"half")
    (workdir / RUN / "checkpoints/step-12_temp").mkdir()
    assert outcome(workdir) == whole[1]
    assert not [name for name in left if (workdir / name).exists()]
    assert not list(workdir.rglob("*.partial")) and not list(workdir.rglob("*_temp"))


# ---- Those who read a finished run. --------------------------------------------------------------


def answer(call):
    """What a reader returns, or its sentence."""
    try:
        return call()
    except (OSError, ValueError) as error:
        return sentence(error)


@pytest.mark.slow
@pytest.mark.parametrize("how", HARMS, ids=lambda how: how.__name__)
@pytest.mark.parametrize("file", ["experiment.json", "views.json"])
def test_the_encoder_of_a_damaged_run(file, how, whole, tmp_path):
    workdir = copied(whole[0], tmp_path / "work")
    how(workdir / RUN / file)
    for found in (
        answer(lambda: export.load_encoder(workdir / RUN)),
        answer(lambda: evaluate(workdir / RUN, ["bound"], note=lambda text: None)),
    ):
        if isinstance(found, str):
            assert str(workdir) in found and "\n" not in found


@pytest.mark.slow
def test_evaluate_export_and_resume_fall_back_alike(whole, tmp_path, capsys):
    workdir = copied(whole[0], tmp_path / "work")
    flipped(workdir / RUN / "checkpoints/step-12.data-00000-of-00001")
    rows, _ = evaluate(workdir / RUN, ["bound"], note=lambda text: None)
    assert {row.step for row in rows} == {8}
    export.load_encoder(workdir / RUN)
    said = capsys.readouterr().err
    assert said.count("The checkpoint of step 8 is used instead") == 2
    flipped(workdir / RUN / "checkpoints/step-8.data-00000-of-00001")
    for call in (
        lambda: evaluate(workdir / RUN, ["bound"], note=lambda text: None),
        lambda: export.load_encoder(workdir / RUN),
    ):
        check_sentence(answer(call), workdir)


@pytest.fixture(scope="module")
def exported(whole, tmp_path_factory):
    return export.export_model(whole[0] / RUN, tmp_path_factory.mktemp("exports") / "export")


@pytest.mark.slow
@pytest.mark.parametrize("how", HARMS, ids=lambda how: how.__name__)
@pytest.mark.parametrize("file", ["card.json", "encoder.keras", "evaluation.jsonl"])
def test_a_damaged_export(file, how, exported, tmp_path):
    folder = copied(exported, tmp_path / "export")
    rows, target = evaluate(folder, ["linear_probe"], note=lambda text: None)
    assert target == folder / "evaluation.jsonl" and rows
    how(folder / file)
    for call in (
        lambda: evaluate(folder, ["linear_probe"], note=lambda text: None),
        lambda: export.load_encoder(folder),
        lambda: export.summary(folder),
    ):
        found = answer(call)
        if isinstance(found, str) and not found.startswith("Export: "):
            assert str(folder) in found and "\n" not in found and "Traceback" not in found


def test_the_faults_are_a_hundred_or_more():
    of_files = len(list(itertools.product([*STEPS, *OTHERS], HARMS)))
    assert of_files + 5 * len(ENDS) + len(LINES) >= 100
    assert a_folder in HARMS
