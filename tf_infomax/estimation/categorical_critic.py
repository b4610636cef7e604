"""The estimator's default critic if one side is discrete: a classifier of its levels."""

import contextlib
import math
import warnings

import keras
import numpy as np
import tensorflow as tf
from scipy.special import ndtr
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from tf_infomax.estimation.partner_layer import PartnerLayer
from tf_infomax.estimation.waves import wave_features
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["CategoricalCritic"]

# Inverse strengths of the penalty to choose from, and the part of the pairs that chooses.
_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0)
_CHOOSING = 0.2
_ITERATIONS = 200
# Squares of so many coordinates at most are inputs of the classifier too.
_MOST_SQUARED = 20
# Pseudo-counts in a table: of each row, spread as the other side's frequencies.
_PRIOR_COUNTS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
_SMALLEST_PROBABILITY = 1e-7


@keras.saving.register_keras_serializable(package="tf_infomax")
class CategoricalCritic(PartnerLayer):
    """``f(v, c) = log q(c | v) - log p(c) + offset``, with c the level and v the other side.

    The logits of q are linear in v, the squares of its coordinates and the cosines of their ranks,
    fitted by ``adapt`` as a penalised logistic regression; a network of v, zero at first, is added
    in training. With such a critic Donsker-Varadhan's bound is H(c) minus the cross-entropy of the
    classifier (Barber and Agakov, 2003), and its normaliser is one for every q. If v is one-hot,
    the logits are those of a table of counts.

    Args:
        label_side: "x" or "y", the side that is one-hot in the levels.
        is_table: whether the other side is one-hot, too.
        waves: number of cosines of each coordinate of the other side.
        hidden_dim: width of the two hidden layers; ``None`` leaves the network out.
        seed: int for reproducible weights, or ``None``.

    Call arguments: as of ``CanonicalCritic``.
    """

    scores_partners = True

    def __init__(
        self, label_side="y", is_table=False, waves=0, hidden_dim=64, seed=None, **kwargs
    ):
        super().__init__(**kwargs)
        if label_side not in ("x", "y"):
            raise ValueError(f"`label_side` must be 'x' or 'y'. Received: {label_side!r}.")
        self.label_side, self.is_table, self.waves = label_side, bool(is_table), int(waves)
        self.hidden_dim, self.seed = hidden_dim, seed

    def build(self, x_shape, y_shape):
        dim, levels = x_shape[1], y_shape[1]
        if self.label_side == "x":
            dim, levels = levels, dim
        self.squares = dim if dim <= _MOST_SQUARED and not self.is_table else 0
        number = dim + self.squares + dim * self.waves
        width = self.hidden_dim

        def kernel(rows, columns, name, place):
            return self.add_weight(
                shape=(rows, columns), name=name,
                initializer=keras.initializers.HeNormal(seed=layer_seed(self.seed, place)),
            )  # fmt: skip

        self.mean = self.add_fixed((number,), "mean")
        self.scales = self.add_fixed((number,), "scales", "ones")
        self.log_priors = self.add_fixed((levels,), "log_priors")
        self.base_kernel = self.add_weight(shape=(number, levels), initializer="zeros", name="base")
        self.base_bias = self.add_weight(shape=(levels,), initializer="zeros", name="base_bias")
        self.offset = self.add_weight(shape=(), initializer="zeros", name="offset")
        if not width:
            return
        self.kernels = [
            kernel(number, width, "kernel", 0), kernel(width, width, "hidden_kernel", 1)
        ]  # fmt: skip
        self.biases = [
            self.add_weight(shape=(width,), initializer="zeros", name=f"hidden_bias_{place}")
            for place in range(2)
        ]
        self.readout = self.add_weight(
            shape=(width, levels), initializer="zeros", name="readout"
        )

    def adapt(self, x, y):
        """Fits the classifier without the network.

        Args:
            x: ``[N, Dx]``, y: ``[N, Dy]``, finite arrays; row i of both is one pair.
        """
        values, codes = (y, x) if self.label_side == "x" else (x, y)
        values, labels = np.asarray(values, np.float64), np.asarray(codes).argmax(axis=1)
        levels = codes.shape[1]
        counts = np.bincount(labels, minlength=levels) + 0.5
        self.log_priors.assign(np.log(counts / counts.sum()))
        if self.is_table:
            kernel, bias = _log_table(values, np.asarray(codes, np.float64))
        else:
            features = self._array_features(values)
            self.mean.assign(features.mean(axis=0))
            self.scales.assign(1.0 / np.maximum(features.std(axis=0), 1e-6))
            features = (features - features.mean(axis=0)) / np.maximum(features.std(axis=0), 1e-6)
            kernel, bias = _classifier(features, labels, np.log(counts / counts.sum()), [
                values.shape[1], values.shape[1] + self.squares, features.shape[1]
            ])  # fmt: skip
        self.base_kernel.assign(kernel)
        self.base_bias.assign(bias)

    def forget(self):
        """Undoes ``adapt``: the logits are the levels' log-frequencies, the score is zero."""
        self.base_kernel.assign(tf.zeros_like(self.base_kernel))
        self.base_bias.assign(self.log_priors)

    def call(self, x, y, partners=None):
        values, codes = (y, x) if self.label_side == "x" else (x, y)
        ratios = self._log_ratios(values)
        labels = tf.argmax(codes, axis=1, output_type=tf.int32)
        if partners is None:
            scores = tf.gather(ratios, labels, axis=1)
            return tf.transpose(scores) if self.label_side == "x" else scores
        if self.label_side == "y":
            return tf.gather(ratios, tf.gather(labels, partners), batch_dims=1)
        rows = tf.gather(ratios, partners)
        places = tf.broadcast_to(labels[:, tf.newaxis], tf.shape(partners))
        return tf.gather(rows, places, batch_dims=2)

    def _log_ratios(self, values):
        """``log q(c | v) - log p(c)`` of all levels, ``[K, C]``."""
        features = [values]
        if self.squares:
            features.append(values**2)
        if self.waves:
            features.append(wave_features(values, self.waves))
        features = (tf.concat(features, axis=1) - self.mean) * self.scales
        logits = tf.matmul(features, self.base_kernel) + self.base_bias
        if self.hidden_dim:
            hidden = features
            for kernel, bias in zip(self.kernels, self.biases, strict=True):
                hidden = tf.nn.silu(tf.matmul(hidden, kernel) + bias)
            logits += tf.matmul(hidden, self.readout)
        return tf.nn.log_softmax(logits) - self.log_priors + self.offset

    def _array_features(self, values):
        features = [values]
        if self.squares:
            features.append(values**2)
        if self.waves:
            angles = ndtr(values)[..., np.newaxis] * (math.pi * np.arange(1, self.waves + 1))
            features.append(math.sqrt(2.0) * np.cos(angles).reshape(len(values), -1))
        return np.concatenate(features, axis=1)

    def get_config(self):
        return {
            **super().get_config(),
            "label_side": self.label_side,
            "is_table": self.is_table,
            "waves": self.waves,
            "hidden_dim": self.hidden_dim,
            "seed": self.seed,
        }


