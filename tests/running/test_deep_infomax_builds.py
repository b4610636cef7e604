"""Every experiment of Deep InfoMax that no other test runs: built small, two steps of each."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.tiny import TINY_IMAGES
from tf_infomax.experiments import catalog, deep_infomax, generative
from tf_infomax.experiments.overrides import override
from tf_infomax.layers.optimizers import Adam
from tf_infomax.running.build import build_model
from tf_infomax.training.task import Task

_BASIC = "encoder.widths=(4,8,8,8)"
_DOT = "local_information.critic.units=12"
_CONCAT = "global_information.critic.hidden_dim=8"
_PRIOR = "prior.hidden_units=(8,8)"
_PLACES = tuple(
    f"objectives.{name}.hidden_units=(8,8)" for name in ("coordinates", "relative_coordinates")
)
_FOLDED = "critic.units=12"
_DECODER = "reconstruction.base_channels=8"

LISTED = (*deep_infomax.EXPERIMENTS, *generative.EXPERIMENTS)
# Name -> (side of the images, what makes it small).
SMALL = {
    "dim_local_global": (
        32, _BASIC, _CONCAT, "local_information.critic.hidden_units=(8,8)", _PRIOR,
    ),
    "dim_coordinates": (32, _BASIC, _DOT, _PRIOR, *_PLACES),
    "dim_occlusion": (32, _BASIC, _DOT, _PRIOR),
    "dim_single_global_cifar10": (32, "encoder.widths=(4,4,4,4,4,4,8)", _FOLDED),
    "dim_single_global": (64, "encoder.widths=(4,4,8,8,8,8,16)", _FOLDED),
    "dim_multiple_globals": (64, "encoder.widths=(4,4,8,8,8,8,8)", _FOLDED),
    "dim_weights": (32, _BASIC, _DOT, _CONCAT, _PRIOR),
    "dim_negatives": (32, _BASIC, _DOT),
    "dim_autoencoder": (32, _BASIC, _DECODER),
    "dim_vae": (32, _BASIC, _DECODER),
    "dim_beta_vae": (32, _BASIC, _DECODER),
    "dim_aae": (32, _BASIC, _DECODER, _PRIOR),
    "dim_bigan": (
        32, _BASIC, "bigan.base_channels=8", "bigan.widths=(4,4)", "bigan.hidden_units=(8,)",
    ),
    "dim_ndm_and_beta": (32, _BASIC, _DECODER),
}
# Of the sweeps, what the others differ from in a number only.
VARIANTS = {
    "dim_ndm_and_beta": ("beta_0.5",),
    "dim_weights": (
        "alpha_0-beta_0-gamma_0", "alpha_1-beta_0-gamma_0", "alpha_0-beta_0-gamma_1",
        "alpha_0.5-beta_0.5-gamma_0.1",
    ),
    "dim_negatives": (
        "jsd-negative_images_1", "infonce-negative_images_63", "donsker_varadhan-negative_images_4",
    ),
}
# As promised to the report, which reads them by name.
REPORTS = {
    "local_information": {"local_information"},
    "global_information": {"global_information"},
    "reconstruction": {"reconstruction_mse", "reconstruction_log_likelihood"},
    "bigan": {"bigan_encoder_loss", "bigan_value", "discriminator_loss", "generator_loss"},
    "prior": {"prior_encoder_loss", "prior_divergence", "adversary_loss"},
    "coordinates": {"coordinates_loss", "coordinates_accuracy"},
    "relative_coordinates": {"relative_coordinates_loss", "relative_coordinates_accuracy"},
}


def runs_of(name):
    """Variant -> run, small."""
    (experiment,) = catalog.get(name)
    experiment = override(experiment, SMALL[name][1:])
    return {variant: run for variant, _, run in experiment.runs()}


def test_every_experiment_is_run_by_some_test():
    assert {one.name for one in LISTED} <= {*SMALL, *TINY_IMAGES, "dim_untrained"}


@pytest.mark.parametrize("name", VARIANTS)
def test_variants_differ_in_what_is_swept_only(name):
    def without_numbers(run):
        terms = [
            {**dataclasses.asdict(term), "weight": None, "negative_images": None, "beta": None}
            for term in run.objectives
        ]
        return str(dataclasses.replace(run, objectives=tuple(terms)))

    runs = runs_of(name)
    assert set(VARIANTS[name]) <= set(runs)
    run_here = {without_numbers(runs[variant]) for variant in VARIANTS[name]}
    assert {without_numbers(run) for run in runs.values()} == run_here


CASES = [(name, variant) for name in SMALL for variant in VARIANTS.get(name, ("default",))]


IDS = ["-".join(case) for case in CASES]


def task_of(name, variant):
    """(the run, its task on one batch of noise)."""
    run, side = runs_of(name)[variant], SMALL[name][0]
    # As many images as the experiment says where their number matters.
    size = run.train.batch_size if name == "dim_negatives" else 4
    model = build_model(run, (side, side, 3), num_classes=10)
    model.compile(Adam(run.train.learning_rate))
    rng = np.random.default_rng(0)
    images = tf.constant(rng.uniform(-1, 1, (size, side, side, 3)), tf.float32)
    labels = tf.range(size) % 10

    def draw(t):
        seed = tf.stack([1, tf.cast(t, tf.int32)])
        return {"views": {"image": images}, "labels": labels, "seed": seed}

    return run, Task(model, draw)


def _uniform(shape, seed, minval=0.0, maxval=1.0, dtype=tf.float32, **options):
    """Of bits, which XLA draws as TensorFlow does; it makes other floats of them."""
    if not tf.as_dtype(dtype).is_floating:
        return _DRAWN(shape, seed, minval, maxval, dtype, **options)
    bits = tf.bitcast(_DRAWN(shape, seed, None, None, tf.int32, alg="philox"), tf.uint32)
    parts = tf.cast(tf.bitwise.right_shift(bits, tf.constant(9, tf.uint32)), tf.float32) / 2.0**23
    return minval + tf.cast(parts, dtype) * (maxval - minval)


def _normal(shape, seed, mean=0.0, stddev=1.0, dtype=tf.float32, **_):
    return mean + stddev * tf.math.ndtri(_uniform(shape, seed, 1e-6, 1.0, dtype))


def _dropout(x, rate, seed, noise_shape=None, **_):
    shape = tf.shape(x) if noise_shape is None else noise_shape
    return x * tf.cast(_uniform(shape, seed) >= rate, x.dtype) / (1.0 - rate)


_DRAWN = tf.random.stateless_uniform


@pytest.mark.slow
@pytest.mark.parametrize(("name", "variant"), CASES, ids=IDS)
def test_compiled_steps_are_those_that_are_not(name, variant, monkeypatch):
    monkeypatch.setattr(tf.random, "stateless_uniform", _uniform)
    monkeypatch.setattr(tf.random, "stateless_normal", _normal)
    monkeypatch.setattr(tf.nn.experimental, "stateless_dropout", _dropout)
    losses = []
    for compiled in (False, True):
        _, task = task_of(name, variant)
        update = tf.function(task.update, jit_compile=compiled)
        losses.append([float(update(task.draw(tf.constant(0, tf.int64)))["loss"])])
        losses[-1].append(float(update(task.draw(tf.constant(1, tf.int64)))["loss"]))
    # Of the second step, rounding of the first is enlarged where gradients are nearly zero.
    assert losses[0][0] == pytest.approx(losses[1][0], rel=1e-4, abs=1e-5)
    assert losses[0] == pytest.approx(losses[1], rel=1e-2, abs=1e-3)


# Of the terms of others, in other numbers.
LIKE_OTHERS = (
    "dim_autoencoder", "dim_beta_vae", "dim_aae", "dim_ndm_and_beta", "dim_single_global_cifar10",
    "dim_weights-alpha_1-beta_0-gamma_0", "dim_weights-alpha_0-beta_0-gamma_1",
    "dim_negatives-jsd-negative_images_1", "dim_negatives-infonce-negative_images_63",
)


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        pytest.param(
            *case, id="-".join(case),
            marks=pytest.mark.slow if {case[0], "-".join(case)} & {*LIKE_OTHERS} else (),
        )
        for case in CASES
    ],
)
def test_two_steps(name, variant):
    run, task = task_of(name, variant)
    model = task.model
    players = {"encoder": model.encoder.trainable_variables, "adversary": model.adversary_variables}
    before = {player: [v.numpy() for v in variables] for player, variables in players.items()}

    promised = {"loss"}.union(*(REPORTS[term.name] for term in run.objectives))
    if any(getattr(term, "beta", None) is not None for term in run.objectives):
        promised |= {"reconstruction_kl", "elbo"}
    assert set(task.metric_names) == {"loss", *task.reported} == promised
    for step in range(2):
        results = task.update(task.draw(tf.constant(step, tf.int64)))
        assert set(results) == promised
        assert all(np.isfinite(value) and value.shape == () for value in results.values())

    moved = {
        player: [
            not np.array_equal(old, new.numpy())
            for old, new in zip(before[player], variables, strict=True)
        ]
        for player, variables in players.items()
    }
    if any(term.weight for term in run.objectives):
        assert all(moved["encoder"])
    else:
        assert not any(moved["encoder"])
    # The prior's three layers; BiGAN's discriminator (10) and generator (14). They learn whatever
    # the encoder makes of it.
    number = sum({"prior": 6, "bigan": 24}.get(term.name, 0) for term in run.objectives)
    assert moved["adversary"] == [True] * number
