"""How close an encoder is to losing information: the spectrum of its Jacobian.

Tschannen et al. (2020), section 3.1 and Fig. 2: the condition number sigma_1 / sigma_min of
``d encoder(x) / d x`` at single inputs.
"""

import functools
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf
from threadpoolctl import threadpool_limits

from tf_infomax.evaluation.extreme_singular_values import extreme_singular_values
from tf_infomax.naming import arguments
from tf_infomax.numerics.percentiles import PERCENTILES, percentiles
from tf_infomax.numerics.tensors import tensor

__all__ = [
    "PERCENTILES",
    "jacobian",
    "jacobian_function",
    "log_condition_number",
    "log_condition_numbers",
    "percentiles",
    "singular_values",
]

# Inputs whose Jacobians are computed together: limits memory at no cost in time.
_CHUNK = 16
# Matrices that a thread decomposes together: NumPy keeps other threads out for a single one.
_STACK = 8
# Smallest eigenvalue relative to the largest: its rounding error, about 1e-16 of the largest, is
# 1e-6 of it, and 5e-7 of its root; measured was 2e-7 (log condition number 11.5); float32 rounds to
# 6e-8.
SMALLEST_EIGENVALUE = 1e-10


def jacobian_function(encoder):
    """A compiled function from inputs to the encoder's Jacobian at each of them.

    Reverse mode, one backward pass an output entry, or forward mode, one pass an input entry:
    whichever has fewer. All passes are one computation, vectorised over entries and inputs.

    Args:
        encoder: Keras model (or function) ``[K, ...] -> [K, Dout]`` of each row by itself.

    Returns:
        Function of ``inputs``, floating ``[K, ...]``, to a NumPy array ``[K, Dout, Din]``: entry
        [b, i, j] is d out_i / d in_j at input b, images flattened to Din numbers. It raises
        ``ValueError`` if ``inputs`` are not a floating batch, or codes have another rank.
    """

    arguments.function(encoder, "encoder", "a Keras model or a function")
    of_chunk = tf.function(functools.partial(jacobian_of_chunk, encoder), reduce_retracing=True)
    return functools.partial(over_chunks, of_chunk)


def jacobian_of_chunk(encoder, chunk, shape):
    """Jacobians ``[K, Dout, Din]`` at the rows of ``chunk [K, Din]``, to be compiled.

    Args:
        encoder: as ``jacobian_function``.
        chunk: flattened inputs.
        shape: of the inputs that the encoder takes, with -1 for K; ``None`` if these are flat.
    """
    with tf.GradientTape() as forward:
        with tf.GradientTape(persistent=True) as reverse:
            reverse.watch(chunk)
            outputs = encoder(chunk if shape is None else tf.reshape(chunk, shape))
        if not tf.is_tensor(outputs) or outputs.shape.rank != 2:
            found = getattr(outputs, "shape", type(outputs).__name__)
            raise ValueError(
                "`encoder` must give codes of shape [K, Dout]: flatten maps, choose one of several "
                f"outputs. Received: outputs of shape {found}."
            )
        if outputs.shape[1] <= chunk.shape[1]:
            return reverse.batch_jacobian(outputs, chunk)
        # J^T u is linear in u, at any u: the rows of its Jacobian are the columns of J.
        weights = tf.zeros_like(outputs)
        forward.watch(weights)
        # Codes that do not depend on the inputs have a Jacobian of zeros, as in reverse mode.
        pulled_back = reverse.gradient(outputs, chunk, weights, tf.UnconnectedGradients.ZERO)
    columns = forward.batch_jacobian(pulled_back, weights, tf.UnconnectedGradients.ZERO)
    return tf.transpose(columns, [0, 2, 1])


def over_chunks(of_chunk, inputs):
    """``of_chunk(flattened inputs, shape)`` of some inputs after the other, as a NumPy array.

    Raises:
        ValueError: if ``inputs`` are not a floating batch.
    """
    inputs = tensor(inputs, "inputs")
    if inputs.shape.rank < 2 or not inputs.dtype.is_floating or 0 in inputs.shape:
        raise ValueError(
            "`inputs` must be a floating batch [K, D] or [K, H, W, C]. "
            f"Received: {inputs.dtype.name} of shape {inputs.shape}."
        )
    shape = None
    if inputs.shape.rank > 2:
        shape = (-1, *inputs.shape[1:])
        inputs = tf.reshape(inputs, [inputs.shape[0], -1])
    starts = range(0, inputs.shape[0], _CHUNK)
    return np.concatenate([of_chunk(inputs[start : start + _CHUNK], shape) for start in starts])


