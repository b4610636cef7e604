"""Jacobians of an encoder and their spectra: row by row, against all rows at once."""

import tensorflow as tf

from tf_infomax.encoders import MLP
from tf_infomax.evaluation import conditioning


def row_by_row(inputs, width, layers, read):
    """One backward pass an output entry, in a loop; TensorFlow's own decomposition."""
    encoder, x = encoder_and_inputs(inputs, width, layers)

    @tf.function
    def of_rows():
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            outputs = encoder(x)
        return tape.batch_jacobian(outputs, x, experimental_use_pfor=False)

    def step():
        jacobians = of_rows()
        if read == "jacobian":
            return [jacobians]
        return [_read(tf.linalg.svd(jacobians, compute_uv=False).numpy(), read)]

    return step


def at_once(inputs, width, layers, read):
    """``conditioning``: the Jacobian vectorised, LAPACK in a pool of threads."""
    encoder, x = encoder_and_inputs(inputs, width, layers)
    jacobian = conditioning.jacobian_function(encoder)

    def step():
        jacobians = jacobian(x)
        if read == "jacobian":
            return [jacobians]
        if read == "spectrum":
            return [conditioning.singular_values(jacobians)]
        return [conditioning.log_condition_numbers(jacobians)]

    return step


def _read(spectra, read):
    return spectra if read == "spectrum" else conditioning.log_condition_number(spectra)


def encoder_and_inputs(inputs, width, layers):
    encoder = MLP((width,) * layers, shortcuts=True, seed=0)
    encoder.build((None, width))
    return encoder, tf.random.stateless_uniform([inputs, width], [0, 0])
