"""Whether XLA compiles a run: chosen from times that are given here, noted, and kept."""

import itertools
import json
import types

import numpy as np
import pytest
import tensorflow as tf

from tests.tiny import tiny
from tf_infomax.data import datasets
from tf_infomax.running.build import build
from tf_infomax.running.compilation import StepLoops
from tf_infomax.running.run_directory import RunDirectory


class Summing:
    """A task of one variable, to which the steps' numbers are added."""

    metric_names = ("loss",)
    warmup = None

    def __init__(self, loss=1.0):
        self.total = tf.Variable(0.25)
        self.variables = [self.total]
        self._loss = loss

    def draw(self, t):
        return tf.cast(t, tf.float32)

    def update(self, batch):
        self.total.assign_add(batch + 0.1)
        return {"loss": tf.constant(self._loss)}


def trial_of(steps=20_000, jit_compile="auto", compiled=True, loss=1.0):
    train = types.SimpleNamespace(steps=steps, jit_compile=jit_compile)
    return types.SimpleNamespace(
        task=Summing(loss), jit_compile=compiled, experiment=types.SimpleNamespace(train=train)
    )


def clock_of(xla, without, cores=(2, 2)):
    """Both clocks for seconds a step: 7 s of compiling, one step, then turns of both ways."""
    count = min(max(int(0.3 / xla), 1), 50)
    turns = itertools.cycle(
        np.array([1, busy]) * seconds * count
        for seconds, busy in zip((xla, without), cores, strict=True)
    )
    # In the second and third turn other work doubles one of the times.
    busy = iter((1, 1, 2, 1, 1, 2))
    now, is_begun = np.zeros(2), False
    first = np.array([7.0, 7.0]), np.array([xla, xla])
    durations = itertools.chain(first, (d * next(busy, 1) for d in turns))

    def clock():
        nonlocal now, is_begun
        if is_begun:
            now = now + next(durations)
        is_begun = not is_begun
        return now

    return clock


def never():
    raise AssertionError("The clock must not be read.")


def directory(path, seed=0):
    (path / f"seed_{seed}").mkdir(parents=True, exist_ok=True)
    return RunDirectory(path / f"seed_{seed}", None)


def is_compiled(loops):
    # The graph of the loop calls a function that XLA must compile, or one that it need not.
    run = loops.steps()._run.get_concrete_function(
        tf.constant(0, tf.int64), tf.constant(1, tf.int64), {"loss": tf.constant(0.0, tf.float64)}
    )
    functions = run.graph.as_graph_def().library.function
    return any(f.attr["_XlaMustCompile"].b for f in functions)


@pytest.mark.parametrize(
    ("xla", "without", "cores", "expected"),
    [
        (0.010, 0.005, (2, 2), False),
        (0.070, 0.046, (2, 2), False),
        (0.010, 0.0095, (2, 2), True),
        (0.010, 0.020, (2, 2), True),
        # Faster only because other work had left it more of the machine, which cannot be known.
        (0.010, 0.008, (1, 2), True),
    ],
)
def test_the_faster_way_is_chosen_and_xla_when_it_is_close(
    tmp_path, xla, without, cores, expected
):
    loops = StepLoops(trial_of(), directory(tmp_path), clock=clock_of(xla, without, cores))
    said = []
    loops.choose(is_new=True, tell=said.append)
    assert is_compiled(loops) == expected
    written = json.loads((tmp_path / "seed_0" / "compilation.json").read_text())
    assert written["jit_compile"] == expected
    times = written["wall_and_processor_ms_per_step"]
    for name, seconds, busy in zip(("xla", "without_xla"), (xla, without), cores, strict=True):
        assert times[name] == pytest.approx([1e3 * seconds, 1e3 * seconds * busy])
    assert said[-1].endswith("trains with it" if expected else "trains without it")
    assert f"{1e3 * xla:.1f} ms compiled by XLA" in said[-1]


