"""Whole training steps of the MI-max experiments: as released, against this package's.

The released formulation, reimplemented: a ``tf.data`` pipeline of shuffled images, fed one batch a
    call to a
graph; the concat critic on tiled pairs; the bounds on the dense matrix; TensorFlow's fused Adam
kernel, one call a variable. Encoders and initial weights are the same objects in both. What must
agree is the loss and its gradients on one batch; the timed part is ``STEPS`` training steps.
"""

import numpy as np
import tensorflow as tf

from benchmarks import trials
from benchmarks.concat_critic import tiled_scores
from benchmarks.trials import loop_of, loss_and_gradients, training_step, trial_on_noise

STEPS = 20


def released(experiment, settings):
    """One batch a call, tiled pairs, a dense matrix."""
    trial = one_trial(experiment, settings)
    variables = [variable.value for variable in trial.model.trainable_variables]
    moments = [[tf.Variable(tf.zeros_like(one)) for one in variables] for _ in range(2)]
    powers = [tf.Variable(beta) for beta in (0.9, 0.999)]
    batches = iter(_pipeline(trial))

    @tf.function
    def update(images):
        top, bottom = _halves(images)
        with tf.GradientTape() as tape:
            loss = _released_loss(trial, top, bottom)
        gradients = tape.gradient(loss, variables)
        for variable, first, second, gradient in zip(variables, *moments, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=first.handle, v=second.handle,
                beta1_power=powers[0], beta2_power=powers[1],
                lr=trial.experiment.train.learning_rate,
                beta1=0.9, beta2=0.999, epsilon=1e-8, grad=gradient,
            )
        for power, beta in zip(powers, (0.9, 0.999), strict=True):
            power.assign(power * beta)
        return loss

    return _step(
        trial, _released_loss, lambda start: [update(next(batches)) for _ in range(STEPS)]
    )


def package(experiment, settings):
    """``StepLoop`` on the experiment's own task, as ``run_experiment`` does."""
    return _with_loop(one_trial(experiment, settings))


def on_one_batch(experiment, settings):
    """``package``, but every step trains on the same tensors: what is left is computation."""
    return _with_loop(one_trial(experiment, settings), one_batch=True)


def without_xla(experiment, settings):
    """``package``, but not compiled by XLA."""
    return package(experiment, [*settings, "train.jit_compile=no"])


def traced_update(experiment, settings):
    """The graph of one step, for ``flops.count``."""
    return trials.traced_update(one_trial(experiment, settings))


def _with_loop(trial, one_batch=False):
    def loss(trial, top, bottom):
        return trial.model.loss_and_metrics(top, bottom, True)[0]

    return _step(trial, loss, loop_of(trial, one_batch, STEPS))


def _step(trial, loss_of, train):
    """Trains in every call; returns loss and gradients on one batch at the start."""
    top, bottom = _halves(trial.source.images.train_images[: trial.source.batch_size])
    found = loss_and_gradients(
        lambda: loss_of(trial, top, bottom), trial.model.trainable_variables
    )
    return training_step(train, STEPS, found)


def one_trial(experiment, settings):
    # As many images as MNIST's.
    return trial_on_noise(experiment, settings, 60_000, (28, 28, 1))


def _pipeline(trial):
    images = trial.source.images.train_images
    batches = tf.data.Dataset.from_tensor_slices(images).repeat().shuffle(10_000, seed=0)
    return batches.batch(trial.source.batch_size, drop_remainder=True).prefetch(2)


def _halves(images):
    pixels = tf.cast(images, tf.float32) / 255.0
    return (tf.reshape(half, [-1, 14 * 28]) for half in (pixels[:, :14], pixels[:, 14:]))


def _released_loss(trial, top, bottom):
    model = trial.model
    x, y = model.encoder_1(top, training=True), model.encoder_2(bottom, training=True)
    is_tiled = model.critic.runs_on_all_pairs
    scores = tiled_scores(model.critic, x, y) if is_tiled else model.critic(x, y)
    size = scores.shape[0]
    joint = tf.linalg.diag_part(scores)
    if model.bound == "infonce":
        return tf.reduce_mean(tf.reduce_logsumexp(scores, axis=1) - joint) - np.log(size)
    others = scores - tf.linalg.diag(np.inf * tf.ones(size))
    log_mean = tf.reduce_logsumexp(others) - np.log(size * (size - 1.0))
    return tf.exp(log_mean - 1.0) - tf.reduce_mean(joint)
