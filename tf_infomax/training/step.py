"""The gradient step that everything in this package is trained with."""

import keras
import tensorflow as tf

from tf_infomax.numerics import replicas

__all__ = ["gradient_step"]


def gradient_step(loss_and_metrics, variables, optimizer):
    """One update of ``variables``, and of nothing else.

    Args:
        loss_and_metrics: function without arguments -> (scalar loss, dict of scalars).
        variables: the player's own trainable variables, Keras' or TensorFlow's.
        optimizer: Keras optimizer.

    Returns:
        Dict of scalars: "loss" and the metrics, all from before the update.
    """
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([v.value if isinstance(v, keras.Variable) else v for v in variables])
        loss, metrics = loss_and_metrics()
        # In mixed float16 the loss is scaled, and the optimizer scales the gradients back. Keras'
        # optimizers sum the gradients of all replicas.
        scaled = optimizer.scale_loss(loss) / replicas.number()
    gradients = tape.gradient(scaled, variables)
    # Layers above the endpoint that a loss reads stay as they are. Keras would warn of a forgotten
    # loss; that there is no gradient at all is left for it to refuse.
    pairs = [pair for pair in zip(gradients, variables, strict=True) if pair[0] is not None]
    optimizer.apply(*(zip(*pairs, strict=True) if pairs else (gradients, variables)))
    return {"loss": loss, **metrics}
