"""From the names in an experiment to objects: the only place where that happens."""

import dataclasses
import difflib
import functools
import inspect

import keras

from tf_infomax import bounds, critics, encoders, randomness
from tf_infomax.data import datasets
from tf_infomax.data.gaussians import DependentGaussians
from tf_infomax.data.pairs import GaussianPairs, HalvesOfImages
from tf_infomax.evaluation import conditioning
from tf_infomax.experiments.spec import Experiment, LabelConfusion, MutualInformation, Pick
from tf_infomax.infomax import InfoMax
from tf_infomax.optimizers import Adam
from tf_infomax.training.adversarial import AdversarialGame
from tf_infomax.training.tasks import GameTask, PairTask

__all__ = ["GAUSSIAN_PAIRS", "Trial", "build", "build_model", "check", "load_images"]

GAUSSIAN_PAIRS = "gaussian_pairs"


@dataclasses.dataclass(frozen=True)
class Trial:
    """One run's objects.

    Attributes:
        experiment: the experiment, one variant and one seed.
        pairs: where batches come from.
        task: what a step does.
        encoder: the encoder that is evaluated (of the first view), or ``None``.
        model: the ``InfoMax`` model, or ``None`` where another game is played.
        jit_compile: whether the step is compiled by XLA.
    """

    experiment: Experiment
    pairs: HalvesOfImages | GaussianPairs
    task: PairTask | GameTask
    encoder: keras.Model | None
    model: InfoMax | None
    jit_compile: bool

    @property
    def seed(self):
        """The run's seed."""
        return self.experiment.seeds[0]

    @functools.cached_property
    def jacobian(self):
        """Compiled Jacobian of the encoder, for all evaluations of the run."""
        return conditioning.jacobian_function(self.encoder)


def load_images(experiment, data_dir=None, download=False):
    """The experiment's ``ImageData``; ``None`` where it needs no images."""
    if experiment.data.name == GAUSSIAN_PAIRS:
        return None
    return datasets.load(experiment.data.name, data_dir, download)


def build(experiment, images):
    """The objects of one run (one variant, one seed).

    Args:
        experiment: without a sweep and with one seed (``Experiment.runs`` gives these).
        images: what ``load_images`` gave.

    Returns:
        ``Trial``.

    Raises:
        ValueError: on unknown names or options, sizes that do not fit, or an empty range.
    """
    check(experiment)
    (seed,) = experiment.seeds
    train, data = experiment.train, experiment.data
    if images is None:
        pairs = GaussianPairs(DependentGaussians(), train.batch_size, data.dependent, seed)
        view_shape = (1,)
    else:
        pairs = HalvesOfImages(images, train.batch_size, data.noise_sd, seed)
        view_shape = pairs.view_shape
    (objective,) = experiment.objectives
    if isinstance(objective, LabelConfusion):
        task = _game_task(experiment, objective, pairs)
        return Trial(experiment, pairs, task, task.game.encoder, None, _jit(train, False))
    model = build_model(experiment, view_shape)
    model.compile(Adam(train.learning_rate))
    encoder = None if experiment.encoder is None else model.encoder_1
    jit_compile = _jit(train, getattr(model.critic, "runs_on_all_pairs", False))
    return Trial(experiment, pairs, PairTask(model, pairs.draw), encoder, model, jit_compile)


def build_model(experiment, view_shape):
    """The ``InfoMax`` model of a run, with weights, for views of ``view_shape``, flattened."""
    (seed,) = experiment.seeds
    (objective,) = experiment.objectives
    if experiment.encoder is None:
        width = view_shape[-1]
        encoder_1, encoder_2 = (keras.layers.Identity(name=f"view_{k}") for k in (1, 2))
    else:
        encoder_1 = build_encoder(experiment.encoder, view_shape, seed, 1)
        encoder_2 = build_encoder(experiment.encoder, view_shape, seed, 2)
        width = _size(view_shape)
    code_width = encoder_1.compute_output_shape((None, width))[-1]
    options = dict(objective.critic.options)
    if objective.critic.name == "bilinear":
        options.setdefault("feature_dim", code_width)
    critic = critics.get(
        objective.critic.name, seed=randomness.stream_seed(seed, "critic"), **options
    )
    model = InfoMax(encoder_1, encoder_2, critic, objective.bound, objective.target)
    model.build(((None, width), (None, width)))
    return model


def build_encoder(choice, view_shape, seed, which):
    """The encoder of view ``which`` (1 or 2), with weights, for flattened views."""
    options = dict(choice.options)
    width = _size(view_shape)
    if "layer_dimensions" in options:
        options["layer_dimensions"] = tuple(
            width if entry == "input" else entry for entry in options["layer_dimensions"]
        )
    if choice.name == "convnet":
        options.setdefault("image_shape", view_shape)
    if choice.name == "realnvp":
        # As in the paper's code, all runs share the permutations, and the views do not.
        options["permutation_seed"] = options.get("permutation_seed", 0) + which - 1
    encoder = encoders.get(
        choice.name,
        seed=randomness.stream_seed(seed, "encoder", which),
        name=f"encoder_{which}",
        **options,
    )
    encoder.build((None, width))
    return encoder


