"""The information term: a bound on the MI of two features, whether maps, codes or views.

``Information`` offers every option of a bound; its subclasses only choose the features to score:
the code with every place of a map (``map_information.LocalInformation``), the code with one whole
map (``map_information.GlobalInformation``), the codes of two views
(``two_views.ViewInformation``).
"""

import math

import keras
import tensorflow as tf

from tf_infomax.bounds.moving_average import RATE, updated_log_average
from tf_infomax.naming.arguments import callable_layer, integer, number
from tf_infomax.numerics import replicas
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives.features import global_vectors
from tf_infomax.objectives.mutual_information import mutual_information_loss
from tf_infomax.objectives.scored_bound import ScoredBound
from tf_infomax.objectives.term import Term, checked_critic
from tf_infomax.scores.blocked_scores import BlockedScores, in_blocks, score_all, scores_of
from tf_infomax.scores.few_negatives import FewNegatives, are_few

__all__ = ["Information"]

# log 0: of a moving average that has seen no batch.
_NO_AVERAGE = -math.inf


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
        self.connect_to_critic()

    def connect_to_critic(self):
        """``_connect`` of a term whose critic and baseline are built."""
        if self.scored_bound.averages and self.log_average is None:
            self.log_average = self._average("log_average", _NO_AVERAGE)
            self.num_averaged = self._average("num_averaged", 0.0)
        self._finish_connect()

    def restart_average(self):
        """Forgets the moving average, if the bound has one."""
        if self.log_average is not None:
            self.log_average.assign(_NO_AVERAGE)
            self.num_averaged.assign(0.0)

    def _average(self, name, start):
        return self.add_weight(
            shape=(), initializer=keras.initializers.Constant(start), trainable=False,
            dtype="float32", aggregation="mean", name=name,
        )

    def features_of(self, features, own=False):
        """(anchors, candidates) of the whole batch, as the critic takes them.

        Args:
            features: ``Features``.
            own: whether only this replica's rows are wanted.
        """
        raise NotImplementedError

    def scores(self, features):
        """(scores of all pairs, mean squared norm of the embedded anchors or ``None``).

        Large numbers of pairs are scored in blocks, few negatives alone; replicas share the work
        on the pairs.
        """
        options = {"self_score": self.self_score, "negative_images": self.negative_images}
        training = features.training
        anchors, candidates = self.features_of(features, own=True)
        # A user's own bound may read the matrix itself.
        if self.scored_bound.is_registered:
            kind = None
            if are_few(self.critic, anchors, candidates, self.negative_images):
                kind = FewNegatives
            elif in_blocks(self.critic, anchors, candidates):
                kind = BlockedScores
            if kind is not None:
                scores = kind(self.critic, anchors, candidates, **options, training=training)
                return scores, self._penalty(scores.anchors)
        anchors, candidates = map(replicas.gathered, (anchors, candidates))
        if self.activation_penalty:
            embedded = self.critic.embed_globals(anchors, training=training)
            scores = self.critic.score_embedded(embedded, candidates, training=training)
            return scores_of(scores, **options), self._penalty(embedded)
        scores = score_all(self.critic, anchors, candidates, training)
        is_plain = scores.shape.rank == 2 and set(options.values()) == {None}
        if is_plain and not self.scored_bound.is_registered:
            return scores, None
        return scores_of(scores, **options), None

    def _penalty(self, embedded):
        if not self.activation_penalty:
            return None
        return tf.reduce_mean(tf.reduce_sum(wide(embedded) ** 2, axis=-1))

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
