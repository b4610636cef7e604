"""The devices that share the steps of a run, and what their processes tell each other.

A strategy changes where a step is computed, and not what: the batch of a step is that of one
device, each replica computes on its share of the rows, and the terms read the features of all.
"""

import contextlib

import tensorflow as tf

from tf_infomax.data.batches import Part

__all__ = [
    "BUILD", "COPY", "END", "STEPS", "WARM_UP", "WORKER_LOST", "Devices", "WorkerLostError",
]  # fmt: skip

# What the first worker orders: build the run's objects; take over its variables; steps; the end.
BUILD, COPY, WARM_UP, STEPS, END = range(5)
WORKER_LOST = 4  # exit code: the same command on all workers goes on


class WorkerLostError(RuntimeError):
    """Another worker has ended, or cannot be reached: one sentence that says how to go on."""


class Devices:
    """The devices of this process, at work together with those of the other workers, if any.

    All workers call ``update``, ``order``, ``copy_from_chief`` and ``largest`` in the same order.

    Args:
        name: of the strategy; see ``strategies.Choice``.
        strategy: ``tf.distribute.Strategy``, the only one of this process.

    Attributes:
        name: of the strategy.
        replicas: how many devices share a batch, over all workers.
        workers: number of processes.
        is_chief: whether this process measures, and writes rows and checkpoints.
        part: ``data.batches.Part`` of every batch that this worker's devices share.
    """

    def __init__(self, name, strategy):
        self.name = name
        self._strategy = strategy
        self.replicas = strategy.num_replicas_in_sync
        resolver = strategy.cluster_resolver if name == "multi_worker" else None
        jobs = resolver.cluster_spec().as_dict() if resolver else {}
        self.workers = sum(len(jobs.get(job, ())) for job in ("chief", "worker")) or 1
        # TensorFlow numbers replicas so: those of the chief, if there is one, come first.
        place = 0
        if self.workers > 1:
            place = resolver.task_id
            place += len(jobs.get("chief", ())) if resolver.task_type == "worker" else 0
        self.is_chief = place == 0
        self.part = Part(place, self.workers)

    @property
    def is_shared(self):
        """Whether steps are computed under a strategy."""
        return self.name != "none"

    @property
    def noted(self):
        """What the inputs of a run say of its devices, as JSON."""
        return {"strategy": self.name, "replicas": self.replicas}

    def scope(self):
        """Context in which models and optimizers are made."""
        return self._strategy.scope() if self.is_shared else contextlib.nullcontext()

    def check_batch(self, rows):
        """Raises ``ValueError`` unless the rows of a batch can be shared evenly."""
        if rows % self.replicas:
            raise ValueError(
                f"Each of the {self.replicas} replicas needs as many rows of a batch: use a "
                f"multiple of {self.replicas}. Received: train.batch_size={rows}."
            )

    def update(self, step, batch, batches, is_stopped):
        """One step on all replicas; called within a ``tf.function``.

        Args:
            step: function of a batch -> dict of scalars.
            batch: this worker's ``part`` of the batch, a dict as ``RepresentationModel.step``
                takes it.
            batches: of how many batches, one after the other, ``batch`` consists.
            is_stopped: bool scalar tensor, whether this process is asked to stop.

        Returns:
            (dict of float64 scalars, the means over the replicas; whether any process is asked to
            stop). All workers get the same.
        """
        names = []

        def of_replica(rows, is_asked):
            found = step(rows)
            names[:] = sorted(found)
            values = [*(found[name] for name in names), is_asked]
            return tf.stack([tf.cast(value, tf.float64) for value in values])

        strategy = self._strategy
        shares = strategy.experimental_distribute_values_from_function(
            lambda context: _share(batch, batches, self._own(context))
        )
        reported = strategy.run(of_replica, args=(shares, is_stopped))
        means = strategy.reduce(tf.distribute.ReduceOp.MEAN, reported, axis=None)
        *values, stopped = tf.unstack(means, len(names) + 1)
        return dict(zip(names, values, strict=True)), stopped > 0.0

    def order(self, kind=END, start=0, stop=0):
        """What the first worker orders, on every worker: (kind, start, stop).

        The arguments of the other workers do not matter; they wait until the first one calls.

        Args:
            kind: ``BUILD``, ``COPY``, ``WARM_UP``, ``STEPS`` or ``END``.
            start, stop: numbers of steps; of ``END``, the number of the status.

        Raises:
            WorkerLostError: if another worker has ended.
        """
        if self.workers == 1:
            return kind, start, stop
        numbers = self._chiefs(tf.constant([kind, start, stop], tf.int64))
        return tuple(int(number) for number in numbers)

    def copy_from_chief(self, variables):
        """Gives variables the values that they have on the first worker."""
        if self.workers > 1:
            for variable in variables:
                variable.assign(self._chiefs(tf.convert_to_tensor(variable)))

    def largest(self, number):
        """The largest of an integer of every worker, on every worker; 0 or more."""
        if self.workers == 1:
            return number
        value = tf.constant(number, tf.int64)
        return int(
            tf.reduce_max(
                self._summed(
                    lambda context: tf.one_hot(
                        context.replica_id_in_sync_group, self.replicas, value, 0, dtype=tf.int64
                    )
                )
            )
        )

    def _own(self, context):
        """The replica's ``Part`` of the rows of this worker."""
        local = self.replicas // self.workers
        return Part(context.replica_id_in_sync_group % local, local)

    def _chiefs(self, value):
        """The chief's value, on every worker."""
        own = tf.zeros_like(value)
        return self._summed(
            lambda context: value if context.replica_id_in_sync_group == 0 else own
        )

    def _summed(self, of_context):
        with self.telling():
            values = self._strategy.experimental_distribute_values_from_function(of_context)
            return self._strategy.reduce(tf.distribute.ReduceOp.SUM, values, axis=None)

    @contextlib.contextmanager
    def telling(self):
        """Within it, a broken connection to another worker is a ``WorkerLostError``."""
        try:
            yield
        except tf.errors.OpError as error:
            if self.workers == 1:
                raise
            raise WorkerLostError(
                "Another worker has ended or cannot be reached; start the same command on all "
                f"workers to go on from the last checkpoint ({type(error).__name__})."
            ) from None


def _share(batch, batches, part):
    """The rows of one replica: the same number of each of the batches."""
    # Everyone needs the seed, from which all draw for the whole batch.
    return {
        name: entry
        if name == "seed"
        else tf.nest.map_structure(lambda values: part.of(values, batches), entry)
        for name, entry in batch.items()
    }
