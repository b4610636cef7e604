"""The loop inside TensorFlow: which steps run, what is averaged, when it stops."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.training.loop import Segment, StepLoop, boundaries


class Counting:
    """Sums the steps that it was given; the loss of step t is t, not finite at ``bad_step``."""

    metric_names = ("loss", "square")

    def __init__(self, bad_step=-1, bad_value=math.nan):
        self.bad_step, self.bad_value = bad_step, bad_value
        self.total = tf.Variable(0.0)
        self.calls = tf.Variable(0)

    def draw(self, t):
        return t, tf.cast(t, tf.float32)

    def update(self, batch):
        t, value = batch
        self.total.assign_add(value)
        self.calls.assign_add(1)
        loss = tf.where(tf.equal(t, self.bad_step), self.bad_value, value)
        return {"loss": loss, "square": value**2}


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_steps_and_means(jit_compile):
    task = Counting()
    loop = StepLoop(task, jit_compile)
    # 0 .. 4, then 5 .. 7: sums 10 and 18, squares 30 and 25 + 36 + 49 = 110.
    assert loop.run(0, 5) == Segment({"loss": 2.0, "square": 6.0}, None)
    assert loop.run(5, 8) == Segment({"loss": 6.0, "square": 110 / 3}, None)
    assert (task.total.numpy(), task.calls.numpy()) == (28.0, 8)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
@pytest.mark.parametrize("bad_value", [math.nan, math.inf, -math.inf])
def test_stops_after_the_first_step_that_is_not_finite(bad_value, jit_compile):
    task = Counting(bad_step=3, bad_value=bad_value)
    segment = StepLoop(task, jit_compile).run(0, 10)
    assert segment.non_finite_step == 3
    assert task.calls.numpy() == 4  # steps 0, 1, 2, 3 and no more
    # The mean is over the steps that ran, the bad one included.
    np.testing.assert_equal(segment.means["loss"], bad_value)
    assert segment.means["square"] == (1 + 4 + 9) / 4


def test_a_bad_last_step_is_reported():
    assert StepLoop(Counting(bad_step=4), False).run(0, 5).non_finite_step == 4
    assert StepLoop(Counting(bad_step=5), False).run(0, 5).non_finite_step is None


@pytest.mark.parametrize("stop", [3, 2])
def test_no_steps_have_no_means(stop):
    task = Counting()
    with pytest.raises(ValueError, match=rf"one step or more\. Received: start=3, stop={stop}\."):
        StepLoop(task, False).run(3, stop)
    assert task.calls.numpy() == 0


def test_means_of_many_steps_do_not_lose_digits():
    class Constant(Counting):
        def update(self, batch):
            # Summed in float32, 0.1 would be off by about 1e-4 after 20,000 steps.
            return {"loss": tf.constant(0.1), "square": batch[1] * 0.0}

    segment = StepLoop(Constant(), False).run(0, 20_000)
    np.testing.assert_allclose(segment.means["loss"], np.float32(0.1), rtol=1e-12)


def test_boundaries_by_hand():
    assert boundaries(10, 4) == [4, 8, 10]
    assert boundaries(12, 4, 6) == [4, 6, 8, 12]
    assert boundaries(3, 100) == [3]
    assert boundaries(2, 1) == [1, 2]


def test_a_stopped_segment_goes_on_with_its_sums():
    task, loop = Counting(), StepLoop(Counting(), False)
    whole = StepLoop(task, False).run(0, 8)
    begun = loop.run(0, 3)
    assert begun.reached == 3 and begun.sums["loss"] == 0 + 1 + 2
    rest = loop.run(3, 8, 0, begun.sums)
    assert rest == whole and rest.reached == 8
    # The step that it is at is finished, and then none is begun.
    loop.stop()
    stopped = loop.run(8, 20)
    assert (stopped.reached, stopped.means, stopped.non_finite_step) == (8, {}, None)


@pytest.mark.parametrize("parts", [[1, 5], [7], []])
def test_parts_change_no_bit(parts):
    class Tenths(Counting):
        def update(self, batch):
            return {"loss": batch[1] * 0.1, "square": batch[1] ** 2}

    whole = StepLoop(Tenths(), False).run(0, 8)
    assert StepLoop(Tenths(), False).run(0, 8, parts=lambda start, stop: iter(parts)) == whole


def test_a_bad_step_ends_the_parts():
    task, seen = Counting(bad_step=3), []

    def parts(start, stop):
        for step in (2, 5, 7):
            seen.append(step)
            yield step

    assert StepLoop(task, False).run(0, 10, parts=parts).non_finite_step == 3
    assert seen == [2, 5] and task.calls.numpy() == 4
