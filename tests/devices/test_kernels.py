"""Every operation that a GPU would run has a kernel for it, as this build of TensorFlow knows."""

import functools

import pytest
import tensorflow as tf

from tests.devices.small import NAMES, images_of, small
from tests.tiny import (
    TINY,
    TINY_IMAGES,
    determinism_undone,
    plan_tiny,
    tiny,
    tiny_images,
    write_images,
)
from tf_infomax.data import datasets
from tf_infomax.encoders import MLP
from tf_infomax.evaluation.encoder_spectra import READ, spectra_on_device
from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.running.build import build
from tf_infomax.running.run import execute
from tf_infomax.running.sweep import plan
from tf_infomax.training.kernels import watched_kernels, watched_operations
from tf_infomax.training.loop import StepLoop

SAMPLE = ("dim_local",)


def check(found):
    assert found.pop("functions") > 0
    assert found == {}


def traced(name, is_compiled):
    experiment = small(name)
    task = build(experiment, images_of(experiment)).task
    with watched_kernels() as found:
        for part in (task.warmup, task):
            if part is not None:
                StepLoop(part, is_compiled).trace()
    return found


@pytest.mark.parametrize(
    "name",
    [one if one in SAMPLE else pytest.param(one, marks=pytest.mark.slow) for one in NAMES],
)
def test_steps_of_every_experiment(name):
    check(traced(name, is_compiled=False))


# Its step calls the host, and compiling it is refused before a run.
@pytest.mark.slow
@pytest.mark.parametrize("name", [one for one in NAMES if one != "dim_nat"])
def test_compiled_steps_of_every_experiment(name):
    check(traced(name, is_compiled=True))


@pytest.mark.parametrize("read", READ)
def test_spectra_of_jacobians(read):
    encoder = MLP((8, 8), seed=0)
    encoder.build((None, 8))
    with watched_kernels() as found:
        spectra_on_device(encoder, read)(tf.ones([2, 8]))
    check(found)


# Evaluators of whole images.
OF_IMAGES = (
    "mlp_probe", "svm_probe", "linear_probe", "ndm", "mine", "neighbours", "rankme", "lidar",
    "alignment_uniformity", "fine_tuning", "reconstruction",
)
# What makes evaluators small.
OPTIONS = {
    "mlp_probe": ("epochs=1",), "svm_probe": ("epochs=2",), "ndm": ("epochs=1",),
    "mine": ("epochs=1", "batch_size=16"), "lidar": ("views=2",),
    "fine_tuning": ("epochs=1", "averaged_epochs=1"),
    "reconstruction": ("epochs=1", "base_channels=4"),
    "attribute_probe": ("epochs=1", "batch_size=16"),
}  # fmt: skip
# Experiment -> evaluators that need what it has, and no other run does.
OF_THEIR_OWN = {
    "dim_vae": ("elbo", "decoder", "samples", "traversals"),
    "dim_bigan": ("decoder", "samples", "traversals", "pairing"),
    "dim_autoencoder": ("elbo", "samples"),
    "dim_supervised": ("classifier",),
    "dim_attributes_supervised": ("attribute_probe",),
    "circle": ("circle",),
    "infonce_ceiling": ("exact_mutual_information", "optimal_critic"),
    "dependent_negatives": ("exact_mutual_information", "in_batch_optimum"),
}
# What evaluators do on the host: the last step of a figure.
OF_THE_HOST = {("EncodePng", "T=uint8")}


def evaluators_of(experiment):
    return {one.name for one in experiment.evaluate}


def listed(names):
    """Settings that choose these evaluators, in small."""
    options = (f"evaluate.{name}.{one}" for name in names for one in OPTIONS.get(name, ()))
    return f"evaluate={','.join(names)}", *options


