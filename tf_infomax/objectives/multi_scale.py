"""Information between features of several scales of two views, as in AMDIM."""

import math

import keras
import tensorflow as tf

from tf_infomax.critics.feature_map import DotMapCritic
from tf_infomax.naming.arguments import number, positive_integer
from tf_infomax.numerics import replicas
from tf_infomax.numerics.randomness import stream_seed
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives.scored_bound import ScoredBound
from tf_infomax.objectives.view_pair import TwoViewTerm
from tf_infomax.scores.pairs import PairScores

__all__ = ["MultiScaleInformation"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class MultiScaleInformation(TwoViewTerm):
    """Maximise the information of every place of one view with every place of the other.

    ``max mean over pairs (n, m) and both directions of bound( critic(f_n(view 1), f_m(view 2)) )``:
    DIM(L) across two views, with anchors that may be maps, too (n-to-m prediction). The positives
    of a place are all places of its own image in the other view, its negatives all places of the
    other images. Each pair of scales has an encode-and-dot critic of its own, which both directions
    share.

    AMDIM keeps its scores small. With ``clip`` or ``score_penalty`` a score s is the dot product
    over the square root of ``units``, as there; the bound reads ``clip * tanh(s / clip)``, and
    ``score_penalty`` times the mean of s^2 over all pairs is added to the loss.

    Args:
        pairs: of endpoints, "anchor:candidate"; vectors are maps of one place.
        bound: name of a registered bound, or as for ``Information``.
        units: width of the critics' embeddings.
        clip: largest absolute score, or ``None``.
        score_penalty: 0 or more.
        weight, crop_area, flip, colour_jitter, grey, views: as for ``ViewInformation``; the option
            ``endpoint`` is not read.
        seed: int for reproducible weights, or ``None``.

    Raises:
        ValueError: on pairs that are not two names joined by a colon, or that are listed twice,
            or numbers out of range.

    Reference: Bachman et al. (2019), arXiv:1906.00910, section 3.4.
    """

    label = "multi_scale"

    def __init__(
        self, pairs=("global:local", "global:conv", "conv:conv"), bound="infonce", units=256,
        clip=None, score_penalty=0.0, **kwargs,
    ):
        super().__init__(**kwargs)
        valid = isinstance(pairs, (list, tuple)) and pairs and len(set(pairs)) == len(pairs)
        if not valid or not all(isinstance(one, str) and one.count(":") == 1 for one in pairs):
            raise ValueError(
                "`pairs` must be different pairs of endpoints, such as ('global:local',). "
                f"Received: pairs={pairs!r}."
            )
        self.pairs = tuple(pairs)
        self.scored_bound = ScoredBound(bound)
        self.units = positive_integer(units, "units")
        if clip is not None:
            clip = number(clip, "clip", exclusive=True, wanted="positive or None")
        self.clip = clip
        self.score_penalty = number(score_penalty, "score_penalty")
        self.critics = [
            DotMapCritic(
                self.units,
                seed=None if self.seed is None else stream_seed(self.seed, pair),
                dtype=self.dtype_policy,
                name=pair.replace(":", "_"),
            )
            for pair in self.pairs
        ]

    def connect(self, encoded):
        for pair, critic in zip(self.pairs, self.critics, strict=True):
            shapes = [self._shape(encoded, endpoint) for endpoint in pair.split(":")]
            if not critic.built:
                critic.build(*((None, *_as_map(shape)) for shape in shapes))
        self._finish_connect()

    def _shape(self, encoded, endpoint):
        views = self.pair.names or (encoded.main,)
        shapes = {encoded.shape(f"{view}.{endpoint}") for view in views}
        if len(shapes) > 1:
            raise ValueError(
                "Both views must have an endpoint in one shape. "
                f"Received: {endpoint!r} of shapes {sorted(shapes)}."
            )
        return shapes.pop()

    @property
    def metric_units(self):
        unit = self.scored_bound.unit
        names = [f"{self.label}_{pair.replace(':', '_')}" for pair in self.pairs]
        return dict.fromkeys([self.label, *names], unit)

    def loss(self, features):
        values, penalties = [], []
        for pair, critic in zip(self.pairs, self.critics, strict=True):
            anchors, candidates = (
                features.pair(self.pair.views, endpoint) for endpoint in pair.split(":")
            )
            # Anchors of one view, candidates of the other, and the other way round.
            for x, y in zip(anchors, candidates[::-1], strict=True):
                with replicas.on_whole_batch():
                    scores = wide(critic(_map(x), _map(y), training=features.training))
                scores, penalty = self._limited(scores)
                values.append(self.scored_bound(PairScores.from_maps(scores)))
                penalties.append(penalty)
        of_pairs = tf.reduce_mean(tf.reshape(values, [len(self.pairs), 2]), axis=1)
        value = tf.reduce_mean(of_pairs)
        metrics = dict(zip(self.metric_units, (value, *tf.unstack(of_pairs)), strict=True))
        return self.weight * (tf.reduce_mean(penalties) - value), metrics

    def _limited(self, scores):
        """(scores that the bound reads, penalty on the scores)."""
        if self.clip is None and not self.score_penalty:
            return scores, tf.zeros([], scores.dtype)
        scores = scores / math.sqrt(self.units)
        penalty = self.score_penalty * tf.reduce_mean(tf.square(scores))
        if self.clip is not None:
            scores = self.clip * tf.tanh(scores / self.clip)
        return scores, penalty

    def get_config(self):
        return {
            **super().get_config(),
            "pairs": self.pairs,
            "bound": self.scored_bound.serialize(),
            "units": self.units,
            "clip": self.clip,
            "score_penalty": self.score_penalty,
        }


def _as_map(shape):
    return shape if len(shape) == 3 else (1, 1, *shape)


def _map(values):
    return values if values.shape.rank == 4 else values[:, tf.newaxis, tf.newaxis, :]
