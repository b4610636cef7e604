"""The lines that tell where a run is."""

import io

import pytest

from tf_infomax.results.rows import Row
from tf_infomax.training.progress import Progress, duration


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_a_bar():
    stream = Terminal()
    progress = Progress("mine", 3000, stream)
    progress.note("40 warm-up steps")
    progress.report(0, [])
    progress.report(1000, [row("train/bound", 1.5, "nats")])
    progress.report(3000, [row("train/bound", 2.5, "nats")])
    first, *bars = stream.getvalue().replace("\r", "\n").splitlines()
    assert first == "[mine] 40 warm-up steps"
    shown = [bar for bar in bars if "bound 1.500 nats" in bar]
    assert shown and all("1000/3000" in bar and "33%" in bar for bar in shown)
    assert "3000/3000" in bars[-1] and "bound 2.500 nats" in bars[-1]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00:00"), (59.4, "0:00:59"), (59.6, "0:01:00"), (3661, "1:01:01"), (90_000, "25:00:00")],
)
def test_duration(seconds, text):
    assert duration(seconds) == text


def row(metric, value, unit="1", split="train", **tags):
    return Row("e", "v", 0, 0, split, metric, value, unit, tags)


def lines(*reports):
    """What is printed for (step, rows, ...) of a run of 3,000 steps."""
    stream = io.StringIO()
    progress = Progress("mine", 3000, stream)
    for report in reports:
        progress.report(*report)
    return [line.partition("]")[2].split("  ") for line in stream.getvalue().splitlines()]


def test_a_line_holds_what_was_measured_at_its_step_only():
    first, second, third = lines(
        (0, [row("probe/linear/accuracy", 0.25, "fraction", "test", features="code")]),
        (1000, [row("train/bound", 1.5, "nats"), row("bound", 1.25, "nats", "test")], 2.0, 4000.0),
        (2000, [row("train/bound", 2.5, "nats")], 0.0125, 72.0),
    )
    assert first == [" step 0/3000", "accuracy 0.2500"]
    assert second[:-2] == [" step 1000/3000", "bound 1.500 nats", "test bound 1.250 nats"]
    assert second[-2:] == ["2000.0 ms/step", "left 1:06:40"]
    assert third == [" step 2000/3000", "bound 2.500 nats", "12.5 ms/step", "left 0:01:12"]


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        ("train/bound", "bound 1.500"),
        ("bound", "train bound 1.500"),
        ("train/local_information", "local 1.500"),
        ("classifier/cross_entropy", "classifier loss 1.500"),
    ],
)
def test_the_unit_is_that_of_the_row(metric, text):
    # JSD and other divergences are no information in nats: their rows have the unit 1.
    for unit, suffix in (("1", ""), ("nats", " nats")):
        ((_, shown),) = lines((0, [row(metric, 1.5, unit)]))
        assert shown == text + suffix


def test_an_inverse_that_is_lost_is_told():
    ((_, told),) = lines((0, [row("flow/not_invertible", 10.7, split="test", features="code")]))
    assert told == "not invertible, so no accuracy: inverse error 1.1e+01"


def test_deep_infomax_shows_its_terms_and_probes():
    stream = io.StringIO()
    progress = Progress("mine", 3000, stream)
    progress.report(
        0,
        [
            row("train/local_information", 4.25, "nats"),
            row("train/global_information", 1.125),
            row("train/prior_divergence", -0.5),
            row("train/prior_encoder_loss", 7.0),
        ],
    )
    probes = [
        row("probe/mlp/accuracy", 0.5, "fraction", "test", features="conv"),
        row("probe/mlp/last_accuracy", 0.9, "fraction", "test", features="conv"),
        row("probe/mlp/accuracy", 0.25, "fraction", "test", features="global"),
        row("probe/svm/accuracy", 0.375, "fraction", "test", features="fc"),
        row("probe/linear/accuracy", 0.125, "fraction", "test", features="global"),
        row("dependence/ndm", 2.0, "nats", "test", features="global"),
    ]
    progress.report(1000, probes, 0.25, 500.0)
    first, second = stream.getvalue().splitlines()
    assert first == (
        "[mine] step 0/3000  local 4.250 nats  global 1.125  prior divergence -0.500"
    )
    assert second == (
        "[mine] step 1000/3000  "
        "MLP conv 0.5000  MLP global 0.2500  SVM fc 0.3750  linear global 0.1250  NDM 2.000 nats  "
        "250.0 ms/step  left 0:08:20"
    )
