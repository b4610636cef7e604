"""The terms of an experiment: from their options, frozen data, to Keras layers."""

import dataclasses

from tf_infomax import bounds, critics, objectives
from tf_infomax.naming.pick import Pick
from tf_infomax.numerics import randomness
from tf_infomax.objectives import two_views
from tf_infomax.objectives.encoded_views import named

__all__ = ["VIEWS_OF_PAIRS", "build_terms", "views_read"]

VIEWS_OF_PAIRS = ("view_1", "view_2")

# Term of an experiment -> the class that it describes field by field.
_CLASSES = {
    "mutual_information": objectives.ViewInformation,
    "label_confusion": objectives.LabelConfusion,
    "local_information": objectives.LocalInformation,
    "global_information": objectives.GlobalInformation,
    "prior": objectives.PriorMatching,
    "coordinates": objectives.Coordinates,
    "relative_coordinates": objectives.RelativeCoordinates,
    "classification": objectives.Classification,
    "reconstruction": objectives.Reconstruction,
    "bigan": objectives.BiGAN,
    "attributes": objectives.AttributeClassification,
    "predictive_coding": objectives.PredictiveCoding,
    "noise_as_targets": objectives.NoiseAsTargets,
}
# What of a data set a term must know: the argument is num_..., the least number, what has it.
_SIZES = {
    "classification": ("classes", 2, "a labelled data set"),
    "supervised": ("classes", 2, "a labelled data set"),
    "label_confusion": ("classes", 2, "a labelled data set"),
    "attributes": ("attributes", 1, "images with attributes, such as celeb_a"),
    "noise_as_targets": ("examples", 2, "a data set of images"),
}
# Fields that are not arguments of the class.
_OTHERS = (
    "name", "learning_rate", "classifier_learning_rate", "discriminator_learning_rate",
    "generator_learning_rate", "loss", "critic", "offsets",
)
# Streams of seeds that are not named after their term.
_STREAMS = {"mutual_information": "critic", "label_confusion": "classifier"}


def views_read(term, main):
    """Names of the given views that a term of an experiment reads.

    Args:
        term: one of ``objectives.options``.
        main: the main view.
    """
    if term.name == "mutual_information":
        return VIEWS_OF_PAIRS
    named = getattr(term, "views", None)
    if named is not None:
        return tuple(named)
    view, dot, _ = str(getattr(term, "endpoint", "")).rpartition(".")
    return (view,) if dot else (main,)


def build_terms(
    experiment, encoders, code_width, num_classes=0, num_examples=0, num_attributes=0
):
    """The terms of a run, without weights: the model connects them to its encoders.

    Args:
        experiment: one variant and one seed.
        encoders: dict of view -> encoder with weights.
        code_width: of the main view's code, which the bilinear critic needs to know.
        num_classes: of the data set, 0 if it is not labelled.
        num_examples, num_attributes: of the data set.

    Raises:
        ValueError: on a term that learns from labels where there are none, or unknown names.
    """
    (seed,) = experiment.seeds
    main = next(iter(encoders.values()))
    sizes = {"classes": num_classes, "examples": num_examples, "attributes": num_attributes}
    return [_named(term, main, code_width, sizes, seed) for term in experiment.objectives]


def _named(term, *facts):
    """The term; its error messages get its name."""
    try:
        return _term(term, *facts)
    except ValueError as error:
        raise ValueError(f"The term {term.name!r} cannot be made. {error}") from None


def _term(term, encoder, code_width, sizes, run_seed):
    options = {
        field.name: getattr(term, field.name)
        for field in dataclasses.fields(term)
        if field.name not in _OTHERS
    }
    seed = randomness.stream_seed(run_seed, _STREAMS.get(term.name, term.name))
    if isinstance(options.get("bound"), Pick):
        options["bound"] = bounds.get(options["bound"].name, **options["bound"].options)
    if options.get("baseline") is not None:
        choice = options["baseline"]
        options["baseline"] = critics.baseline.get(
            choice.name, seed=randomness.stream_seed(run_seed, "baseline"), **choice.options
        )
    if term.name == "predictive_coding":
        options.update(seed=seed, critics=_predictors(term, encoder, seed))
    elif hasattr(term, "critic"):
        options["critic"] = _critic(term.critic, encoder, code_width, seed)
    else:
        options["seed"] = seed
    options.update(_sizes(term, sizes))
    if term.name == "mutual_information":
        options.update(views=VIEWS_OF_PAIRS, endpoint="code", metric="bound")
    if term.name == "two_views":
        return two_views.get(term.loss.name, name=term.name, **{**options, **term.loss.options})
    return _CLASSES[term.name](name=term.name, **options)


def _sizes(term, sizes):
    """Arguments of a term that are sizes of the data set."""
    name = getattr(term, "loss", term).name
    if name not in _SIZES:
        return {}
    size, least, wanted = _SIZES[name]
    if sizes[size] < least:
        raise ValueError(f"{term.name} needs {wanted}. Received: {sizes[size]} {size}.")
    return {f"num_{size}": sizes[size]}


def _predictors(term, encoder, seed):
    """Critics of predictive coding, one for each offset, drawn apart."""
    shapes = encoder.endpoint_shapes
    width = term.hidden_units or shapes[named(term.endpoint, shapes)][-1]
    return [
        _critic(term.critic, encoder, width, randomness.stream_seed(seed, "offset", offset))
        for offset in range(1, term.offsets + 1)
    ]


def _critic(choice, encoder, code_width, seed):
    options = dict(choice.options)
    if choice.name == "bilinear":
        options.setdefault("feature_dim", code_width)
    if choice.name == "encoder_tail":
        # A part of this encoder, which a name and options cannot describe.
        options.setdefault("units", 2048)
        options["tail"] = encoder.tail(options["units"], seed=seed + 1)
    return critics.get(choice.name, seed=seed, **options)
