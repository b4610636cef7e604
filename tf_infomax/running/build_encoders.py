"""Builds the encoders of the views that an experiment trains on."""

import math

import keras

from tf_infomax import encoders
from tf_infomax.numerics import randomness
from tf_infomax.running.build_terms import views_read

__all__ = ["build_encoders"]


def build_encoders(experiment, view_shape):
    """Encoders with weights.

    Args:
        experiment: one variant and one seed.
        view_shape: of a view, without the batch axis.

    Returns:
        Dict of view -> encoder, of the main view and of those that the terms read.
    """
    (seed,) = experiment.seeds
    given = experiment.data.given_views
    main = given.names[0]
    read = {view for term in experiment.objectives for view in views_read(term, main)}
    make = _half_encoder if given.is_paired else _image_encoder
    found = {}
    for which, view in enumerate(given.names, start=1):
        if view not in read and view != main:
            continue
        if experiment.encoder is None:
            found[view] = keras.layers.Identity(name=view)
        else:
            found[view] = make(experiment.encoder, view_shape, seed, which)
            found[view].build((None, *given.encoded_shape(view_shape)))
    return found


def _image_encoder(choice, image_shape, seed, which):
    del image_shape, which
    encoder = encoders.get(
        choice.name,
        seed=randomness.stream_seed(seed, "encoder"),
        name="encoder",
        **choice.options,
    )
    if not hasattr(encoder, "endpoints"):
        raise ValueError(
            "Deep InfoMax needs an encoder with named endpoints, such as 'basic32x32'. "
            f"Received: encoder={choice.name!r}."
        )
    return encoder


def _half_encoder(choice, view_shape, seed, which):
    """The encoder of view ``which`` (1 or 2), for flattened views."""
    options = dict(choice.options)
    width = math.prod(view_shape)
    if isinstance(options.get("layer_dimensions"), tuple):
        options["layer_dimensions"] = tuple(
            width if entry == "input" else entry for entry in options["layer_dimensions"]
        )
    if choice.name == "convnet":
        options.setdefault("image_shape", view_shape)
    if choice.name == "realnvp":
        # As in the paper's code, all runs share the permutations, but the two views do not.
        options["permutation_seed"] = options.get("permutation_seed", 0) + which - 1
    return encoders.get(
        choice.name,
        seed=randomness.stream_seed(seed, "encoder", which),
        name=f"encoder_{which}",
        **options,
    )
