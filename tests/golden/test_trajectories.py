"""Recorded training runs, step by step: losses before every update, and the final weights."""

import contextlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.golden import ports
from tests.golden.golden_files import Comparisons, cases
from tf_infomax import InfoMax, RepresentationModel, bounds
from tf_infomax.layers import optimizers
from tf_infomax.objectives import LabelConfusion

MI_MAX = "trajectory_mlp*.npz"
ADVERSARIAL = "trajectory_adversarial*.npz"

# The files' short names.
BOUND_NAMES = {"nce": "infonce"}


@contextlib.contextmanager
def keras_floats(precision):
    """Keras holds the learning rate and running means of metrics in its global float type.

    In float32 a learning rate is off by up to 6e-8 of itself, which after tens of steps is more
    than the 1e-9 that a float64 port may differ by.
    """
    before = keras.config.floatx()
    keras.config.set_floatx(precision)
    try:
        yield
    finally:
        keras.config.set_floatx(before)


def loss_names(golden):
    return golden.prefixes(r"(.+?)__losses_f(?:32|64)")


def _bound_and_target(loss):
    """``nwj_t4`` -> ("nwj", 4.0): the loss |nwj - 4|; without a target, minus the bound."""
    short, _, target = loss.partition("_t")
    bound = BOUND_NAMES.get(short, short)
    if bound not in bounds.names():
        pytest.skip(f"no bound is called {short!r}")
    return bound, float(target) if target else None


def _adam(golden, learning_rate):
    beta_1, beta_2, epsilon = (float(v) for v in golden.input("adam_beta1_beta2_epsilon"))
    return optimizers.Adam(float(learning_rate), beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)


def _model(compare, bound, target):
    golden, precision = compare.golden, compare.precision
    encoder_1, variables_1 = ports.mlp(golden, "init__g1_dense", precision)
    encoder_2, variables_2 = ports.mlp(golden, "init__g2_dense", precision)
    widths = encoder_1.layer_dimensions[-1], encoder_2.layer_dimensions[-1]
    critic, kernel = ports.one_critic(golden, "bilinear", precision, *widths, "init__critic_")
    model = InfoMax(encoder_1, encoder_2, critic, bound=bound, target=target, dtype=precision)
    model.compile(_adam(golden, golden.input("learning_rate")))
    return model, variables_1 | variables_2 | kernel


def _views(compare):
    """The recorded batches, cut into the columns of the first encoder and those of the second."""
    golden = compare.golden
    batches = golden.input("batches").astype(compare.precision)
    columns = golden.input("init__g1_dense_0_kernel").shape[0]
    return batches[:, :, :columns], batches[:, :, columns:]


def _compare_weights(compare, variables, final, left_out=()):
    for name, variable in variables.items():
        weight = name.removeprefix("init__")
        if weight not in left_out:
            compare(f"{final}{weight}", variable, "weight")


def check_mi_max(compare, train):
    """``train(compare, model, x, y)`` runs on batches ``[steps, K, D]`` and returns the losses."""
    loss = compare.key
    bound, target = _bound_and_target(loss)
    model, variables = _model(compare, bound, target)
    losses = train(compare, model, *_views(compare))
    compare(f"{loss}__losses", losses, "loss")
    # InfoNCE does not see the last bias of g2 under a bilinear critic. Adam divides the rounding
    # noise of its gradient by its own size, so that this bias drifts at random.
    last = len(model.encoder_2.dense) - 1
    left_out = (f"g2_dense_{last}_bias",) if bound == "infonce" else ()
    _compare_weights(compare, variables, f"{loss}__final__", left_out)


