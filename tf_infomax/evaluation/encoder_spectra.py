"""Spectra of an encoder's Jacobians, decomposed on the host or on the device that computed them."""

import time

import numpy as np
import tensorflow as tf

from tf_infomax.evaluation import conditioning
from tf_infomax.evaluation.representations import NonFiniteError
from tf_infomax.naming import arguments

__all__ = ["DEVICES", "READ", "EncoderSpectra", "spectra_on_device"]

DEVICES = ("auto", "host", "gpu")
READ = ("singular_values", "log_condition_numbers")


class EncoderSpectra:
    """Singular values or log condition numbers of an encoder's Jacobians, at many inputs.

    Compiled at the first call. On the host LAPACK decomposes what the encoder's device has
    computed; on a GPU the Jacobian and its decomposition are one function. The two agree to 1e-5.

    Args:
        encoder: Keras model or function, as for ``conditioning.jacobian_function``.
        read: "singular_values", descending; or "log_condition_numbers".
        device: "host"; "gpu"; or "auto", where the first call measures both if there is a GPU. Last
            bits depend on the choice, and so may those of a run that was continued.

    Call arguments:
        inputs: floating ``[K, ...]``. Returns ``[K, min(Dout, Din)]`` or ``[K]``.

    Attributes:
        device: "host" or "gpu"; "auto" until it is chosen.

    Raises:
        ValueError: on an unknown option, "gpu" without a GPU, or inputs that are not a floating
            batch.
        NonFiniteError: a ``ValueError``, when called, if a Jacobian is not finite.
    """

    def __init__(self, encoder, read="singular_values", device="auto"):
        arguments.function(encoder, "encoder", "a Keras model or a function")
        for name, value, known in (("read", read, READ), ("device", device, DEVICES)):
            if value not in known:
                raise ValueError(
                    f"`{name}` must be one of {', '.join(known)}. Received: {name}={value!r}."
                )
        has_gpu = bool(tf.config.list_logical_devices("GPU"))
        if device == "gpu" and not has_gpu:
            raise ValueError("`device` must be auto or host without a GPU. Received: device='gpu'.")
        self._paths = {
            "host": _on_host(encoder, read), "gpu": spectra_on_device(encoder, read),
        }  # fmt: skip
        self.device = device if has_gpu else "host"

    def __call__(self, inputs):
        if self.device == "auto":
            self.device = fastest(self._paths, inputs)
        return self._paths[self.device](inputs)


def fastest(paths, inputs):
    """Name of the function in ``paths`` that takes the least time at its second call.

    One that the device cannot carry out is not chosen, except if there is no other.
    """
    seconds = {}
    for name, function in paths.items():
        try:
            # Traced and compiled by the first.
            function(inputs)
            began = time.perf_counter()
            function(inputs)
        except tf.errors.OpError:
            seconds[name] = np.inf
        else:
            seconds[name] = time.perf_counter() - began
    return min(seconds, key=seconds.get)


def _on_host(encoder, read):
    jacobian = conditioning.jacobian_function(encoder)

    def of_inputs(inputs):
        jacobians = jacobian(inputs)
        _check_finite(np.isfinite(jacobians).all(axis=(1, 2)))
        return getattr(conditioning, read)(jacobians)

    return of_inputs


def spectra_on_device(encoder, read="singular_values"):
    """Function of inputs as ``EncoderSpectra``, of one compiled function wherever the encoder is.

    For float32 the values are roots of the eigenvalues of ``A^T A`` in float64, which keep all
    digits of a float32; matrices that are conditioned too badly for that are decomposed themselves.
    """

    @tf.function(reduce_retracing=True)
    def of_chunk(chunk, shape):
        jacobians = conditioning.jacobian_of_chunk(encoder, chunk, shape)
        is_finite = tf.reduce_all(tf.math.is_finite(jacobians), axis=[1, 2])
        # Decompositions of NaN end in errors that differ from device to device.
        exact = tf.cast(tf.where(is_finite[:, tf.newaxis, tf.newaxis], jacobians, 0), tf.float64)
        if jacobians.dtype == tf.float64:
            spectra = tf.linalg.svd(exact, compute_uv=False)
        else:
            spectra = _roots_of_eigenvalues(exact)
        # In the last column, so that there is one result to be put together.
        flags = tf.where(is_finite, 0.0, np.nan)[:, tf.newaxis]
        return tf.concat([spectra, tf.cast(flags, tf.float64)], axis=1)

    def of_inputs(inputs):
        found = conditioning.over_chunks(of_chunk, inputs)
        _check_finite(~np.isnan(found[:, -1]))
        if read == "log_condition_numbers":
            return conditioning.log_condition_number(found[:, :-1])
        return found[:, :-1].astype(tf.convert_to_tensor(inputs).dtype.as_numpy_dtype)

    return of_inputs


def _roots_of_eigenvalues(exact):
    """Singular values of float64 ``[K, M, N]`` that hold digits of float32, descending."""
    is_tall = exact.shape[1] >= exact.shape[2]
    gram = tf.matmul(exact, exact, transpose_a=is_tall, transpose_b=not is_tall)
    ascending = tf.linalg.eigvalsh(gram)
    roots = tf.sqrt(tf.maximum(ascending[:, ::-1], 0.0))
    is_lost = ascending[:, 0] < conditioning.SMALLEST_EIGENVALUE * ascending[:, -1]
    return tf.cond(
        tf.reduce_any(is_lost),
        lambda: tf.where(is_lost[:, tf.newaxis], tf.linalg.svd(exact, compute_uv=False), roots),
        lambda: roots,
    )


def _check_finite(is_finite):
    if not is_finite.all():
        raise NonFiniteError(
            "Jacobians must be finite to be decomposed. Received: NaN or infinity in "
            f"{np.sum(~is_finite)} of {len(is_finite)} of them."
        )
