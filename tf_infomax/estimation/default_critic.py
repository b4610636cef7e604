"""The critic that fits the kinds of both sides."""

from tf_infomax.estimation import levels as tables
from tf_infomax.estimation.canonical_critic import CanonicalCritic
from tf_infomax.estimation.categorical_critic import CategoricalCritic
from tf_infomax.estimation.waves import number_for

__all__ = ["default_critic", "table_of"]

# A one-hot side of more levels than this is too wide for waves of the other.
_MOST_LEVELS_WITH_WAVES = 100


def default_critic(dims, levels, margins, seed, dtype):
    """An unbuilt critic.

    Args:
        dims: widths of the codes of x and y.
        levels: numbers of levels of x and y, None for sides that are not discrete.
        margins: name of the map of numeric columns; ranks allow waves.
        seed: int.  dtype: name.

    Returns:
        ``CanonicalCritic``, or ``CategoricalCritic`` if a side is discrete; then the levels are
        those of the side with fewer.
    """
    waves = tuple(number_for(dim) if margins == "normal_scores" else 0 for dim in dims)
    if levels == [None, None]:
        return CanonicalCritic(waves=waves, seed=seed, dtype=dtype)
    side = min((0, 1), key=lambda one: levels[one] or float("inf"))
    is_table = None not in levels
    waves = 0 if is_table or levels[side] > _MOST_LEVELS_WITH_WAVES else waves[1 - side]
    return CategoricalCritic("xy"[side], is_table, waves, seed=seed, dtype=dtype)


def table_of(x, y):
    """``TableEstimate`` of two one-hot samples, ``[N, Kx]`` and ``[N, Ky]``."""
    return tables.from_counts(x.T.astype("float64") @ y)
