"""Contrastive predictive coding: each row of a local map predicts the rows below it."""

import keras
import tensorflow as tf

from tf_infomax.naming.arguments import integer, seed_or_none
from tf_infomax.numerics import replicas
from tf_infomax.numerics.randomness import stream_seed
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives import options
from tf_infomax.objectives.scored_bound import ScoredBound
from tf_infomax.objectives.term import Term, checked_critic, checked_endpoint
from tf_infomax.scores.pairs import PairScores

__all__ = ["PredictiveCoding"]

NEGATIVES = options.NEGATIVES


@keras.saving.register_keras_serializable(package="tf_infomax")
class PredictiveCoding(Term):
    """CPC: a recurrent network reads a local map row by row and predicts the rows below.

    ``max mean over offsets k, rows r and columns w of bound( critic_k(c[r, w], z[r + k, w]) )``

    A GRU reads the rows from the top; its state at a place, the context ``c[r, w]``, has seen rows
    up to r and none below. A predictor of its own for each offset k scores it with the local
    feature k rows further down. Where DIM(L) has one critic and one global for all places, in no
    order, this is ordered. The layers of the encoder above the map are not trained: measure the
    map itself ("conv" of a folded encoder).

    Args:
        critics: list of critics, of maps or of vectors, one for each offset 1, 2, ...; the paper's
            encode-and-dot is ``DotMapCritic``, CPC's own ``z^T W_k c`` is ``BilinearCritic``.
        bound: name of a registered bound, or as for ``Information``; the gradient of "mine" is that
            of the batch itself.
        weight: factor of the loss.
        endpoint: the map ``[K, H, W, C]``, with more rows than there are offsets.
        columns: odd number of neighbouring columns that the GRU reads of each row, zeros beyond the
            edges. 1 predicts each column from itself; 3 is the smallest row convolution of a
            PixelRNN. Our sources do not say which DIM's comparison has.
        hidden_units: of the GRU; ``None`` is the depth of the map, as in DIM's comparison.
        negatives: "images": the places of the other images, as in DIM(L); "places": all other
            places of the own image, too. Both only of the rows that offset k predicts.
        seed: int for reproducible weights, or ``None``.

    Raises:
        ValueError: on no critic, an even number of columns, or an endpoint that is no map or has
            too few rows.

    Reference: van den Oord et al. (2018), arXiv:1807.03748; as a competing method: Hjelm et al.
    (2019), arXiv:1808.06670, Table 3 (GRU, encode-and-dot, 3 offsets, no prior).
    """

    label = "predictive_coding"
    least_rows = 2

    def __init__(
        self,
        critics,
        bound=options.PredictiveCoding.bound,
        weight=options.PredictiveCoding.weight,
        endpoint=options.PredictiveCoding.endpoint,
        columns=options.PredictiveCoding.columns,
        hidden_units=options.PredictiveCoding.hidden_units,
        negatives=options.PredictiveCoding.negatives,
        seed=None,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        if not isinstance(critics, (list, tuple)) or not critics:
            raise ValueError(
                "`critics` must be a list of critics, one for each offset. "
                f"Received: critics={critics!r}."
            )
        self.critics = [checked_critic(critic) for critic in critics]
        if len(set(map(id, self.critics))) < len(self.critics):
            raise ValueError(
                "Every offset needs a critic of its own. Received: one critic for two offsets."
            )
        self.scored_bound = ScoredBound(bound)
        self.endpoint = checked_endpoint(endpoint)
        self.columns = integer(columns, "columns", wanted="an odd number")
        if self.columns % 2 == 0:
            raise ValueError(f"`columns` must be an odd number. Received: columns={columns!r}.")
        if hidden_units is not None:
            hidden_units = integer(hidden_units, "hidden_units", wanted="1 or more, or None")
        self.hidden_units = hidden_units
        if negatives not in NEGATIVES:
            raise ValueError(
                f"`negatives` must be one of {NEGATIVES}. Received: negatives={negatives!r}."
            )
        self.negatives = negatives
        self.seed = seed_or_none(seed)
        self.recurrent = None

    @property
    def bound(self):
        """The bound as it was given."""
        return self.scored_bound.bound

    def connect(self, encoded):
        shape = encoded.shape(self.endpoint)
        if len(shape) != 3 or shape[0] <= len(self.critics):
            raise ValueError(
                f"The endpoint must be a map (H, W, C) of more rows than there are offsets, "
                f"{len(self.critics)}. Received: {self.endpoint!r} of shape {shape}."
            )
        rows, columns, depth = shape
        units = depth if self.hidden_units is None else self.hidden_units
        self.recurrent = self._network(units)
        self.recurrent.build((None, rows, self.columns * depth))
        for offset, critic in enumerate(self.critics, start=1):
            if critic.built:
                continue
            places = (rows - offset, columns) if _takes_maps(critic) else ()
            critic.build((None, *places, units), (None, *places, depth))
        self._finish_connect()

    def _network(self, units):
        seeds = (None, None)
        if self.seed is not None:
            seeds = (stream_seed(self.seed, name) for name in ("kernel", "recurrent"))
        kernel, recurrent = seeds
        # Unrolled, since maps have a handful of rows, and XLA need not know of loops.
        return keras.layers.GRU(
            units,
            kernel_initializer=keras.initializers.GlorotUniform(kernel),
            recurrent_initializer=keras.initializers.Orthogonal(seed=recurrent),
            return_sequences=True,
            unroll=True,
            seed=0,
            dtype=self.dtype_policy,
            name="recurrent",
        )

    def contexts(self, local):
        """The GRU's states ``[K, H, W, D]`` of maps ``[K, H, W, C]``: row r has seen rows 0 .. r.
        """
        rows, columns, depth = local.shape[1:]
        side = self.columns // 2
        padded = tf.pad(local, [[0, 0], [0, 0], [side, side], [0, 0]])
        seen = [padded[:, :, k : k + columns] for k in range(self.columns)]
        sequences = tf.transpose(tf.concat(seen, axis=-1), [0, 2, 1, 3])
        states = self.recurrent(tf.reshape(sequences, [-1, rows, self.columns * depth]))
        states = tf.reshape(states, [-1, columns, rows, states.shape[-1]])
        return tf.transpose(states, [0, 2, 1, 3])

    def scores(self, contexts, local, offset, training=False):
        """``PairScores`` of the predictions ``offset`` rows down: one positive an anchor.

        Args:
            contexts: ``[K, H, W, D]``.
            local: ``[K, H, W, C]``.
            offset: from 1 to the number of critics.
            training: passed to the critic.
        """
        critic = self.critics[offset - 1]
        anchors, candidates = contexts[:, :-offset], local[:, offset:]
        places = anchors.shape[1] * anchors.shape[2]
        kwargs = {"training": training} if getattr(critic, "takes_training", False) else {}
        if _takes_maps(critic):
            found = critic(anchors, candidates, **kwargs)
        else:
            found = critic(_rows(anchors), _rows(candidates), **kwargs)
            shape = [tf.shape(local)[0], places]
            found = tf.reshape(found, [*shape, *shape])
        size = tf.shape(found)[0] * places
        matrix = tf.reshape(wide(found), [size, size])
        if self.negatives == "places":
            return PairScores.from_matrix(matrix)
        others = PairScores.from_maps(wide(found))
        return PairScores(tf.linalg.diag_part(matrix), others.marginal, others.num_marginal)

    @property
    def metric_units(self):
        unit = self.scored_bound.unit
        offsets = range(1, len(self.critics) + 1)
        return {self.label: unit, **{f"{self.label}_offset_{k}": unit for k in offsets}}

    def loss(self, features):
        local = features.read(self.endpoint)
        contexts = self.contexts(local)
        metrics = {}
        for offset in range(1, len(self.critics) + 1):
            with replicas.on_whole_batch():
                scores = self.scores(contexts, local, offset, features.training)
            metrics[f"{self.label}_offset_{offset}"] = self.scored_bound(scores)
        value = tf.reduce_mean(tf.stack(list(metrics.values())))
        return -self.weight * value, {self.label: value, **metrics}

    def get_config(self):
        return {
            **super().get_config(),
            "critics": [keras.saving.serialize_keras_object(one) for one in self.critics],
            "bound": self.scored_bound.serialize(),
            "endpoint": self.endpoint,
            "columns": self.columns,
            "hidden_units": self.hidden_units,
            "negatives": self.negatives,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        critics = [keras.saving.deserialize_keras_object(one) for one in config["critics"]]
        return cls(**{**config, "critics": critics})


def _takes_maps(critic):
    """Whether a critic scores maps, place by place."""
    return getattr(critic, "takes_training", False)


def _rows(maps):
    return tf.reshape(maps, [-1, maps.shape[-1]])
