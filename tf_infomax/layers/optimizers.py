"""Adam with the papers' epsilon of 1e-8 and one kernel per variable."""

import keras
import tensorflow as tf

__all__ = ["Adam"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class Adam(keras.optimizers.Adam):
    """Keras' Adam with TensorFlow's fused update and the papers' epsilon.

    ``w -= lr sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)``, as in Keras; there the
    update is a dozen passes over each variable, here it is one. Epsilon is 1e-8 as in TensorFlow 1
    and PyTorch (Keras: 1e-7), a difference that shows under NWJ. PyTorch, on which the release of
    Deep InfoMax runs, corrects the bias of v before it adds epsilon: in the first steps its
    epsilon is effectively some thirty times smaller, which matters only for gradients below 1e-6.

    Args:
        learning_rate: float or Keras schedule.
        beta_1, beta_2: decay rates of the two moments.
        epsilon: added to the root of the second moment.
        **kwargs: as ``keras.optimizers.Adam``; ``amsgrad`` is not available.

    Reference: Kingma and Ba (2015), arXiv:1412.6980, section 2.
    """

    def __init__(self, learning_rate=1e-4, beta_1=0.9, beta_2=0.999, epsilon=1e-8, **kwargs):
        if kwargs.pop("amsgrad", False):
            raise ValueError("This Adam has no `amsgrad` form: use keras.optimizers.Adam.")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)

    def update_step(self, gradient, variable, learning_rate):
        if isinstance(gradient, tf.IndexedSlices):
            gradient = tf.convert_to_tensor(gradient)
        # Keras passes its own variables or TensorFlow's, depending on the caller.
        variable = variable.value if isinstance(variable, keras.Variable) else variable
        dtype = variable.dtype
        step = tf.cast(self.iterations + 1, dtype)
        # Not tf.cast, which takes a Python float through float32 on its way to float64.
        beta_1, beta_2, epsilon = (
            tf.constant(number, dtype) for number in (self.beta_1, self.beta_2, self.epsilon)
        )
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=epsilon,
            grad=tf.cast(gradient, dtype),
        )

    def get_config(self):
        config = super().get_config()
        del config["amsgrad"]
        return config
