"""Noise as targets: every example is drawn to a fixed random point of the unit sphere."""

import keras
import numpy as np
import tensorflow as tf
from scipy.optimize import linear_sum_assignment

from tf_infomax.naming.arguments import integer, seed_or_none
from tf_infomax.numerics.geometry import unit_norm
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives import options
from tf_infomax.objectives.batch_checks import checked_range
from tf_infomax.objectives.term import Term, checked_endpoint

__all__ = ["NoiseAsTargets", "assigned"]


def assigned(costs):
    """Which column each row is assigned to, each column once, at the least total cost.

    Args:
        costs: ``[K, K]``, a tensor; entries that are not finite count as very dear, so that a
            diverged encoder is reported by its loss and not by an exception in the step.

    Returns:
        int64 ``[K]``, a permutation: exact, by the Hungarian algorithm (SciPy's).
    """

    def on_host(costs):
        # By their signs: infinities, too.
        costs = np.nan_to_num(costs.astype(np.float64), nan=1e30, posinf=1e30, neginf=-1e30)
        return linear_sum_assignment(costs)[1].astype(np.int64)

    # Said, since TensorFlow would otherwise move it there without a word.
    with tf.device("CPU:0"):
        found = tf.numpy_function(on_host, [costs], tf.int64, stateful=False)
    return tf.ensure_shape(found, costs.shape[:1])


@keras.saving.register_keras_serializable(package="tf_infomax")
class NoiseAsTargets(Term):
    """NAT: ``min mean |f_i - t_a(i)|^2``, unit codes f, fixed targets t, the assignment a learned.

    The targets are drawn once, uniformly on the unit sphere, one for every training example; the
    assignment is a permutation of them. In each step the targets that the batch's examples hold are
    assigned anew among these examples, at the least total distance (``assigned``), and then the
    encoder takes a step towards them. The code itself stays as the encoder gives it; only here it
    is put on the sphere.

    Targets and assignment are weights, not trained: they are checkpointed and saved with the model,
    so that a resumed run goes on bit for bit.

    The Hungarian algorithm runs on the host (``tf.numpy_function``): it is exact and takes a
    tenth of a millisecond for 64 examples, where an auction in TensorFlow would be a loop of
    data-dependent length that reaches the optimum only up to its step size. XLA cannot compile a
    call to the host, so the term says so (``supports_jit = False``): Keras' and the experiments'
    ``jit_compile="auto"`` then compile nothing, and an explicit request is an error.

    Batches must hold "index", the number of every example in the data set. The experiments' batches
    do; ``fit`` takes ``({"images": images, "index": numbers}, labels)``.

    Args:
        num_examples: training examples, as many as there are targets.
        endpoint: the code; maps are refused.
        weight: factor of the loss.
        seed: int for reproducible targets, or ``None``.

    Raises:
        ValueError: if ``num_examples`` is below 2, the endpoint is no vector; from ``loss``, on
            batches without the numbers of the examples, or where these are not integers ``[K]``.
        tf.errors.InvalidArgumentError: from a training step, on numbers of no example.

    Reference: Bojanowski and Joulin (2017), arXiv:1704.05310. Hjelm et al. (2019), Tables 1, 2 and
    4, do not say how their targets are distributed.
    """

    label = "noise_as_targets"
    least_rows = 2

    def __init__(
        self,
        num_examples,
        endpoint=options.NoiseAsTargets.endpoint,
        weight=options.NoiseAsTargets.weight,
        seed=None,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        self.num_examples = integer(num_examples, "num_examples", 2, "2 or more")
        self.endpoint = checked_endpoint(endpoint)
        self.seed = seed_or_none(seed)
        self.targets = self.assignment = None
        # Keras' switch, which ``jit_compile="auto"`` asks for.
        self.supports_jit = False

    def connect(self, encoded):
        shape = encoded.shape(self.endpoint)
        if len(shape) != 1:
            raise ValueError(
                "Targets are vectors, and so must be the codes, such as 'global'. "
                f"Received: endpoint={self.endpoint!r} of shape {shape}."
            )
        draw = keras.initializers.RandomNormal(stddev=1.0, seed=self.seed)
        self.targets = self.add_weight(
            shape=(self.num_examples, *shape),
            initializer=lambda shape, dtype: unit_norm(draw(shape, dtype)),
            trainable=False,
            name="targets",
        )
        self.assignment = self.add_weight(
            shape=(self.num_examples,),
            initializer=lambda shape, dtype: tf.range(shape[0], dtype=dtype),
            trainable=False,
            dtype="int64",
            # All replicas make the same assignment, of the whole batch.
            aggregation="only_first_replica",
            name="assignment",
        )
        self._finish_connect()

    @property
    def metric_units(self):
        return {"noise_as_targets_loss": "1", "noise_as_targets_reassigned": "fraction"}

    def loss(self, features):
        index = features.fact("index")
        if index is None:
            raise ValueError(
                "Noise as targets needs the number of every example in the data set, fit(data) "
                'with batches ({"images": images, "index": numbers}, labels). '
                "Received: a batch without 'index'."
            )
        if not index.shape.is_compatible_with([None]):
            raise ValueError(
                "'index' must be one number of every example, of shape [K]. "
                f"Received: index of shape {index.shape}."
            )
        index = checked_range(
            index, "index", 0, self.num_examples - 1,
            f"The numbers of examples must be from 0 to {self.num_examples - 1}, since "
            f"`num_examples` is {self.num_examples}.",
        )  # fmt: skip
        codes = unit_norm(wide(features.read(self.endpoint)))
        held = tf.gather(self.assignment.value, index)
        targets = tf.cast(tf.gather(self.targets.value, held), codes.dtype)
        # |f - t|^2 = 2 - 2 f t on the sphere.
        order = assigned(-tf.stop_gradient(tf.matmul(codes, targets, transpose_b=True)))
        if features.training and self.trainable:
            self.assignment.assign(
                tf.tensor_scatter_nd_update(
                    self.assignment.value, index[:, tf.newaxis], tf.gather(held, order)
                )
            )
        value = tf.reduce_mean(
            tf.reduce_sum((codes - tf.gather(targets, order)) ** 2, axis=-1)
        )
        moved = tf.not_equal(order, tf.range(tf.size(order, tf.int64)))
        metrics = {
            "noise_as_targets_loss": value,
            "noise_as_targets_reassigned": tf.reduce_mean(tf.cast(moved, value.dtype)),
        }
        return self.weight * value, metrics

    def get_config(self):
        return {
            **super().get_config(),
            "num_examples": self.num_examples,
            "endpoint": self.endpoint,
            "seed": self.seed,
        }
