"""``DeepInfoMax``: an encoder of images and the terms it is trained with, as one Keras model."""

import keras
import tensorflow as tf

from tf_infomax.objectives.features import Features
from tf_infomax.training.step import gradient_step

__all__ = ["DeepInfoMax"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class DeepInfoMax(keras.Model):
    """Learns codes of images from a weighted sum of terms; some terms bring an adversary.

    Train with plain ``compile`` and ``fit`` on a ``tf.data`` set of image batches, or of
    ``(images, labels)``; the log has "loss" and what each term reports. The experiments of this
    package take the same step::

        model = DeepInfoMax(
            encoders.get("basic32x32"),
            [LocalInformation(critics.DotMapCritic(2048), "jsd"), PriorMatching(weight=0.1)],
        )
        model.compile(optimizers.Adam(1e-4))
        model.fit(images.batch(64, drop_remainder=True), epochs=10)
        codes = model.encoder.predict(test_images)

    Args:
        encoder: Keras model with ``endpoints(images, training)``, one of ``encoders`` by name.
        objectives: terms, at least one (``objectives.LocalInformation``, ``GlobalInformation``,
            ``PriorMatching``, ``Coordinates``, ``RelativeCoordinates``, ``Classification``).
        seed: of random draws under ``fit`` (prior draws, masks, places), or ``None``.

    Call arguments:
        inputs: images ``[K, H, W, C]`` in [-1, 1].  Returns the global code.

    Raises:
        ValueError: if there is no term, or the encoder lacks what a term needs.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, eq. 8.
    """

    def __init__(self, encoder, objectives, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not objectives:
            raise ValueError("At least one term is needed to train. Received: objectives=[].")
        self.encoder = encoder
        self.objectives = list(objectives)
        self.seed = seed
        self._seeds = keras.random.SeedGenerator(seed)
        self._means = {}
        self.adversary_optimizer = None

    def build(self, input_shape):
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                f"Images must have shape [K, H, W, C]. Received: shape {tuple(input_shape)}."
            )
        if not self.encoder.built:
            self.encoder.build(input_shape)
        for term in self.objectives:
            term.connect(self.encoder, tuple(input_shape[1:]))
        # Here, because Keras lets no state be added later.
        for name in ("loss", *self.metric_units):
            self._means[name] = keras.metrics.Mean(name=name)
        self.built = True

    def call(self, inputs, training=False):
        return self.encoder(inputs, training=training)

    def compile(self, optimizer="adam", adversary_optimizer=None, **kwargs):
        """As ``keras.Model.compile``.

        Args:
            optimizer: of the encoder and all that is trained with it.
            adversary_optimizer: of the adversaries; by default one like ``optimizer``.
            **kwargs: as ``keras.Model.compile``; there is no ``loss`` to give.
        """
        super().compile(optimizer=optimizer, **kwargs)
        if adversary_optimizer is None:
            adversary_optimizer = type(self.optimizer).from_config(self.optimizer.get_config())
        adversary_optimizer = keras.optimizers.get(adversary_optimizer)
        if adversary_optimizer is optimizer or adversary_optimizer is self.optimizer:
            raise ValueError("Each player needs an optimizer of its own. Received: one for both.")
        scaled = keras.optimizers.LossScaleOptimizer
        if isinstance(self.optimizer, scaled) and not isinstance(adversary_optimizer, scaled):
            # As Keras does with the other one, for mixed float16.
            adversary_optimizer = scaled(adversary_optimizer)
        self.adversary_optimizer = adversary_optimizer

    def get_compile_config(self):
        if not self.compiled:
            return None
        serialize = keras.saving.serialize_keras_object
        return {
            "optimizer": serialize(self.optimizer),
            "adversary_optimizer": serialize(self.adversary_optimizer),
            "run_eagerly": self.run_eagerly,
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config):
        parts = {name: keras.saving.deserialize_keras_object(part) for name, part in config.items()}
        self.compile(**parts)
        self.build_optimizers()

    @property
    def player_variables(self):
        """Trainable variables of the encoder and of what is trained with it."""
        variables = list(self.encoder.trainable_variables)
        for term in self.objectives:
            variables += term.player_variables
        return variables

    @property
    def adversary_variables(self):
        """Trainable variables of the adversaries."""
        return [v for term in self.objectives for v in term.adversary_variables]

    @property
    def metric_units(self):
        """Name -> unit of everything that ``update`` reports besides the loss."""
        units = {}
        for term in self.objectives:
            units.update(term.metric_units)
        return {**units, "adversary_loss": "1"} if self.adversary_variables else units

    def build_optimizers(self):
        """Makes the optimizers' variables, which a checkpoint needs before the first step."""
        self.optimizer.build(self.player_variables)
        if self.adversary_variables:
            self.adversary_optimizer.build(self.adversary_variables)

    def update(self, images, labels, seed):
        """One training step of all players: the step of ``fit`` and of the experiments.

        The adversaries learn from the codes of the same pass, from before the encoder moved.

        Args:
            images: ``[K, H, W, C]`` in [-1, 1], K >= 2.
            labels: int ``[K]``, -1 = unlabelled, or ``None``.
            seed: int ``[2]``, of everything random in this step.

        Returns:
            Dict of scalars from before the update: "loss" and what each term reports.
        """
        features = Features(self.encoder, images, seed, labels, training=True)
        results = gradient_step(
            lambda: self._loss_and_metrics(features), self.player_variables, self.optimizer
        )
        return {**results, **self._adversary_update(features)}

    def _loss_and_metrics(self, features):
        losses, metrics = [], {}
        for term in self.objectives:
            loss, values = term.loss(features)
            losses.append(tf.cast(loss, tf.float32) if loss.dtype.size < 4 else loss)
            metrics.update(values)
        return tf.add_n(losses), metrics

    def _adversary_update(self, features):
        players = [term for term in self.objectives if term.adversary_variables]
        if not players:
            return {}

        def loss_and_metrics():
            losses, metrics = [], {}
            for term in players:
                loss, values = term.adversary_loss(features)
                losses.append(loss)
                metrics.update(values)
            return tf.add_n(losses), metrics

        results = gradient_step(
            loss_and_metrics, self.adversary_variables, self.adversary_optimizer
        )
        results["adversary_loss"] = results.pop("loss")
        return results

    def evaluate_batch(self, images, labels, seed):
        """What ``update`` would report, in inference mode and without moving anything."""
        loss, metrics = self._loss_and_metrics(Features(self.encoder, images, seed, labels))
        return {"loss": loss, **metrics}

    def train_step(self, data):
        images, labels = self._images_and_labels(data)
        return self._report(self.update(images, labels, self._next_seed()))

    def test_step(self, data):
        images, labels = self._images_and_labels(data)
        return self._report(self.evaluate_batch(images, labels, self._next_seed()))

    def _next_seed(self):
        return tf.cast(self._seeds.next(), tf.int32)

    def _images_and_labels(self, data):
        # Keras makes tuples of one of arrays that come alone.
        parts = data if isinstance(data, (tuple, list)) else (data,)
        if len(parts) > 2 or isinstance(parts[0], (tuple, list, dict)):
            received = type(data).__name__
            if parts is data:
                received = f"a {received} of {len(parts)}"
            raise ValueError(
                f"DeepInfoMax trains on images or on (images, labels). Received: {received}."
            )
        images, labels = (*parts, None)[:2]
        images = tf.convert_to_tensor(images)
        if not self.built:
            self.build(images.shape)
        return images, labels

    @property
    def metrics(self):
        return list(self._means.values())

    def _report(self, values):
        # Under `evaluate` no adversary reports.
        for name, value in values.items():
            self._means[name].update_state(value)
        return {name: self._means[name].result() for name in values}

    def compute_output_shape(self, input_shape):
        return self.encoder.compute_output_shape(input_shape)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "encoder": serialize(self.encoder),
            "objectives": [serialize(term) for term in self.objectives],
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        deserialize = keras.saving.deserialize_keras_object
        config = dict(config)
        encoder = deserialize(config.pop("encoder"))
        terms = [deserialize(term) for term in config.pop("objectives")]
        return cls(encoder, terms, **config)
