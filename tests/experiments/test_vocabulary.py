"""Names and words of experiments, checked without TensorFlow."""

import subprocess
import sys
from pathlib import Path

import pytest

from tf_infomax.bounds import divergences
from tf_infomax.bounds.catalog import BOUNDS
from tf_infomax.bounds.divergence_names import DIVERGENCES
from tf_infomax.critics import CRITICS
from tf_infomax.critics.baseline_names import BASELINES
from tf_infomax.decoders.likelihood_names import LIKELIHOODS
from tf_infomax.encoders import ENCODERS
from tf_infomax.evaluators import names as evaluator_names
from tf_infomax.evaluators.names import EVALUATORS
from tf_infomax.experiments import catalog
from tf_infomax.experiments.given_views import PAIR_DISTRIBUTIONS
from tf_infomax.experiments.overrides import override
from tf_infomax.experiments.vocabulary import check_names
from tf_infomax.objectives.view_losses import VIEW_LOSSES
from tf_infomax.studies import computation, discrete_joints

ROOT = Path(__file__).parents[2]
REGISTRIES = (
    BASELINES, BOUNDS, CRITICS, DIVERGENCES, ENCODERS, EVALUATORS, LIKELIHOODS, PAIR_DISTRIBUTIONS,
    VIEW_LOSSES,
)
# Experiment, setting -> what the answer must contain.
MISSPELT = (
    ("dim_local", "local_information.bound=dv", "Did you mean 'donsker_varadhan'?"),
    ("critic_impact", "critic=bilinaer", "Did you mean 'bilinear'? Known: inner_product"),
    ("critic_impact", "critic=bilinear,concta", "Unknown critic 'concta'. Did you mean 'concat'"),
    ("critic_impact", "bound=nce", "Did you mean 'infonce'?"),
    ("critic_impact", "bound=info_nce", "Did you mean 'infonce'?"),
    ("critic_impact", "bound=InfoNCE", "Did you mean 'infonce'?"),
    ("critic_impact", "bound=NWJ", "Did you mean 'nwj'"),
    ("critic_impact", "bound=KL", "Did you mean 'nwj' or 'donsker_varadhan'?"),
    ("critic_impact", "bound=simle(clip=1)", "Did you mean 'smile'"),
    ("critic_impact", "bound=minibatch_upper", "which reads log_conditional"),
    ("critic_impact", "bound=tuba baseline=lerned", "Unknown baseline 'lerned'"),
    ("critic_impact", "encoder=cnn", "Unknown encoder 'cnn'. Did you mean 'convnet'?"),
    ("dim_local", "encoder=basic32", "Did you mean 'basic32x32'"),
    ("critic_impact", "evaluate=linear_prob", "Unknown evaluator 'linear_prob'. Did you mean"),
    ("dim_local", "evaluate=mlp_probe,knn", "Did you mean 'neighbours'?"),
    ("critic_impact", "data.views=half", "must be one of halves, image. Did you mean 'halves'?"),
    ("critic_impact", "train.precision=float16", "Did you mean 'mixed_bfloat16'?"),
    ("critic_impact", "train.jit_compile=maybe", "must be one of auto, yes, no."),
    ("dim_local", "prior.prior=gaussian", "Did you mean 'normal'?"),
    ("dim_local", "prior.measure=js", "Unknown divergence 'js'. Did you mean 'jsd'?"),
    ("dim_local", "prior.penalty_form=all_sample", "Did you mean 'all_samples'"),
    ("dim_vae", "reconstruction.likelihood=mse", "Did you mean 'gaussian'?"),
    ("dim_bigan", "bigan.game=minmax", "Did you mean 'minimax'?"),
    ("dim_cpc", "predictive_coding.negatives=image", "Did you mean 'images'?"),
    ("simclr", "two_views.loss=simclr", "Did you mean 'nt_xent'?"),
    ("staircase", "data.law=correlatd", "Unknown distribution of pairs 'correlatd'."),
    ("self_consistency", "test=additive", "test must be one of baseline, data_processing"),
    ("self_consistency", "bound=dv", "Did you mean 'donsker_varadhan'?"),
    ("self_consistency", "encoder=MPL", "Unknown encoder 'MPL'. Did you mean 'mlp'"),
    ("jsd_and_kl", "scheme=sofmax", "Did you mean 'softmax'"),
    ("pair_estimate", "family=gausian", "Unknown distribution 'gausian'. Did you mean 'gaussian'"),
)


