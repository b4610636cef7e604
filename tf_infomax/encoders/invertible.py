"""The invertible encoder: a RealNVP flow as a Keras model."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax import flows
from tf_infomax.encoders.base import Encoder
from tf_infomax.encoders.mlp import MLP, layer_initializer
from tf_infomax.layers.own_layers import OwnLayers, network_seed
from tf_infomax.layers.shared import initializer_of
from tf_infomax.naming.arguments import integer, integers, positive_integer
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["RealNVP"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class RealNVP(OwnLayers, Encoder):
    """A bijection of R^D: mutual information with its output always equals that with its input.

    Couplings are applied from the last to the first, each after its own permutation, fixed at
    construction. Defaults are those of Tschannen et al. (2020), section 3.1: shifts only for
    Fig. 1a,b (the published code's choice, where the text says RealNVP), ``scale="softplus"`` for
    Fig. 1c.

    Args:
        num_couplings: number of couplings.
        hidden_units: widths of the conditioners' hidden ReLU layers.
        scale: "none" (volume preserving, a permutation at the start) or "softplus".
        permutation_seed: the permutations are a pure function of this seed and D.
        permutations: int ``[num_couplings, D]``, in place of drawn permutations.
        kernel_initializer: any Keras identifier; ``None`` means truncated normal of sd 1e-4.
        seed: int for reproducible conditioners, or ``None``.

    Call arguments:
        inputs: ``[K, ...]`` of any type, flattened to ``[K, D]``, D >= 2, and cast to the compute
            dtype.  Returns ``[K, D]``.

    Raises:
        ValueError: on arguments or inputs that do not fit.
    """

    flattens = True

    def __init__(
        self,
        num_couplings=30,
        hidden_units=(512, 512),
        scale="none",
        permutation_seed=0,
        permutations=None,
        kernel_initializer=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if scale not in flows.SCALES:
            raise ValueError(f"`scale` must be one of {flows.SCALES}. Received: scale={scale!r}.")
        if permutations is not None:
            permutations = _checked_permutations(permutations)
            num_couplings = len(permutations)
        self.num_couplings = positive_integer(num_couplings, "num_couplings")
        self.hidden_units = integers(hidden_units, "hidden_units", smallest_number=0)
        self.scale = scale
        self.permutation_seed = integer(permutation_seed, "permutation_seed", smallest=0)
        self._given_permutations = permutations
        self.permutations = permutations
        if kernel_initializer is None:
            kernel_initializer = keras.initializers.TruncatedNormal(stddev=1e-4)
        self.kernel_initializer = initializer_of(kernel_initializer)
        self.seed = network_seed(seed)
        self.flatten = keras.layers.Flatten(
            "channels_last", dtype=self.dtype_policy, name="flatten"
        )

    def _build_layers(self, input_shape):
        dim = self.flatten.compute_output_shape(input_shape)[-1]
        if dim is None or dim < 2:
            raise ValueError(
                "A flow needs inputs of known width 2 or more, since a coupling splits them. "
                f"Received: inputs of shape {tuple(input_shape)}."
            )
        if self._given_permutations is None:
            rng = np.random.default_rng(self.permutation_seed)
            self.permutations = np.stack(
                [rng.permutation(dim) for _ in range(self.num_couplings)]
            ).astype(np.int32)
        elif self.permutations.shape[1] != dim:
            raise ValueError(
                f"`permutations` are of {self.permutations.shape[1]} entries. "
                f"Received: inputs of width {dim}."
            )
        passed, moved = dim // 2, dim - dim // 2
        outputs = moved if self.scale == "none" else 2 * moved
        self.conditioners = [
            MLP(
                (*self.hidden_units, outputs),
                # Far enough apart that no two layers of the flow draw the same numbers.
                kernel_initializer=layer_initializer(
                    self.kernel_initializer, self.seed, 16 * position
                ),
                seed=layer_seed(self.seed, 16 * position),
                dtype=self.dtype_policy,
                name=f"coupling_{position}",
            )
            for position in range(self.num_couplings)
        ]
        self.flatten.build(input_shape)
        for conditioner in self.conditioners:
            conditioner.build((None, passed))
        self._finish_build(input_shape)

    @property
    def bijector(self):
        """The flow as a ``tfp.bijectors.Bijector``; ``ValueError`` if it is not built."""
        self._check_built()
        # Made anew at every use: a bijector caches the tensors of its last calls, which must not
        # leak from one traced function into another.
        return flows.real_nvp(self.conditioners, self.permutations, self.scale)

    def _check_built(self):
        if not self.built:
            raise ValueError(
                "A flow has an inverse and a log-determinant once it knows the width of its "
                "inputs: call it on some, or build it. Received: a flow that is not built."
            )

    def _vectors(self, values):
        """``values`` as ``[K, D]``, D being the width for which the flow was built."""
        self._check_built()
        flat = self.flatten(self._cast(values))
        dim = self.permutations.shape[1]
        # Checked here, since a permutation compiled by XLA repeats entries where some are missing.
        if flat.shape[-1] not in (None, dim):
            raise ValueError(
                f"This flow maps vectors of {dim} entries, shape [K, {dim}]. "
                f"Received: an array of shape {tuple(values.shape)}."
            )
        return flat

    def call(self, inputs):
        return self.bijector.forward(self._vectors(inputs))

    def inverse(self, codes):
        """The inputs that the flow maps to ``codes``: ``[K, D] -> [K, D]``."""
        return self.bijector.inverse(self._vectors(codes))

    def log_det(self, inputs):
        """``log |det d code / d input|`` at each input, ``[K]``, in nats."""
        inputs = self._vectors(inputs)
        # A volume-preserving flow has one log-determinant for all inputs: repeat it for each.
        one_for_all = self.bijector.forward_log_det_jacobian(inputs, event_ndims=1)
        return tf.broadcast_to(one_for_all, tf.shape(inputs)[:1])

    def forward_and_log_det(self, inputs):
        """Codes ``[K, D]`` and log-determinants ``[K]``, in one pass over the couplings."""
        inputs = self._vectors(inputs)
        bijector = self.bijector
        codes = bijector.forward(inputs)
        log_det = bijector.forward_log_det_jacobian(inputs, event_ndims=1)
        return codes, tf.broadcast_to(log_det, tf.shape(inputs)[:1])

    def trace(self, inputs):
        """The results after every permutation and coupling, in the order of application."""
        values, results = self._vectors(inputs), []
        for step in reversed(self.bijector.bijectors):
            values = step.forward(values)
            results.append(values)
        return results

    def compute_output_shape(self, input_shape):
        return self.flatten.compute_output_shape(input_shape)

    def get_config(self):
        given = self._given_permutations
        return {
            **super().get_config(),
            "num_couplings": self.num_couplings,
            "hidden_units": self.hidden_units,
            "scale": self.scale,
            "permutation_seed": self.permutation_seed,
            "permutations": None if given is None else given.tolist(),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "seed": self.seed,
        }


def _checked_permutations(permutations):
    """``permutations`` as int32 ``[num_couplings, D]``; ``ValueError`` on anything else."""
    try:
        values = np.asarray(permutations)
    except (TypeError, ValueError):
        values = np.zeros(())
    # Before they are cast: 0.9 would become 0.
    is_whole = values.ndim == 2 and values.dtype.kind in "iu"
    if not is_whole or not all(
        np.array_equal(np.sort(row), np.arange(len(row))) for row in values
    ):
        raise ValueError(
            "`permutations` must hold one permutation of 0 .. D-1 per coupling, shape "
            f"[num_couplings, D], of integers. Received: an array of {values.dtype}, of shape "
            f"{values.shape}."
        )
    return values.astype(np.int32)
