"""Critics on maps: every global feature of every image with every place of every image.

These are the local discriminators of Deep InfoMax (Hjelm et al. 2019, appendix A.1). A batch of N
images with B globals and A places each gives ``scores[i, b, j, a] = f(global b of image i, place
a of image j)``, which ``PairScores.from_maps`` reads.
"""

import math

import keras
import tensorflow as tf

from tf_infomax.layers.mi_network import MINetwork
from tf_infomax.layers.released import Dense, fan_in_uniform
from tf_infomax.layers.shared import PairwiseDense, keep_frozen
from tf_infomax.naming.arguments import integers, positive_integer, seed_or_none
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["ConcatMapCritic", "DotMapCritic"]


class _MapCritic(keras.layers.Layer):
    """Base of critics on maps: checks, and reshaping of maps to rows of features and back.

    As in ``critics.vector``, ``embed`` does the work on each feature alone, ``all_scores`` scores
    all pairs of rows of embeddings, and ``joint_scores`` those of one image only, so that scores
    can be computed some rows at a time.
    """

    # As in `critics.vector`.
    runs_on_all_pairs = False
    takes_training = True
    numbers_per_pair = 1

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed_or_none(seed)

    # Keras wants the arguments of `build` named after those of `call`.
    def build(self, global_features_shape, local_features_shape):
        if (
            len(global_features_shape) not in (2, 4)
            or len(local_features_shape) != 4
            or None in (global_features_shape[-1], local_features_shape[-1])
        ):
            raise ValueError(
                f"{type(self).__name__} scores global features of shape [N, D] or [N, h, w, D] "
                "with local features of shape [N, H, W, C]. Received: global features of shape "
                f"{tuple(global_features_shape)}, local features of shape "
                f"{tuple(local_features_shape)}."
            )
        self._widths = (global_features_shape[-1], local_features_shape[-1])
        self._build(*self._widths)
        keep_frozen(self)

    def _build(self, global_width, local_width):
        """Makes the weights for features of the given widths."""
        raise NotImplementedError

    def call(self, global_features, local_features, training=False):
        global_width, local_width = self._widths
        if (
            len(global_features.shape) not in (2, 4)
            or len(local_features.shape) != 4
            or (global_features.shape[-1], local_features.shape[-1]) != self._widths
        ):
            raise ValueError(
                f"This {type(self).__name__} scores global features of shape [N, {global_width}] "
                f"or [N, h, w, {global_width}] with local features of shape "
                f"[N, H, W, {local_width}]. Received: global features of shape "
                f"{tuple(global_features.shape)}, local features of shape "
                f"{tuple(local_features.shape)}."
            )
        scores = self.all_scores(*self._embedded(global_features, local_features, training))
        return tf.reshape(scores, [*_sizes(global_features), *_sizes(local_features)])

    def embed(self, global_features, local_features, training=False):
        """Embeddings ``[N, B, E]`` of globals and ``[N, A, E]`` of places."""
        embedded = self._embedded(global_features, local_features, training)
        return tuple(
            tf.reshape(rows, [*_sizes(features), rows.shape[-1]])
            for rows, features in zip(embedded, (global_features, local_features), strict=True)
        )

    def _embedded(self, global_features, local_features, training):
        """``embed``, as rows ``[N B, E]`` and ``[N A, E]``."""
        rows = (
            tf.reshape(tf.cast(features, self.compute_dtype), [-1, width])
            for features, width in zip((global_features, local_features), self._widths, strict=True)
        )
        return self._embed(*rows, training)

    def _embed(self, global_rows, local_rows, training):
        """Embeddings of rows ``[N B, D]`` and ``[N A, C]``."""
        raise NotImplementedError

    @property
    def pair_variables(self):
        """The trainable variables that ``all_scores`` reads; no others get gradients from it."""
        return ()

    def all_scores(self, x, y):
        """Scores ``[R, M]`` of all pairs of rows of embeddings, ``[R, E]`` and ``[M, E]``."""
        raise NotImplementedError

    def joint_scores(self, x, y):
        """Scores ``[N, B, A]`` of embeddings ``[N, B, E]``, ``[N, A, E]`` of the same image."""
        raise NotImplementedError

    def compute_output_shape(self, global_features_shape, local_features_shape):
        return tuple(
            size
            for images, *sides, _ in (global_features_shape, local_features_shape)
            for size in (images, None if None in sides else math.prod(sides))
        )

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable(package="tf_infomax")
class DotMapCritic(_MapCritic):
    """Encode and dot: inner products of embeddings, from one ``MINetwork`` for each of the two.

    Its batch norm sees the ``N A`` places of the local features, but only the ``N B`` global
    vectors. All scores are one product of matrices.

    Args:
        units: width of the embeddings.
        seed: int for reproducible weights, or ``None``.

    Call arguments:
        global_features: ``[N, D]``, or ``[N, h, w, D]`` for B = h w globals an image.
        local_features: ``[N, H, W, C]``, A = H W places an image.
        training: whether batch norm uses, and updates from, the batch's statistics.
        Returns ``[N, B, N, A]`` scores (no unit).

    Raises:
        ValueError: on features of other ranks or widths.

    Reference: Hjelm et al. (2019), tables 8 and 9, and its code, which has layer norm in both nets.
    """

    def __init__(self, units=2048, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.units = units = positive_integer(units, "units")
        policy = self.dtype_policy
        # A network draws from three seeds.
        second = layer_seed(self.seed, 3)
        self.local_net = MINetwork(units, seed=self.seed, dtype=policy, name="local_net")
        self.global_net = MINetwork(units, seed=second, dtype=policy, name="global_net")

    def _build(self, global_width, local_width):
        self.local_net.build((None, local_width))
        self.global_net.build((None, global_width))

    def embed_globals(self, global_features, training=False):
        """Embedded globals, ``[N B, units]``, of ``[N, D]`` or ``[N, h, w, D]``."""
        rows = tf.reshape(global_features, [-1, global_features.shape[-1]])
        return self.global_net(rows, training=training)

    def score_embedded(self, embedded_globals, local_features, training=False):
        """Scores ``[N, B, N, A]`` of globals that ``embed_globals`` has embedded already."""
        local_rows = tf.reshape(local_features, [-1, local_features.shape[-1]])
        scores = tf.matmul(
            embedded_globals, self.local_net(local_rows, training=training), transpose_b=True
        )
        images, places = _sizes(local_features)
        return tf.reshape(scores, [images, -1, images, places])

    def _embed(self, global_rows, local_rows, training):
        return (
            self.global_net(global_rows, training=training),
            self.local_net(local_rows, training=training),
        )

    def all_scores(self, x, y):
        return tf.matmul(x, y, transpose_b=True)

    def joint_scores(self, x, y):
        return tf.matmul(x, y, transpose_b=True)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="tf_infomax")
