"""``DeepInfoMax``: an encoder of images and the terms it is trained with, as one Keras model."""

import dataclasses

import keras
import tensorflow as tf

from tf_infomax.encoders import as_encoder
from tf_infomax.models.batches import IMAGES
from tf_infomax.models.representation import RepresentationModel

__all__ = ["DeepInfoMax"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class DeepInfoMax(RepresentationModel):
    """Learns codes of images from a weighted sum of terms; some terms add an adversary.

    Train with plain ``compile`` and ``fit`` on a ``tf.data`` set of image batches, or of
    ``(images, labels)``; the log has "loss" and what each term reports. Where two terms report the
    same name, as two of a kind do, the later term's is numbered in the order of the list:
    "local_information", "local_information_2". The experiments of this package take the same
    step::

        model = DeepInfoMax(
            encoders.get("basic32x32"),
            [LocalInformation(critics.DotMapCritic(2048), "jsd"), PriorMatching(weight=0.1)],
        )
        model.compile(optimizers.Adam(1e-4))
        model.fit(images.batch(64, drop_remainder=True), epochs=10)
        codes = model.encoder.predict(test_images)

    Under a ``tf.distribute`` strategy a batch is split over the replicas, and the terms read the
    features of all of them.

    Args:
        encoder: from ``encoders.get(name)``, or your own: whatever ``encoders.as_encoder`` accepts.
        objectives: terms, at least one (``objectives.LocalInformation``, ``GlobalInformation``,
            ``PriorMatching``, ``Coordinates``, ``RelativeCoordinates``, ``Classification``).
        seed: of random draws under ``fit`` and ``evaluate`` (prior draws, masks, places), or
            ``None``. A saved model continues with new draws after loading; it does not repeat
            those of its seed.

        encoder_chunk: see ``RepresentationModel``; only for encoders without batch norm.

    Call arguments:
        inputs: images ``[K, H, W, C]`` in [-1, 1].  Returns the global code.

    Raises:
        ValueError: if there is no term, or the encoder lacks what a term needs.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, eq. 8.
    """

    form = IMAGES

    def __init__(self, encoder, objectives, seed=None, encoder_chunk=None, **kwargs):
        encoders = {"image": as_encoder(encoder)}
        super().__init__(encoders, objectives, seed, encoder_chunk, **kwargs)

    @property
    def encoder(self):
        """The encoder of the images."""
        return self.encoders["image"]

    def call(self, inputs, training=False):
        return self.encoder(inputs, training=training)

    def compute_output_shape(self, input_shape):
        return self.encoder.compute_output_shape(input_shape)

    def compile(
        self, optimizer="adam", adversary_optimizer=None, player_optimizers=None, *args, **kwargs
    ):
        """As ``keras.Model.compile``.

        Args:
            optimizer: of the encoder and all that is trained with it.
            adversary_optimizer: of the adversaries; by default a copy of ``optimizer``.
            player_optimizers: of further players; see ``RepresentationModel``.
            *args, **kwargs: as ``keras.Model.compile``; there is no ``loss`` to give.
        """
        others = dict(player_optimizers or {})
        has_adversary = any(player.name == "adversary" for player in self.players)
        if adversary_optimizer is not None and has_adversary:
            others["adversary"] = adversary_optimizer
        super().compile(optimizer, others, *args, **kwargs)

    @property
    def adversary_optimizer(self):
        """The optimizer of the adversaries, or ``None`` where there are none."""
        return self.player_optimizers.get("adversary")

    @property
    def adversary_variables(self):
        """Trainable variables of the adversaries."""
        return [v for player in self.players for v in player.variables]

    @property
    def checkpoint_variables(self):
        # The state of the random draws has always been the first variable here.
        return [self._seeds.state, *super().checkpoint_variables]

    def update(self, images, labels, seed):
        """One training step of all players; see ``step``.

        Args:
            images: ``[K, H, W, C]`` in [-1, 1], K >= 2.
            labels: int ``[K]``, -1 = unlabelled, or ``None``.
            seed: int ``[2]``, of everything random in this step.

        Returns:
            Dict of scalars from before the update: "loss" and what each term reports.
        """
        return self.step(_batch(images, labels, seed))

    def evaluate_batch(self, images, labels, seed):
        """What ``update`` would report, in inference mode and without moving anything."""
        return self.evaluation(_batch(images, labels, seed))

    def _view_shapes(self, input_shape):
        if len(input_shape) != 4 or None in input_shape[1:]:
            raise ValueError(
                f"Images must have shape [K, H, W, C]. Received: shape {tuple(input_shape)}."
            )
        return {"image": tuple(input_shape)}

    def predict_on(self, batch):
        return super().predict_on(batch)["image"]

    def _argument_of(self, view):
        return "encoder"

    def _as_dict(self, batch, seed):
        # Terms and views use the images as given, without a cast.
        images = tf.cast(batch.inputs[0], self.encoder.variable_dtype)
        return super()._as_dict(dataclasses.replace(batch, inputs=(images,)), seed)

    def get_config(self):
        config = super().get_config()
        config["encoder"] = config.pop("encoders")["image"]
        config["objectives"] = config.pop("terms")
        return config

    @classmethod
    def from_config(cls, config):
        deserialize = keras.saving.deserialize_keras_object
        config = dict(config)
        encoder = deserialize(config.pop("encoder"))
        terms = [deserialize(term) for term in config.pop("objectives")]
        return cls(encoder, terms, **config)


def _batch(images, labels, seed):
    batch = {"views": {"image": images}, "labels": labels, "seed": seed}
    return {key: value for key, value in batch.items() if value is not None}
