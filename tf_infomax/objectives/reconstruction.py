"""Autoencoders as a term: AE, VAE and beta-VAE, by one decoder that trains with the encoder."""

import math

import keras
import tensorflow as tf

from tf_infomax.decoders import Decoder, likelihoods
from tf_infomax.layers.released import Dense
from tf_infomax.naming.arguments import callable_layer, number, positive_integer, seed_or_none
from tf_infomax.numerics import replicas
from tf_infomax.numerics.randomness import layer_seed
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives import options
from tf_infomax.objectives.features import flat
from tf_infomax.objectives.prior_matching import sample_prior
from tf_infomax.objectives.term import Term, checked_endpoint

__all__ = ["Reconstruction", "gaussian_kl", "posterior_draw"]

# Where the head of the log-variances reads, by default the first that the encoder has.
_HEADS = ("fc", "conv")


def posterior_draw(mean, log_variance, seed):
    """One draw from ``N(mean, diag exp(log_variance))`` of each row: ``[K, D]``."""
    noise = sample_prior("normal", tf.shape(mean), seed, mean.dtype)
    return mean + tf.exp(0.5 * log_variance) * noise


def gaussian_kl(mean, log_variance):
    """``KL(N(mean, diag exp(log_variance)) || N(0, I))`` in nats: ``[K, D]`` twice -> ``[K]``."""
    entries = mean**2 + tf.exp(log_variance) - 1.0 - log_variance
    return 0.5 * tf.reduce_sum(entries, axis=-1)