def test_measuring_leaves_the_weights_as_they_were(tmp_path):
    trial = trial_of()
    loops = StepLoops(trial, directory(tmp_path), clock=clock_of(0.01, 0.005))
    loops.choose(is_new=True, tell=lambda text: None)
    assert trial.task.total.numpy() == 0.25
    loops.steps().run(0, 3)
    assert trial.task.total.numpy() == pytest.approx(0.25 + 0 + 1 + 2 + 0.3)


def test_a_resumed_run_and_other_seeds_keep_the_choice(tmp_path):
    first = StepLoops(trial_of(), directory(tmp_path), clock=clock_of(0.01, 0.005))
    first.choose(is_new=True, tell=lambda text: None)
    for seed in (0, 1):
        loops = StepLoops(trial_of(), directory(tmp_path, seed), clock=never)
        for is_new in (True, False):
            loops.choose(is_new, tell=lambda text: None)
        assert not is_compiled(loops)
    # The choice of the second seed stands without the first one's.
    (tmp_path / "seed_0" / "compilation.json").unlink()
    assert not is_compiled(StepLoops(trial_of(), directory(tmp_path, 1)))


def test_a_run_that_began_without_a_note_goes_on_as_it_began(tmp_path):
    other = StepLoops(trial_of(), directory(tmp_path, 1), clock=clock_of(0.01, 0.005))
    other.choose(is_new=True, tell=lambda text: None)
    assert not is_compiled(other)
    # It was compiled by the rule, and has a checkpoint.
    loops = StepLoops(trial_of(), directory(tmp_path), clock=never)
    loops.choose(is_new=False, tell=lambda text: None)
    assert is_compiled(loops)
    assert not (tmp_path / "seed_0" / "compilation.json").exists()


def test_nothing_is_measured_where_nothing_is_open_or_to_be_gained(tmp_path):
    for given in ("yes", "no"):
        trial = trial_of(jit_compile=given, compiled=given == "yes")
        loops = StepLoops(trial, directory(tmp_path), clock=never)
        loops.choose(is_new=True, tell=lambda text: None)
        assert is_compiled(loops) == (given == "yes")
    # Less than 1,000 steps, a term that works on the host.
    loops = StepLoops(trial_of(compiled=False), directory(tmp_path), clock=never)
    loops.choose(is_new=True, tell=lambda text: None)
    assert not is_compiled(loops)
    # A run of an earlier version, which went by the rule.
    loops = StepLoops(trial_of(), directory(tmp_path), clock=never)
    loops.choose(is_new=False, tell=lambda text: None)
    assert is_compiled(loops)
    # 50 s of training.
    loops = StepLoops(trial_of(steps=5_000), directory(tmp_path), clock=clock_of(0.01, 0.001))
    loops.choose(is_new=True, tell=lambda text: None)
    assert is_compiled(loops)
    # A loss that is not finite is reported by the training.
    loops = StepLoops(
        trial_of(loss=np.nan), directory(tmp_path), clock=clock_of(0.01, 0.001)
    )
    loops.choose(is_new=True, tell=lambda text: None)
    assert is_compiled(loops)
    assert not list(tmp_path.rglob("compilation.json"))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"jit_compile": 1}'])
def test_a_damaged_note_is_named(tmp_path, text):
    (directory(tmp_path).path / "compilation.json").write_text(text)
    with pytest.raises(ValueError, match=r"compilation\.json.*bring it back"):
        StepLoops(trial_of(), directory(tmp_path))


@pytest.mark.slow
def test_a_real_task_is_as_before_its_measurement(tmp_path):
    experiment = tiny("critic_impact", "steps=1000").runs()[0][2]
    trial = build(experiment, datasets.load("digits"))
    before = [np.asarray(variable) for variable in trial.task.variables]
    loops = StepLoops(trial, directory(tmp_path), clock=clock_of(0.1, 0.05))
    loops.choose(is_new=True, tell=lambda text: None)
    assert not is_compiled(loops)
    for one, variable in zip(before, trial.task.variables, strict=True):
        assert one.tobytes() == np.asarray(variable).tobytes()
