"""``DeepInfoMax``: an encoder of images and the terms it is trained with, as one Keras model."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.arguments import callable_layer, seed_or_none
from tf_infomax.models.base import SelfSupervisedModel
from tf_infomax.models.batches import IMAGES
from tf_infomax.objectives.features import Features
from tf_infomax.objectives.term import Term
from tf_infomax.training.step import gradient_step

__all__ = ["DeepInfoMax"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class DeepInfoMax(SelfSupervisedModel):
    """Learns codes of images from a weighted sum of terms; some terms bring an adversary.

    Train with plain ``compile`` and ``fit`` on a ``tf.data`` set of image batches, or of
    ``(images, labels)``; the log has "loss" and what each term reports. Where two terms report one
    name, as two of a kind do, the later term's is numbered in the order of the list:
    "local_information", "local_information_2". The experiments of this package take the same
    step::

        model = DeepInfoMax(
            encoders.get("basic32x32"),
            [LocalInformation(critics.DotMapCritic(2048), "jsd"), PriorMatching(weight=0.1)],
        )
        model.compile(optimizers.Adam(1e-4))
        model.fit(images.batch(64, drop_remainder=True), epochs=10)
        codes = model.encoder.predict(test_images)

    Under a ``tf.distribute`` strategy the negatives of an image are those of its own replica, whose
    number bounds like infoNCE depend on.

    Args:
        encoder: Keras model with ``endpoints(images, training)``, one of ``encoders`` by name.
        objectives: terms, at least one (``objectives.LocalInformation``, ``GlobalInformation``,
            ``PriorMatching``, ``Coordinates``, ``RelativeCoordinates``, ``Classification``).
        seed: of random draws under ``fit`` and ``evaluate`` (prior draws, masks, places), or
            ``None``. A model that was saved goes on with new draws after loading, and does not
            begin those of its seed again.

    Call arguments:
        inputs: images ``[K, H, W, C]`` in [-1, 1].  Returns the global code.

    Raises:
        ValueError: if there is no term, or the encoder lacks what a term needs.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, eq. 8.
    """

    form = IMAGES
    call_names = ("code",)

    def __init__(self, encoder, objectives, seed=None, **kwargs):
        super().__init__(**kwargs)
        wanted = 'a Keras model with endpoints, such as encoders.get("basic32x32")'
        self.encoder = callable_layer(encoder, "encoder", wanted)
        self.objectives = _checked_terms(objectives)
        self.seed = seed_or_none(seed)
        self._seeds = keras.random.SeedGenerator(self.seed)
        self.adversary_optimizer = None

    def build(self, input_shape):
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                f"Images must have shape [K, H, W, C]. Received: shape {tuple(input_shape)}."
            )
        if not self.encoder.built:
            self.encoder.build(input_shape)
        if not hasattr(self.encoder, "endpoints"):
            raise ValueError(
                "Deep InfoMax needs an encoder with `endpoints(images, training)`, a dict of named "
                f"features, and their `endpoint_shapes`. Received: encoder={self.encoder!r}."
            )
        for term in self.objectives:
            term.connect(self.encoder, tuple(input_shape[1:]))
        # Here, because Keras lets no state be added later.
        self.make_means()
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
        config = super().get_compile_config()
        if config is None:
            return None
        adversary = keras.saving.serialize_keras_object(self.adversary_optimizer)
        return {**config, "adversary_optimizer": adversary}

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
        units = {
            names[metric]: unit
            for term, names in zip(self.objectives, self._names(), strict=True)
            for metric, unit in term.metric_units.items()
        }
        return {**units, "adversary_loss": "1"} if self.adversary_variables else units

    def _names(self):
        """Of each term: its own names of metrics -> those in the log, where each occurs once."""
        taken, result = {"loss", "adversary_loss"}, []
        for term in self.objectives:
            names = {}
            for metric in term.metric_units:
                candidates = (metric, *(f"{metric}_{k}" for k in range(2, len(taken) + 3)))
                names[metric] = next(name for name in candidates if name not in taken)
                taken.add(names[metric])
            result.append(names)
        return result

    @property
    def metric_names(self):
        return ("loss", *self.metric_units)

    @property
    def least_rows(self):
        return max(term.least_rows for term in self.objectives)

    @property
    def players(self):
        return [
            (self.optimizer, self.player_variables),
            (self.adversary_optimizer, self.adversary_variables),
        ]

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
        terms = zip(self.objectives, self._names(), strict=True)
        return _sum((*term.loss(features), names) for term, names in terms)

    def _adversary_update(self, features):
        terms = zip(self.objectives, self._names(), strict=True)
        players = [(term, names) for term, names in terms if term.adversary_variables]
        if not players:
            return {}
        results = gradient_step(
            lambda: _sum((*term.adversary_loss(features), names) for term, names in players),
            self.adversary_variables,
            self.adversary_optimizer,
        )
        results["adversary_loss"] = results.pop("loss")
        return results

    def evaluate_batch(self, images, labels, seed):
        """What ``update`` would report, in inference mode and without moving anything."""
        loss, metrics = self._loss_and_metrics(Features(self.encoder, images, seed, labels))
        return {"loss": loss, **metrics}

    def train_on(self, batch):
        return self.update(self._images(batch), batch.labels, self._next_seed())

    def test_on(self, batch):
        return self.evaluate_batch(self._images(batch), batch.labels, self._next_seed())

    def predict_on(self, batch):
        return self(self._images(batch), training=False)

    def _images(self, batch):
        # Terms and views compute with them as they are.
        return tf.cast(batch.inputs[0], self.encoder.variable_dtype)

    def _next_seed(self):
        return tf.cast(self._seeds.next(), tf.int32)

    def compute_output_shape(self, input_shape):
        return self.encoder.compute_output_shape(input_shape)

    def save_own_variables(self, store):
        super().save_own_variables(store)
        # Keras saves no state of random draws.
        store["num_draws"] = self._seeds.state.numpy()[1]

    def load_own_variables(self, store):
        own = {name: store[name] for name in store.keys()}  # noqa: SIM118 - no dict
        num_draws = own.pop("num_draws", None)
        super().load_own_variables(own)
        if num_draws is not None:
            first = self._seeds.state.numpy()[0]
            self._seeds.state.assign([first, int(np.asarray(num_draws))])

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


def _checked_terms(terms):
    """``terms`` as a list of different terms, at least one."""
    if not isinstance(terms, (list, tuple)) or not all(isinstance(term, Term) for term in terms):
        raise ValueError(
            "`objectives` must be a list of terms, such as [objectives.LocalInformation(critic)]. "
            f"Received: objectives={terms!r}."
        )
    if not terms:
        raise ValueError("At least one term is needed to train. Received: objectives=[].")
    if len(set(map(id, terms))) < len(terms):
        raise ValueError(
            "Every place in the list needs a term of its own; a `weight` counts a term twice. "
            f"Received: objectives={list(terms)!r}."
        )
    return list(terms)


def _sum(reports):
    """(sum of losses, all metrics) of (loss, metrics, their names in the log) of each term."""
    losses, metrics = [], {}
    for loss, values, names in reports:
        losses.append(tf.cast(loss, tf.float32) if loss.dtype.size < 4 else loss)
        metrics.update({names[metric]: value for metric, value in values.items()})
    return tf.add_n(losses), metrics
