"""SavedModels whose inputs and outputs have names."""

import tensorflow as tf

__all__ = ["write_call", "write_saved_model"]


def write_saved_model(path, variables, signatures, serve=None, model=None):
    """Writes a SavedModel.

    Args:
        path: folder to write to.
        variables: the Keras variables behind the functions.
        signatures: dict of name -> concrete function with a dict of outputs.
        serve: function with an input signature, which ``tf.saved_model.load(path).serve`` will be,
            or ``None``.
        model: Keras model behind the functions, whose lookup tables (those of
            ``keras.layers.TextVectorization``, for instance) are saved with them; ``None`` if it
            has none.
    """
    module = tf.Module()
    # Variables are saved only if the module knows them.
    module.weights = [variable.value for variable in variables]
    module.tables = [] if model is None else _lookup_tables(model)
    if serve is not None:
        module.serve = serve
    tf.saved_model.save(module, str(path), signatures=signatures)


def _lookup_tables(model):
    """What a model holds besides variables that its functions need: tables of its layers."""
    view = tf.train.TrackableView(model)
    # Layer by layer, since TensorFlow does not look into Keras' lists and dicts of layers.
    return [
        child
        for layer in model._flatten_layers()
        for child in view.children(layer).values()
        if isinstance(child, tf.saved_model.experimental.TrackableResource)
    ]


def write_call(path, model, specs, output_names):
    """Writes a SavedModel of a Keras model's call, for any number of rows.

    ``tf.saved_model.load(path).serve(inputs)`` takes and gives what ``model(inputs)`` does; the
    signatures "serve" and "serving_default" take tensors by the names of ``specs`` and give a dict
    with ``output_names``. (``keras.Model.export`` would name them "args_0" and "output_0".)

    Args:
        path: folder to write to.
        model: built Keras model of one input, or of a tuple of inputs.
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
        outputs = serve(views[0] if len(views) == 1 else tuple(views))
        return dict(zip(output_names, tf.nest.flatten(outputs), strict=True))

    signature = named.get_concrete_function(**{spec.name: spec for spec in specs})
    signatures = {"serving_default": signature, "serve": signature}
    write_saved_model(path, model.variables, signatures, serve, model)
