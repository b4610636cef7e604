"""The catalogue against the hyper-parameters of the published code, written down here again.

The numbers are those of the sheet ``papers/mirl.md`` (sections 2 to 4).
"""

import pytest

from tf_infomax.experiments import catalog
from tf_infomax.experiments.spec import LabelConfusion, MutualInformation

SHIFT_FLOW = {"num_couplings": 30, "hidden_units": (512, 512)}
MLP = ("mlp", {"layer_dimensions": (300, 300, 100)})
BILINEAR = ("bilinear", {})

NAMES = (
    "invertible", "adversarial", "non_invertible", "critic_impact", "encoder_impact",
    "dependent_samples",
)


def experiment(name):
    (found,) = catalog.get(name)
    return found


def runs(name):
    """variant -> experiment of that variant (there is one seed by default)."""
    return {variant: run for variant, seed, run in experiment(name).runs() if seed == 0}


def plain(pick):
    return pick.name, pick.options


def every(run):
    return {entry.name: entry.every for entry in run.evaluate}


def test_the_six_experiments_and_the_quick_start_exist():
    assert {*NAMES, "quick_start"} <= set(catalog.names())
    for name in NAMES:
        assert experiment(name).name == name
        assert experiment(name).source.startswith("Tschannen et al. (2020)")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "dependent_samples"])
def test_common_to_all_on_images(name):
    for run in runs(name).values():
        assert run.data.name == "mnist"
        assert run.train.batch_size == 128
        # Noise belongs to Fig. 2 alone.
        assert run.data.noise_sd == (0.05 if name == "non_invertible" else 0.0)


@pytest.mark.parametrize(
    "name", ["invertible", "non_invertible", "critic_impact", "encoder_impact"]
)
def test_common_to_the_maximising_ones(name):
    for run in runs(name).values():
        assert (run.train.steps, run.train.learning_rate) == (21_000, 1e-4)
        # 21 evaluations of the paper, from step 0 on; ours adds the last step.
        assert set(every(run).values()) == {1_000}
        assert {"linear_probe", "bound"} <= set(every(run))
        assert run.train.log_every == 1_000
        (objective,) = run.objectives
        assert isinstance(objective, MutualInformation)
        if name != "encoder_impact":
            assert objective.target is None


def test_invertible():
    found = runs("invertible")
    assert set(found) == {"infonce", "nwj"}
    for bound, run in found.items():
        # Shift only: the default of the flow, which Fig. 1c overrides.
        assert plain(run.encoder) == ("realnvp", SHIFT_FLOW)
        assert plain(run.objectives[0].critic) == BILINEAR
        assert run.objectives[0].bound == bound
        assert "invertibility" in every(run)


def test_adversarial():
    ((variant, run),) = runs("adversarial").items()
    assert variant == "default"
    assert plain(run.encoder) == ("realnvp", {**SHIFT_FLOW, "scale": "softplus"})
    assert run.objectives == (
        LabelConfusion(warmup_steps=1_000, classifier_steps=10, classifier_learning_rate=1e-3),
    )
    assert (run.train.steps, run.train.learning_rate) == (4_001, 1e-5)
    assert every(run)["linear_probe"] == 400


def test_non_invertible():
    found = runs("non_invertible")
    assert set(found) == {"infonce", "nwj"}
    for run in found.values():
        name, options = plain(run.encoder)
        assert name == "mlp" and options["shortcuts"] is True
        # Five layers as wide as the view, 392 on MNIST.
        assert options["layer_dimensions"] == ("input",) * 5
        initializer = options["kernel_initializer"]
        assert initializer["class_name"] == "TruncatedNormal"
        assert initializer["config"]["stddev"] == 1e-4
        assert plain(run.objectives[0].critic) == BILINEAR
        assert "conditioning" in every(run)


def test_critic_impact():
    critics = {
        "bilinear": {},
        "separable": {"hidden_dim": 100, "output_dim": 100, "layers": 1},
        "concat": {"hidden_dim": 200, "layers": 1},
    }
    found = runs("critic_impact")
    assert set(found) == {f"{critic}-{bound}" for critic in critics for bound in ("infonce", "nwj")}
    for variant, run in found.items():
        critic, bound = variant.split("-")
        assert plain(run.encoder) == MLP
        assert plain(run.objectives[0].critic) == (critic, critics[critic])
        assert run.objectives[0].bound == bound


def test_encoder_impact():
    convnet = ("convnet", {"channels": 64, "kernel_size": 5, "output_dim": 100})
    found = runs("encoder_impact")
    assert set(found) == {
        f"{encoder}-target_{target}-{bound}"
        for encoder in ("mlp", "convnet")
        for target in (2, 4)
        for bound in ("infonce", "nwj")
    }
    for variant, run in found.items():
        encoder, target, bound = variant.split("-")
        assert plain(run.encoder) == (MLP if encoder == "mlp" else convnet)
        assert plain(run.objectives[0].critic) == BILINEAR
        assert (run.objectives[0].target, run.objectives[0].bound) == (float(target[-1]), bound)


def test_dependent_samples():
    found = runs("dependent_samples")
    assert set(found) == {
        f"{sampling}-{bound}"
        for sampling in ("dependent", "independent")
        for bound in ("infonce", "nwj")
    }
    for variant, run in found.items():
        assert run.data.name == "gaussian_pairs" and run.encoder is None
        assert run.data.dependent == variant.startswith("dependent")
        assert plain(run.objectives[0].critic) == ("concat", {"hidden_dim": 10, "layers": 5})
        assert (run.train.steps, run.train.batch_size) == (20_000, 128)
        assert (run.train.learning_rate, run.train.log_every) == (1e-4, 100)


def test_the_quick_start_is_both_papers_in_small():
    found = {entry.name: entry for entry in catalog.get("quick_start")}
    assert set(found) == {
        "critic_impact", "non_invertible", "dim_local", "dim_global", "dim_untrained",
        "pair_estimate",
    }
    for name in ("critic_impact", "non_invertible"):
        entry = found[name]
        assert entry.data.name == "mnist_sample" and entry.train.steps == 2_000
        assert entry.encoder == experiment(name).encoder
        assert entry.objectives == experiment(name).objectives
        # All critics, with InfoNCE.
        assert entry.sweep == (*experiment(name).sweep[:-1], (entry.sweep[-1][0], ("infonce",)))
        assert entry.data.noise_sd == experiment(name).data.noise_sd
        assert (entry.train.batch_size, entry.train.learning_rate) == (128, 1e-4)
    encoders = [found[name].encoder for name in ("dim_local", "dim_global", "dim_untrained")]
    assert {encoder.name for encoder in encoders} == {"basic28x28"} and encoders[0] == encoders[1]
    assert found["dim_untrained"].train.steps == 0

