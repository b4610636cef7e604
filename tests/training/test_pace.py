"""The first steps of a run tell what it will cost."""

import pytest

from tf_infomax.training.pace import FirstSteps, Pace, estimate, seconds_left


class Clock:
    """Each step takes ``seconds``; ``step`` is set by the caller."""

    def __init__(self, seconds):
        self.seconds, self.step = seconds, 0

    def __call__(self):
        return self.seconds * self.step


def stepped(seconds, start, stop):
    """(the steps at which Python takes over, what was told)."""
    clock, told, stops = Clock(seconds), [], []
    first = FirstSteps(told.append, clock)
    for end in first(start, stop):
        stops.append(end)
        clock.step = end
    return stops, told


@pytest.mark.parametrize(
    ("seconds", "stop", "stops"),
    [
        (2.0, 1000, [1, 2]),  # one step is more than enough
        (0.05, 1000, [1, 2, 6, 22]),  # 0.05, 0.2, then 16 steps of 0.8 s
        (0.05, 3, [1, 2]),  # a short segment tells what it can
    ],
)
def test_steps_are_timed_after_the_one_that_compiles(seconds, stop, stops):
    found, told = stepped(seconds, 0, stop)
    assert found == stops
    assert told == [pytest.approx(seconds)]


def test_two_steps_tell_nothing_and_a_told_cost_is_not_told_again():
    assert stepped(1.0, 0, 2) == ([], [])
    told = []
    first = FirstSteps(told.append, Clock(0.0))
    assert list(first(0, 500)) == [1, 2, 6, 22, 86]
    assert list(first(500, 1000)) == [] and len(told) == 1


def test_the_rate_leaves_out_the_step_that_compiles():
    clock = Clock(0.25)
    first = FirstSteps(lambda _: None, clock)
    clock.step = 400  # a hundred seconds of other work before the first step, which takes fifty
    began = clock()
    for end in first(0, 1000):
        clock.step = 600 + end
    clock.step = 600 + 1000
    assert first.seconds_per_step(0, 1000, began) == pytest.approx(0.25)
    # Later segments have compiled nothing; one of two steps does not know which part did.
    began = clock()
    clock.step += 50
    assert list(first(1000, 1100)) == []
    assert first.seconds_per_step(1000, 1100, began) == pytest.approx(0.125)
    short = FirstSteps(lambda _: None, clock)
    assert list(short(0, 2)) == []
    assert short.seconds_per_step(0, 2, clock() - 10.0) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("seconds", "count", "told"),
    [
        (0.3, 10, ["4 of 10 parts done, 300.0 ms each; estimated total of this run: 0:00:03"]),
        (90.0, 40, ["1 of 40 parts done, 90000.0 ms each; estimated total of this run: 1:00:00"]),
        (0.01, 100, []),  # done with the first second
        (5.0, 1, []),
    ],
)
def test_equal_parts_are_timed_for_a_second(seconds, count, told):
    clock, found = Clock(seconds), []
    pace = Pace(count, found.append, clock)
    for _ in range(count):
        clock.step += 1
        pace.one_more()
    assert found == told


def test_the_estimate_by_hand():
    text = estimate(0.01, 6_000, {"bound": 3, "mlp_probe": 1, "ndm": 0}, {"bound": 20.0})
    assert text == (
        "10.0 ms/step; estimated total of this run: 0:02:00 (training 0:01:00, measuring bound "
        "0:01:00); not timed yet: mlp_probe"
    )


def test_what_is_left_by_hand():
    counts, seconds = {"bound": 3, "mlp_probe": 1, "ndm": 0}, {"bound": 20.0, "ndm": 7.0}
    assert seconds_left(0.01, 6_000, counts, seconds) == (60.0, {"bound": 60.0})
