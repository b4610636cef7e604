"""One run of a sweep, in this process or in a worker."""

import contextlib
import os
import threading
import time
import traceback

from tf_infomax.running.quiet_tensorflow import import_tensorflow

__all__ = ["carry_out", "end_with"]

# A worker process imports this module before it unpickles its run, which needs TensorFlow: here its
# start-up lines can still be hidden from the user.
import_tensorflow()


def carry_out(run, threads, parent):
    """Carries out a run or a point of a study.

    Args:
        run: ``Run``.
        threads: number of threads for TensorFlow's operations.
        parent: id of the process that started the sweep; a worker ends when it is gone.

    Returns:
        (the run's name, how it ended: ``FINISHED``, ``NON_FINITE``, or the traceback of a
        failure).
    """
    import tensorflow as tf

    from tf_infomax.running.run import FINISHED, execute
    from tf_infomax.running.run_study import execute_study, is_study

    # TensorFlow's numbers of threads are fixed for the life of the process.
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    end_with(parent)
    try:
        if is_study(run.experiment):
            execute_study(run)
            return run.name, FINISHED
        return run.name, execute(run)
    except Exception:
        return run.name, traceback.format_exc()


def end_with(parent):
    """Ends this process when ``parent`` is gone: a killed sweep must leave no writers behind."""

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    # A single job runs in the parent itself. A worker may find its parent gone already.
    if os.getpid() != parent:
        threading.Thread(target=watch, daemon=True).start()
