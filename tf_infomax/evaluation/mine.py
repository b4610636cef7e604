"""MINE: a Donsker-Varadhan estimate of the mutual information of images and their codes."""

import dataclasses
import math

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.bounds import divergences
from tf_infomax.bounds.moving_average import RATE, corrected_loss, updated_log_average
from tf_infomax.evaluation.fitting import (
    Epochs,
    batches_of,
    check_batch_size,
    pixels,
    staircase_adam,
)
from tf_infomax.evaluation.labelled import checked_codes, checked_images, checked_pair
from tf_infomax.evaluation.standardization import moments, standardized
from tf_infomax.layers.released import Conv2D, Dense
from tf_infomax.naming import arguments
from tf_infomax.numerics.randomness import layer_seed, stream_seed
from tf_infomax.numerics.tensors import log_mean_exp

__all__ = ["MineEstimate", "StatisticsNetwork", "corrected_loss", "mine", "updated_log_average"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class StatisticsNetwork(keras.Model):
    """Score of pairs (x, y): x is encoded, joined with y, and read by a dense network.

    Images pass convolutions (4x4, stride 2, ReLU) and are flattened; vectors are used
    unchanged. Then ``concat(x, y) -> dense ReLU ... -> 1``, as the paper's global discriminator
    (its Table 6). MINE's network in the paper is not published: the convolutions are ours.

    Args:
        hidden_units: widths of the dense layers, at least one.
        channels: of the convolutions, each of which halves the sides; used for images only.
        seed: int for reproducible weights, or ``None``; layer i draws from ``seed + i``.

    Call arguments:
        x: ``[K, H, W, C]`` or ``[K, Dx]``.  y: ``[K, Dy]``, or ``[K, M, Dy]``: M codes for each x.
            Returns scores ``[K]`` or ``[K, M]`` (no unit).
    """

    def __init__(self, hidden_units=(512, 512), channels=(16, 32, 64), seed=None, **kwargs):
        super().__init__(**kwargs)
        self.hidden_units = arguments.integers(hidden_units, "hidden_units", smallest_number=0)
        if not self.hidden_units:
            raise ValueError(
                f"There must be a hidden layer. Received: hidden_units={hidden_units!r}."
            )
        self.channels = arguments.integers(channels, "channels", smallest_number=0)
        self.seed = seed
        policy = self.dtype_policy
        positions = iter(range(len(self.channels) + len(self.hidden_units) + 2))

        def own_seed():
            return layer_seed(seed, next(positions))

        self.convolutions = [
            Conv2D(width, 4, 2, 1, seed=own_seed(), dtype=policy, name=f"conv_{position}")
            for position, width in enumerate(self.channels)
        ]
        first, *others = self.hidden_units
        # A dense layer on concat(x, y) is the sum of a layer on x and a layer on y; each x occurs
        # with several y, and its part is computed once.
        self.of_x = Dense(first, seed=own_seed(), dtype=policy, name="of_x")
        self.of_y = Dense(first, use_bias=False, seed=own_seed(), dtype=policy, name="of_y")
        self.stages = [
            Dense(width, seed=own_seed(), dtype=policy, name=f"dense_{position}")
            for position, width in enumerate((*others, 1))
        ]

    def build(self, x_shape, y_shape):
        shape = tuple(x_shape)
        if len(shape) == 4:
            smallest = 2 ** len(self.channels)
            if min(shape[1:3]) < smallest:
                raise ValueError(
                    f"{len(self.channels)} convolutions halve images of {smallest} pixels a side "
                    "or more: give fewer `channels`. Received: images of "
                    f"{shape[1]} x {shape[2]} pixels, channels={self.channels}."
                )
            for stage in self.convolutions:
                stage.build(shape)
                shape = stage.compute_output_shape(shape)
        self.of_x.build((None, math.prod(shape[1:])))
        self.of_y.build((None, y_shape[-1]))
        width = self.of_x.units
        for stage in self.stages:
            stage.build((None, width))
            width = stage.units
        self.built = True

    def call(self, x, y):
        if len(x.shape) == 4:
            for stage in self.convolutions:
                x = tf.nn.relu(stage(x))
            x = tf.reshape(x, [-1, math.prod(x.shape[1:])])
        from_x = self.of_x(x)
        if len(y.shape) == 3:
            from_x = from_x[:, tf.newaxis, :]
        hidden = tf.nn.relu(from_x + self.of_y(y))
        for stage in self.stages[:-1]:
            hidden = tf.nn.relu(stage(hidden))
        return tf.cast(tf.squeeze(self.stages[-1](hidden), axis=-1), tf.float32)

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_units": self.hidden_units,
            "channels": self.channels,
            "seed": self.seed,
        }