def walk(run, monkeypatch):
    """Carries out a run; all that it traces, and all that its evaluators do, has kernels."""
    called, get = {}, evaluators.get

    def watched(name):
        @functools.wraps(get(name))
        def measure(snapshot, **options):
            with watched_operations() as called[name]:
                return list(get(name)(snapshot, **options))

        return measure

    monkeypatch.setattr(evaluators, "get", watched)
    with determinism_undone(), watched_kernels() as found:
        assert execute(run) == "finished"
    check(found)
    assert called.keys() == evaluators_of(run.experiment)
    for name, operations in called.items():
        del operations["operations"]
        assert operations.keys() <= OF_THE_HOST, name


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_runs_on_halves_with_their_evaluators(name, tmp_path, monkeypatch):
    (run,) = plan_tiny(tmp_path, name)
    walk(run, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY_IMAGES)
def test_runs_on_images_with_their_evaluators(name, tmp_path, monkeypatch):
    path = write_images(tmp_path / "images.npz")
    (run,) = plan([tiny_images(name, path, *listed(OF_IMAGES))], tmp_path / "work")
    walk(run, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_THEIR_OWN)
def test_evaluators_that_one_experiment_has(name, tmp_path, monkeypatch):
    experiment = small(name, *listed(OF_THEIR_OWN[name]))
    images = images_of(experiment)
    monkeypatch.setattr(datasets, "load", lambda *arguments, **options: images)
    (run,) = plan([experiment], tmp_path)
    walk(run, monkeypatch)


def test_every_evaluator_is_walked():
    of_halves = (evaluators_of(tiny(name)) for name in TINY)
    walked = set().union(OF_IMAGES, *OF_THEIR_OWN.values(), *of_halves)
    assert walked == {*evaluators.names()}


def test_what_has_no_kernel_is_found_wherever_it_is_called():
    def on_host(x):
        return tf.strings.length(tf.strings.as_string(x))

    def in_a_loop(x):
        return tf.while_loop(lambda k, _: k < 2, lambda k, x: (k + 1, on_host(x)), [0, x])[1]

    for function in (on_host, in_a_loop, tf.function(in_a_loop)):
        with watched_kernels() as found:
            tf.function(lambda x: function(x)).get_concrete_function(  # noqa: B023
                tf.TensorSpec([3], tf.int32)
            )
        assert ("AsString", "T=int32") in found and ("StringLength",) in found


def test_what_is_done_outside_of_functions_is_looked_at():
    x = tf.constant([1, 2])
    with watched_operations() as found:
        tf.function(tf.strings.as_string)(x)
        with tf.device("CPU"):
            tf.strings.as_string(x)
        assert {*found} == {"operations"}
        tf.strings.as_string(x + 1)
        tf.linalg.svd(tf.zeros([2, 2], tf.complex64))
    assert {*found} == {"operations", ("AsString", "T=int32"), ("Svd", "T=complex64")}


def test_types_count():
    def traced_with(dtype):
        with watched_kernels() as found:
            tf.function(tf.linalg.svd).get_concrete_function(tf.TensorSpec([2, 2], dtype))
        return {key for key in found if key != "functions"}

    # GPUs decompose real matrices only.
    assert traced_with(tf.float32) == set()
    assert traced_with(tf.complex64) == {("Svd", "T=complex64")}


def test_what_is_placed_on_the_cpu_may_stay_there():
    def placed(x):
        with tf.device("CPU"):
            return tf.strings.as_string(x)

    with watched_kernels() as found:
        tf.function(placed).get_concrete_function(tf.TensorSpec([3], tf.int32))
    check(found)


def test_compiled_functions_need_kernels_of_xla():
    def unique(x):
        return tf.raw_ops.Where(condition=x), tf.raw_ops.StringLength(input=tf.as_string(x))

    with watched_kernels() as found:
        tf.function(unique, jit_compile=True).get_concrete_function(tf.TensorSpec([3], tf.bool))
    assert ("StringLength",) in found and not any(one[0] == "Where" for one in found)
