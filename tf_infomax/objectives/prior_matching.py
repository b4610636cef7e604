"""Matching the code's distribution to a prior with a discriminator (Hjelm et al. 2019, eq. 7).
"""

import keras
import tensorflow as tf

from tf_infomax.bounds import divergences
from tf_infomax.layers.score_network import ScoreNetwork
from tf_infomax.naming.arguments import integers, number, seed_or_none
from tf_infomax.numerics.geometry import unit_norm
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives import options
from tf_infomax.objectives.features import global_vectors
from tf_infomax.objectives.player import Player
from tf_infomax.objectives.term import Term, checked_endpoint

__all__ = ["PRIORS", "PriorMatching", "gradient_penalty", "sample_prior", "squash"]

PRIORS, PENALTIES = options.PRIORS, options.PENALTIES


def squash(codes, prior):
    """Codes on the support of ``prior``, for the discriminator only.

    "uniform": the sigmoid, into (0, 1); "ball": ``z tanh(|z|) / |z|``, into the unit ball;
    "sphere": ``z / |z|``, onto the unit sphere; "normal": unchanged.

    Args:
        codes: ``[K, D]``.
        prior: name of a prior.
    """
    if prior == "uniform":
        return tf.sigmoid(codes)
    if prior == "sphere":
        return unit_norm(codes)
    if prior == "ball":
        squared = tf.reduce_sum(codes**2, axis=-1, keepdims=True)
        # The norm has no gradient at zero, where tanh(r) / r = 1 - r^2 / 3 + ...
        is_small = squared < 1e-6
        norm = tf.sqrt(tf.where(is_small, tf.ones_like(squared), squared))
        return codes * tf.where(is_small, 1.0 - squared / 3.0, tf.tanh(norm) / norm)
    return codes


def sample_prior(prior, shape, seed, dtype=tf.float32):
    """Draws from a prior: U(0, 1)^D, N(0, 1)^D, uniform in the unit ball of R^D or on its sphere.

    Args:
        prior: name of a prior.
        shape: ``[K, D]``.
        seed: int ``[2]``; inside XLA it gives other draws.
        dtype: floating.
    """
    if prior == "uniform":
        return tf.random.stateless_uniform(shape, seed, dtype=dtype, alg="philox")
    normal = tf.random.stateless_normal(shape, seed, dtype=dtype, alg="philox")
    if prior == "normal":
        return normal
    if prior == "sphere":
        return unit_norm(normal)
    # A direction, and a radius whose D-th power is uniform.
    radius_seed = tf.random.fold_in(seed, 1, alg="philox")
    uniform = tf.random.stateless_uniform([shape[0], 1], radius_seed, dtype=dtype, alg="philox")
    radius = uniform ** (1.0 / tf.cast(shape[1], dtype))
    return radius * normal / tf.norm(normal, axis=-1, keepdims=True)


def gradient_penalty(discriminator, inputs, form="all_samples"):
    """Mean squared norm of the discriminator's gradient by its inputs.

    Args:
        discriminator: function ``[K, D] -> [K, 1]`` of each row by itself.
        inputs: ``[K, D]``.
        form: "all_samples", or "last_sample": as released, ``|dD/dx_K|^2 / K`` of the last row.

    Returns:
        Scalar, differentiable by the discriminator's weights.
    """
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        scores = discriminator(inputs)
        total = tf.reduce_sum(scores if form == "all_samples" else scores[-1:])
    gradients = tape.gradient(total, inputs)
    # For "last_sample" all other rows are zero, and the mean divides by K as the release does.
    return tf.reduce_mean(tf.reduce_sum(gradients**2, axis=-1))


