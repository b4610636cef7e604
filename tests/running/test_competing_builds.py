"""What the competing methods need of a data set reaches their terms and batches."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.data.image_data import ImageData
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.running.build import build, build_model, sizes_of

RNG = np.random.default_rng(0)
SMALL = ("train.batch_size=4", "train.steps=2000", "encoder.widths=(2,3,4,5)", "evaluate=none")


def images(unlabelled=False, side=32):
    def pixels(number):
        return RNG.integers(0, 256, (number, side, side, 3)).astype(np.uint8)

    return ImageData(
        name="made up",
        train_images=pixels(10),
        train_labels=np.arange(10) % 2,
        test_images=pixels(6),
        test_labels=np.arange(6) % 2,
        pixel_max=255.0,
        num_classes=2,
        label_names=("no", "yes"),
        unlabelled_images=pixels(5) if unlabelled else None,
        attribute_names=("Smiling", "Young", "Bald"),
        train_attributes=RNG.integers(0, 2, (10, 3)).astype(np.uint8),
        test_attributes=RNG.integers(0, 2, (6, 3)).astype(np.uint8),
    )


def run_of(name, *settings):
    (experiment,) = catalog.get(name)
    return override(experiment, [*SMALL, *settings]).runs()[0][2]


@pytest.mark.parametrize("unlabelled", [pytest.param(False, marks=pytest.mark.slow), True])
def test_noise_as_targets_has_a_target_for_every_image_of_an_epoch(unlabelled):
    data = images(unlabelled)
    trial = build(run_of("dim_nat"), data)
    (term,) = trial.model.objectives
    assert term.targets.shape == (trial.source.num_examples, 64) == (10 + 5 * unlabelled, 64)
    # Trainings as long as this are compiled by XLA, which cannot call the host.
    assert not trial.jit_compile
    with pytest.raises(ValueError, match=r"'noise_as_targets' works on the host .* 'yes'"):
        build_model(run_of("dim_nat", "jit_compile=yes"), (32, 32, 3), **sizes_of(data))
    with pytest.raises(ValueError, match="noise_as_targets needs a data set of images"):
        build_model(run_of("dim_nat"), (32, 32, 3))


@pytest.mark.slow
def test_attributes_come_with_the_images_that_they_are_of():
    data = images(side=64)
    run = run_of("dim_attributes_supervised", "encoder.widths=(2,3,4,5,6)")
    trial = build(dataclasses.replace(run), data)
    batch = trial.source.draw(tf.constant(1, tf.int64))
    pixels = data.train_images[batch["index"].numpy()] / 127.5 - 1.0
    np.testing.assert_allclose(batch["views"]["image"], pixels, atol=1e-6)
    np.testing.assert_array_equal(
        batch["attributes"], data.train_attributes[batch["index"].numpy()]
    )
    _, metrics = trial.model.loss_of(batch)
    assert 0.0 <= float(metrics["attributes_accuracy"]) <= 1.0
    # Unlabelled images have none, and whoever learns from attributes needs them all.
    assert "attributes" not in build(run, images(True, 64)).source.draw(0)


@pytest.mark.slow
def test_each_offset_has_a_predictor_of_its_own():
    run = run_of(
        "dim_cpc_cifar10", "encoder=foldresnet19_32x32", "encoder.widths=(2,2,2,2,2,3,4)",
        "predictive_coding.critic=bilinear",
    )
    model = build_model(run, (32, 32, 3))
    kernels = [critic.kernel.numpy() for critic in model.objectives[0].critics]
    # As wide as the map is deep.
    assert [kernel.shape for kernel in kernels] == [kernels[0].shape] * 3
    assert kernels[0].shape[0] == model.encoder.endpoint_shapes["local"][-1]
    assert not np.allclose(kernels[0], kernels[1]) and not np.allclose(kernels[1], kernels[2])


@pytest.mark.parametrize("name", ["dim_table_2", "dim_table_2_tiny_imagenet", "dim_table_3"])
def test_the_tables_of_larger_images(name):
    for experiment in catalog.get(name):
        if name == "dim_table_3":
            assert [term.name for term in experiment.objectives] in (
                ["local_information"], ["predictive_coding"]
            )
            continue
        assert experiment.encoder.name == "alex64x64" and experiment.encoder.options == {
            "output_units": 64
        }
        assert experiment.data.name == ("stl10" if name == "dim_table_2" else "tiny-imagenet-200")
