"""Which devices share the steps: mistakes are told before TensorFlow begins."""

import pytest

from tf_infomax.training import strategies
from tf_infomax.training.devices import Devices
from tf_infomax.training.strategies import Choice, start


def test_one_device_shares_nothing():
    devices = start(Choice())
    assert devices.is_chief and not devices.is_shared
    assert devices.noted == {"strategy": "none", "replicas": 1}
    devices.check_batch(7)
    assert devices.order(3, 1, 2) == (3, 1, 2) and devices.largest(15) == 15


def test_choices_that_mean_nothing_are_refused():
    with pytest.raises(ValueError, match="mirored"):
        Choice("mirored")
    with pytest.raises(ValueError, match=r"need the strategy.*strategy=none, devices=2"):
        Choice("none", 2)
    with pytest.raises(ValueError, match="devices=-1"):
        Choice("mirrored", -1)


def test_batches_that_cannot_be_shared_evenly_are_refused():
    class Three:
        num_replicas_in_sync = 3

    with pytest.raises(ValueError, match=r"a multiple of 3\. Received: train.batch_size=32"):
        Devices("mirrored", Three()).check_batch(32)


@pytest.mark.parametrize(
    "text",
    [
        None, "", "{", "[]", "7", '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "chief", "index": 0}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["a:2"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": "a:1"}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": -1}}',
    ],
)  # fmt: skip
def test_a_cluster_that_cannot_be_read_is_refused(text, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match="TF_CONFIG") as raised:
        strategies.start(Choice("multi_worker"))
    assert str(raised.value).endswith(f"Received: TF_CONFIG={text!r}.")