def _log_table(rows, columns):
    """Logarithm of smoothed conditional frequencies: (kernel, bias)."""
    table = rows.T @ columns
    prior = columns.sum(axis=0) + 0.5
    prior /= prior.sum()
    # Leave-one-out likelihood: a pair's own count must not speak for itself.
    totals = table.sum(axis=1, keepdims=True)

    def left_out(amount):
        others = (table - 1.0 + amount * prior) / (totals - 1.0 + amount)
        return (table * np.log(np.where(table > 0, others, 1.0))).sum()

    amount = max(_PRIOR_COUNTS, key=left_out)
    return np.log((table + amount * prior) / (totals + amount)), np.zeros(table.shape[1])


def _classifier(features, labels, log_priors, numbers):
    """Coefficients of the logistic regression with the best number of features and penalty."""
    present = np.unique(labels)
    kernel, bias = np.zeros((features.shape[1], len(log_priors))), log_priors.copy()
    if len(present) < 2:
        return kernel, bias
    watching = max(round(_CHOOSING * len(labels)), 1)
    best, best_loss = None, -(log_priors[labels[:watching]]).mean()
    for number in sorted({*numbers}):
        losses = []
        for strength in _STRENGTHS:
            model = LogisticRegression(C=strength, max_iter=_ITERATIONS, tol=1e-3)
            rest = labels[watching:]
            if len(np.unique(rest)) < 2:
                break
            with _without_convergence_warnings():
                model.fit(features[watching:, :number], rest)
            losses.append(_loss(model, features[:watching, :number], labels[:watching]))
            if losses[-1] < best_loss:
                best, best_loss = (number, strength), losses[-1]
            if losses[-1] > min(losses) + 0.02:
                break
    if best is None:
        return kernel, bias
    number, strength = best
    model = LogisticRegression(C=strength, max_iter=_ITERATIONS, tol=1e-3)
    with _without_convergence_warnings():
        model.fit(features[:, :number], labels)
    coefficients, constants = model.coef_, model.intercept_
    if len(present) == 2:
        coefficients, constants = np.vstack([-coefficients, coefficients]) / 2, np.append(
            -constants, constants
        ) / 2
    # Levels of other folds only: as rare as half a pair.
    bias[:] = constants.mean() + math.log(_SMALLEST_PROBABILITY) / 2
    kernel[:number, present], bias[present] = coefficients.T, constants
    return kernel, bias


def _loss(model, features, labels):
    places = {level: place for place, level in enumerate(model.classes_)}
    probabilities = model.predict_proba(features)
    return float(np.mean([
        -math.log(max(row[places[label]], _SMALLEST_PROBABILITY))
        if label in places else -math.log(_SMALLEST_PROBABILITY)
        for row, label in zip(probabilities, labels, strict=True)
    ]))  # fmt: skip


@contextlib.contextmanager
def _without_convergence_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