def jacobian(encoder, inputs):
    """Jacobian of the encoder at every input; see ``jacobian_function``, which compiles once."""
    return jacobian_function(encoder)(inputs)


def singular_values(jacobians):
    """Singular values of every matrix, descending.

    LAPACK with one BLAS thread per matrix and a pool of threads over the matrices: a multi-threaded
    BLAS on matrices this small spends its time waiting.

    Args:
        jacobians: ``[K, Dout, Din]``, finite.

    Returns:
        ``[K, min(Dout, Din)]``, in the dtype of ``jacobians`` (float16: float32; integers:
        float64); every value to about the precision of this dtype.

    Raises:
        ValueError: if an entry is not finite, or the shape is another.
    """
    return _of_all(_spectra, jacobians)


def _spectra(matrices):
    """Singular values of every matrix of a stack, descending.

    For float32 they are roots of the eigenvalues of ``A^T A`` in float64, for half the operations.
    Squaring doubles the range in digits between the largest and the smallest: as long as the
    smallest eigenvalue keeps the digits of a float32, nothing is lost.
    """
    if matrices.dtype != np.float32:
        return np.linalg.svd(matrices, compute_uv=False)
    exact = matrices.astype(np.float64)
    transposed = exact.swapaxes(1, 2)
    is_tall = matrices.shape[1] >= matrices.shape[2]
    ascending = np.linalg.eigvalsh(transposed @ exact if is_tall else exact @ transposed)
    spectra = np.sqrt(np.maximum(ascending[:, ::-1], 0.0)).astype(np.float32)
    is_lost = ascending[:, 0] < SMALLEST_EIGENVALUE * ascending[:, -1]
    if is_lost.any():
        spectra[is_lost] = np.linalg.svd(matrices[is_lost], compute_uv=False)
    return spectra


def log_condition_numbers(jacobians):
    """``log(sigma_1 / sigma_min)`` of every matrix, without the values between: ``[K]``.

    Faster than the whole spectrum, and more accurate at large condition numbers: to 1e-5 for the
    given matrices, and mostly to 1e-7.

    Args:
        jacobians: ``[K, Dout, Din]``, finite.

    Returns:
        ``[K]``, natural logarithms; infinite for a singular matrix.

    Raises:
        ValueError: as ``singular_values``.
    """
    extremes = _of_all(extreme_singular_values, jacobians)
    return log_condition_number(extremes)


def _of_all(function, jacobians):
    """``function`` of stacks of ``[K, Dout, Din]``, in as many threads as there are cores."""
    jacobians = arguments.array(jacobians, "jacobians")
    if jacobians.ndim != 3 or not jacobians.size or jacobians.dtype.kind not in "fiu":
        raise ValueError(
            "`jacobians` must be numbers of shape [K, Dout, Din], none of these zero. "
            f"Received: shape {jacobians.shape}, {jacobians.dtype.name}."
        )
    if jacobians.dtype not in (np.float32, np.float64):
        # LAPACK has no others.
        is_half = jacobians.dtype == np.float16
        jacobians = jacobians.astype(np.float32 if is_half else np.float64)
    finite = np.isfinite(jacobians).all(axis=(1, 2))
    if not finite.all():
        raise ValueError(
            "`jacobians` must be finite. Received: NaN or infinity in "
            f"{np.sum(~finite)} of {len(finite)} of them, number {np.argmin(finite)} the first."
        )
    threads = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count())
    with threadpool_limits(limits=1), ThreadPoolExecutor(threads) as pool:
        starts = range(0, len(jacobians), _STACK)
        stacks = [jacobians[start : start + _STACK] for start in starts]
        return np.concatenate(list(pool.map(function, stacks)))


def log_condition_number(spectra):
    """``log(sigma_1 / sigma_min)`` of spectra ``[..., D]``, in any order: ``[...]``, natural log.

    Infinite where the smallest singular value is zero: the encoder is not invertible there.

    Raises:
        ValueError: on spectra without values, or with one that is NaN or below 0.
    """
    spectra = arguments.array(spectra, "spectra")
    # Negated, so that NaN is an error.
    if not spectra.ndim or not spectra.shape[-1] or not (spectra >= 0.0).all():
        raise ValueError(
            "`spectra` must be singular values of shape [..., D], none below 0. "
            f"Received: spectra of shape {spectra.shape}, {np.sum(~(spectra >= 0.0))} of them NaN "
            "or below 0."
        )
    smallest = spectra.min(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(spectra.max(axis=-1)) - np.log(smallest)
    # A matrix of zeros is singular, too.
    return np.where(smallest == 0.0, np.inf, logs)
