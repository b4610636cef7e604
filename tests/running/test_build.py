"""From names to objects: sizes counted by hand, seeds, and refusals before any work."""

import dataclasses
import inspect

import numpy as np
import pytest

from tests.tiny import tiny
from tf_infomax.data import datasets
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.experiments.spec import Evaluation
from tf_infomax.experiments.study import Study
from tf_infomax.running.build import build, build_model, check, load_images
from tf_infomax.running.sweep import plan
from tf_infomax.studies import computation

MNIST_HALF = (14, 28, 1)
MLP = 392 * 300 + 300 + 300 * 300 + 300 + 300 * 100 + 100
CONVNET = 25 * 64 + 64 + 25 * 64 * 128 + 128 + 2 * 128 + 128 * 100 + 100
COUPLING = 196 * 512 + 512 + 512 * 512 + 512 + 512 * 196 + 196


def single(name, variant, *settings):
    experiment = override(catalog.get(name)[0], settings)
    return {found: run for found, _, run in experiment.runs()}[variant]


@pytest.mark.parametrize(
    ("name", "variant", "settings", "encoder", "critic"),
    [
        ("critic_impact", "bilinear-nwj", (), MLP, 100 * 100),
        # Two networks 100 - 100 - 100.
        ("critic_impact", "separable-nwj", (), MLP, 2 * 2 * (100 * 100 + 100)),
        ("critic_impact", "concat-infonce", (), MLP, 200 * 200 + 200 + 200 + 1),
        ("encoder_impact", "convnet-target_2-nwj", (), CONVNET, 100 * 100),
        ("non_invertible", "infonce", (), 5 * (392 * 392 + 392), 392 * 392),
        # All couplings are alike: 2 of the 30 take less time to make.
        ("invertible", "infonce", ("encoder.num_couplings=2",), 2 * COUPLING, 392 * 392),
    ],
)
def test_sizes_on_mnist_are_those_counted_by_hand(name, variant, settings, encoder, critic):
    model = build_model(single(name, variant, *settings), MNIST_HALF)
    for one in (model.encoder_1, model.encoder_2):
        assert one.count_params() == encoder
    assert model.critic.count_params() == critic
    assert model.encoder_1 is not model.encoder_2
    weights = [*model.encoder_1.weights, *model.encoder_2.weights, *model.critic.weights]
    assert sum(int(np.prod(weight.shape)) for weight in weights) == 2 * encoder + critic


def test_the_critic_of_the_gaussian_pairs():
    model = build_model(single("dependent_samples", "dependent-nwj"), (1,))
    # Five hidden layers of 10 on two numbers, and one output.
    assert model.critic.count_params() == (2 * 10 + 10) + 4 * (10 * 10 + 10) + (10 + 1)
    assert not model.encoder_1.weights


def encoder_of(experiment, seed, which):
    run = dataclasses.replace(experiment.runs()[0][2], seeds=(seed,))
    return build_model(run, (4, 8, 1)).encoders[f"view_{which}"]


def weights(experiment, seed, which):
    encoder = encoder_of(experiment, seed, which)
    return np.concatenate([np.ravel(variable) for variable in encoder.trainable_variables])


def test_seeds_decide_the_weights_and_views_have_their_own():
    experiment = tiny("critic_impact")
    first = weights(experiment, 0, 1)
    np.testing.assert_array_equal(first, weights(experiment, 0, 1))
    for seed, which in ((0, 2), (1, 1)):
        assert np.mean(first == weights(experiment, seed, which)) < 0.1  # only the biases
    models = [
        build_model(dataclasses.replace(single("critic_impact", "concat-nwj"), seeds=(seed,)), (8,))
        for seed in (0, 0, 1)
    ]
    kernels = [np.asarray(model.critic.f[0].kernel) for model in models]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert not np.array_equal(kernels[0], kernels[2])


def test_permutations_differ_between_views_but_not_between_seeds():
    flows = tiny("invertible")
    first, seed_1, second = (
        encoder_of(flows, seed, which).permutations
        for seed, which in ((0, 1), (1, 1), (0, 2))
    )
    np.testing.assert_array_equal(first, seed_1)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("settings", "compiled"),
    [
        (("steps=999",), False),
        (("steps=1000",), True),
        (("steps=999", "jit_compile=yes"), True),
        (("steps=1000", "jit_compile=no"), False),
    ],
)
def test_long_trainings_are_compiled(settings, compiled):
    run = tiny("dependent_samples", *settings).runs()[0][2]
    assert build(run, None).jit_compile == compiled


