"""Builds the objects that an experiment names; nothing else does."""

import dataclasses
import functools
import warnings

import keras

from tf_infomax.data import datasets
from tf_infomax.data.augmentation import check_crop
from tf_infomax.data.image_data import DatasetWarning
from tf_infomax.data.images import WholeImages
from tf_infomax.data.pairs import GaussianPairs, GaussianStairs, HalvesOfImages
from tf_infomax.data.views import half_shape
from tf_infomax.evaluation.encoder_spectra import EncoderSpectra
from tf_infomax.experiments.spec import Experiment
from tf_infomax.layers.optimizers import Adam
from tf_infomax.models import DeepInfoMax, InfoMax, RepresentationModel
from tf_infomax.numerics import randomness
from tf_infomax.objectives import ViewInformation
from tf_infomax.running import pair_distributions
from tf_infomax.running.build_encoders import build_encoders
from tf_infomax.running.build_terms import build_terms
from tf_infomax.running.checks import GAUSSIAN_PAIRS, check
from tf_infomax.running.precision import precision
from tf_infomax.training.task import Task

__all__ = [
    "GAUSSIAN_PAIRS",
    "Trial",
    "build",
    "build_model",
    "build_source",
    "input_shape",
    "load_images",
    "sizes_of",
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
        task: a training step, or ``None`` if nothing is trained.
        encoder: the encoder that is evaluated (of the main view), or ``None`` if the codes are
            the views themselves.
        model: the trained model, or ``None`` if only its encoder is left.
        jit_compile: whether the step is compiled by XLA.
    """

    experiment: Experiment
    source: HalvesOfImages | GaussianPairs | GaussianStairs | WholeImages
    task: Task | None
    encoder: keras.Model | None
    model: RepresentationModel | None
    jit_compile: bool

    @property
    def seed(self):
        """The run's seed."""
        return self.experiment.seeds[0]

    def spectra(self, device):
        """``EncoderSpectra`` of the encoder, compiled once for all evaluations of the run."""
        if device not in self._spectra:
            self._spectra[device] = EncoderSpectra(self.encoder, device=device)
        return self._spectra[device]

    @functools.cached_property
    def _spectra(self):
        return {}


def load_images(experiment, data_dir=None, download=False):
    """The experiment's ``ImageData``; ``None`` where it needs no images.

    Images of odd height lose their last row where the experiment is on halves of them; a
    ``DatasetWarning`` says so.
    """
    data = experiment.data
    if data.name == GAUSSIAN_PAIRS:
        return None
    images = datasets.load(data.name, data_dir, download, data.label)
    if data.views == "halves" and images.image_shape[0] % 2 and images.image_shape[0] > 1:
        warnings.warn(
            f"The images of {images.name} have {images.image_shape[0]} rows of pixels; the last "
            "one is left out, so that both halves have one size.",
            # Once in a process, whoever loads them.
            DatasetWarning, stacklevel=1,
        )
        return images.without_last_row
    return images


def build(experiment, images):
    """The objects of one run (one variant, one seed).

    Args:
        experiment: without a sweep and with one seed (``Experiment.runs`` gives these).
        images: from ``load_images``.

    Returns:
        ``Trial``.

    Raises:
        ValueError: on unknown names or options, sizes that do not fit, or an empty range.
    """
    check(experiment)
    train = experiment.train
    source = build_source(experiment, images)
    shape = input_shape(experiment, images)
    with precision(train.precision):
        model = build_model(experiment, shape, **sizes_of(images))
        model.compile(Adam(train.learning_rate), player_optimizers=_optimizers(experiment, model))
        task = Task(model, *_draws(source, model))
    encoder = None if experiment.encoder is None else next(iter(model.encoders.values()))
    return Trial(experiment, source, task, encoder, model, _is_compiled(train, model))


def _optimizers(experiment, model):
    """One Adam for each player besides the representation, with the learning rate of its term."""
    found = {}
    for player in model.players:
        # The adversary of the prior came first, and its field has no prefix.
        field = {"adversary": "learning_rate"}.get(player.name, f"{player.name}_learning_rate")
        given = [getattr(term, field, None) for term in experiment.objectives]
        rate = next((rate for rate in given if rate is not None), experiment.train.learning_rate)
        found[player.name] = Adam(rate)
    return found


def build_source(experiment, images):
    """Where the batches of a run come from: halves of images, whole images, or Gaussian pairs."""
    (seed,) = experiment.seeds
    train, data = experiment.train, experiment.data
    if images is None:
        return pair_distributions.pairs_of(experiment, seed)
    if data.given_views.is_paired:
        return HalvesOfImages(images, train.batch_size, data.noise_sd, seed)
    # Unlabelled images teach a classifier nothing.
    use_unlabelled = any(term.name != "classification" for term in experiment.objectives)
    return WholeImages(
        images, train.batch_size, seed, data.crop, data.flip, use_unlabelled=use_unlabelled
    )


def _draws(source, model):
    """(draw of a training batch, draw of a warm-up batch), each a function of t."""
    if not isinstance(source, HalvesOfImages):
        return source.draw, source.draw
    wanted = {"views": tuple(model.encoders), "labels": model.needs_labels}
    return (
        functools.partial(source.draw, batches=model.batches_per_step, **wanted),
        functools.partial(source.draw, stream="warmup_batches", **wanted),
    )


def input_shape(experiment, images):
    """Shape of the encoder's input, without the batch axis: a half, a crop, or the image."""
    if images is None:
        return (pair_distributions.width(experiment),)
    shape = images.train_images.shape[1:]
    if experiment.data.given_views.is_paired:
        return half_shape(shape)
    crop = experiment.data.crop
    if crop is None:
        return tuple(shape)
    check_crop(shape, crop)
    return crop, crop, shape[2]


def sizes_of(images):
    """What ``build_model`` needs to know of a data set, a dict; empty without images."""
    if images is None:
        return {}
    unlabelled = 0 if images.unlabelled_images is None else len(images.unlabelled_images)
    return {
        "num_classes": images.num_classes,
        "num_examples": len(images.train_images) + unlabelled,
        "num_attributes": len(images.attribute_names),
    }


def build_model(experiment, view_shape, num_classes=0, num_examples=0, num_attributes=0):
    """The model of a run, with weights.

    Args:
        experiment: one variant and one seed.
        view_shape: from ``input_shape``. The encoders of halves take them flattened.
        num_classes: of the data set, for terms that learn from labels.
        num_examples: images in training, for terms with state of every example.
        num_attributes: of every image, for terms that learn from them.

    Returns:
        ``RepresentationModel``: ``DeepInfoMax`` for whole images; ``InfoMax`` for pairs that are
        trained with a single bound.
    """
    with precision(experiment.train.precision):
        sizes = (num_classes, num_examples, num_attributes)
        model = _built_model(experiment, view_shape, sizes)
    _is_compiled(experiment.train, model)
    return model


def _built_model(experiment, view_shape, sizes):
    (seed,) = experiment.seeds
    built = build_encoders(experiment, view_shape)
    given = experiment.data.given_views
    shape = (None, *given.encoded_shape(view_shape))
    width = next(iter(built.values())).compute_output_shape(shape)[-1]
    terms = build_terms(experiment, built, width, *sizes)
    if not given.is_paired:
        model = DeepInfoMax(*built.values(), terms, seed=randomness.stream_seed(seed, "fit"))
        model.build(shape)
    elif len(terms) == 1 and isinstance(terms[0], ViewInformation):
        model = InfoMax.of_term(*built.values(), terms[0])
        model.build((shape, shape))
    else:
        model = RepresentationModel(built, terms, seed=randomness.stream_seed(seed, "fit"))
        model.build(dict.fromkeys(built, shape))
    return model


def _is_compiled(train, model):
    """Whether XLA compiles the step; ``ValueError`` if it must and cannot."""
    hosts = [term.name for term in model.objectives if not term.supports_jit]
    if hosts and train.jit_compile == "yes":
        raise ValueError(
            f"The term {hosts[0]!r} works on the host in every step, which XLA cannot compile: "
            f"train.jit_compile must be auto or no. Received: {train.jit_compile!r}."
        )
    worth = train.steps >= _STEPS_WORTH_COMPILING and not hosts
    return {"yes": True, "no": False, "auto": worth}[train.jit_compile]
