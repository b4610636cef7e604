"""Studies of the estimators themselves, on pairs whose mutual information is known.

Hyper-parameters of the staircase are those of its published code; the other studies are ours.
Commands, times and results: results/estimation/README.md.
"""

import dataclasses

from tf_infomax.experiments.spec import (
    Data,
    Evaluation,
    Experiment,
    MutualInformation,
    Train,
    pick,
)
from tf_infomax.experiments.study import study

__all__ = ["EXPERIMENTS"]

_TERM = "objectives.mutual_information"
_SEPARABLE = pick("separable", hidden_dim=256, output_dim=32, layers=2)
_CONCAT = pick("concat", hidden_dim=256, layers=2)

STAIRCASE = Experiment(
    name="staircase",
    source="Poole et al. (2019), section 4; Song and Ermon (2020), section 6.1",
    data=Data(
        "gaussian_pairs",
        law=pick("correlated", dim=20, levels=(2.0, 4.0, 6.0, 8.0, 10.0), transform="identity"),
    ),
    encoder=None,
    objectives=(MutualInformation(critic=_SEPARABLE),),
    train=Train(
        steps=20_000, batch_size=64, learning_rate=5e-4, log_every=20, checkpoint_every=4_000
    ),
    evaluate=(Evaluation("exact_mutual_information", every=4_000),),
    sweep=(
        ("data.law.transform", ("identity", "cubic")),
        (f"{_TERM}.critic", (_SEPARABLE, _CONCAT)),
        (
            f"{_TERM}.bound",
            (
                "infonce",
                "nwj",
                "donsker_varadhan",
                "mine",
                "js_nwj",
                pick("smile", clip=1.0),
                pick("smile", clip=5.0),
                pick("smile", clip=None),
                pick("interpolated", alpha=0.01),
            ),
        ),
    ),
)

# The bounds with a free baseline again, here learned together with the critic.
STAIRCASE_BASELINE = dataclasses.replace(
    STAIRCASE,
    name="staircase_baseline",
    source="Poole et al. (2019), section 4",
    objectives=(
        MutualInformation(critic=_SEPARABLE, bound="tuba", baseline=pick("learned")),
    ),
    sweep=(
        *STAIRCASE.sweep[:2],
        (
            f"{_TERM}.bound",
            ("tuba", *(pick("interpolated", alpha=alpha) for alpha in (0.01, 0.1, 0.5, 0.99))),
        ),
    ),
)

INFONCE_CEILING = Experiment(
    name="infonce_ceiling",
    source="van den Oord et al. (2018), section 2.3: InfoNCE is at most log K",
    data=Data("gaussian_pairs", law=pick("correlated", dim=20, levels=(10.0,))),
    encoder=None,
    objectives=(MutualInformation(critic=_SEPARABLE),),
    train=Train(
        steps=4_000, batch_size=64, learning_rate=5e-4, log_every=200, checkpoint_every=1_000
    ),
    evaluate=(Evaluation("exact_mutual_information", 0), Evaluation("optimal_critic", 0)),
    sweep=(
        ("data.law.levels", ((2.0,), (5.0,), (10.0,))),
        ("train.batch_size", (16, 32, 64, 128, 256, 512, 1024)),
    ),
)

DEPENDENT_NEGATIVES = Experiment(
    name="dependent_negatives",
    source="Beyond Tschannen et al. (2020), Fig. 4c: over the strength of the dependence",
    data=Data(
        "gaussian_pairs",
        dependent=True,
        # At a share of 0.5 this is the distribution of Fig. 4c; I(X; Y) is the same for every
        # share.
        law=pick("dependent", share=0.5, correlation=0.2, shared_correlation=-0.5),
    ),
    encoder=None,
    objectives=(MutualInformation(critic=pick("concat", hidden_dim=10, layers=5)),),
    train=Train(steps=20_000, learning_rate=1e-3, log_every=200, checkpoint_every=2_000),
    evaluate=(Evaluation("exact_mutual_information", 0), Evaluation("in_batch_optimum", 0)),
    sweep=(
        ("data.law.share", (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)),
        (f"{_TERM}.bound", ("infonce", "nwj")),
    ),
)

ESTIMATOR_VARIANCE = study(
    "estimator_variance",
    "Song and Ermon (2020), section 4, with the exact second moment of Gaussians",
    mutual_information=2.0,
    samples=64,
    dim=200,
    replicates=1_000,
    sweep=(
        ("mutual_information", (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)),
        ("samples", (64, 1024, 16384)),
    ),
)

FORMAL_LIMIT = study(
    "formal_limit",
    "McAllester and Stratos (2020), Formal Limitations on the Measurement of Mutual Information",
    mutual_information=20.0,
    samples=512,
    dim=20,
    steps=2_000,
    hidden_dim=256,
    learning_rate=2e-4,
    held_out=2_048,
    sweep=(
        ("mutual_information", (0.0, 20.0)),
        ("samples", (64, 128, 256, 512, 1024, 2048, 4096)),
    ),
)

JSD_AND_KL = study(
    "jsd_and_kl",
    "Hjelm et al. (2019), appendix A.1, Fig. 4",
    scheme="softmax_dropout",
    size=8,
    draws=200,
    sweep=(
        ("scheme", ("softmax_dropout", "softmax", "dirichlet", "uniform")),
        ("size", (8, 16, 32, 64, 128)),
    ),
)

K_PAIR_IDENTITY = study(
    "k_pair_identity",
    "Tschannen et al. (2020), section 4: InfoNCE and the multi-class K-pair loss",
    batch_size=128,
    dim=8,
    draws=50,
    sweep=(("batch_size", (2, 16, 128)),),
)

SELF_CONSISTENCY = study(
    "self_consistency",
    "Song and Ermon (2020), section 6.2",
    data="mnist",
    bound="infonce",
    test="baseline",
    rows=28,
    encoder=pick("mlp", layer_dimensions=(256, 64)),
    critic=pick("inner_product"),
    steps=1_000,
    batch_size=64,
    learning_rate=5e-4,
    test_images=5_000,
    sweep=(
        ("bound", ("infonce", "nwj", "donsker_varadhan", pick("smile", clip=5.0))),
        ("test", ("baseline", "data_processing", "additivity")),
        ("rows", (0, 4, 8, 12, 16, 20, 24, 28)),
    ),
)

EXPERIMENTS = (
    STAIRCASE,
    STAIRCASE_BASELINE,
    INFONCE_CEILING,
    ESTIMATOR_VARIANCE,
    FORMAL_LIMIT,
    JSD_AND_KL,
    K_PAIR_IDENTITY,
    SELF_CONSISTENCY,
    DEPENDENT_NEGATIVES,
)
