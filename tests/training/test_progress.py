"""The lines that tell where a run is."""

import io

import pytest

from tf_infomax.results import Row
from tf_infomax.training.progress import Progress, duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00:00"), (59.4, "0:00:59"), (59.6, "0:01:00"), (3661, "1:01:01"), (90_000, "25:00:00")],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def test_the_latest_known_values_stay():
    def row(metric, value, split="train", **tags):
        return Row("e", "v", 0, 0, split, metric, value, "1", tags)

    stream = io.StringIO()
    progress = Progress("mine", 0, 3000, stream)
    progress.report(0, [row("probe/linear/accuracy", 0.25, features="code")])
    progress.report(1000, [row("train/bound", 1.5), row("bound", 1.25, split="test")])
    first, second = stream.getvalue().splitlines()
    assert first == "[mine] step 0/3000  accuracy 0.2500"
    assert second.startswith(
        "[mine] step 1000/3000  accuracy 0.2500  bound 1.500 nats  test bound 1.250 nats  "
    )
    assert "ms/step" in second and "left 0:00:00" in second