def _game_task(experiment, objective, pairs):
    (seed,) = experiment.seeds
    encoder = build_encoder(experiment.encoder, pairs.view_shape, seed, 1)
    classifier = keras.layers.Dense(
        pairs.images.num_classes,
        kernel_initializer=keras.initializers.GlorotUniform(
            seed=randomness.stream_seed(seed, "classifier")
        ),
        name="classifier",
    )
    classifier.build(encoder.compute_output_shape((None, _size(pairs.view_shape))))
    game = AdversarialGame(
        encoder,
        classifier,
        Adam(experiment.train.learning_rate),
        Adam(objective.classifier_learning_rate),
    )
    return GameTask(
        game,
        lambda t: pairs.draw_labelled(t, objective.classifier_steps + 1),
        lambda t: pairs.draw_labelled(t, stream="warmup_batches"),
        objective.warmup_steps,
        objective.classifier_steps,
    )


def check(experiment):
    """Raises ``ValueError`` on whatever can be found wrong without data or weights."""
    train, data = experiment.train, experiment.data
    (objective,) = experiment.objectives
    at_least = {
        "train.steps": (train.steps, 1),
        "train.batch_size": (train.batch_size, 2),
        "train.log_every": (train.log_every, 1),
        "train.checkpoint_every": (train.checkpoint_every, 1),
        **{f"evaluate.{entry.name}.every": (entry.every, 1) for entry in experiment.evaluate},
    }
    rates = {"train.learning_rate": train.learning_rate}
    if isinstance(objective, LabelConfusion):
        at_least["warmup_steps"] = (objective.warmup_steps, 0)
        at_least["classifier_steps"] = (objective.classifier_steps, 1)
        rates["classifier_learning_rate"] = objective.classifier_learning_rate
    for path, (value, smallest) in at_least.items():
        if value < smallest:
            raise ValueError(f"{path} must be {smallest} or more. Received: {value}.")
    for path, rate in rates.items():
        if not 0 < rate < float("inf"):
            raise ValueError(f"{path} must be positive. Received: {rate}.")
    if not 0 <= data.noise_sd < float("inf"):
        raise ValueError(f"data.noise_sd must be 0 or more. Received: {data.noise_sd}.")
    if train.jit_compile not in ("auto", "yes", "no"):
        raise ValueError(
            f"train.jit_compile must be auto, yes or no. Received: {train.jit_compile!r}."
        )
    if any(seed < 0 for seed in experiment.seeds) or not experiment.seeds:
        raise ValueError(f"seeds must be integers, 0 or more. Received: {experiment.seeds}.")
    if (experiment.encoder is None) != (data.name == GAUSSIAN_PAIRS):
        raise ValueError(
            f"Images need an encoder, and only data={GAUSSIAN_PAIRS!r} has none. "
            f"Received: data={data.name!r}, encoder={experiment.encoder}."
        )
    if experiment.encoder is not None:
        _check_options("encoder", experiment.encoder, encoders)
    if isinstance(objective, MutualInformation):
        bounds.info(objective.bound)
        _check_options("critic", objective.critic, critics)
    # Imported here: the evaluators know trials, and trials are built here.
    from tf_infomax.experiments import evaluators

    for entry in experiment.evaluate:
        evaluators.get(entry.name)
        if entry.name == "invertibility" and not hasattr(
            encoders.class_of(experiment.encoder.name), "forward_and_log_det"
        ):
            raise ValueError(
                "Invertibility is measured on encoders that have an inverse, such as 'realnvp'. "
                f"Received: encoder={experiment.encoder.name!r}."
            )


def _check_options(kind, choice: Pick, family):
    if choice.name not in family.names():
        family.get(choice.name)  # Says which names there are.
    factory = family.class_of(choice.name)
    known = {
        name: parameter.default
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and name != "seed"
    }
    for option in choice.options:
        if option not in known:
            close = difflib.get_close_matches(option, known, n=2)
            hint = f" Nearest: {', '.join(close)}." if close else ""
            raise ValueError(
                f"The {kind} {choice.name!r} has no option {option!r}.{hint} "
                f"Options: {', '.join(known) or 'none'}."
            )
    for option, default in known.items():
        if default is inspect.Parameter.empty and option not in choice.options:
            raise ValueError(
                f"The {kind} {choice.name!r} needs the option {option}, "
                f"as in --set={kind}.{option}=... Received: none."
            )


def _size(shape):
    size = 1
    for side in shape:
        size *= side
    return size


def _jit(train, pays):
    return {"yes": True, "no": False, "auto": pays}[train.jit_compile]
