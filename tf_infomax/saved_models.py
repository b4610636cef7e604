"""SavedModels whose inputs and outputs keep their names."""

import tensorflow as tf

__all__ = ["write_saved_model"]


def write_saved_model(model, path, specs, output_names):
    """Writes a SavedModel of a Keras model's call, for any number of rows.

    ``tf.saved_model.load(path).serve(inputs)`` takes and gives what ``model(inputs)`` does; the
    signatures "serve" and "serving_default" take tensors by the names of ``specs`` and give a dict
    with ``output_names``. (``keras.Model.export`` would name them "args_0" and "output_0".)

    Args:
        model: built Keras model of one input, or of a tuple of inputs.
        path: folder to write to.
        specs: ``tf.TensorSpec`` of each input, with the name that it gets.
        output_names: of the outputs, in their order.
    """
    inputs = specs[0] if len(specs) == 1 else tuple(specs)

    @tf.function(input_signature=[inputs])
    def serve(inputs):
        return model(inputs, training=False)

    @tf.function
    def named(**tensors):
        views = [tensors[spec.name] for spec in specs]
        outputs = model(views[0] if len(views) == 1 else tuple(views), training=False)
        return dict(zip(output_names, tf.nest.flatten(outputs), strict=True))

    module = tf.Module()
    # Variables are saved only if the module knows them.
    module.weights = [variable.value for variable in model.variables]
    module.serve = serve
    signature = named.get_concrete_function(**{spec.name: spec for spec in specs})
    tf.saved_model.save(
        module, str(path), signatures={"serving_default": signature, "serve": signature}
    )
