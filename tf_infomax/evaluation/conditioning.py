"""How close an encoder is to losing information: the spectrum of its Jacobian.

Tschannen et al. (2020), section 3.1 and Fig. 2: the condition number sigma_1 / sigma_min of
``d encoder(x) / d x`` at single inputs.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

from tf_infomax.percentiles import PERCENTILES, percentiles

__all__ = [
    "PERCENTILES",
    "jacobian",
    "jacobian_function",
    "log_condition_number",
    "percentiles",
    "singular_values",
]

# Inputs whose Jacobians are computed together: bounds the memory, costs no time.
_CHUNK = 16


def jacobian_function(encoder):
    """A compiled function from inputs to the encoder's Jacobian at each of them.

    Reverse mode: one backward pass an output entry, vectorised over entries and inputs.

    Args:
        encoder: Keras model (or function) ``[K, Din] -> [K, Dout]`` that treats the rows apart.

    Returns:
        Function of ``inputs``, floating ``[K, Din]``, to a NumPy array ``[K, Dout, Din]``: entry
        [b, i, j] is d out_i / d in_j at input b. It raises ``ValueError`` if ``inputs`` is no
        floating matrix.
    """

    @tf.function(reduce_retracing=True)
    def of_chunk(chunk):
        with tf.GradientTape() as tape:
            tape.watch(chunk)
            outputs = encoder(chunk)
        return tape.batch_jacobian(outputs, chunk)

    def of_inputs(inputs):
        inputs = tf.convert_to_tensor(inputs)
        if inputs.shape.rank != 2 or not inputs.dtype.is_floating:
            raise ValueError(
                "`inputs` must be a floating matrix [K, D]. "
                f"Received: {inputs.dtype.name} of shape {inputs.shape}."
            )
        starts = range(0, inputs.shape[0], _CHUNK)
        return np.concatenate([of_chunk(inputs[start : start + _CHUNK]) for start in starts])

    return of_inputs


def jacobian(encoder, inputs):
    """Jacobian of the encoder at every input; see ``jacobian_function``, which compiles once."""
    return jacobian_function(encoder)(inputs)


def singular_values(jacobians):
    """Singular values of every matrix, descending.

    LAPACK on one BLAS thread a matrix and a pool of threads over the matrices: a multi-threaded
    BLAS on matrices this small spends its time waiting.

    Args:
        jacobians: ``[K, Dout, Din]``.

    Returns:
        ``[K, min(Dout, Din)]``, in the dtype of ``jacobians``.
    """
    jacobians = np.asarray(jacobians)
    if jacobians.ndim != 3:
        raise ValueError(
            f"`jacobians` must have shape [K, Dout, Din]. Received: shape {jacobians.shape}."
        )
    threads = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count())
    with threadpool_limits(limits=1), ThreadPoolExecutor(threads) as pool:
        spectra = pool.map(lambda matrix: np.linalg.svd(matrix, compute_uv=False), jacobians)
        return np.stack(list(spectra))


def log_condition_number(spectra):
    """``log(sigma_1 / sigma_min)`` of spectra ``[..., D]``, in any order: ``[...]``, natural log.

    Infinite where the smallest singular value is zero: the encoder is not invertible there.
    """
    spectra = np.asarray(spectra)
    with np.errstate(divide="ignore"):
        return np.log(spectra.max(axis=-1)) - np.log(spectra.min(axis=-1))
