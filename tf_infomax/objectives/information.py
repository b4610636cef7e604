"""The information terms of Deep InfoMax: between the global code and local or whole maps."""

import math

import keras
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.arguments import callable_layer, number
from tf_infomax.objectives.mutual_information import mutual_information_loss
from tf_infomax.objectives.term import Term, endpoint_shape
from tf_infomax.sampling import sample_places
from tf_infomax.scores import PairScores

__all__ = ["GlobalInformation", "LocalInformation"]


class _Information(Term):
    least_rows = 2

    def __init__(self, critic, bound, weight, occluded, activation_penalty, **kwargs):
        super().__init__(weight, **kwargs)
        wanted = "a critic, such as critics.DotMapCritic(2048)"
        self.critic = callable_layer(critic, "critic", wanted)
        self.bound = bound
        self.occluded = bool(occluded)
        activation_penalty = number(activation_penalty, "activation_penalty")
        if activation_penalty and not hasattr(critic, "embed_globals"):
            raise ValueError(
                "The activation penalty needs a critic that embeds the global features, such as "
                f"dot_map. Received: critic={type(critic).__name__}."
            )
        self.activation_penalty = activation_penalty
        bounds.check_reads_scores(bound)
        self._bound_function = bounds.get(bound)

    def loss(self, features):
        global_features = features.endpoint("global", occluded=self.occluded)
        scores, penalty = self._scores_and_penalty(features, global_features)
        value = self._bound_function(scores)
        loss = self.weight * mutual_information_loss(value)
        return loss + self.activation_penalty * penalty, {self.label: value}

    def _critic_scores(self, global_features, partners, training):
        """(scores, mean squared norm of the embedded globals or 0)."""
        if not self.activation_penalty:
            kwargs = {"training": training} if self.critic.takes_training else {}
            return self.critic(global_features, partners, **kwargs), 0.0
        embedded = self.critic.embed_globals(global_features, training=training)
        scores = self.critic.score_embedded(embedded, partners, training=training)
        embedded = tf.cast(embedded, scores.dtype if scores.dtype.size > 4 else tf.float32)
        return scores, tf.reduce_mean(tf.reduce_sum(embedded**2, axis=-1))

    @property
    def metric_units(self):
        return {self.label: bounds.info(bounds.name_of(self.bound)).unit}

    def _scores_and_penalty(self, features, global_features):
        raise NotImplementedError

    def get_config(self):
        return {
            **super().get_config(),
            "critic": keras.saving.serialize_keras_object(self.critic),
            "bound": bounds.name_of(self.bound),
            "occluded": self.occluded,
            "activation_penalty": self.activation_penalty,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        critic = keras.saving.deserialize_keras_object(config.pop("critic"))
        return cls(critic, **config)


@keras.saving.register_keras_serializable(package="tf_infomax")
class LocalInformation(_Information):
    """Maximise the information between the global code and every local feature: DIM(L).

    ``max mean over places i of bound( critic(E(x), C^(i)(x)) )``: the anchors are the global codes,
    the joint partners of each the places of its own image, the marginal ones all places of the
    other images of the batch.

    Args:
        critic: critic for maps, ``critic(global, local) -> [N, B, N, A]``.
        bound: name of a registered bound: "jsd", "infonce", "donsker_varadhan", ...
        weight: beta.
        occluded: whether the code is that of the image with a part hidden (section 4.3); the local
            features are always those of the whole image.
        local_samples, global_samples: as many places (or globals) of each image are drawn at
            random at every step; ``None`` takes all.
        negative_images: as many other images of the batch give marginal pairs; ``None`` takes all.
        self_score: ``None`` excludes an image's own places from its marginals, exactly; -10.0 is
            the release's constant in their stead.
        activation_penalty: factor of the mean squared norm of the embedded global features.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 3.2, eq. 6 (eq. 8 prints this term
    wrongly; the authors say so).
    """

    label = "local_information"

    def __init__(
        self,
        critic,
        bound="jsd",
        weight=1.0,
        occluded=False,
        local_samples=None,
        global_samples=None,
        negative_images=None,
        self_score=None,
        activation_penalty=0.0,
        **kwargs,
    ):
        super().__init__(critic, bound, weight, occluded, activation_penalty, **kwargs)
        for name, value in (("local_samples", local_samples), ("global_samples", global_samples)):
            if value is not None and (not isinstance(value, int) or value < 1):
                raise ValueError(f"`{name}` must be a positive integer or None. Received: {value}.")
        self.local_samples = local_samples
        self.global_samples = global_samples
        self.negative_images = negative_images
        self.self_score = self_score

    def connect(self, encoder, image_shape):
        local, code = (endpoint_shape(encoder, name) for name in ("local", "global"))
        if len(local) != 3:
            raise ValueError(
                f"The endpoint 'local' must be a map (H, W, C). Received: shape {local}."
            )
        for name, wanted, shape in (
            ("local_samples", self.local_samples, local),
            ("global_samples", self.global_samples, code),
        ):
            places = shape[0] * shape[1] if len(shape) == 3 else 1
            if wanted is not None and wanted > places:
                raise ValueError(
                    f"`{name}` can be at most {places}, the number there is. Received: {wanted}."
                )
        if not self.critic.built:
            self.critic.build((None, *code), (None, *local))
        self.built = True

    def _scores_and_penalty(self, features, global_features):
        local = features.endpoint("local")
        if self.local_samples is not None:
            seed = features.seed("local_samples")
            local = sample_places(local, self.local_samples, seed)
        if self.global_samples is not None and global_features.shape.rank == 4:
            seed = features.seed("global_samples")
            global_features = sample_places(global_features, self.global_samples, seed)
        scores, penalty = self._critic_scores(global_features, local, features.training)
        return PairScores.from_maps(scores, self.self_score, self.negative_images), penalty

    def get_config(self):
        return {
            **super().get_config(),
            "local_samples": self.local_samples,
            "global_samples": self.global_samples,
            "negative_images": self.negative_images,
            "self_score": self.self_score,
        }


@keras.saving.register_keras_serializable(package="tf_infomax")
class GlobalInformation(_Information):
    """Maximise the information between the global code and the image, by one whole map: DIM(G).

    ``max bound( critic(E(x), C(x)) )`` over all pairs of images of the batch. Codes with several
    globals are flattened.

    Args:
        critic: critic of code vectors (``ConcatCritic(512, layers=2)`` is the paper's, Table 6), on
            the code and the flattened map; or ``EncoderTailCritic``, the release's, with
            ``endpoint="local"``.
        bound: name of a registered bound.
        weight: alpha.
        endpoint: the map that stands for the image.
        occluded: whether the code is that of the image with a part hidden.
        self_score, activation_penalty: as for ``LocalInformation``.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 3.1, eq. 3.
    """

    label = "global_information"

    def __init__(
        self,
        critic,
        bound="jsd",
        weight=1.0,
        endpoint="conv",
        occluded=False,
        self_score=None,
        activation_penalty=0.0,
        **kwargs,
    ):
        super().__init__(critic, bound, weight, occluded, activation_penalty, **kwargs)
        self.endpoint = endpoint
        self.self_score = self_score

    def connect(self, encoder, image_shape):
        code, shape = (endpoint_shape(encoder, name) for name in ("global", self.endpoint))
        if not self.critic.built:
            partner = shape if self._takes_maps else (math.prod(shape),)
            self.critic.build((None, math.prod(code)), (None, *partner))
        self.built = True

    @property
    def _takes_maps(self):
        return getattr(self.critic, "takes_maps", False)

    def _scores_and_penalty(self, features, global_features):
        partner = features.endpoint(self.endpoint)
        if not self._takes_maps:
            partner = _flat(partner)
        codes = _flat(global_features)
        scores, penalty = self._critic_scores(codes, partner, features.training)
        if self.self_score is None:
            return PairScores.from_matrix(scores), penalty
        # A map of one place.
        scores = scores[:, tf.newaxis, :, tf.newaxis]
        return PairScores.from_maps(scores, self.self_score), penalty

    def get_config(self):
        return {
            **super().get_config(),
            "endpoint": self.endpoint,
            "self_score": self.self_score,
        }


def _flat(features):
    return tf.reshape(features, [-1, math.prod(features.shape[1:])])
