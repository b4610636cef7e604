"""From the names in an experiment to objects: the only place where that happens."""

import dataclasses
import functools
import math

import keras

from tf_infomax import bounds, critics, encoders, randomness
from tf_infomax.data import datasets
from tf_infomax.data.augmentation import check_crop
from tf_infomax.data.images import WholeImages
from tf_infomax.data.pairs import GaussianPairs, GaussianStairs, HalvesOfImages
from tf_infomax.data.views import half_shape
from tf_infomax.deep_infomax import DeepInfoMax
from tf_infomax.evaluation import conditioning
from tf_infomax.experiments import laws
from tf_infomax.experiments.checks import GAUSSIAN_PAIRS, check
from tf_infomax.experiments.image_model import build_image_model
from tf_infomax.experiments.precision import precision
from tf_infomax.experiments.spec import Experiment, LabelConfusion, Pick
from tf_infomax.infomax import InfoMax
from tf_infomax.optimizers import Adam
from tf_infomax.training.adversarial import AdversarialGame
from tf_infomax.training.tasks import GameTask, ImageTask, PairTask

__all__ = [
    "GAUSSIAN_PAIRS",
    "Trial",
    "build",
    "build_encoder",
    "build_model",
    "input_shape",
    "load_images",
]

# XLA makes every step faster, by 1.1 (MLP) to 1.5 (ConvNet, networks on all pairs), and takes the
# time of some hundred steps to compile one (results/benchmarks).
_STEPS_WORTH_COMPILING = 1_000


@dataclasses.dataclass(frozen=True)
class Trial:
    """One run's objects.

    Attributes:
        experiment: the experiment, one variant and one seed.
        source: where batches come from.
        task: what a step does.
        encoder: the encoder that is evaluated (of the first view), or ``None``.
        model: the model that is trained, or ``None`` where another game is played.
        jit_compile: whether the step is compiled by XLA.
    """

    experiment: Experiment
    source: HalvesOfImages | GaussianPairs | GaussianStairs | WholeImages
    task: PairTask | GameTask | ImageTask
    encoder: keras.Model | None
    model: InfoMax | DeepInfoMax | None
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
    with precision(experiment.train.precision):
        return _trial(experiment, images)


def _trial(experiment, images):
    (seed,) = experiment.seeds
    train, data = experiment.train, experiment.data
    if data.views == "image":
        return _image_trial(experiment, images)
    if images is None:
        pairs = laws.pairs_of(experiment, seed)
        view_shape = (laws.width(experiment),)
    else:
        pairs = HalvesOfImages(images, train.batch_size, data.noise_sd, seed)
        view_shape = pairs.view_shape
    (objective,) = experiment.objectives
    if isinstance(objective, LabelConfusion):
        task = _game_task(experiment, objective, pairs)
        return Trial(experiment, pairs, task, task.game.encoder, None, _is_compiled(train))
    model = build_model(experiment, view_shape)
    model.compile(Adam(train.learning_rate))
    encoder = None if experiment.encoder is None else model.encoder_1
    task = PairTask(model, pairs.draw)
    return Trial(experiment, pairs, task, encoder, model, _is_compiled(train))


def _image_trial(experiment, images):
    (seed,) = experiment.seeds
    train, data = experiment.train, experiment.data
    source = WholeImages(
        images,
        train.batch_size,
        seed,
        crop=data.crop,
        flip=data.flip,
        # Unlabelled images teach a classifier nothing.
        use_unlabelled=any(term.name != "classification" for term in experiment.objectives),
    )
    model = build_model(experiment, source.image_shape, images.num_classes)
    rates = [term.learning_rate for term in experiment.objectives if term.name == "prior"]
    adversary_rate = next((rate for rate in rates if rate is not None), train.learning_rate)
    model.compile(Adam(train.learning_rate), Adam(adversary_rate))
    task = ImageTask(model, source.draw)
    return Trial(experiment, source, task, model.encoder, model, _is_compiled(train))


def input_shape(experiment, images):
    """Shape of what the encoder sees, without the batch axis: a half, a crop, or the image."""
    if images is None:
        return (laws.width(experiment),)
    shape = images.train_images.shape[1:]
    if experiment.data.views == "halves":
        return half_shape(shape)
    crop = experiment.data.crop
    if crop is None:
        return tuple(shape)
    check_crop(shape, crop)
    return crop, crop, shape[2]


def build_model(experiment, view_shape, num_classes=0):
    """The model of a run, with weights.

    Args:
        experiment: one variant and one seed.
        view_shape: from ``input_shape``. The two encoders of halves take them flattened.
        num_classes: of the data set, for terms that learn from labels.

    Returns:
        ``InfoMax`` (halves, pairs) or ``DeepInfoMax`` (whole images).
    """
    with precision(experiment.train.precision):
        if experiment.data.views == "image":
            return build_image_model(experiment, view_shape, num_classes)
        return _pair_model(experiment, view_shape)


def _pair_model(experiment, view_shape):
    (seed,) = experiment.seeds
    (objective,) = experiment.objectives
    if experiment.encoder is None:
        width = view_shape[-1]
        encoder_1, encoder_2 = (keras.layers.Identity(name=f"view_{k}") for k in (1, 2))
    else:
        encoder_1 = build_encoder(experiment.encoder, view_shape, seed, 1)
        encoder_2 = build_encoder(experiment.encoder, view_shape, seed, 2)
        width = math.prod(view_shape)
    code_width = encoder_1.compute_output_shape((None, width))[-1]
    options = dict(objective.critic.options)
    if objective.critic.name == "bilinear":
        options.setdefault("feature_dim", code_width)
    critic = critics.get(
        objective.critic.name, seed=randomness.stream_seed(seed, "critic"), **options
    )
    bound, baseline = objective.bound, objective.baseline
    if isinstance(bound, Pick):
        bound = bounds.get(bound.name, **bound.options)
    if baseline is not None:
        baseline = critics.baseline.get(
            baseline.name, seed=randomness.stream_seed(seed, "baseline"), **baseline.options
        )
    model = InfoMax(encoder_1, encoder_2, critic, bound, objective.target, baseline)
    model.build(((None, width), (None, width)))
    return model


def build_encoder(choice, view_shape, seed, which):
    """The encoder of view ``which`` (1 or 2), with weights, for flattened views."""
    options = dict(choice.options)
    width = math.prod(view_shape)
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
    classifier.build(encoder.compute_output_shape((None, math.prod(pairs.view_shape))))
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


def _is_compiled(train):
    return {"yes": True, "no": False, "auto": train.steps >= _STEPS_WORTH_COMPILING}[
        train.jit_compile
    ]
