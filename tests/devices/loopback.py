"""Workers of one machine, which reach each other over loopback gRPC."""

import json
import os
import socket
import subprocess
import sys

__all__ = ["Workers", "clean_environment", "configurations"]

# The longest that a test waits for a process, start of TensorFlow and 43 experiments on a loaded
# machine included: a guard against workers that wait for each other.
_SECONDS = 1_500


def clean_environment(**more):
    """Environment of a process without a GPU and without the workers of another strategy."""
    kept = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
    return {**kept, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3", **more}


def configurations(number):
    """The ``TF_CONFIG`` of each of several workers, at free ports."""
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    hosts = [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]
    for one in sockets:
        one.close()
    return [
        json.dumps({"cluster": {"worker": hosts}, "task": {"type": "worker", "index": place}})
        for place in range(number)
    ]


class Workers:
    """The same command as several processes, each with its ``TF_CONFIG``.

    Args:
        number: of workers.
        command: arguments of Python.
        more: dict of worker -> further arguments.
    """

    def __init__(self, number, command, more=None):
        self.processes = []
        for place, text in enumerate(configurations(number)):
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, *command, *(more or {}).get(place, ())],
                    env=clean_environment(TF_CONFIG=text),
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                )
            )

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for process in self.processes:
            process.kill()
            process.wait()

    def ended(self):
        """[(exit code, standard error)] of all, after their ends."""
        found = []
        for process in self.processes:
            _, errors = process.communicate(timeout=_SECONDS)
            found.append((process.returncode, errors))
        return found