@keras.saving.register_keras_serializable(package="tf_infomax")
class PriorMatching(Term):
    """Match the distribution of the code to a prior, by a game with a discriminator.

    The discriminator D minimises ``E_z[n(D(z))] - E_v[p(D(v))] + penalty``, v from the prior and z
    the squashed code; the encoder minimises the non-saturating ``-E_z[p(D(z))]``. Neither loss
    moves the other player. Other terms and probes see the code unsquashed.

    Args:
        prior: "uniform", "normal", "ball" or "sphere".
        measure: f-divergence of the game, one of ``bounds.divergences``.
        weight: gamma, of the encoder's loss.
        hidden_units: widths of D.
        penalty_weight: of the gradient penalty, averaged over prior and codes.
        penalty_form: "all_samples" or "last_sample" (as released).
        seed: int for reproducible weights of D, or ``None``.
        endpoint: the code, ``"view.endpoint"`` or an endpoint of the main view.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 3.3, Table 10; the penalty is in the
    released code only, after Roth et al. (2017).
    """

    label = "prior"

    def __init__(
        self,
        prior=options.PriorMatching.prior,
        measure=options.PriorMatching.measure,
        weight=options.PriorMatching.weight,
        hidden_units=options.PriorMatching.hidden_units,
        penalty_weight=options.PriorMatching.penalty_weight,
        penalty_form=options.PriorMatching.penalty_form,
        seed=None,
        endpoint=options.PriorMatching.endpoint,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        if prior not in PRIORS:
            raise ValueError(f"`prior` must be one of {PRIORS}. Received: prior={prior!r}.")
        if penalty_form not in PENALTIES:
            raise ValueError(
                f"`penalty_form` must be one of {PENALTIES}. Received: {penalty_form!r}."
            )
        self.prior = prior
        self.measure = measure
        self._divergence = divergences.get(measure)
        self.hidden_units = integers(hidden_units, "hidden_units", smallest_number=0)
        self.penalty_weight = number(penalty_weight, "penalty_weight")
        self.penalty_form = penalty_form
        self.seed = seed_or_none(seed)
        self.endpoint = checked_endpoint(endpoint)
        self.discriminator = ScoreNetwork(
            self.hidden_units, self.seed, dtype=self.dtype_policy, name="discriminator"
        )

    def connect(self, encoded):
        self.discriminator.build((None, encoded.shape(self.endpoint)[-1]))
        self._finish_connect()

    @property
    def players(self):
        return (
            Player(
                "adversary",
                self.discriminator.trainable_variables,
                self.adversary_loss,
                metric="adversary_loss",
            ),
        )

    @property
    def metric_units(self):
        return {"prior_encoder_loss": "1", "prior_divergence": "1"}

    def discriminate(self, codes):
        """Scores of squashed codes or prior draws, ``[K, D] -> [K, 1]``."""
        return wide(self.discriminator(codes))

    def _codes(self, features):
        codes = global_vectors(features.read(self.endpoint))
        return squash(wide(codes), self.prior)

    def loss(self, features):
        scores = self.discriminate(self._codes(features))
        loss = -tf.reduce_mean(self._divergence.positive(scores))
        return self.weight * loss, {"prior_encoder_loss": loss}

    def adversary_loss(self, features):
        """(loss of the discriminator, dict of metrics) of a batch; the encoder is held fixed."""
        codes = tf.stop_gradient(self._codes(features))
        draws = sample_prior(self.prior, tf.shape(codes), features.seed("prior"), codes.dtype)
        return self.discriminator_loss(draws, codes)

    def discriminator_loss(self, draws, codes):
        """(loss of D, metrics) on draws of the prior and squashed codes, each ``[K, D]``."""
        positive = tf.reduce_mean(self._divergence.positive(self.discriminate(draws)))
        negative = tf.reduce_mean(self._divergence.negative(self.discriminate(codes)))
        loss = negative - positive
        if self.penalty_weight:
            penalties = [
                gradient_penalty(self.discriminate, inputs, self.penalty_form)
                for inputs in (draws, codes)
            ]
            loss += self.penalty_weight * tf.add_n(penalties) / len(penalties)
        return loss, {"prior_divergence": positive - negative}

    def get_config(self):
        return {
            **super().get_config(),
            "prior": self.prior,
            "measure": self.measure,
            "hidden_units": self.hidden_units,
            "penalty_weight": self.penalty_weight,
            "penalty_form": self.penalty_form,
            "seed": self.seed,
            "endpoint": self.endpoint,
        }
