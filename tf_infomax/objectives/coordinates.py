"""Predicting where local features are, from them and the code (Hjelm et al. 2019, section 4.3)."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.layers.mi_network import MINetwork
from tf_infomax.layers.released import BatchNormalization, Dense
from tf_infomax.naming.arguments import boolean, integers, seed_or_none
from tf_infomax.numerics import replicas
from tf_infomax.numerics.randomness import layer_seed
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives import options
from tf_infomax.objectives.term import Term

__all__ = ["Coordinates", "RelativeCoordinates", "coordinate_accuracies", "coordinate_loss"]

NETWORKS = options.NETWORKS


def coordinate_loss(logits, rows, columns):
    """Cross-entropy of the row plus that of the column, each a mean over all cases, in nats.

    Args:
        logits: ``[..., R + C]``: R logits of the row, then C of the column.
        rows, columns: int ``[...]``, each in range.
    """
    by_row, by_column = _split(logits, rows, columns)
    return sum(
        tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=part)
        )
        for part, labels in (by_row, by_column)
    )


def coordinate_accuracies(logits, rows, columns):
    """(fraction of the rows, fraction of the columns) that are predicted correctly."""
    return tuple(
        tf.reduce_mean(
            tf.cast(tf.equal(tf.argmax(part, -1, output_type=labels.dtype), labels), tf.float32)
        )
        for part, labels in _split(logits, rows, columns)
    )


def _split(logits, rows, columns):
    size = logits.shape[-1] // 2
    logits = wide(logits)
    return (logits[..., :size], rows), (logits[..., size:], columns)


class _Predictor(Term):
    """A network on ``[features, code]`` with logits of two coordinates."""

    def __init__(
        self,
        weight=options.Coordinates.weight,
        occluded=options.Coordinates.occluded,
        network=options.Coordinates.network,
        hidden_units=options.Coordinates.hidden_units,
        seed=None,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        if network not in NETWORKS:
            raise ValueError(f"`network` must be one of {NETWORKS}. Received: network={network!r}.")
        self.occluded = boolean(occluded, "occluded")
        self.network = network
        self.hidden_units = integers(hidden_units, "hidden_units", smallest_number=0)
        self.seed = seed_or_none(seed)

    def connect(self, encoded):
        local, code = (encoded.shape(name) for name in ("local", "global"))
        if len(local) != 3 or local[0] != local[1]:
            raise ValueError(
                f"Coordinates need a square local map. Received: shape {local}."
            )
        if len(code) != 1:
            raise ValueError(
                f"Coordinates need a single global code [D]. Received: shape {code}."
            )
        self.side = local[0]
        self._build_layers(self._inputs(local[2], code[0]), 2 * self._values())
        self._finish_connect()

    def _inputs(self, local, code):
        raise NotImplementedError

    def _values(self):
        raise NotImplementedError

    def _build_layers(self, width, outputs):
        policy = self.dtype_policy
        seeds = [layer_seed(self.seed, position) for position in range(len(self.hidden_units) + 1)]
        if self.network == "released":
            layers = [MINetwork(outputs, seed=self.seed, dtype=policy, name="network")]
        else:
            layers = []
            for position, units in enumerate(self.hidden_units):
                layers += [
                    Dense(units, use_bias=False, seed=seeds[position], dtype=policy),
                    BatchNormalization(dtype=policy),
                    keras.layers.ReLU(dtype=policy),
                ]
            layers.append(Dense(outputs, seed=seeds[-1], dtype=policy))
        shape = (None, width)
        for layer in layers:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        self.layers_ = layers

    def logits(self, inputs, training):
        """Logits ``[..., R + C]`` of inputs ``[..., features]``."""
        shape = tf.shape(inputs)
        hidden = tf.reshape(inputs, [-1, inputs.shape[-1]])
        with replicas.on_whole_batch():
            for layer in self.layers_:
                takes_training = isinstance(layer, (MINetwork, BatchNormalization))
                hidden = layer(hidden, training=training) if takes_training else layer(hidden)
        return tf.reshape(hidden, tf.concat([shape[:-1], [hidden.shape[-1]]], axis=0))

    @property
    def metric_units(self):
        return {f"{self.label}_loss": "nats", f"{self.label}_accuracy": "fraction"}

    def _result(self, logits, rows, columns):
        loss = coordinate_loss(logits, rows, columns)
        row_accuracy, column_accuracy = coordinate_accuracies(logits, rows, columns)
        metrics = {
            f"{self.label}_loss": loss,
            f"{self.label}_accuracy": 0.5 * (row_accuracy + column_accuracy),
        }
        return self.weight * loss, metrics

    def get_config(self):
        return {
            **super().get_config(),
            "occluded": self.occluded,
            "network": self.network,
            "hidden_units": self.hidden_units,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="tf_infomax")
class Coordinates(_Predictor):
    """Predict row and column of every local feature from it and the code: absolute coordinates.

    ``min -mean over places log p(i | Y, C^(i,j)) + log p(j | Y, C^(i,j))``

    Args:
        weight: factor of the loss. The paper does not state it.
        occluded: whether the code is that of the image with a part hidden.
        network: "mlp" (the paper: two hidden layers, batch norm, ReLU) or "released" (the MI
            network, whose logits are layer-normalised).
        hidden_units: of the MLP; 512 is from memory, not verified against the paper.
        seed: int for reproducible weights, or ``None``.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 4.3.
    """

    label = "coordinates"

    def _inputs(self, local, code):
        return local + code

    def _values(self):
        return self.side

    def loss(self, features):
        local = features.read("local")
        code = features.read("occluded.global" if self.occluded else "global")
        return self.loss_of(local, code, features.training)

    def loss_of(self, local, code, training):
        """(weighted loss, metrics) of a local map ``[K, H, H, C]`` and codes ``[K, D]``."""
        tiled = tf.broadcast_to(
            code[:, tf.newaxis, tf.newaxis, :],
            tf.concat([tf.shape(local)[:3], [code.shape[-1]]], axis=0),
        )
        logits = self.logits(tf.concat([local, tiled], axis=-1), training)
        grid = tf.range(self.side)
        shape = tf.shape(logits)[:3]
        rows = tf.broadcast_to(grid[tf.newaxis, :, tf.newaxis], shape)
        columns = tf.broadcast_to(grid[tf.newaxis, tf.newaxis, :], shape)
        return self._result(logits, rows, columns)


@keras.saving.register_keras_serializable(package="tf_infomax")
class RelativeCoordinates(_Predictor):
    """Predict the offset between two local features from both and the code.

    One source place is drawn for each image, and all places are its targets; offsets along each
    axis range over ``-(H - 1) .. H - 1``.

    Args:
        weight, occluded, network, hidden_units, seed: as for ``Coordinates``.

    Reference: Hjelm et al. (2019), arXiv:1808.06670, section 4.3 (not in the released code).
    """

    label = "relative_coordinates"

    def _inputs(self, local, code):
        return 2 * local + code

    def _values(self):
        return 2 * self.side - 1

    def loss(self, features):
        local = features.read("local")
        code = features.read("occluded.global" if self.occluded else "global")
        places, side = self.side**2, self.side
        flat = tf.reshape(local, [-1, places, local.shape[-1]])
        source = tf.random.stateless_uniform(
            tf.shape(flat)[:1], features.seed("relative_source"), 0, places, tf.int32, alg="philox"
        )
        source_features = tf.gather(flat, source, batch_dims=1)
        context = tf.concat([source_features, code], axis=-1)[:, tf.newaxis, :]
        context = tf.repeat(context, places, axis=1)
        logits = self.logits(tf.concat([flat, context], axis=-1), features.training)
        grid_rows, grid_columns = (
            tf.constant(axis.reshape(1, -1), tf.int32) for axis in np.indices((side, side))
        )
        source = source[:, tf.newaxis]
        # From -(H - 1) .. H - 1 to 0 .. 2 H - 2, as class labels are.
        rows = grid_rows - source // side + side - 1
        columns = grid_columns - source % side + side - 1
        return self._result(logits, rows, columns)
