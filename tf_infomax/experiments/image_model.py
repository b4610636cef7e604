"""The ``DeepInfoMax`` model of an experiment on whole images."""

import dataclasses

from tf_infomax import critics, encoders, objectives, randomness
from tf_infomax.deep_infomax import DeepInfoMax
from tf_infomax.objectives import two_views

__all__ = ["build_image_model"]

# Term of an experiment -> the class that it describes field by field.
_CLASSES = {
    "local_information": objectives.LocalInformation,
    "global_information": objectives.GlobalInformation,
    "prior": objectives.PriorMatching,
    "coordinates": objectives.Coordinates,
    "relative_coordinates": objectives.RelativeCoordinates,
    "classification": objectives.Classification,
}
# Fields that are no arguments of the class.
_OTHERS = ("name", "learning_rate", "loss")


def build_image_model(experiment, image_shape, num_classes):
    """The model of a run, with weights.

    Args:
        experiment: one variant and one seed, of views "image".
        image_shape: ``(H, W, C)`` of what the encoder sees.
        num_classes: of the data set, 0 if it is not labelled.

    Raises:
        ValueError: on parts that do not fit.
    """
    (seed,) = experiment.seeds
    encoder = encoders.get(
        experiment.encoder.name,
        seed=randomness.stream_seed(seed, "encoder"),
        name="encoder",
        **experiment.encoder.options,
    )
    if not hasattr(encoder, "endpoints"):
        raise ValueError(
            "Deep InfoMax needs an encoder with named endpoints, such as 'basic32x32'. "
            f"Received: encoder={experiment.encoder.name!r}."
        )
    encoder.build((None, *image_shape))
    terms = [_named(term, encoder, seed, num_classes) for term in experiment.objectives]
    model = DeepInfoMax(encoder, terms, seed=randomness.stream_seed(seed, "fit"))
    model.build((None, *image_shape))
    return model


def _named(term, encoder, seed, num_classes):
    """The term; what it refuses is said with its name."""
    try:
        return _term(term, encoder, seed, num_classes)
    except ValueError as error:
        raise ValueError(f"The term {term.name!r} cannot be made. {error}") from None


def _term(term, encoder, seed, num_classes):
    options = {
        field.name: getattr(term, field.name)
        for field in dataclasses.fields(term)
        if field.name not in _OTHERS
    }
    seed = randomness.stream_seed(seed, term.name)
    if "critic" in options:
        options["critic"] = _critic(options["critic"], encoder, seed)
    else:
        options["seed"] = seed
    if getattr(term, "loss", term).name in ("classification", "supervised"):
        if num_classes < 2:
            raise ValueError(
                f"Classification needs a labelled data set. Received: {num_classes} classes."
            )
        options["num_classes"] = num_classes
    if term.name == "two_views":
        return two_views.get(term.loss.name, name=term.name, **{**options, **term.loss.options})
    return _CLASSES[term.name](name=term.name, **options)


def _critic(choice, encoder, seed):
    options = dict(choice.options)
    if choice.name == "encoder_tail":
        # A thing of this encoder's, which a name and options cannot give.
        options.setdefault("units", 2048)
        options["tail"] = encoder.tail(options["units"], seed=seed + 1)
    return critics.get(choice.name, seed=seed, **options)
