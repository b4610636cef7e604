"""A run that was stopped half way, ways to harm its files, and what may come of it."""

import json
import shutil
from pathlib import Path

from tests.tiny import plan_tiny
from tf_infomax.naming.sentences import sentence
from tf_infomax.running import sweep
from tf_infomax.running.run import execute
from tf_infomax.training.loop import StepLoop

# Half way is after the checkpoint of step 8, whose evaluation is done.
SETTINGS = ("evaluate.bound.every=4", "evaluate.linear_probe.every=50", "jit_compile=no")
RUN = "runs/critic_impact/bilinear-infonce/seed_0"
# One of them is part of every sentence that says how to go on.
WAYS_OUT = (
    "bring", "delete", "choose", "Choose", "another work directory", "export the run again",
    "--accept_changed_inputs", "Make room",
)  # fmt: skip


class Stopped(BaseException):
    """Not an Exception: nothing in the package may catch it."""


def begun(workdir, monkeypatch):
    """Carries out the run up to step 8, and drops dead there."""
    (run,) = plan_tiny(workdir, "critic_impact", *SETTINGS)
    original = StepLoop.run

    def stopped(loop, start, *arguments):
        if start == 8:
            raise Stopped
        return original(loop, start, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(StepLoop, "run", stopped)
        try:
            execute(run)
        except Stopped:
            return
    raise AssertionError("the run was not stopped")


def copied(workdir, target):
    """A copy of a work directory."""
    shutil.copytree(workdir, target)
    return target


def outcome(workdir):
    """What the same command does with it: the rows' bytes, or the sentence before exit code 2."""
    try:
        runs = plan_tiny(workdir, "critic_impact", *SETTINGS)
        ended = sweep.run_all(runs, workdir, jobs=1)
    except (OSError, ValueError) as error:
        return sentence(error)
    if ended.exit_code == 2:
        (status,) = ended.statuses.values()
        return status
    assert ended.exit_code == 0, ended.statuses
    return (workdir / RUN / "rows.jsonl").read_bytes()


def check_sentence(text, workdir):
    """One sentence or more on one line, with a file of the work directory and a way out."""
    assert "\n" not in text and "Traceback" not in text, text
    assert str(workdir) in text, text
    assert any(way in text for way in WAYS_OUT), text


def removed(path):
    path.unlink()


def emptied(path):
    path.write_bytes(b"")


def cut(path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def garbage(path):
    path.write_bytes(b"\x00\xff{]garbage\n" * 40)


def a_list(path):
    path.write_text("[1, 2]\n")


def foreign(path):
    path.write_text(json.dumps({"version": 99, "name": None, "files": []}) + "\n")


def nested(path):
    path.write_text("[" * 100_000 + "\n")


def doubled(path):
    path.write_bytes(path.read_bytes() * 2)


def a_folder(path):
    """The sentence of the operating system says what is wrong."""
    path.unlink()
    Path(path).mkdir()


HARMS = (
    removed, emptied, cut, flipped, garbage, a_list, foreign, nested, doubled, a_folder,
)  # fmt: skip