@dataclasses.dataclass(frozen=True)
class MineEstimate:
    """Donsker-Varadhan values in nats; they may be negative or saturated, and are not clipped.

    Attributes:
        train_nats: on the training pairs, after training. Overfitting raises it above I(X; Y).
        test_nats: on the held-out pairs, after training.
        train_curve: mean over the batches of each epoch, while training.
        test_curve: on the held-out pairs after each epoch.
    """

    train_nats: float
    test_nats: float
    train_curve: tuple
    test_curve: tuple


def mine(
    train_x,
    train_codes,
    test_x,
    test_codes,
    *,
    hidden_units=(512, 512),
    channels=(16, 32, 64),
    negatives=4,
    average_rate=RATE,
    epochs=50,
    batch_size=256,
    learning_rate=5e-4,
    decay_epochs=(25, 40),
    decay=0.1,
    standardize=True,
    seed=0,
):
    """Mutual information of x and its code, estimated by MINE.

    The value is for ranking only: no method certifies more than ``2 log N + 5`` nats
    from N pairs (McAllester and Stratos, 2020), and a code that is a function of x has infinite
    I(X; Y). Network and schedule of the paper are unpublished; all defaults are ours.

    Args:
        train_x, test_x: images ``[N, H, W, C]``, uint8 or floats in [-1, 1], or vectors ``[N, D]``.
        train_codes, test_codes: ``[N, ...]``, finite; maps are flattened.
        hidden_units, channels: as ``StatisticsNetwork``.
        negatives: number of negatives for each x, codes of other x in the same batch.
        average_rate: weight of a batch in the moving average of ``exp(score)``.
        epochs, batch_size, learning_rate, decay_epochs, decay: of Adam.
        standardize: whether codes and vectors x (each coordinate) and images (each channel) are
            brought to mean 0 and deviation 1 of the training pairs. This does not change
            mutual information, but a network can hardly use inputs that are small against its
            biases. ``False`` leaves codes and vectors unscaled, and pixels in [-1, 1].
        seed: of weights, order and negatives.

    Returns:
        ``MineEstimate``.

    Raises:
        ValueError: on shapes or values that do not fit, or images smaller than the convolutions
            can halve.

    Reference: Belghazi et al. (2018), arXiv:1801.04062; as a measure of representations Hjelm et
    al. (2019), arXiv:1808.06670, section 4.1.
    """
    most = arguments.integer(batch_size, "batch_size", 2, "2 or more") - 1
    negatives = arguments.integer(
        negatives, "negatives", 1, f"an integer from 1 to batch_size - 1 = {most}", most
    )
    average_rate = arguments.fraction(average_rate, "average_rate", one=True)
    standardize = arguments.boolean(standardize, "standardize")
    epochs = arguments.integer(epochs, "epochs", wanted="1 or more")
    train, test = _checked_pairs(train_x, train_codes, test_x, test_codes, standardize)
    seen = _image_map(train[0], standardize)
    if len(test[0]) < 2:
        raise ValueError(f"There must be 2 test pairs or more. Received: {len(test[0])}.")
    steps = check_batch_size(len(train[0]), batch_size)
    network_seed = stream_seed(seed, "mine", "network")
    network = StatisticsNetwork(
        hidden_units, channels, network_seed, dtype="float32", name="network"
    )
    network.build(train[0].shape, train[1].shape)
    log_average, averaged = tf.Variable(-math.inf), tf.Variable(0.0)

    def loss_and_metrics(step_seed, x, codes):
        shifts = _distinct_shifts(batch_size, negatives, step_seed)
        scores = network(seen(x), _shifted_codes(codes, tf.range(batch_size), shifts))
        joint, marginal = scores[:, 0], scores[:, 1:]
        average, unbiased = updated_log_average(
            log_average, log_mean_exp(marginal), average_rate, averaged
        )
        log_average.assign(tf.stop_gradient(average))
        averaged.assign_add(1.0)
        return corrected_loss(joint, marginal, unbiased), {"nats": _value(joint, marginal)}

    fit = Epochs(
        loss_and_metrics,
        network.trainable_variables,
        staircase_adam(learning_rate, decay, decay_epochs, steps),
        train,
        batch_size,
        stream_seed(seed, "mine", "order"),
        ("nats",),
    )
    test_value = _measured(network, seen, *test, seed)
    train_curve, test_curve = [], []
    for epoch in range(epochs):
        train_curve.append(fit.run(epoch)["nats"])
        test_curve.append(test_value())
    train_nats = _measured(network, seen, *train, seed)()
    return MineEstimate(train_nats, test_curve[-1], tuple(train_curve), tuple(test_curve))


