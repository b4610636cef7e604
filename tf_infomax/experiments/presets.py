"""Lengths of experiments as settings, and what they cost: data, without TensorFlow.

``paper`` is the catalogue's own length, that of the paper. ``short`` shows the same figure or
table in a fraction of the time, on the same data; explicit ``--set`` settings come after a
preset's.
"""

import dataclasses

from tf_infomax.experiments.quick_start import QUICK_START
from tf_infomax.naming.registry import unknown_name

__all__ = ["PRESETS", "Cost", "cost", "preset"]

PRESETS = ("short", "paper")


def _lengths(steps, every, *more):
    return (
        f"train.steps={steps}", f"train.log_every={every}", f"train.checkpoint_every={every}",
        *more,
    )


def _every(steps, *names):
    return tuple(f"evaluate.{name}.every={steps}" for name in names)


_PROBE = ("evaluate.mlp_probe.epochs=12", "evaluate.mlp_probe.averaged_epochs=3")
_NARROW = ("local_information.critic.units=256",)
_FINE_TUNING = ("evaluate.fine_tuning.epochs=5",)
# Table 4, and Table 2 with its fine-tuning.
_TABLES = (
    *_PROBE, *_FINE_TUNING,
    "evaluate.svm_probe.epochs=3", "evaluate.ndm.epochs=30", "evaluate.mine.epochs=3",
    "evaluate.reconstruction.epochs=2", "evaluate.reconstruction.base_channels=64",
)
_EPOCH = _lengths(781, 71)
_STL_EPOCH = _lengths(1_640, 164)
_STAIRS = _lengths(5_000, 20, "train.checkpoint_every=5000") + _every(
    1_000, "exact_mutual_information"
)

# Experiment -> settings of its short form.
_SHORT = {
    "invertible": _lengths(1_000, 250) + _every(500, "linear_probe", "bound", "invertibility"),
    "adversarial": _lengths(400, 100) + _every(200, "linear_probe", "invertibility"),
    "non_invertible": _lengths(2_000, 500) + _every(1_000, "linear_probe", "bound", "conditioning"),
    "critic_impact": _lengths(2_000, 500) + _every(1_000, "linear_probe", "bound"),
    "encoder_impact": _lengths(2_000, 500) + _every(1_000, "linear_probe", "bound"),
    "dependent_samples": _lengths(5_000, 100, "train.checkpoint_every=1000"),
    "dim_global": _EPOCH + _TABLES,
    "dim_local": _EPOCH + _TABLES + _NARROW,
    "dim_local_global": _lengths(100, 20) + _TABLES,
    "dim_supervised": _EPOCH + _PROBE,
    "dim_untrained": _PROBE,
    "dim_coordinates": _EPOCH + _PROBE + _NARROW,
    "dim_occlusion": _EPOCH + _PROBE + _NARROW,
    "dim_coordinates_occlusion": _EPOCH + _PROBE + _NARROW,
    "dim_single_global_cifar10": _lengths(200, 20) + _PROBE,
    "dim_single_global": _STL_EPOCH + _PROBE,
    "dim_multiple_globals": _STL_EPOCH + _PROBE,
    "dim_weights": _EPOCH + _PROBE + _NARROW
    + ("evaluate.ndm.epochs=30", "evaluate.reconstruction.epochs=2",
       "evaluate.reconstruction.base_channels=64"),
    "dim_negatives": _EPOCH + _PROBE + _NARROW,
    **dict.fromkeys(
        ("dim_autoencoder", "dim_vae", "dim_beta_vae", "dim_aae", "dim_bigan", "dim_nat"),
        _EPOCH + _TABLES,
    ),
    "dim_ndm_and_beta": (*_EPOCH, "evaluate.ndm.epochs=30"),
    "dim_cpc": _STL_EPOCH + _PROBE,
    "dim_cpc_cifar10": _lengths(200, 20) + _PROBE,
    "dim_supervised_reference": _FINE_TUNING,
    "dim_semi_supervised": _EPOCH + _NARROW + _FINE_TUNING,
    "dim_semi_supervised_untrained": _FINE_TUNING,
    "dim_weights_attributes": _EPOCH + _NARROW + (
        "evaluate.attribute_probe.epochs=5", "evaluate.ndm.epochs=30",
        "evaluate.reconstruction.epochs=2", "evaluate.reconstruction.base_channels=64",
    ),
    "dim_attributes_supervised": (*_EPOCH, "evaluate.attribute_probe.epochs=5"),
    **dict.fromkeys(("simclr", "barlow_twins", "vicreg", "amdim"), _EPOCH + _PROBE),
    "pair_estimate": (),
    "alignment_uniformity": _lengths(400, 100),
    "circle": _lengths(400, 100),
    "staircase": (*_STAIRS, "critic=separable"),
    "staircase_baseline": (*_STAIRS, "critic=separable", "transform=identity"),
    "infonce_ceiling": _lengths(1_000, 100, "train.batch_size=16,32,64,128,256"),
    "dependent_negatives": _lengths(3_000, 50, "train.checkpoint_every=3000"),
    "estimator_variance": ("replicates=200",),
    "formal_limit": ("steps=500",),
    "jsd_and_kl": ("draws=50",),
    "k_pair_identity": (),
    "self_consistency": ("rows=0,14,28", "steps=300"),
}


