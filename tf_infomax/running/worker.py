"""One run of a sweep, in this process or in a worker."""

import contextlib
import os
import threading
import time
import traceback

from tf_infomax.naming.sentences import sentence
from tf_infomax.running.quiet_tensorflow import import_tensorflow

__all__ = ["REFUSED", "carry_out", "end_with", "serve", "set_threads"]

# With which the status of a run begins that could not start, go on, or write its files.
REFUSED = "refused: "

# A worker process imports this module before it unpickles its run, which needs TensorFlow: here its
# start-up lines can still be hidden from the user.
import_tensorflow()


def serve(connection, threads, parent):
    """Carries out the runs that come through a connection, until it is closed.

    Args:
        connection: receives ``Run`` and sends what ``carry_out`` returns.
        threads: number of threads for TensorFlow's operations.
        parent: id of the process that started the sweep; the worker ends when it is gone.
    """
    from tf_infomax.training.interruption import Interruption

    end_with(parent)
    set_threads(threads)
    with Interruption(), contextlib.suppress(EOFError):
        while True:
            connection.send(carry_out(connection.recv()))


def set_threads(threads):
    """Sets TensorFlow's numbers of threads, unless they are fixed in this process already."""
    import tensorflow as tf

    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)


def carry_out(run):
    """Carries out a run or a point of a study.

    Returns:
        (the run's name, how it ended: ``FINISHED``, ``NON_FINITE``, ``INTERRUPTED``, ``REFUSED``
        with the reason, or the traceback of a failure). The run's directory says so, too.

    Raises:
        WorkerLostError: if another worker of the strategy has ended; no other run can follow.
        ValueError: if this worker is not the first, and was started with other flags or data.
    """
    from tf_infomax.numerics.freed_graphs import forget_run, free_graphs

    free_graphs()
    try:
        return _carried_out(run)
    finally:
        forget_run()


def _carried_out(run):
    from tf_infomax.running.execution import FINISHED, INTERRUPTED
    from tf_infomax.running.run import RefusedError, execute
    from tf_infomax.running.run_directory import RunDirectory
    from tf_infomax.running.run_study import execute_study, is_study
    from tf_infomax.training import strategies
    from tf_infomax.training.devices import WorkerLostError
    from tf_infomax.training.interruption import Interrupted, current

    if not strategies.start(run.strategy).is_chief:
        return run.name, execute(run)
    if current().signal is not None:
        return run.name, INTERRUPTED
    directory = RunDirectory(run.directory, run.experiment)
    try:
        if is_study(run.experiment):
            execute_study(run)
            return run.name, FINISHED
        return run.name, execute(run)
    except Interrupted:
        status = INTERRUPTED
    except RefusedError as error:
        # Possibly the directory of another run or process, which keeps its status.
        return run.name, REFUSED + sentence(error)
    except OSError as error:
        status = REFUSED + sentence(error)
    except WorkerLostError:
        raise
    except Exception:
        status = traceback.format_exc()
    # On a full disk there is no room for a status either.
    with contextlib.suppress(OSError):
        directory.note_status(status.splitlines()[0], reason=status.splitlines()[-1])
    return run.name, status


def end_with(parent):
    """Ends this process when ``parent`` is gone: a killed sweep must leave no writers behind."""

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    # A single job runs in the parent itself. A worker may find its parent gone already.
    if os.getpid() != parent:
        threading.Thread(target=watch, daemon=True).start()