def test_the_right_parts_for_each_kind_of_experiment():
    trial = build(tiny("critic_impact").runs()[0][2], datasets.load("digits"))
    assert trial.encoder is trial.model.encoder_1 and not trial.jit_compile
    assert float(trial.model.optimizer.learning_rate) == pytest.approx(1e-4)
    assert trial.source.batch_size == 32 and trial.task.warmup is None

    gaussian = build(tiny("dependent_samples").runs()[0][2], None)
    assert gaussian.encoder is None

    game = build(tiny("adversarial").runs()[0][2], datasets.load("digits"))
    # The classifier reads first views alone.
    assert game.model.encoders == {"view_1": game.encoder}
    (encoder, _), (classifier, (kernel, _)) = game.model.optimized()
    assert float(encoder.learning_rate) == pytest.approx(1e-5)
    assert float(classifier.learning_rate) == pytest.approx(1e-3)
    assert kernel.shape == (32, 10)


def test_images_are_loaded_where_they_are_needed():
    assert load_images(catalog.get("dependent_samples")[0]) is None
    assert load_images(tiny("critic_impact")) is datasets.load("digits")
    with pytest.raises(ValueError, match=r"attributes.*Received: label='Smiling' for digits"):
        load_images(override(tiny("critic_impact"), ["data.label=Smiling"]))


@pytest.mark.parametrize("name", list(catalog.names()))
def test_the_catalogue_passes_its_own_check(name):
    for experiment in catalog.get(name):
        for _, _, run in experiment.runs():
            if isinstance(run, Study):
                # All but the data set, which need not be there.
                compute = computation.get(run.name).compute
                inspect.signature(compute).bind("setting", **run.options)
            else:
                check(run)


@pytest.mark.parametrize(
    ("name", "setting", "message"),
    [
        ("critic_impact", "steps=-1", "train.steps must be 0 or more. Received: -1."),
        ("critic_impact", "batch_size=1", "train.batch_size must be 2 or more. Received: 1."),
        ("critic_impact", "log_every=0", "train.log_every must be 1 or more. Received: 0."),
        ("critic_impact", "checkpoint_every=-1", "train.checkpoint_every must be 1 or more."),
        ("critic_impact", "bound.every=-1", "evaluate.bound.every must be 0 or more."),
        ("critic_impact", "learning_rate=0", "train.learning_rate must be positive."),
        ("critic_impact", "learning_rate=1e999", "train.learning_rate must be positive."),
        ("critic_impact", "noise_sd=-0.1", "data.noise_sd must be 0 or more. Received: -0.1."),
        ("critic_impact", "jit_compile=maybe", "train.jit_compile must be one of auto, yes, no."),
        ("critic_impact", "seeds=-1", "seeds must be integers, 0 or more. Received: (-1,)."),
        ("critic_impact", "seeds=()", "seeds must be integers, 0 or more. Received: ()."),
        ("critic_impact", "bound=infonec", "Unknown bound 'infonec'. Did you mean 'infonce'"),
        ("critic_impact", "critic=bilinaer", "Unknown critic 'bilinaer'. Did you mean 'bilinear'"),
        ("critic_impact", "encoder=convnt", "Unknown encoder 'convnt'. Did you mean 'convnet'"),
        ("critic_impact", "encoder.layer_dims=8", "The encoder 'mlp' has no option 'layer_dims'."),
        ("critic_impact", "critic.seed=3", "The critic 'bilinear' has no option 'seed'."),
        ("critic_impact", "data=gaussian_pairs", "Images need an encoder"),
        ("dependent_samples", "data=digits", "Images need an encoder"),
        ("dependent_samples", "critic.hiden_dim=3",
         "The critic 'concat' has no option 'hiden_dim'. Nearest: hidden_dim. Options: hidden"),
        ("invertible", "encoder=mlp", "The encoder 'mlp' has no option 'num_couplings'."),
        ("adversarial", "warmup_steps=-1", "warmup_steps must be 0 or more. Received: -1."),
        ("adversarial", "classifier_steps=0", "classifier_steps must be 1 or more. Received: 0."),
        ("adversarial", "classifier_learning_rate=0", "classifier_learning_rate must be positive"),
    ],
)
def test_what_cannot_be_is_refused_by_name(name, setting, message):
    experiment = tiny(name, setting)
    # Without seeds there is no run, and the experiment itself is asked.
    run = experiment.runs()[0][2] if experiment.seeds else experiment
    with pytest.raises(ValueError) as raised:
        check(run)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)


def test_what_a_thing_needs_and_what_a_measurement_needs(tmp_path):
    run = override(catalog.get("invertible")[0], ["encoder=mlp"])
    with pytest.raises(ValueError, match=r"'mlp' needs the option layer_dimensions, as in --set="):
        check(run)
    run = override(run, ["encoder.layer_dimensions=(8,4)", "data=digits", "bound=nwj"])
    with pytest.raises(ValueError, match=r"'invertibility'.*an inverse.*Received: encoder=MLP\."):
        plan([run], tmp_path)
    with pytest.raises(ValueError, match="Images need an encoder"):
        check(override(catalog.get("critic_impact")[0], ["encoder=none"]))
    run = dataclasses.replace(tiny("critic_impact"), evaluate=(Evaluation("linear_prob"),))
    with pytest.raises(ValueError, match=r"Unknown evaluator 'linear_prob'.*'linear_probe'"):
        check(run)
