"""SavedModels whose inputs and outputs have names."""

import tensorflow as tf

__all__ = ["write_saved_model"]


def write_saved_model(path, variables, signatures, serve=None):
    """Writes a SavedModel.

    Args:
        path: folder to write to.
        variables: the Keras variables behind the functions.
        signatures: dict of name -> concrete function with a dict of outputs.
        serve: function with an input signature, which ``tf.saved_model.load(path).serve`` will be,
            or ``None``.
    """
    module = tf.Module()
    # Variables are saved only if the module knows them.
    module.weights = [variable.value for variable in variables]
    if serve is not None:
        module.serve = serve
    tf.saved_model.save(module, str(path), signatures=signatures)