@dataclasses.dataclass(frozen=True)
class Cost:
    """CPU time of all runs of an experiment for one seed, on cores of 35 GFLOP/s.

    Args:
        short, paper: CPU hours of the two presets.
        measured: names of the presets that were measured; the others are rough guesses.
    """

    short: float
    paper: float
    measured: tuple = ()


# Guesses from some steps on a 2-core AMD EPYC (Milan), such as 0.3 s a step of DIM on CIFAR-10 with
# 256 units; right within a factor of a few.
_COSTS = {
    "invertible": Cost(0.3, 6.0),
    "adversarial": Cost(0.3, 3.0),
    "non_invertible": Cost(0.3, 2.0),
    "critic_impact": Cost(0.3, 2.0),
    "encoder_impact": Cost(0.7, 7.0),
    "dependent_samples": Cost(0.05, 0.2),
    "dim_global": Cost(0.15, 73.0),
    "dim_local": Cost(0.5, 700.0),
    "dim_local_global": Cost(1.0, 8_000.0),
    "dim_supervised": Cost(0.1, 63.0),
    "dim_untrained": Cost(0.05, 0.2),
    "dim_coordinates": Cost(0.2, 250.0),
    "dim_occlusion": Cost(0.2, 250.0),
    "dim_coordinates_occlusion": Cost(0.2, 250.0),
    "dim_single_global_cifar10": Cost(0.5, 2_000.0),
    "dim_single_global": Cost(1.5, 300.0),
    "dim_multiple_globals": Cost(1.5, 300.0),
    "dim_weights": Cost(4.0, 7_000.0),
    "dim_negatives": Cost(2.0, 3_000.0),
    "dim_autoencoder": Cost(0.5, 200.0),
    "dim_vae": Cost(0.5, 200.0),
    "dim_beta_vae": Cost(0.5, 200.0),
    "dim_aae": Cost(0.5, 200.0),
    "dim_bigan": Cost(0.7, 400.0),
    "dim_nat": Cost(0.4, 70.0),
    "dim_ndm_and_beta": Cost(1.5, 1_000.0),
    "dim_cpc": Cost(1.5, 300.0),
    "dim_cpc_cifar10": Cost(0.5, 2_000.0),
    "dim_supervised_reference": Cost(0.1, 3.0),
    "dim_semi_supervised": Cost(0.6, 700.0),
    "dim_semi_supervised_untrained": Cost(0.1, 3.0),
    "dim_weights_attributes": Cost(10.0, 10_000.0),
    "dim_attributes_supervised": Cost(0.5, 100.0),
    "simclr": Cost(0.2, 130.0),
    "barlow_twins": Cost(0.2, 130.0),
    "vicreg": Cost(0.2, 130.0),
    "amdim": Cost(0.4, 300.0),
    "pair_estimate": Cost(0.02, 0.02),
    "alignment_uniformity": Cost(0.1, 1.0),
    "circle": Cost(0.05, 0.5),
    "staircase": Cost(0.1, 2.0),
    "staircase_baseline": Cost(0.05, 1.0),
    "infonce_ceiling": Cost(0.05, 0.5),
    "dependent_negatives": Cost(0.1, 0.5),
    "estimator_variance": Cost(0.01, 0.03),
    "formal_limit": Cost(0.05, 0.2),
    "jsd_and_kl": Cost(0.01, 0.02),
    "k_pair_identity": Cost(0.002, 0.002),
    "self_consistency": Cost(0.1, 0.5),
}
# Of the experiments of quick_start, which have one length.
_QUICK_COSTS = {
    name: Cost(seconds / 3600, seconds / 3600)
    for name, seconds in (
        ("critic_impact", 90), ("non_invertible", 40), ("dim_local", 50), ("dim_global", 25),
        ("dim_untrained", 10), ("pair_estimate", 20),
    )
}


def preset(experiment, name):
    """The settings of a preset, to be applied before explicit ones.

    Args:
        experiment: ``Experiment`` or ``Study``.
        name: one of ``PRESETS``.

    Returns:
        Tuple of ``"path=value"``; empty for "paper", whose length is the catalogue's, and for the
        experiments of ``quick_start``, which are short already.

    Raises:
        ValueError: on another name, or for an experiment without a short form.
    """
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    if name == "paper" or _is_quick(experiment):
        return ()
    if experiment.name not in _SHORT:
        raise ValueError(
            f"{experiment.name} has no short form; shorten it by --set=train.steps=... . "
            f"Received: preset={name!r}."
        )
    return tuple(one for one in _SHORT[experiment.name] if _applies(one, experiment))


def cost(experiment):
    """The ``Cost`` of an experiment or study of the catalogue, whatever its seeds; or ``None``."""
    return (_QUICK_COSTS if _is_quick(experiment) else _COSTS).get(experiment.name)


def _applies(setting, experiment):
    """Whether the evaluator of a setting is listed: tables differ in theirs."""
    head, _, rest = setting.partition(".")
    listed = [entry.name for entry in getattr(experiment, "evaluate", ())]
    return head != "evaluate" or rest.partition(".")[0] in listed


def _is_quick(experiment):
    # They have the names of the long ones, under which their rows are compared with the papers.
    return dataclasses.replace(experiment, seeds=(0,)) in QUICK_START
