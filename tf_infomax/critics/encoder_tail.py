"""The global critic of the Deep InfoMax release: a copy of the encoder's last layers."""

import keras
import tensorflow as tf

from tf_infomax.layers.released import Dense
from tf_infomax.layers.shared import keep_frozen
from tf_infomax.naming.arguments import callable_layer, positive_integer, seed_or_none

__all__ = ["EncoderTailCritic"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class EncoderTailCritic(keras.layers.Layer):
    """``scores[i, j] = <dense(code_i), tail(map_j)>``.

    The release's global objective is not the paper's (concatenation, Table 6): it copies the
    encoder's layers from the local one on, applies them to the local map and takes inner products
    with a linear map of the code. A code that is as wide as the embeddings is taken as it is.

    Args:
        units: width of the embeddings.
        tail: Keras model, local map ``[M, H, W, C] -> [M, units]`` (``LayeredEncoder.tail``), which
            experiments fill in.
        seed: int for reproducible weights, or ``None``.

    Call arguments:
        codes: ``[K, D]``.  maps: ``[M, H, W, C]``.  Returns ``[K, M]`` scores (no unit).
        training: of the tail's batch norm and dropout.

    Raises:
        ValueError: without a tail, or if the sizes of tail, codes or maps do not fit.

    Reference: the code of Hjelm et al. (2019), arXiv:1808.06670.
    """

    runs_on_all_pairs = False
    takes_training = True
    # As in `critics.feature_map`.
    numbers_per_pair = 1
    pair_variables = ()
    # `GlobalInformation` passes the map itself, not flattened.
    takes_maps = True

    def __init__(self, units=2048, tail=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        if tail is not None:
            callable_layer(tail, "tail", "a Keras model, as encoder.tail(units) gives it, or None")
        self.tail = tail
        self.units = positive_integer(units, "units")
        self.seed = seed_or_none(seed)

    # Keras wants the arguments of `build` named after those of `call`.
    def build(self, codes_shape, maps_shape):
        if self.tail is None:
            raise ValueError(
                "EncoderTailCritic needs a tail, as encoder.tail(units) gives it. Received: "
                "tail=None."
            )
        if len(codes_shape) != 2 or len(maps_shape) != 4:
            raise ValueError(
                "EncoderTailCritic scores codes [K, D] with maps [M, H, W, C]. Received: codes of "
                f"shape {tuple(codes_shape)}, maps of shape {tuple(maps_shape)}."
            )
        if not self.tail.built:
            self.tail.build(maps_shape)
        embedded = self.tail.compute_output_shape(tuple(maps_shape))[-1]
        if embedded != self.units:
            raise ValueError(
                f"The tail must have {self.units} outputs, as many as `units`. "
                f"Received: a tail of {embedded}."
            )
        self._sizes = (codes_shape[1], *maps_shape[1:])
        self.dense = None
        if codes_shape[1] != self.units:
            self.dense = Dense(self.units, seed=self.seed, dtype=self.dtype_policy, name="dense")
            self.dense.build(codes_shape)
        keep_frozen(self)

    def embed(self, codes, maps, training=False):
        """Embeddings ``[K, units]`` of codes, and of maps."""
        embedded = self.embed_globals(codes)
        return embedded, self._tails(maps, embedded.dtype, training)

    def _tails(self, maps, dtype, training):
        """What the tail makes of maps, ``[K, units]``."""
        tails = self.tail(tf.cast(maps, self.compute_dtype), training=training)
        return tf.cast(tails, dtype)

    def all_scores(self, x, y):
        """Scores ``[K, M]`` of all pairs of embeddings."""
        return tf.matmul(x, y, transpose_b=True)

    def joint_scores(self, x, y):
        """Scores ``[K]`` of the embeddings' own pairs."""
        return tf.reduce_sum(x * y, axis=1)

    def embed_globals(self, codes, training=False):
        """Embedded codes ``[K, units]``."""
        del training
        codes = tf.cast(codes, self.compute_dtype)
        return codes if self.dense is None else self.dense(codes)

    def score_embedded(self, embedded, maps, training=False):
        """Scores ``[K, M]`` of codes that ``embed_globals`` has embedded already."""
        return self.all_scores(embedded, self._tails(maps, embedded.dtype, training))

    def call(self, codes, maps, training=False):
        if (len(codes.shape), len(maps.shape)) != (2, 4) or (
            (codes.shape[1], *maps.shape[1:]) != self._sizes
        ):
            width, *sides = self._sizes
            raise ValueError(
                f"This EncoderTailCritic scores codes [K, {width}] with maps of shape "
                f"[M, {', '.join(map(str, sides))}]. Received: codes of shape "
                f"{tuple(codes.shape)}, maps of shape {tuple(maps.shape)}."
            )
        return self.all_scores(*self.embed(codes, maps, training))

    def compute_output_shape(self, codes_shape, maps_shape):
        return (codes_shape[0], maps_shape[0])

    def get_config(self):
        return {
            **super().get_config(),
            "tail": keras.saving.serialize_keras_object(self.tail),
            "units": self.units,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        tail = keras.saving.deserialize_keras_object(config.pop("tail"))
        return cls(tail=tail, **config)
