"""The first steps of a run tell what it will cost."""

import pytest

from tf_infomax.training.pace import FirstSteps, Pace, estimate


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
