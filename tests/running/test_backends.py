"""What runs are handed to: names, missing packages, and the lease that remote runs watch."""

import signal
import socket
import threading
import time

import pytest

from tf_infomax.running import backends, inputs, lease, remote, workers
from tf_infomax.running.backends import Backend


def test_a_missing_package_is_one_sentence_before_any_work(monkeypatch):
    for name in ("dask", "ray"):
        with monkeypatch.context() as patched:
            patched.setattr(backends.importlib.util, "find_spec", lambda package: None)
            with pytest.raises(ImportError) as raised:
                Backend(name)
        assert str(raised.value) == (
            f"--backend={name} needs the package {name}: pip install 'tf_infomax[{name}]'. "
            f"Received: --backend={name}."
        )


def test_unknown_backends_and_addresses_of_nothing_are_refused():
    with pytest.raises(ValueError, match=r"Did you mean 'dask'\?"):
        Backend("dusk")
    with pytest.raises(ValueError, match="Only a cluster has an address"):
        Backend("loky", "tcp://a:1")


def test_a_head_that_does_not_answer_is_one_sentence_after_the_patience(monkeypatch):
    monkeypatch.setattr(backends, "_PAUSE", 0.1)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
        began = time.monotonic()
        with pytest.raises(OSError, match=rf"No Ray cluster answers at 127\.0\.0\.1:{port} within"):
            backends._wait_for(f"127.0.0.1:{port}", 0.3, "Ray")
        assert 0.1 < time.monotonic() - began < 5
        one.listen()
        backends._wait_for(f"ray://127.0.0.1:{port}", 0.3, "Ray")
    # What Ray finds by itself.
    backends._wait_for("auto", 0.3, "Ray")


def test_a_process_that_is_not_waited_for_is_killed():
    one = workers._Worker(1)
    one.close(is_patient=False)
    assert one._process.exitcode == -signal.SIGKILL


def test_a_lease_that_ends_or_is_not_renewed_calls_back_once(tmp_path, monkeypatch):
    monkeypatch.setattr(lease, "_RENEWED", 0.02)
    called = []

    def watching(path):
        return lease.watched(path, lambda: called.append(threading.current_thread()), 0.01)

    with lease.leased(tmp_path) as (path, end), watching(path):
        # Longer than it lasts without being renewed.
        monkeypatch.setattr(lease, "_EXPIRED", 0.2)
        assert not threading.Event().wait(0.6) and not called
        end()
        threading.Event().wait(0.1)
        assert len(called) == 1 and called[0] is not threading.main_thread()
    assert list(tmp_path.iterdir()) == []
    # Its owner was killed: the file stays as it is.
    left = tmp_path / "left"
    left.write_text("7")
    with watching(left):
        threading.Event().wait(0.4)
    assert len(called) == 2


def test_a_worker_with_other_versions_refuses_the_run(tmp_path):
    class Named:
        name = "critic_impact bilinear seed 0"

    others = {**inputs.versions(), "keras": "1.0"}
    name, status = remote.carry_out(Named, 1, tmp_path / "none", others)
    assert name == Named.name
    assert status.startswith("refused: All machines of a cluster need the same versions. Received:")
