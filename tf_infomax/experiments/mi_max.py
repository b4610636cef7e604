"""The experiments of Tschannen et al. (2020), "On Mutual Information Maximization ...".

Hyper-parameters are those of the published code. Commands, times and
results: results/mi_max/README.md.
"""


from tf_infomax.experiments.spec import (
    Data,
    Evaluation,
    Experiment,
    LabelConfusion,
    MutualInformation,
    Train,
    pick,
)

__all__ = ["CRITIC_IMPACT", "EXPERIMENTS", "NON_INVERTIBLE"]

_BOUNDS = ("infonce", "nwj")
_TERM = "objectives.mutual_information"

# With kernels this small a network with shortcuts starts near the identity.
_NEAR_ZERO = {"class_name": "TruncatedNormal", "config": {"mean": 0.0, "stddev": 1e-4}}

_MLP = pick("mlp", layer_dimensions=(300, 300, 100))
_FLOW = pick("realnvp", num_couplings=30, hidden_units=(512, 512))
_PROBE_AND_BOUND = (Evaluation("linear_probe"), Evaluation("bound"))

INVERTIBLE = Experiment(
    name="invertible",
    source="Tschannen et al. (2020), section 3.1, Fig. 1a,b",
    data=Data("mnist"),
    encoder=_FLOW,
    objectives=(MutualInformation(critic=pick("bilinear")),),
    evaluate=(*_PROBE_AND_BOUND, Evaluation("invertibility")),
    sweep=((f"{_TERM}.bound", _BOUNDS),),
)

ADVERSARIAL = Experiment(
    name="adversarial",
    source="Tschannen et al. (2020), section 3.1, Fig. 1c",
    data=Data("mnist"),
    encoder=pick("realnvp", num_couplings=30, hidden_units=(512, 512), scale="softplus"),
    objectives=(LabelConfusion(),),
    # In float32 the flow stops being invertible after some hundred rounds.
    train=Train(
        steps=4_001, learning_rate=1e-5, log_every=100, checkpoint_every=100, precision="float64"
    ),
    evaluate=(Evaluation("linear_probe", every=400), Evaluation("invertibility", every=400)),
)

NON_INVERTIBLE = Experiment(
    name="non_invertible",
    source="Tschannen et al. (2020), section 3.1, Fig. 2",
    data=Data("mnist", noise_sd=0.05),
    # "input" stands for the width of a view, which the data set decides.
    encoder=pick(
        "mlp", layer_dimensions=("input",) * 5, shortcuts=True, kernel_initializer=_NEAR_ZERO
    ),
    objectives=(MutualInformation(critic=pick("bilinear")),),
    evaluate=(*_PROBE_AND_BOUND, Evaluation("conditioning")),
    sweep=((f"{_TERM}.bound", _BOUNDS),),
)

CRITIC_IMPACT = Experiment(
    name="critic_impact",
    source="Tschannen et al. (2020), section 3.2, Fig. 3 (and appendix G on CIFAR-10)",
    data=Data("mnist"),
    encoder=_MLP,
    objectives=(MutualInformation(critic=pick("bilinear")),),
    evaluate=_PROBE_AND_BOUND,
    sweep=(
        (
            f"{_TERM}.critic",
            (
                pick("bilinear"),
                pick("separable", hidden_dim=100, output_dim=100, layers=1),
                pick("concat", hidden_dim=200, layers=1),
            ),
        ),
        (f"{_TERM}.bound", _BOUNDS),
    ),
)

ENCODER_IMPACT = Experiment(
    name="encoder_impact",
    source="Tschannen et al. (2020), section 3.3, Fig. 4a,b",
    data=Data("mnist"),
    encoder=_MLP,
    objectives=(MutualInformation(critic=pick("bilinear"), target=2.0),),
    evaluate=_PROBE_AND_BOUND,
    sweep=(
        ("encoder", (_MLP, pick("convnet", channels=64, kernel_size=5, output_dim=100))),
        (f"{_TERM}.target", (2.0, 4.0)),
        (f"{_TERM}.bound", _BOUNDS),
    ),
)

DEPENDENT_SAMPLES = Experiment(
    name="dependent_samples",
    source="Tschannen et al. (2020), Fig. 4c",
    data=Data("gaussian_pairs"),
    encoder=None,
    objectives=(MutualInformation(critic=pick("concat", hidden_dim=10, layers=5)),),
    train=Train(steps=20_000, log_every=100, checkpoint_every=1_000),
    evaluate=(Evaluation("exact_mutual_information", every=20_000),),
    sweep=(("data.dependent", (True, False)), (f"{_TERM}.bound", _BOUNDS)),
)

EXPERIMENTS = (
    INVERTIBLE,
    ADVERSARIAL,
    NON_INVERTIBLE,
    CRITIC_IMPACT,
    ENCODER_IMPACT,
    DEPENDENT_SAMPLES,
)
