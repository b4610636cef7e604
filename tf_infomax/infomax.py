"""``InfoMax``: two encoders and a critic as one Keras model, trained on one's own pairs."""

import keras
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.objectives import mutual_information_loss
from tf_infomax.training.step import gradient_step

__all__ = ["InfoMax"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class InfoMax(keras.Model):
    """Learns codes of two views by maximising a bound on their mutual information.

    ``max over encoders and critic of bound( critic(encoder_1(x), encoder_2(y)) )``

    Train with plain ``compile(optimizer)`` and ``fit`` on a ``tf.data`` set of pairs ``(x, y)``;
    the log has "loss" and "bound", in nats. The experiments of this package take the same step::

        model = InfoMax(MLP((300, 300, 100)), MLP((300, 300, 100)), BilinearCritic(100), "infonce")
        model.compile(optimizers.Adam(1e-4))
        model.fit(pairs.batch(128, drop_remainder=True), epochs=10)
        codes = model.encoder_1.predict(images)

    Args:
        encoder_1: Keras model of the first view, ``[K, ...] -> [K, D1]``.
        encoder_2: of the second view, ``-> [K, D2]``; ``None`` means ``encoder_1`` for both.
        critic: Keras layer, ``critic(codes_1, codes_2) -> [K, K]`` scores.
        bound: name of a registered bound, or a function from scores to a scalar in nats.
        target: nats, or ``None``: train ``|bound - target|`` in place of ``-bound``.

    Call arguments:
        inputs: the pair ``(x, y)``, K >= 2 of each.  Returns the scores, ``[K, K]``.

    Raises:
        ValueError: on unknown bounds, data that are not pairs, or codes the critic cannot score.

    Reference: Tschannen et al. (2020), arXiv:1907.13625, section 2.
    """

    def __init__(self, encoder_1, encoder_2, critic, bound="infonce", target=None, **kwargs):
        super().__init__(**kwargs)
        if target is not None and not 0 <= target < float("inf"):
            raise ValueError(f"`target` must be nats, 0 or more. Received: target={target!r}.")
        self.encoder_1 = encoder_1
        self.encoder_2 = encoder_1 if encoder_2 is None else encoder_2
        self.critic = critic
        self.bound = bound
        self.target = target
        self._bound_function = bounds.get(bound)
        self._loss_mean = keras.metrics.Mean(name="loss")
        self._bound_mean = keras.metrics.Mean(name="bound")

    @property
    def metrics(self):
        return [self._loss_mean, self._bound_mean]

    def build(self, input_shape):
        shape_1, shape_2 = input_shape
        for encoder, shape in ((self.encoder_1, shape_1), (self.encoder_2, shape_2)):
            if not encoder.built:
                encoder.build(shape)
        if not self.critic.built:
            self.critic.build(
                tuple(self.encoder_1.compute_output_shape(shape_1)),
                tuple(self.encoder_2.compute_output_shape(shape_2)),
            )
        self.built = True

    def call(self, inputs, training=False):
        x, y = inputs
        codes_1 = self.encoder_1(x, training=training)
        codes_2 = self.encoder_2(y, training=training)
        return self.critic(codes_1, codes_2)

    def bound_of(self, scores):
        """The bound on ``scores``, a scalar in nats."""
        return self._bound_function(scores)

    def update(self, x, y):
        """One training step on the pairs (x, y): the step of ``fit`` and of the experiments.

        Returns:
            Dict of scalars from before the update: "loss" and "bound", in nats.
        """

        def loss_and_metrics():
            bound = self.bound_of(self((x, y), training=True))
            return mutual_information_loss(bound, self.target), {"bound": bound}

        return gradient_step(loss_and_metrics, self.trainable_variables, self.optimizer)

    def train_step(self, data):
        x, y = _pair(data)
        if not self.built:
            self.build((x.shape, y.shape))
        return self._report(self.update(x, y))

    def test_step(self, data):
        bound = self.bound_of(self(_pair(data)))
        return self._report({"loss": mutual_information_loss(bound, self.target), "bound": bound})

    def _report(self, values):
        self._loss_mean.update_state(values["loss"])
        self._bound_mean.update_state(values["bound"])
        return self.get_metrics_result()

    def compute_output_shape(self, input_shape):
        shape_1, shape_2 = input_shape
        return (shape_1[0], shape_2[0])

    def get_config(self):
        shared = self.encoder_2 is self.encoder_1
        serialize = keras.saving.serialize_keras_object
        # Keras could not find the package's functions again; it finds what users register with it.
        registered = [name for name in bounds.names() if bounds.get(name) is self._bound_function]
        return {
            **super().get_config(),
            "encoder_1": serialize(self.encoder_1),
            "encoder_2": None if shared else serialize(self.encoder_2),
            "critic": serialize(self.critic),
            "bound": registered[0] if registered else serialize(self.bound),
            "target": self.target,
        }

    @classmethod
    def from_config(cls, config):
        parts = {
            key: keras.saving.deserialize_keras_object(value) if isinstance(value, dict) else value
            for key, value in config.items()
            if key in ("encoder_1", "encoder_2", "critic", "bound")
        }
        return cls(**{**config, **parts})


def _pair(data):
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        received = type(data).__name__
        if isinstance(data, (tuple, list)):
            received = f"a {received} of {len(data)}"
        raise ValueError(
            "InfoMax trains on pairs: a tf.data set whose elements are (x, y), without labels or "
            f"weights. Received: {received}."
        )
    x, y = (tf.convert_to_tensor(view) for view in data)
    if not x.shape[:1].is_compatible_with(y.shape[:1]):
        raise ValueError(
            "Both views of a batch must have the same number of rows. "
            f"Received: x of shape {x.shape}, y of shape {y.shape}."
        )
    return x, y
