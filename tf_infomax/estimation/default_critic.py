"""Critics of an estimate: the default for the kinds of both sides, and copies of a given layer."""

import inspect
import json
import math

import keras
import tensorflow as tf

from tf_infomax import bounds, critics
from tf_infomax.estimation import levels as tables
from tf_infomax.estimation.canonical_critic import CanonicalCritic
from tf_infomax.estimation.categorical_critic import CategoricalCritic
from tf_infomax.estimation.closed_forms import forms_for
from tf_infomax.estimation.image_critic import ImageCritic
from tf_infomax.estimation.named_options import CANONICAL
from tf_infomax.estimation.waves import number_for
from tf_infomax.numerics.randomness import layer_seed

__all__ = ["default_critic", "floating", "key_of", "new_critic", "table_of"]

# A one-hot side of more levels than this is too wide for waves of the other.
_MOST_LEVELS_WITH_WAVES = 100
# If a side has more coordinates than this, so many principal components stand for them: a minute is
# spent on each decomposition of 3,000 coordinates.
_MOST_COORDINATES, _DIRECTIONS = 1_024, 512
# Seeds of a critic of vectors, before those of the images' features.
_SEEDS_OF_BASE = 100
# Of the critics of all folds and fits. TensorFlow keeps a kernel of 35 KB for every name of a
# variable, and Keras would number these on: 5 MiB a fit, which no process gets back.
_NAME = "critic"


def default_critic(dims, levels, margins, seed, dtype, grids=(None, None)):
    """An unbuilt critic.

    Args:
        dims: widths of the codes of x and y.
        levels: numbers of levels of x and y, None for sides that are not discrete.
        margins: name of the map of numeric columns; ranks allow waves.
        seed: int.  dtype: name.
        grids: shapes of images, whose pixels are the last columns of x and y; None for other sides.

    Returns:
        ``CanonicalCritic``, or ``CategoricalCritic`` if a side is discrete; then the levels are
        those of the side with fewer. If a side consists of images, an ``ImageCritic`` of these.
    """
    if any(grids):
        numbers = [
            dim - (math.prod(grid) if grid else 0) for dim, grid in zip(dims, grids, strict=True)
        ]
        base = _vector_critic(numbers, levels, margins, seed, dtype, hidden_dim=None, name="base")
        seed = layer_seed(seed, _SEEDS_OF_BASE)
        return ImageCritic(base, grids, seed=seed, dtype=dtype, name=_NAME)
    return _vector_critic(dims, levels, margins, seed, dtype, name=_NAME)


def _vector_critic(dims, levels, margins, seed, dtype, **options):
    waves = tuple(number_for(dim) if margins == "normal_scores" else 0 for dim in dims)
    if levels == [None, None]:
        forms = forms_for(*dims) if margins == "normal_scores" else ()
        return CanonicalCritic(
            waves=waves, closed_forms=forms,
            most_directions=_DIRECTIONS if max(dims) > _MOST_COORDINATES else None,
            seed=seed, dtype=dtype, **options,
        )  # fmt: skip
    side = min((0, 1), key=lambda one: levels[one] or float("inf"))
    is_table = None not in levels
    waves = 0 if is_table or levels[side] > _MOST_LEVELS_WITH_WAVES else waves[1 - side]
    return CategoricalCritic("xy"[side], is_table, waves, seed=seed, dtype=dtype, **options)


def new_critic(critic, x, y, *, levels, margins, seed, grids=(None, None)):
    """A built critic for codes x and y: the default, a registered critic, or a copy of a layer.

    Args:
        critic: "canonical", the name of a registered critic, or a Keras layer.
        x, y: ``[N, D]``.
        levels, margins, grids: as for ``default_critic``.
        seed: int, given to layers whose configuration has one.
    """
    if isinstance(critic, str):
        if critic == CANONICAL:
            dims = x.shape[1], y.shape[1]
            critic = default_critic(dims, levels, margins, seed, floating(), grids)
        else:
            options = {"feature_dim": x.shape[1]} if critic == "bilinear" else {}
            # Users may register functions without this argument of Keras' layers.
            parameters = inspect.signature(critics.class_of(critic)).parameters.values()
            if any(one.name == "name" or one.kind is one.VAR_KEYWORD for one in parameters):
                options["name"] = _NAME
            critic = critics.get(critic, seed=seed, dtype=floating(), **options)
    else:
        config = critic.get_config()
        seeded = {"seed": seed} if "seed" in config else {}
        critic = type(critic).from_config({**config, **seeded})
    if getattr(critic, "scores_partners", False):
        critic.build(x.shape, y.shape)
        return critic
    # Called, not only built, so that a critic's errors come before any training.
    critic(tf.constant(x[:2]), tf.constant(y[:2]))
    return critic


def key_of(critic, bound, levels, margins, grids=(None, None)):
    """Key of critic and bound without the seed; ``None`` for critics whose key is unknown."""
    if not isinstance(critic, str):
        try:
            # Users' layers may have anything in their configuration.
            config = {**critic.get_config(), "seed": None, "name": None}
            critic = type(critic), json.dumps(config, sort_keys=True)
        except TypeError:
            return None
    bound = json.dumps(bounds.serialize(bound), sort_keys=True)
    return critic, bound, floating(), tuple(levels), margins, tuple(grids)


def floating():
    """Dtype in which critics compute: Keras' ``floatx``, but at least float32."""
    return "float64" if keras.config.floatx() == "float64" else "float32"


def table_of(x, y):
    """``TableEstimate`` of two one-hot samples, ``[N, Kx]`` and ``[N, Ky]``."""
    return tables.from_counts(x.T.astype("float64") @ y)
