"""The information terms: a bound on the MI of two features, whether maps, codes or views.

``Information`` offers every option of a bound; its subclasses only choose the features to score:
the code with every place of a map (``LocalInformation``), the code with one whole map
(``GlobalInformation``), the codes of two views (``two_views.ViewInformation``).
"""

import math

import keras
import tensorflow as tf

from tf_infomax.bounds.moving_average import RATE, updated_log_average
from tf_infomax.naming.arguments import boolean, callable_layer, integer, number
from tf_infomax.numerics.sampling import sample_places
from tf_infomax.objectives import options
from tf_infomax.objectives.features import flat, global_vectors, wide
from tf_infomax.objectives.mutual_information import mutual_information_loss
from tf_infomax.objectives.scored_bound import ScoredBound
from tf_infomax.objectives.term import Term, checked_critic, checked_endpoint
from tf_infomax.scores.pairs import PairScores

__all__ = ["GlobalInformation", "Information", "LocalInformation"]


class Information(Term):
    """Maximise a bound on the mutual information of two features of the same example.

    Args:
        critic: scores the pairs.
        bound: name of a registered bound, one with options, ``bounds.get("smile", clip=1.0)``, or
            a function from scores to a scalar in nats. The gradient of "mine" is corrected by a
            moving average (weight of a batch: 0.01), which belongs to the term and changes in
            training only.
        weight: factor of the loss.
        target: nats, or ``None``: train ``|bound - target|`` in place of ``-bound``.
        baseline: Keras layer, ``baseline(anchors) -> [K]``, the log a(x) of bounds that take one
            ("tuba", "interpolated"), ``critics.LearnedBaseline``; or ``None``.
        negative_images: how many other examples of the batch give negatives; ``None``: all.
        self_score: ``None`` excludes an example's own features from its negatives, exactly; -10.0
            puts a constant in their place, as DIM's released code does.
        activation_penalty: factor of the mean squared norm of the embedded anchors; only for
            critics with ``embed_globals``.

    Raises:
        ValueError: on unknown bounds, a baseline for a bound that does not accept one, or numbers
            out of range.
    """

    label = "information"
    least_rows = 2

    def __init__(
        self,
        critic,
        bound="infonce",
        weight=1.0,
        target=None,
        baseline=None,
        negative_images=None,
        self_score=None,
        activation_penalty=0.0,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        self.critic = checked_critic(critic)
        if target is not None:
            target = number(target, "target", wanted="nats, 0 or more")
        self.target = target
        self.activation_penalty = number(activation_penalty, "activation_penalty")
        if negative_images is not None:
            wanted = "from 1 to the batch size less 1, or None"
            integer(negative_images, "negative_images", wanted=wanted)
        if self_score is not None:
            number(self_score, "self_score", -math.inf, wanted="a number or None")
        if activation_penalty and not hasattr(critic, "embed_globals"):
            raise ValueError(
                "The activation penalty needs a critic that embeds the global features, such as "
                f"dot_map. Received: critic={type(critic).__name__}."
            )
        if baseline is not None:
            wanted = "None or a baseline, such as critics.LearnedBaseline()"
            callable_layer(baseline, "baseline", wanted)
        self.baseline = baseline
        self.negative_images = negative_images
        self.self_score = self_score
        self.scored_bound = ScoredBound(bound, baseline is not None)
        self.log_average = self.num_averaged = None

    @property
    def bound(self):
        """The bound as it was given."""
        return self.scored_bound.bound

    @property
    def metric_units(self):
        return {self.label: self.scored_bound.unit}

    def _connect(self, anchor_shape, candidate_shape):
        """Makes the weights for features of these shapes, without the batch axis."""
        if not self.critic.built:
            self.critic.build((None, *anchor_shape), (None, *candidate_shape))
        if self.baseline is not None and not self.baseline.built:
            self.baseline.build((None, anchor_shape[-1]))
        if self.scored_bound.averages and self.log_average is None:
            self.log_average = self._average("log_average", -math.inf)
            self.num_averaged = self._average("num_averaged", 0.0)
        self._finish_connect()

    def _average(self, name, start):
        return self.add_weight(
            shape=(), initializer=keras.initializers.Constant(start), trainable=False,
            dtype="float32", aggregation="mean", name=name,
        )

    def features_of(self, features):
        """(anchors, candidates) of the whole batch, as the critic takes them."""
        raise NotImplementedError

    def scores(self, features):
        """(scores of all pairs, mean squared norm of the embedded anchors or ``None``)."""
        anchors, candidates = self.features_of(features)
        training = features.training
        if not self.activation_penalty:
            takes_training = getattr(self.critic, "takes_training", False)
            kwargs = {"training": training} if takes_training else {}
            return self._pairs(self.critic(anchors, candidates, **kwargs)), None
        embedded = self.critic.embed_globals(anchors, training=training)
        scores = self.critic.score_embedded(embedded, candidates, training=training)
        embedded = tf.cast(embedded, wide(scores).dtype)
        penalty = tf.reduce_mean(tf.reduce_sum(embedded**2, axis=-1))
        return self._pairs(scores), penalty

    def _pairs(self, scores):
        """``PairScores`` of maps ``[N, B, N, A]``, or of a matrix ``[K, K]``."""
        if scores.shape.rank == 2:
            if self.self_score is None and self.negative_images is None:
                # A user's own bound reads the matrix itself.
                is_own = not self.scored_bound.is_registered
                return scores if is_own else PairScores.from_matrix(scores)
            scores = scores[:, tf.newaxis, :, tf.newaxis]
        return PairScores.from_maps(scores, self.self_score, self.negative_images)

    def loss(self, features):
        scores, penalty = self.scores(features)
        value = self._value(scores, features)
        loss = self.weight * mutual_information_loss(value, self.target)
        if penalty is not None:
            loss += self.activation_penalty * penalty
        return loss, {self.label: value}

    def _value(self, scores, features):
        if self.scored_bound.averages and features.training:
            return self.scored_bound(scores, log_average=self._updated_average(scores))
        if self.baseline is None:
            return self.scored_bound(scores)
        anchors, _ = self.features_of(features)
        return self.scored_bound(scores, log_baseline=self.baseline(global_vectors(anchors)))

    def _updated_average(self, scores):
        """The moving average of ``mean exp`` over the negatives' scores, in logarithms."""
        log_mean = tf.stop_gradient(scores.log_mean_exp())
        kept, log_average = updated_log_average(
            self.log_average.value, tf.cast(log_mean, tf.float32), RATE, self.num_averaged.value
        )
        self.log_average.assign(kept)
        self.num_averaged.assign_add(1.0)
        return log_average

    def load_own_variables(self, store):
        # In files of version 0.1 the moving average is the model's own; ``InfoMax`` reads it.
        if store.keys():
            super().load_own_variables(store)

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "critic": serialize(self.critic),
            "bound": self.scored_bound.serialize(),
            "target": self.target,
            "baseline": None if self.baseline is None else serialize(self.baseline),
            "negative_images": self.negative_images,
            "self_score": self.self_score,
            "activation_penalty": self.activation_penalty,
        }

    @classmethod
    def from_config(cls, config):
        parts = {
            key: keras.saving.deserialize_keras_object(config[key])
            for key in ("critic", "baseline")
            if isinstance(config.get(key), dict)
        }
        return cls(**{**config, **parts})


