"""Runs in worker processes, each of which can die without the others."""

import collections
import contextlib
import os
import signal
from multiprocessing import connection

# Its processes do not import the main module again, so that notebooks and scripts need no guard.
from joblib.externals.loky.backend.context import get_context

from tf_infomax.running import worker
from tf_infomax.running.execution import INTERRUPTED
from tf_infomax.running.run_directory import RunDirectory
from tf_infomax.training.checkpoint_files import found_in

__all__ = ["KILLED", "carried_out"]

# With which the status of a run begins whose worker died.
KILLED = "its process was "

# Read by numerical libraries when they are loaded; as joblib sets them in its workers.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS", "NUMBA_NUM_THREADS", "NUMEXPR_NUM_THREADS",
)  # fmt: skip


class _Worker:
    """A process that carries out one run after another.

    Attributes:
        threads: number of threads for its operations.
        run: the run that it is at, or ``None``.
        connection: becomes readable when the run has ended, or the process has.
    """

    def __init__(self, threads):
        context = get_context("loky")
        self.threads, self.run = threads, None
        self.connection, theirs = context.Pipe()
        self._process = context.Process(
            target=worker.serve,
            args=(theirs, threads, os.getpid()),
            env=dict.fromkeys(_THREAD_VARIABLES, str(threads)),
        )
        self._process.start()
        theirs.close()

    def start(self, run):
        self.run = run
        # A process that is dead already is noticed when the answer is read.
        with contextlib.suppress(OSError):
            self.connection.send(run)

    def ended(self):
        """How the run ended: a status, or ``None`` if the process died first."""
        try:
            return self.connection.recv()[1]
        except (EOFError, OSError):
            self._process.join()
            return None

    def death(self):
        """How the process died."""
        code = self._process.exitcode
        if code is None or code >= 0:
            return f"{KILLED}ended, with exit code {code}"
        hint = ", as the system does when memory runs out" if code == -signal.SIGKILL else ""
        return f"{KILLED}killed by {signal.Signals(-code).name}{hint}"

    def interrupt(self):
        with contextlib.suppress(OSError, TypeError):
            os.kill(self._process.pid, signal.SIGTERM)

    def close(self, is_patient=True):
        """Ends the process: at once, or when its run has ended."""
        self.connection.close()
        if not is_patient:
            # Loky's processes lack `kill`.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        self._process.join()


def carried_out(runs, jobs, threads_of, interruption):
    """Carries out runs in worker processes.

    A run whose process dies is tried again, last, in a new process. It is given up when a process
    has died twice in the same way without a new checkpoint in between.

    Args:
        runs: sequence of ``Run``.
        jobs: processes at a time.
        threads_of: run -> number of threads for its operations.
        interruption: the ``Interruption`` of this process, which is passed on to the workers.

    Yields:
        (run, status) in the order in which runs end; the rest is left out after an interruption.
    """
    waiting = collections.deque(runs)
    deaths = collections.defaultdict(list)
    workers, idle = [], []

    def interrupt():
        for one in list(workers):
            one.interrupt()

    try:
        with interruption.telling(interrupt):
            while True:
                while waiting and len(workers) - len(idle) < jobs and not interruption.signal:
                    _employ(waiting.popleft(), threads_of, workers, idle)
                    # A signal in between was passed on to the workers that there were.
                    if interruption.signal is not None:
                        interrupt()
                busy = {one.connection: one for one in workers if one.run is not None}
                if not busy:
                    return
                for ready in connection.wait(list(busy)):
                    one = busy[ready]
                    run, status = one.run, one.ended()
                    if status is None:
                        workers.remove(one)
                        status = one.death()
                        one.close()
                        if interruption.signal is not None:
                            # Before it could listen to signals.
                            status = INTERRUPTED
                        elif _is_worth_a_try(run, status, deaths[run.name]):
                            waiting.append(run)
                            continue
                    else:
                        one.run = None
                        idle.append(one)
                    yield run, status
    except BaseException:
        for one in workers:
            one.close(is_patient=False)
        workers.clear()
        raise
    finally:
        for one in workers:
            one.close()


def _employ(run, threads_of, workers, idle):
    """Gives the run to an idle worker with its number of threads, or to a new one."""
    threads = threads_of(run)
    while idle:
        one = idle.pop()
        if one.threads == threads:
            break
        workers.remove(one)
        one.close()
    else:
        one = _Worker(threads)
        workers.append(one)
    one.start(run)


def _is_worth_a_try(run, death, deaths):
    """Notes the death in the run's directory; whether it is the first one at this checkpoint."""
    directory = RunDirectory(run.directory, run.experiment)
    step = max(found_in(directory.checkpoints), default=None)
    is_new = (death, step) not in deaths
    deaths.append((death, step))
    status = death if not is_new else f"{death}; is tried again"
    # Neither a full disk nor a directory that could not be made ends the sweep.
    with contextlib.suppress(OSError):
        directory.note_status(status, failures=[{"how": death, "checkpoint": step}])
    return is_new