class ConcatMapCritic(_MapCritic):
    """Concat and convolve: 1 x 1 convolutions on the map with a global appended to every place.

    ``f([local, global])`` with ReLU after all but the last layer, which has one output; no batch
    norm. The first layer is applied to each feature separately and added by broadcasting
    (``PairwiseDense``), but **later layers run on all N B N A pairs**: N = 64 images of A = 64
    places and one global are 262,144 rows, 0.5 GiB for every layer of 512 units, and about 140
    GFLOP a pass. Terms score larger batches in blocks (``scores.blocked_scores``), which bounds the
    memory; ``sampling.sample_places`` makes A smaller, and with it the work.

    Args:
        hidden_units: widths of the hidden layers, at least one.
        seed: int for reproducible weights, or ``None``.

    Call arguments:
        global_features: ``[N, D]``, or ``[N, h, w, D]`` for B = h w globals an image.
        local_features: ``[N, H, W, C]``, A = H W places an image.
        training: has no effect.
        Returns ``[N, B, N, A]`` scores (no unit).

    Raises:
        ValueError: on features of other ranks or widths, or no hidden layer.

    Reference: Hjelm et al. (2019), table 7. Negatives are all places of all other images; its code
    draws one other image a place.
    """

    runs_on_all_pairs = True

    @property
    def multiplies_on_pairs(self):
        """Whether hidden layers follow each other on all pairs, which takes most of the time."""
        return len(self.hidden_units) > 1

    def __init__(self, hidden_units=(512, 512), seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.hidden_units = integers(hidden_units, "hidden_units")

    def _build(self, global_width, local_width):
        seeds = [layer_seed(self.seed, layer) for layer in range(len(self.hidden_units) + 2)]
        policy = self.dtype_policy
        first, *others = self.hidden_units
        limit = 1.0 / math.sqrt(local_width + global_width)
        self.first = PairwiseDense(
            first,
            "relu",
            kernel_initializer=fan_in_uniform(seeds[0]),
            bias_initializer=keras.initializers.RandomUniform(-limit, limit, seed=seeds[-1]),
            dtype=policy,
            name="conv_0",
        )
        self.first.build((None, local_width), (None, global_width))
        self.later = []
        for layer, units in enumerate([*others, 1], start=1):
            self.later.append(Dense(units, seed=seeds[layer], dtype=policy, name=f"conv_{layer}"))
            self.later[-1].build((None, self.hidden_units[layer - 1]))

    @property
    def numbers_per_pair(self):
        return sum(self.hidden_units) + 1

    @property
    def pair_variables(self):
        return [variable for layer in self.later for variable in layer.trainable_variables]

    def _embed(self, global_rows, local_rows, training):
        # Local features come first in the concatenation.
        local_part, global_part = self.first.project(local_rows, global_rows)
        return global_part, local_part

    def all_scores(self, x, y):
        return self._scores_of_sums(x[:, tf.newaxis] + y)

    def joint_scores(self, x, y):
        return self._scores_of_sums(x[:, :, tf.newaxis] + y[:, tf.newaxis])

    def _scores_of_sums(self, sums):
        """Scores ``[...]`` from the sums ``[..., H]`` before the first activation."""
        # Rows of a matrix: one product of matrices.
        hidden = tf.nn.relu(tf.reshape(sums, [-1, self.hidden_units[0]]))
        for layer in self.later[:-1]:
            hidden = tf.nn.relu(layer(hidden))
        return tf.reshape(self.later[-1](hidden), tf.shape(sums)[:-1])

    def get_config(self):
        return {**super().get_config(), "hidden_units": list(self.hidden_units)}


def _sizes(features):
    """Numbers of images and of places, as ints where they are known."""
    images, *sides, _ = features.shape
    if images is None:
        images = tf.shape(features)[0]
    return images, tf.reduce_prod(tf.shape(features)[1:-1]) if None in sides else math.prod(sides)
