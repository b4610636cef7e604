"""Encoders of several views in a configuration, where one encoder may serve several of them."""

import keras

__all__ = ["encoders_of", "serialized_encoders"]


def serialized_encoders(encoders):
    """Dict of view -> configuration; or, of an encoder already listed, the name of its first view.

    Args:
        encoders: dict of view -> Keras model.
    """
    first, result = {}, {}
    for view, encoder in encoders.items():
        known = first.setdefault(id(encoder), view)
        result[view] = keras.saving.serialize_keras_object(encoder) if known == view else known
    return result


def encoders_of(config):
    """Dict of view -> Keras model, from ``serialized_encoders``.

    Configurations of earlier versions describe the encoder again for each of its views; those in
    files say by numbers of Keras' own that it is the same.
    """
    result = {}
    for view, one in config.items():
        is_shared = isinstance(one, str)
        result[view] = result[one] if is_shared else keras.saving.deserialize_keras_object(one)
    return result
