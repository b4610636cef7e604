"""Whole training steps of Deep InfoMax on 32 x 32 images: as released, against this package's.

The released formulation, reimplemented: one batch a call, and infoNCE over one row of ``1 + N L``
    logits for
every positive. Encoder, MI networks, prior matching and initial weights are the same objects in
both, and so is JSD, whose released form has one score a pair as well. What must agree is the loss
of the first batch and its gradients; the timed part is ``STEPS`` training steps.
"""

import numpy as np
import tensorflow as tf

from benchmarks import trials
from benchmarks.local_infonce import loss_from_rows
from benchmarks.trials import loop_of, loss_and_gradients, training_step, trial_on_noise

STEPS = 3


def released(bound, units, images=64):
    """One batch a call, the full logits of infoNCE."""
    trial = one_trial(bound, units, images)
    if bound == "infonce":
        (term,) = (one for one in trial.model.objectives if hasattr(one, "local_samples"))
        critic = term.critic
        # The bound reads the scores themselves, without the number of candidates, as released.
        term.scores = lambda features: (
            critic(*term.features_of(features), training=features.training), None,
        )
        term._value = lambda scores, features: _with_candidates(-loss_from_rows(scores), scores)
    draw = tf.function(trial.task.draw)
    update = tf.function(trial.task.update)

    def train(start):
        for step in range(start, start + STEPS):
            update(draw(tf.constant(step, tf.int64)))

    return _step(trial, train)


def package(bound, units, images=64):
    """``StepLoop`` on the experiment's own task, as ``run_experiment`` does."""
    return _with_loop(one_trial(bound, units, images))


def on_one_batch(bound, units, images=64):
    """``package``, but every step trains on the same tensors, which leaves only computation."""
    return _with_loop(one_trial(bound, units, images), one_batch=True)


def without_xla(bound, units, images=64):
    """``package``, but not compiled by XLA."""
    return _with_loop(one_trial(bound, units, images, "train.jit_compile=no"))


def traced_update(bound, units, images=64):
    """The graph of one step, for ``flops.count``."""
    return trials.traced_update(one_trial(bound, units, images))


def _with_loop(trial, one_batch=False):
    return _step(trial, loop_of(trial, one_batch, STEPS))


def _with_candidates(value, scores):
    _, _, images, places = scores.shape
    return value + np.log((images - 1) * places + 1.0)


def _step(trial, train):
    """Trains in every call; returns loss and gradients of the first batch."""
    model = trial.model
    batch = trial.task.draw(tf.constant(0, tf.int64))

    def loss():
        return model.loss_of(batch, training=True)[0]

    return training_step(train, STEPS, loss_and_gradients(loss, model.representation_variables))


def one_trial(bound, units, images, *settings):
    settings = [
        *settings,
        f"local_information.bound={bound}",
        f"local_information.critic.units={units}",
        f"train.batch_size={images}",
    ]
    return trial_on_noise("dim_local", settings, 2_000, (32, 32, 3))