def train_by_fit(compare, model, x, y):
    """Plain ``fit``: with epochs of one step, the log of an epoch is the loss of its batch."""
    # Stacked batches, which a data set gives one by one once they are single pairs again.
    pairs = tf.data.Dataset.from_tensor_slices((x, y)).unbatch()
    dataset = pairs.batch(x.shape[1], drop_remainder=True)
    log = model.fit(dataset, epochs=len(x), steps_per_epoch=1, shuffle=False, verbose=0)
    losses, bound = (np.array(log.history[name]) for name in ("loss", "bound"))
    from_bound = -bound if model.target is None else np.abs(bound - model.target)
    compare.close("logs loss and bound", losses, from_bound, 1e-6 * max(1.0, np.abs(bound).max()))
    return losses


def train_by_update(compare, model, x, y):
    """``update``, the step that ``fit`` and the experiments take, compiled."""
    del compare
    model.build((x.shape[1:], y.shape[1:]))
    model.optimizer.build(model.trainable_variables)
    update = tf.function(model.update)
    return np.array([
        update(tf.constant(batch_x), tf.constant(batch_y))["loss"]
        for batch_x, batch_y in zip(x, y, strict=True)
    ])


# Both ways take the same step, and compiling it is what costs: each way in one precision.
TRAIN = {"float32": train_by_fit, "float64": train_by_update}


@pytest.mark.parametrize("case", cases(MI_MAX, loss_names))
def test_mi_max(case):
    with Comparisons(case) as compare, keras_floats(case.precision):
        check_mi_max(compare, TRAIN[case.precision])


def check_adversarial(compare):
    golden, precision = compare.golden, compare.precision
    x_batches, label_batches = golden.inputs("x_batches", "label_batches")
    encoder, couplings = ports.real_nvp(golden, "init__", x_batches.shape[2], precision)
    kernel = golden.input("init__classifier_kernel")
    warmup, per_iteration = (
        int(golden.input(name)) for name in ("warmup_steps", "classifier_steps_per_iteration")
    )
    term = LabelConfusion(
        kernel.shape[1], warmup_steps=warmup, classifier_steps=per_iteration, dtype=precision
    )
    model = RepresentationModel({"view_1": encoder}, [term], dtype=precision)
    model.build({"view_1": (None, x_batches.shape[2])})
    variables = couplings | ports.assign(golden, {
        "init__classifier_kernel": term.classifier.kernel,
        "init__classifier_bias": term.classifier.bias,
    })
    optimizer = _adam(golden, golden.input("learning_rate_classifier"))
    model.compile(
        _adam(golden, golden.input("learning_rate_encoder")),
        player_optimizers={"classifier": optimizer},
    )
    model.build_optimizers()
    (player,) = model.players
    player_variables = player.variables
    x_batches = x_batches.astype(precision)

    def batch(first, count):
        views, labels = x_batches[first : first + count], label_batches[first : first + count]
        return {
            "views": {"view_1": tf.constant(np.concatenate(views))},
            "labels": tf.constant(np.concatenate(labels)),
        }

    def classifier_losses(first, count):
        return [float(model.warm_up(batch(t, 1))["loss"]) for t in range(first, first + count)]

    compare("warmup_losses_c", classifier_losses(0, warmup), "loss")
    losses_c, losses_e = [], []
    for first in range(warmup, len(x_batches) - per_iteration, per_iteration + 1):
        # A step reports the mean over the classifier's steps; one by one they come first, and are
        # taken back.
        before = [(v, v.numpy()) for v in (*player_variables, *optimizer.variables)]
        losses_c.append(classifier_losses(first, per_iteration))
        for variable, value in before:
            variable.assign(value)
        report = model.step(batch(first, per_iteration + 1))
        assert float(report["classifier_loss"]) == pytest.approx(np.mean(losses_c[-1]), rel=1e-5)
        losses_e.append(float(report["loss"]))
    compare("losses_c_all", losses_c, "loss")
    compare("losses_e", losses_e, "loss")
    _compare_weights(compare, variables, "final__")


@pytest.mark.parametrize("case", cases(ADVERSARIAL))
def test_adversarial(case):
    with Comparisons(case) as compare, keras_floats(case.precision):
        check_adversarial(compare)