def _checked_pairs(train_x, train_codes, test_x, test_codes, standardize):
    pairs, dtype = [], None if standardize else np.float32
    for x, codes, split in ((train_x, train_codes, "train"), (test_x, test_codes, "test")):
        x = arguments.array(x, f"{split} x")
        is_images = x.ndim == 4
        check = checked_images if is_images else checked_codes
        x = check(x, split if is_images else f"{split} x", dtype)
        codes = checked_codes(codes, split, dtype)
        if len(x) != len(codes):
            raise ValueError(
                f"Row i of the {split} x and of the {split} codes must be one pair. "
                f"Received: {len(x)} and {len(codes)} rows."
            )
        pairs.append((x, codes))
    (train_x, train_codes), (test_x, test_codes) = pairs
    checked_pair(train_x, test_x, "x")
    checked_pair(train_codes, test_codes)
    if standardize:
        train_codes, test_codes = standardized(train_codes, test_codes)
        if train_x.ndim == 2:
            train_x, test_x = standardized(train_x, test_x)
    return (train_x, train_codes), (test_x, test_codes)


def _image_map(train_x, standardize):
    """Function from a batch of x to the network's input; images stay as stored until then."""
    if train_x.ndim == 2 or not standardize:
        return pixels
    known = moments(train_x.reshape(-1, train_x.shape[-1]))
    deviation = np.where(known.deviation > 0.0, known.deviation, np.inf)

    def standardized_images(images):
        return tf.cast((tf.cast(images, tf.float64) - known.mean) / deviation, tf.float32)

    return standardized_images


def _distinct_shifts(count, number, seed):
    """0 and ``number`` different shifts of 1 .. count - 1, int32 ``[1 + number]``."""
    shuffled = tf.random.experimental.stateless_shuffle(tf.range(1, count), seed)
    return tf.concat([[0], shuffled[:number]], axis=0)


def _shifted_codes(codes, rows, shifts):
    """Codes of the rows plus ``shifts``, cyclically: ``[len(rows), M, D]``."""
    return tf.gather(codes, (rows[:, tf.newaxis] + shifts) % tf.shape(codes)[0])


def _measured(network, seen, x, codes, seed, number=16):
    """Function without arguments to the value on all pairs, each x with ``number`` negatives."""
    shifts = _distinct_shifts(len(x), number, [stream_seed(seed, "mine", "strangers"), 0])
    codes = tf.convert_to_tensor(codes)
    scores_of = batches_of(
        lambda x, rows: network(seen(x), _shifted_codes(codes, rows, shifts)),
        (x, np.arange(len(x), dtype=np.int32)),
        batch_size=256,
    )

    def value():
        scores = scores_of()
        return float(_value(scores[:, 0], scores[:, 1:]))

    return value


def _value(joint, marginal):
    estimate = divergences.get("donsker_varadhan").estimate
    return estimate(tf.reshape(joint, [-1]), tf.reshape(marginal, [-1]))
