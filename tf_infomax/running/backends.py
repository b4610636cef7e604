"""What the runs of a sweep are handed to: processes of this machine, or a cluster's workers.

Needs no TensorFlow.
"""

import contextlib
import dataclasses
import importlib.util
import logging
import socket
import time

from tf_infomax.naming.registry import unknown_name

__all__ = ["NAMES", "THIS_MACHINE", "Backend", "ClusterLostError"]

_PACKAGES = {"loky": (), "dask": ("dask", "distributed"), "ray": ("ray",)}
NAMES = tuple(_PACKAGES)
# Seconds: between two tries to reach a cluster, between two looks at its head, and until a head is
# lost that does not answer.
_PAUSE, _LOOK, _LOST = 1.0, 5.0, 20.0
# What starts a cluster, for messages.
_STARTERS = {"Dask": "dask scheduler", "Ray": "ray start --head"}
# Seconds within which Dask's client has to end.
_CLOSING = 10.0


class ClusterLostError(RuntimeError):
    """The cluster can carry out no more runs: one sentence that says how to go on."""


@dataclasses.dataclass(frozen=True)
class Backend:
    """What carries out the runs of a sweep.

    Attributes:
        name: "loky", processes of this machine; "dask", the workers of a Dask cluster; "ray", those
            of a Ray cluster.
        address: of Dask's scheduler ("tcp://host:8786") or of Ray's head; empty starts a cluster
            on this machine, for as long as the sweep lasts.

    Raises:
        ValueError: on an unknown name, or an address where nothing is addressed.
        ImportError: if its package is missing.
    """

    name: str = "loky"
    address: str = ""

    def __post_init__(self):
        if self.name not in NAMES:
            raise unknown_name("backend", self.name, NAMES)
        if self.address and not self.is_cluster:
            raise ValueError(
                "Only a cluster has an address: use --backend=dask or --backend=ray. "
                f"Received: backend={self.name}, cluster={self.address}."
            )

        for package in _PACKAGES[self.name]:
            if importlib.util.find_spec(package) is None:
                raise ImportError(
                    f"--backend={self.name} needs the package {package}: "
                    f"pip install 'tf_infomax[{self.name}]'. Received: --backend={self.name}."
                )

    @property
    def is_cluster(self):
        """Whether runs go to workers that may be on other machines."""
        return self.name != "loky"

    @contextlib.contextmanager
    def started(self, jobs, patience):
        """Connects to the cluster, or starts one.

        Args:
            jobs: tasks at a time on a cluster of this machine; with an address, the cluster's
                workers have a number of their own.
            patience: seconds to wait for the scheduler and for the first worker.

        Yields:
            ``None`` for this machine's processes, which ``workers`` looks after. Else a function of
            an iterable of ``joblib.delayed`` tasks -> iterable of their results, in the order in
            which they come. It raises ``ClusterLostError`` if the cluster cannot carry them out;
            what tasks raise counts, too.

        Raises:
            OSError: if the cluster cannot be reached.
        """
        if not self.is_cluster:
            yield None
            return
        made = {"dask": _dask, "ray": _ray}[self.name]
        with made(self.address, jobs, patience) as results:
            yield lambda tasks: _results(results, tasks, self.name)


THIS_MACHINE = Backend()


def _results(results, tasks, name):
    try:
        yield from results(tasks)
    except Exception as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ClusterLostError(
            f"The {name} cluster cannot go on ({type(error).__name__}: {reason[:200]}); the same "
            "command continues from the last checkpoints."
        ) from error


@contextlib.contextmanager
def _dask(address, jobs, patience):
    """Dask's own tasks: joblib's pool waits without end for a scheduler that was killed."""
    from dask import distributed

    # Of lost connections its threads write tracebacks; what it means for the sweep is said here.
    for name in [*logging.root.manager.loggerDict, "asyncio"]:
        if name.partition(".")[0] in ("distributed", "asyncio"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    with contextlib.ExitStack() as stack:
        if not address:
            # Threads will do: every run has a process of its own.
            address = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=jobs, threads_per_worker=1, processes=False, dashboard_address=None
                )
            )
        client = distributed.Client(address, timeout=patience)
        # Its own end would have the patience of its beginning, even for a lost scheduler.
        stack.callback(client.close, timeout=_CLOSING)
        try:
            client.wait_for_workers(1, timeout=patience)
        except TimeoutError:
            raise OSError(
                f"No worker has come to the scheduler {address} within {patience:g} seconds; start "
                "some by `dask worker`."
            ) from None
        scheduler = client.scheduler.address

        def results(tasks):
            waiting = [
                client.submit(function, *given, pure=False, **named)
                for function, given, named in tasks
            ]
            try:
                while waiting:
                    try:
                        found = distributed.wait(waiting, _LOOK, "FIRST_COMPLETED")
                    except TimeoutError:
                        _wait_for(scheduler, _LOST, "Dask")
                        continue
                    waiting = list(found.not_done)
                    yield from [future.result() for future in found.done]
            except distributed.CancelledError:
                # Nobody else cancels.
                raise OSError(f"its scheduler {scheduler} is gone") from None

        yield results


@contextlib.contextmanager
def _ray(address, jobs, patience):
    """Ray's own tasks, because joblib's pool of Ray ends with the first worker that is lost.

    That pool also keeps the size that the cluster had at first, whichever machines it is on, and
    hands results over when all are there.
    """
    import ray

    if address:
        _wait_for(address, patience, "Ray")
    try:
        connected = ray.init(
            **({"address": address} if address else {"num_cpus": jobs, "include_dashboard": False})
        )
    except Exception as error:
        # Plain ones, too: where a machine is so busy that Ray does not start in its time.
        (reason, *_) = str(error).strip().splitlines() or [""]
        reason = f"{type(error).__name__}: {reason[:200].rstrip('.')}"
        raise OSError(
            f"Ray's cluster {address} cannot be joined ({reason}); a sweep starts on a machine of "
            "the cluster, and knows its token."
            if address
            else f"Ray cannot be started on this machine ({reason}); start the command again."
        ) from error
    with connected:
        # As Dask has it: the fourth loss of a run ends the sweep. Tasks that ask for no GPU see
        # none.
        gpus = int("GPU" in ray.cluster_resources())
        options = {"num_cpus": 1, "num_gpus": gpus, "max_retries": 3}

        def results(tasks):
            waiting = [
                ray.remote(**options)(function).remote(*given, **named)
                for function, given, named in tasks
            ]
            while waiting:
                ended, waiting = ray.wait(waiting, timeout=_LOOK)
                if not ended and address:
                    # A minute after its head is gone, Ray ends this process without a sentence.
                    _wait_for(address, _LOST, "Ray")
                yield from map(ray.get, ended)

        yield results


def _wait_for(address, patience, name):
    """Raises ``OSError`` if nothing listens at "host:port" within ``patience`` seconds."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    end = time.monotonic() + patience
    while port.isdigit():
        try:
            socket.create_connection((host, int(port)), timeout=patience).close()
            return
        except OSError as error:
            if time.monotonic() + _PAUSE > end:
                raise OSError(
                    f"No {name} cluster answers at {address} within {patience:g} seconds "
                    f"({error.strerror or error}); start one by `{_STARTERS[name]}`."
                ) from None
        time.sleep(_PAUSE)
