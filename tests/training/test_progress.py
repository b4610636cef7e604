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


def test_deep_infomax_shows_its_terms_and_probes():
    def row(metric, value, unit="1", split="train", **tags):
        return Row("e", "v", 0, 0, split, metric, value, unit, tags)

    stream = io.StringIO()
    progress = Progress("mine", 0, 3000, stream)
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
    progress.report(1000, probes)
    first, second = stream.getvalue().splitlines()
    assert first == (
        "[mine] step 0/3000  local 4.250 nats  global 1.125  prior divergence -0.500"
    )
    assert second.startswith(
        "[mine] step 1000/3000  local 4.250 nats  global 1.125  prior divergence -0.500  "
        "MLP conv 0.5000  MLP global 0.2500  SVM fc 0.3750  linear global 0.1250  NDM 2.000 nats  "
    )
