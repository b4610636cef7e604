"""Base of all encoders: inputs of any type, freezing, and an export with names."""

import keras
import tensorflow as tf

from tf_infomax.layers.saved_model import write_saved_model
from tf_infomax.layers.shared import keep_frozen

__all__ = ["Encoder"]


class Encoder(keras.Model):
    """A Keras model whose only input is a batch of images, or of vectors.

    Inputs of any type, such as uint8 pixels, are cast to the compute dtype, values unchanged:
    scaling to [-1, 1] is left to the caller. Channels come last, whatever Keras'
    ``image_data_format`` says. ``trainable = False`` freezes everything, including the statistics
    of batch norm.
    """

    # Name of the output of an export.
    output_name = "code"
    # Whether inputs may have any shape with the right number of values.
    flattens = False

    def _finish_build(self, input_shape):
        """Called at the end of ``build``; ``input_shape`` as received, batch axis first."""
        self._input_shape = (None, *input_shape[1:])
        self.built = True
        keep_frozen(self)

    def _given_images(self, images):
        """``images`` as a tensor, on which the encoder is built if it was not."""
        if isinstance(images, keras.KerasTensor):
            raise ValueError(
                "Endpoints are computed of images; of a keras.Input, in a functional model, one is "
                "encoder.endpoint(name)(input). "
                f"Received: a KerasTensor of shape {tuple(images.shape)}."
            )
        images = tf.convert_to_tensor(images)
        if not self.built:
            self.build(images.shape)
        return images

    def _cast(self, inputs):
        return tf.cast(inputs, self.compute_dtype)

    def export(
        self, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs
    ):
        """As ``keras.Model.export``, with names: "images" -> "code" (or the endpoint's name).

        ``tf.saved_model.load(path).serve(images)`` gives the code itself, and the signatures
        "serve" and "serving_default" a dict of it. Any number of images is accepted; if the encoder
        flattens its inputs, so does the export.

        Args:
            filepath: folder to write to.
            format: formats other than "tf_saved_model" are left to Keras.
            verbose: whether to print the path.
            input_signature: if given, the export is left to Keras.

        Raises:
            ValueError: if the encoder is not built.
        """
        if format != "tf_saved_model" or input_signature is not None:
            super().export(
                filepath,
                format=format,
                verbose=verbose,
                input_signature=input_signature,
                **kwargs,
            )
            return
        if not self.built:
            raise ValueError(
                "An encoder must be built before it is exported: call it on some images. "
                f"Received: {type(self).__name__} without weights."
            )
        inner = self._input_shape[1:]
        shape = None if self.flattens else self._input_shape
        # Half precision is for computing in layers; an export should take float32.
        spec = tf.TensorSpec(shape, self.variable_dtype, name="images")

        @tf.function(input_signature=[spec])
        def serve(images):
            if self.flattens:
                images = tf.reshape(images, [tf.shape(images)[0], *inner])
            return self(images, training=False)

        @tf.function(input_signature=[spec])
        def named(images):
            return {self.output_name: serve(images)}

        signature = named.get_concrete_function()
        signatures = {"serve": signature, "serving_default": signature}
        write_saved_model(filepath, self.variables, signatures, serve)
        if verbose:
            print(f"Exported {self.name} to {filepath}: images -> {self.output_name}.")