@keras.saving.register_keras_serializable(package="tf_infomax")
class Reconstruction(Term):
    """Decode the view from its code: an autoencoder, or a VAE with a weight on its KL term.

    Minimises ``-log p(x | z) + beta KL(q(z | x) || N(0, I))``, in nats an image, averaged over the
    batch. ``q(z | x)`` is normal with the encoder's code as its mean, so that probes read the mean,
    and variances from a linear head that belongs to this term; z is drawn once an image.

    - ``beta=None``: an autoencoder, z is the code; there is neither a head nor a KL term.
    - ``beta=1``: a VAE; the loss is minus the ELBO, a lower bound on ``log p(x)``.
    - other values: a beta-VAE. Its ELBO is reported with beta 1, so that it stays a bound.

    The sources leave open: the likelihood and its variance (here normal noise of standard deviation
    1 around pixels in [-1, 1], whose loss is half the squared error), beta of the beta-VAE, and
    what the variances are computed from (here: "fc", as the code itself; without it "conv"; for
    encoders with neither, the code).

    With an autoencoder and ``PriorMatching`` the sum is an adversarial autoencoder.

    Args:
        beta: weight of the KL term, 0 or more; or ``None``.
        likelihood: one of ``decoders.likelihoods``: "gaussian", "laplace",
            "continuous_bernoulli".
        noise_sd: standard deviation of the first two; ``None`` learns one number for all pixels,
            starting at 1.
        weight: factor of the loss.
        endpoint: the code, ``"view.endpoint"`` or an endpoint of the main view; its view is
            decoded. Maps are flattened.
        variance_endpoint: what the head reads, of the same view; ``None`` as above.
        base_channels: of the DCGAN decoder, ``decoders.Decoder``.
        seed: int for reproducible weights, or ``None``.
        decoder: a Keras layer from codes ``[K, D]`` to views, in place of the DCGAN decoder.

    References: Kingma & Welling (2014), arXiv:1312.6114; Higgins et al. (2017); the competing
    methods of Hjelm et al. (2019), arXiv:1808.06670, Tables 1, 2 and 4.
    """

    label = "reconstruction"

    def __init__(
        self,
        beta=options.Reconstruction.beta,
        likelihood=options.Reconstruction.likelihood,
        noise_sd=options.Reconstruction.noise_sd,
        weight=options.Reconstruction.weight,
        endpoint=options.Reconstruction.endpoint,
        variance_endpoint=options.Reconstruction.variance_endpoint,
        base_channels=options.Reconstruction.base_channels,
        seed=None,
        decoder=None,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        self.beta = None if beta is None else number(beta, "beta", wanted="0 or more, or None")
        self.likelihood = likelihood
        self._log_density = likelihoods.get(likelihood)
        self.noise_sd = noise_sd
        if noise_sd is not None:
            wanted = "positive, or None to learn it"
            self.noise_sd = number(noise_sd, "noise_sd", exclusive=True, wanted=wanted)
        self.endpoint = checked_endpoint(endpoint)
        self.variance_endpoint = variance_endpoint
        if variance_endpoint is not None:
            checked_endpoint(variance_endpoint)
        self.base_channels = positive_integer(base_channels, "base_channels")
        self.seed = seed_or_none(seed)
        self._given_decoder = decoder is not None
        self.decoder = decoder
        if self._given_decoder:
            wanted = "a layer of codes, such as decoders.Decoder((32, 32, 3))"
            callable_layer(decoder, "decoder", wanted)
        self.head = self.log_noise_sd = None

    def connect(self, encoded):
        self._view, _ = encoded.split(self.endpoint)
        shape = encoded.view_shape(self._view)
        width = math.prod(encoded.shape(self.endpoint))
        if self.decoder is None:
            self.decoder = _image_decoder(shape, self.base_channels, self.seed, self.dtype_policy)
        if not self.decoder.built:
            self.decoder.build((None, width))
        decoded = tuple(self.decoder.compute_output_shape((None, width)))[1:]
        if decoded != shape:
            raise ValueError(
                f"The decoder must give views of shape {shape}. Received: a decoder of shape "
                f"{decoded}."
            )
        if self.beta is not None:
            self._head_address = self._address_of_head(encoded)
            self.head = Dense(
                width, seed=layer_seed(self.seed, 1_000), dtype=self.dtype_policy, name="head"
            )
            self.head.build((None, math.prod(encoded.shape(self._head_address))))
        if self.noise_sd is None:
            self.log_noise_sd = self.add_weight(shape=(), initializer="zeros", name="log_noise_sd")
        self._finish_connect()

    def _address_of_head(self, encoded):
        wanted = self.variance_endpoint
        if wanted is None:
            known = getattr(encoded.encoder(self._view), "endpoint_shapes", {})
            found = [name for name in _HEADS if name in known]
            if not found:
                return self.endpoint
            wanted = found[0]
        return f"{self._view}.{wanted}"

    @property
    def metric_units(self):
        units = {"reconstruction_mse": "1", "reconstruction_log_likelihood": "nats"}
        if self.beta is not None:
            units.update(reconstruction_kl="nats", elbo="nats")
        if self.noise_sd is None:
            units["reconstruction_noise_sd"] = "1"
        return units

    @property
    def code_prior(self):
        """The prior of the codes that the decoder was trained on, or ``None`` for autoencoders."""
        return None if self.beta is None else "normal"

    def posterior(self, features):
        """(mean, log-variance or ``None``) of ``q(z | x)``, each ``[K, D]``."""
        mean = wide(flat(features.read(self.endpoint)))
        if self.beta is None:
            return mean, None
        return mean, wide(self.head(flat(features.read(self._head_address))))

    def decode(self, codes):
        """Views ``[K, ...]`` decoded from codes ``[K, D]`` or maps, in inference mode."""
        return wide(self.decoder(flat(codes), training=False))

    def _noise_sd(self, dtype):
        if self.noise_sd is not None:
            return tf.constant(self.noise_sd, dtype)
        return tf.exp(tf.cast(tf.convert_to_tensor(self.log_noise_sd), dtype))

    def loss(self, features):
        codes, log_variance = self.posterior(features)
        mean = codes
        if self.beta is not None:
            seed = features.seed("reconstruction")
            codes = posterior_draw(mean, log_variance, seed)
        with replicas.on_whole_batch():
            decoded = wide(self.decoder(codes, training=features.training))
        views = tf.cast(features.view(self._view), decoded.dtype)
        noise_sd = self._noise_sd(decoded.dtype)
        entries = flat(self._log_density(views, decoded, noise_sd))
        log_likelihood = tf.reduce_mean(tf.reduce_sum(entries, axis=1))
        metrics = {
            "reconstruction_mse": tf.reduce_mean((views - decoded) ** 2),
            "reconstruction_log_likelihood": log_likelihood,
        }
        loss = -log_likelihood
        if self.beta is not None:
            kl = tf.reduce_mean(gaussian_kl(mean, log_variance))
            metrics.update(reconstruction_kl=kl, elbo=log_likelihood - kl)
            loss += self.beta * kl
        if self.noise_sd is None:
            metrics["reconstruction_noise_sd"] = noise_sd
        return self.weight * loss, metrics

    def get_config(self):
        decoder = self.decoder if self._given_decoder else None
        return {
            **super().get_config(),
            "beta": self.beta,
            "likelihood": self.likelihood,
            "noise_sd": self.noise_sd,
            "endpoint": self.endpoint,
            "variance_endpoint": self.variance_endpoint,
            "base_channels": self.base_channels,
            "seed": self.seed,
            "decoder": decoder and keras.saving.serialize_keras_object(decoder),
        }

    @classmethod
    def from_config(cls, config):
        decoder = config["decoder"] and keras.saving.deserialize_keras_object(config["decoder"])
        return cls(**{**config, "decoder": decoder})


def _image_decoder(shape, base_channels, seed, dtype):
    if len(shape) != 3:
        raise ValueError(
            "The DCGAN decoder makes images [K, H, W, C]; other views need a `decoder` of their "
            f"own. Received: views of shape {shape}."
        )
    return Decoder(shape, base_channels, seed, dtype=dtype, name="decoder")