@keras.saving.register_keras_serializable(package="tf_infomax")
class LocalInformation(Information):
    """Maximise the information between the global code and every local feature: DIM(L).

    ``max mean over places i of bound( critic(E(x), C^(i)(x)) )``: the anchors are the global codes,
    the positives of an anchor are the places of its own image, and its negatives all places of the
    other images of the batch.

    Args:
        critic: critic for maps, ``critic(global, local) -> [N, B, N, A]``.
        bound: name of a registered bound, or as for ``Information``.
        weight: beta.
        occluded: whether the code is that of the image with a part hidden (section 4.3); the local
            features are always those of the whole image.
        local_samples, global_samples: how many places (or globals) of each image are drawn at
            random in every step; ``None`` takes all.
        negative_images, self_score, activation_penalty, target, baseline: see ``Information``.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 3.2, eq. 6 (eq. 8 prints this term
    wrongly; the authors say so).
    """

    label = "local_information"

    def __init__(
        self,
        critic,
        bound=options.LocalInformation.bound,
        weight=options.LocalInformation.weight,
        occluded=options.LocalInformation.occluded,
        local_samples=options.LocalInformation.local_samples,
        global_samples=options.LocalInformation.global_samples,
        negative_images=options.LocalInformation.negative_images,
        self_score=options.LocalInformation.self_score,
        activation_penalty=options.LocalInformation.activation_penalty,
        **kwargs,
    ):
        super().__init__(
            critic,
            bound,
            weight,
            negative_images=negative_images,
            self_score=self_score,
            activation_penalty=activation_penalty,
            **kwargs,
        )
        self.occluded = boolean(occluded, "occluded")
        for name, value in (("local_samples", local_samples), ("global_samples", global_samples)):
            if value is not None:
                integer(value, name, wanted="a positive integer or None")
        self.local_samples = local_samples
        self.global_samples = global_samples

    def connect(self, encoded):
        local, code = (encoded.shape(name) for name in ("local", "global"))
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
        self._connect(code, local)

    def features_of(self, features):
        codes = features.read("occluded.global" if self.occluded else "global")
        local = features.read("local")
        if self.local_samples is not None:
            local = sample_places(local, self.local_samples, features.seed("local_samples"))
        if self.global_samples is not None and codes.shape.rank == 4:
            codes = sample_places(codes, self.global_samples, features.seed("global_samples"))
        return codes, local

    def get_config(self):
        return {
            **super().get_config(),
            "occluded": self.occluded,
            "local_samples": self.local_samples,
            "global_samples": self.global_samples,
        }


