"""Weights and output shapes of any Keras model, from a symbolic call where it does not say them."""

import numbers

import keras

__all__ = ["build_model", "code_shape", "symbolic_outputs"]


def symbolic_outputs(model, input_shape, dtype=None):
    """What ``model`` gives for inputs of a shape, as ``KerasTensor``; makes missing weights.

    Args:
        model: Keras model of one input.
        input_shape: batch axis included; it may be ``None``.
        dtype: of the inputs; by default the model's own.
    """
    return model(keras.KerasTensor(tuple(input_shape), dtype or model.compute_dtype))


def build_model(model, input_shape):
    """Makes the weights of a model, by its ``build`` if it has one.

    A subclass without a ``build`` makes them in its first call; Keras would only mark it as built.
    """
    if isinstance(model, keras.layers.Layer) and type(model).build is keras.layers.Layer.build:
        symbolic_outputs(model, input_shape)
    else:
        model.build(input_shape)


def code_shape(encoder, input_shape):
    """Shape of the output of an encoder without named endpoints, without the batch axis.

    Args:
        encoder: Keras model of one input and one output.
        input_shape: batch axis included.

    Raises:
        ValueError: on an encoder of several outputs.
    """
    try:
        shape = encoder.compute_output_shape(tuple(input_shape))
    except NotImplementedError:
        # A subclass need not implement it.
        outputs = symbolic_outputs(encoder, input_shape)
        shape = keras.tree.map_structure(lambda output: tuple(output.shape), outputs)
    sizes = () if isinstance(shape, dict) else tuple(shape)
    if not sizes or not all(isinstance(size, numbers.Integral | None) for size in sizes):
        raise ValueError(
            "One code per view is expected: an encoder without named endpoints gives one tensor "
            f"[K, ...]. Received: outputs of shapes {shape} from {encoder!r}."
        )
    return sizes[1:]
