"""Bidirectional GANs: an encoder and a generator that a discriminator of pairs cannot tell apart.

Donahue, Kraehenbuehl, Darrell (2017), arXiv:1605.09782; as a competing method in Hjelm et al.
(2019), with a deterministic encoder.
"""

import math

import keras
import tensorflow as tf

from tf_infomax.bounds import divergences
from tf_infomax.decoders import Decoder
from tf_infomax.layers.pair_discriminator import PairDiscriminator
from tf_infomax.naming.arguments import (
    callable_layer,
    integers,
    number,
    positive_integer,
    seed_or_none,
)
from tf_infomax.numerics import replicas
from tf_infomax.numerics.randomness import layer_seed
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives import options
from tf_infomax.objectives.features import flat
from tf_infomax.objectives.player import Player
from tf_infomax.objectives.prior_matching import PRIORS, gradient_penalty, sample_prior, squash
from tf_infomax.objectives.term import Term, checked_endpoint

__all__ = ["GAMES", "BiGAN"]

GAMES = options.GAMES
# Arguments that are layers.
_LAYERS = ("generator", "discriminator")


@keras.saving.register_keras_serializable(package="tf_infomax")
class BiGAN(Term):
    """Learn code and image of each other in a game of three: encoder, generator, discriminator.

    The discriminator D maximises ``V = E_x[p(D(x, E(x)))] - E_z[n(D(G(z), z))]``, with the prior's
    z, over all pairs; for the measure "gan" that is
    ``E_x log s(D(x, E(x))) + E_z log(1 - s(D(G(z), z)))``, s the sigmoid. Encoder E and generator G
    work against it, each by its half of V. At the optimum E inverts G.

    - ``game="minimax"``: E minimises ``E_x[p(D(x, E(x)))]``, G minimises ``-E_z[n(D(G(z), z))]``;
      with the discriminator's loss they sum to zero.
    - ``game="non_saturating"``: labels are swapped instead of signs. E minimises
      ``E_x[n(D(x, E(x)))]``, G minimises ``-E_z[p(D(G(z), z))]``, whose gradients do not vanish
      where D is sure.

    Encoder, generator and discriminator are three players: no loss moves another player. In a step
    the encoder moves first, then the discriminator, then the generator.

    The sources leave open: the game (here non-saturating), the discriminator's network (here
    ``layers.pair_discriminator``), and its regularisation (here a penalty of weight 10 on
    its gradient; without one the discriminator wins on CIFAR-10 within some hundred steps, and the
    generated images are no images; at weight 1 it still wins, later).

    Args:
        prior: of z: "normal", "uniform", "ball" or "sphere". Except for "normal", D sees codes that
            are squashed into the prior's support, see ``prior_matching.squash``.
        game: "non_saturating" or "minimax".
        measure: f-divergence of the game, one of ``bounds.divergences``.
        weight: factor of the encoder's loss.
        widths, hidden_units: of the discriminator.
        penalty_weight: of the squared norm of D's gradient by image and code, averaged over both
            kinds of pairs.
        base_channels: of the DCGAN generator, ``decoders.Decoder``.
        seed: int for reproducible weights, or ``None``.
        endpoint: the code, ``"view.endpoint"`` or an endpoint of the main view; its view is
            generated. Maps are flattened.
        generator: a Keras layer from codes ``[K, D]`` to views, in place of the DCGAN generator.
        discriminator: a Keras layer of views and codes, ``[K, ...], [K, D] -> [K, 1]``, in place of
            ``PairDiscriminator``.
    """

    label = "bigan"

    def __init__(
        self,
        prior=options.BiGAN.prior,
        game=options.BiGAN.game,
        measure=options.BiGAN.measure,
        weight=options.BiGAN.weight,
        widths=options.BiGAN.widths,
        hidden_units=options.BiGAN.hidden_units,
        penalty_weight=options.BiGAN.penalty_weight,
        base_channels=options.BiGAN.base_channels,
        seed=None,
        endpoint=options.BiGAN.endpoint,
        generator=None,
        discriminator=None,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        for name, value, known in (("prior", prior, PRIORS), ("game", game, GAMES)):
            if value not in known:
                raise ValueError(f"`{name}` must be one of {known}. Received: {name}={value!r}.")
        self.prior, self.game, self.measure = prior, game, measure
        self._divergence = divergences.get(measure)
        self.widths = integers(widths, "widths", smallest_number=0)
        self.hidden_units = integers(hidden_units, "hidden_units")
        self.penalty_weight = number(penalty_weight, "penalty_weight")
        self.base_channels = positive_integer(base_channels, "base_channels")
        self.seed = seed_or_none(seed)
        self.endpoint = checked_endpoint(endpoint)
        given = {"generator": generator, "discriminator": discriminator}
        self._given = tuple(name for name, layer in given.items() if layer is not None)
        for name in self._given:
            callable_layer(given[name], name, "a Keras layer")
        self.generator = generator
        if discriminator is None:
            discriminator = PairDiscriminator(
                self.widths, self.hidden_units, layer_seed(self.seed, 1_000),
                dtype=self.dtype_policy, name="discriminator",
            )
        self.discriminator = discriminator

    def connect(self, encoded):
        self._view, _ = encoded.split(self.endpoint)
        shape = encoded.view_shape(self._view)
        self._width = math.prod(encoded.shape(self.endpoint))
        if self.generator is None:
            self.generator = Decoder(
                shape, self.base_channels, self.seed, dtype=self.dtype_policy, name="generator"
            )
        if not self.generator.built:
            self.generator.build((None, self._width))
        if not self.discriminator.built:
            self.discriminator.build((None, *shape), (None, self._width))
        self._finish_connect()

    @property
    def players(self):
        # Players are asked for before the term is connected, too, when a model is compiled.
        generates = [] if self.generator is None else self.generator.trainable_variables
        return (
            Player(
                "discriminator",
                self.discriminator.trainable_variables,
                self.discriminator_loss,
                metric="discriminator_loss",
            ),
            Player(
                "generator",
                generates,
                self.generator_loss,
                metric="generator_loss",
            ),
        )

    @property
    def metric_units(self):
        return {"bigan_encoder_loss": "1", "bigan_value": "1"}

    @property
    def code_prior(self):
        """The prior of z."""
        return self.prior

    def discriminate(self, views, codes):
        """Scores ``[K, 1]`` of pairs of views and squashed codes or draws of the prior."""
        return wide(self.discriminator(views, codes))

    def decode(self, codes):
        """Views that the generator makes of codes ``[K, D]`` of the encoder, in inference mode."""
        return self.generate(squash(wide(flat(codes)), self.prior))

    def generate(self, draws):
        """Views that the generator makes of draws of the prior ``[K, D]``, in inference mode."""
        return wide(self.generator(draws, training=False))

    def _codes(self, features):
        """Squashed codes of the batch."""
        return squash(wide(flat(features.read(self.endpoint))), self.prior)

    def _encoded(self, features):
        """(views, squashed codes) of the batch."""
        codes = self._codes(features)
        return tf.cast(features.view(self._view), codes.dtype), codes

    def _generated(self, features):
        """(generated views, draws of the prior), as many as the batch has rows."""
        codes = self._codes(features)
        draws = sample_prior(self.prior, tf.shape(codes), features.seed("bigan"), codes.dtype)
        draws = tf.ensure_shape(draws, [None, self._width])
        with replicas.on_whole_batch():
            return wide(self.generator(draws, training=features.training)), draws

    def loss(self, features):
        scores = self.discriminate(*self._encoded(features))
        half = self._divergence.positive if self.game == "minimax" else self._divergence.negative
        loss = tf.reduce_mean(half(scores))
        return self.weight * loss, {"bigan_encoder_loss": loss}

    def generator_loss(self, features):
        """(loss of G, no metrics) of a batch."""
        scores = self.discriminate(*self._generated(features))
        half = self._divergence.negative if self.game == "minimax" else self._divergence.positive
        return -tf.reduce_mean(half(scores)), {}

    def discriminator_loss(self, features):
        """(loss of D, dict of metrics) of a batch; encoder and generator are held fixed."""
        encoded = tuple(map(tf.stop_gradient, self._encoded(features)))
        generated = tuple(map(tf.stop_gradient, self._generated(features)))
        value = self._divergence.estimate(
            self.discriminate(*encoded), self.discriminate(*generated)
        )
        loss = -value
        if self.penalty_weight:
            penalties = [self._penalty(*pairs) for pairs in (encoded, generated)]
            loss += self.penalty_weight * tf.add_n(penalties) / len(penalties)
        return loss, {"bigan_value": value}

    def _penalty(self, views, codes):
        """``gradient_penalty`` of D by views and codes, as one vector."""
        size = math.prod(views.shape[1:])

        def scores(rows):
            images = tf.reshape(rows[:, :size], tf.shape(views))
            return self.discriminate(tf.ensure_shape(images, views.shape), rows[:, size:])

        return gradient_penalty(scores, tf.concat([flat(views), codes], axis=1))

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        layers = dict.fromkeys(_LAYERS)
        layers.update({name: serialize(getattr(self, name)) for name in self._given})
        return {
            **super().get_config(),
            "prior": self.prior,
            "game": self.game,
            "measure": self.measure,
            "widths": self.widths,
            "hidden_units": self.hidden_units,
            "penalty_weight": self.penalty_weight,
            "base_channels": self.base_channels,
            "seed": self.seed,
            "endpoint": self.endpoint,
            **layers,
        }

    @classmethod
    def from_config(cls, config):
        deserialize = keras.saving.deserialize_keras_object
        layers = {name: config[name] and deserialize(config[name]) for name in _LAYERS}
        return cls(**{**config, **layers})