@keras.saving.register_keras_serializable(package="tf_infomax")
class GlobalInformation(Information):
    """Maximise the information between the global code and one whole feature map: DIM(G).

    ``max bound( critic(E(x), C(x)) )`` over all pairs of images of the batch. Codes with several
    globals are flattened.

    Args:
        critic: critic of vectors, which sees the flattened map; or a critic of maps
            (``EncoderTailCritic``).
        bound: name of a registered bound, or as for ``Information``.
        weight: alpha.
        endpoint: the map; "conv" is that of the paper.
        occluded: whether the code is that of the image with a part hidden.
        self_score, negative_images, activation_penalty, target, baseline: see ``Information``.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 3.1, eqs. 2 to 5.
    """

    label = "global_information"

    def __init__(
        self,
        critic,
        bound=options.GlobalInformation.bound,
        weight=options.GlobalInformation.weight,
        endpoint=options.GlobalInformation.endpoint,
        occluded=options.GlobalInformation.occluded,
        self_score=options.GlobalInformation.self_score,
        activation_penalty=options.GlobalInformation.activation_penalty,
        **kwargs,
    ):
        super().__init__(
            critic,
            bound,
            weight,
            self_score=self_score,
            activation_penalty=activation_penalty,
            **kwargs,
        )
        self.occluded = boolean(occluded, "occluded")
        self.endpoint = checked_endpoint(endpoint)

    def connect(self, encoded):
        code, shape = (encoded.shape(name) for name in ("global", self.endpoint))
        candidate = shape if self._takes_maps else (math.prod(shape),)
        self._connect((math.prod(code),), candidate)

    @property
    def _takes_maps(self):
        return getattr(self.critic, "takes_maps", False)

    def features_of(self, features):
        codes = features.read("occluded.global" if self.occluded else "global")
        maps = features.read(self.endpoint)
        return flat(codes), maps if self._takes_maps else flat(maps)

    def get_config(self):
        return {**super().get_config(), "endpoint": self.endpoint, "occluded": self.occluded}