def checked(name, settings):
    for experiment in catalog.get(name):
        check_names(override(experiment, settings.split(" ")))


@pytest.mark.parametrize(("name", "settings", "words"), MISSPELT)
def test_misspelt_names_and_synonyms(name, settings, words):
    with pytest.raises(ValueError) as error:
        checked(name, settings)
    assert words in str(error.value)


@pytest.mark.parametrize("name", catalog.names())
def test_all_names_of_the_catalogue_exist(name):
    for experiment in catalog.get(name):
        check_names(experiment)


def test_user_names_are_known():
    def mine(x, y):
        return x, y

    CRITICS.add("of_a_user", mine)
    try:
        checked("critic_impact", "critic=of_a_user")
    finally:
        del CRITICS._entries["of_a_user"]


def test_no_name_is_promised_in_vain():
    for registry in REGISTRIES:
        for name in registry.names():
            assert registry.get(name) is registry.get(name) is not None


def test_no_name_is_forgotten():
    # What the modules add themselves must not exceed what is listed without them.
    assert set(EVALUATORS.names()) == set(evaluator_names._HOMES)
    assert divergences.names() == DIVERGENCES.names()
    assert set(discrete_joints._WEIGHTS) == set(computation.SCHEMES)


def test_synonyms_lead_to_names():
    for registry in REGISTRIES:
        for word, meant in registry._synonyms.items():
            assert word == word.lower() and word not in registry, word
            assert set(meant) <= set(registry.names()), word


# Importing what is None in sys.modules is an ImportError.
WITHOUT = """
import sys
for name in ("tensorflow", "keras", "tf_keras", "tensorflow_probability", "tensorflow_datasets"):
    sys.modules[name] = None
"""


def without_tensorflow(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", WITHOUT + code, *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )


def test_every_answer_needs_no_tensorflow():
    code = (
        "from tf_infomax.experiments import catalog\n"
        "from tf_infomax.experiments.overrides import override\n"
        "from tf_infomax.experiments.vocabulary import check_names\n"
        f"for name, settings, words in {MISSPELT!r}:\n"
        "    try:\n"
        "        for experiment in catalog.get(name):\n"
        "            check_names(override(experiment, settings.split(' ')))\n"
        "    except ValueError as error:\n"
        "        assert words in str(error), error\n"
        "    else:\n"
        "        raise AssertionError(settings)\n"
    )
    done = without_tensorflow(code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("run --experiment=dim_local --set=local_information.bound=dv", "'donsker_varadhan'"),
        ("evaluate --run=nowhere --evaluate=mlp_prob", "Did you mean 'mlp_probe'"),
        ("export --run=nowhere --formats=onx", "Did you mean 'onnx'"),
        ("estimate pairs.csv --bound=jsd", "must estimate mutual information"),
        *(
            pytest.param(*one, marks=pytest.mark.slow)
            for one in (
                ("run --experiment=critic_impact --preset=shrot", "must be one of"),
                ("estimate pairs.csv --bound=dv", "Did you mean 'donsker_varadhan'"),
                ("estimate pairs.csv --critic=bilinaer", "Did you mean 'bilinear'"),
                ("estimate pairs.csv --margins=ranks", "Did you mean 'normal_scores'"),
                ("estimate pairs.csv --quantity=transfer", "Did you mean 'transfer_entropy'"),
            )
        ),
    ],
)
def test_commands_answer_before_tensorflow(arguments, words, tmp_path):
    work = [f"--workdir={tmp_path / 'w'}"] if arguments.startswith("run") else []
    done = without_tensorflow(
        "from tf_infomax.commands.console import main\nmain()\n", *arguments.split(), *work
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("tf-infomax ") and done.stderr.count("\n") == 1, done.stderr
    assert words in done.stderr
    assert not (tmp_path / "w").exists()
