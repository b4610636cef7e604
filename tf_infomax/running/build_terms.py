"""The terms of an experiment: from their options, frozen data, to Keras layers."""

import dataclasses

from tf_infomax import bounds, critics, objectives
from tf_infomax.naming.pick import Pick
from tf_infomax.numerics import randomness
from tf_infomax.objectives import two_views

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
}
# Fields that are not arguments of the class.
_OTHERS = (
    "name", "learning_rate", "classifier_learning_rate", "discriminator_learning_rate",
    "generator_learning_rate", "loss",
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


def build_terms(experiment, encoders, code_width, num_classes):
    """The terms of a run, without weights: the model connects them to its encoders.

    Args:
        experiment: one variant and one seed.
        encoders: dict of view -> encoder with weights.
        code_width: of the main view's code, which the bilinear critic needs to know.
        num_classes: of the data set, 0 if it is not labelled.

    Raises:
        ValueError: on a term that learns from labels where there are none, or unknown names.
    """
    (seed,) = experiment.seeds
    main = next(iter(encoders.values()))
    return [_named(term, main, code_width, num_classes, seed) for term in experiment.objectives]


def _named(term, *facts):
    """The term; its error messages get its name."""
    try:
        return _term(term, *facts)
    except ValueError as error:
        raise ValueError(f"The term {term.name!r} cannot be made. {error}") from None


def _term(term, encoder, code_width, num_classes, run_seed):
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
    if "critic" in options:
        options["critic"] = _critic(options["critic"], encoder, code_width, seed)
    else:
        options["seed"] = seed
    if getattr(term, "loss", term).name in ("classification", "supervised", "label_confusion"):
        if num_classes < 2:
            raise ValueError(
                f"{term.name} needs a labelled data set. Received: {num_classes} classes."
            )
        options["num_classes"] = num_classes
    if term.name == "mutual_information":
        options.update(views=VIEWS_OF_PAIRS, endpoint="code", metric="bound")
    if term.name == "two_views":
        return two_views.get(term.loss.name, name=term.name, **{**options, **term.loss.options})
    return _CLASSES[term.name](name=term.name, **options)


def _critic(choice, encoder, code_width, seed):
    options = dict(choice.options)
    if choice.name == "bilinear":
        options.setdefault("feature_dim", code_width)
    if choice.name == "encoder_tail":
        # A part of this encoder, which a name and options cannot describe.
        options.setdefault("units", 2048)
        options["tail"] = encoder.tail(options["units"], seed=seed + 1)
    return critics.get(choice.name, seed=seed, **options)
