"""Bounds on mutual information and on other divergences: scores of pairs -> a scalar.

``get(name)`` gives the function, ``info(name)`` what it measures and its ceiling, and
``names()`` lists them. ``get(name, **options)`` binds options, as in ``get("smile", clip=1.0)``.
Bounds are maximised; the minus sign of a loss lives in ``objectives``. Where densities are known
no critic is needed: ``names("log_conditional")`` and ``names("log_densities")`` list the bounds
that read them. ``divergences.get(name)`` gives the two elementwise functions of a divergence.

Where the release of Deep InfoMax says "KL", "DV", "RKL", "H2", "X2" and "W1", the names here are
``nwj``, ``donsker_varadhan``, ``reverse_kl``, ``squared_hellinger``, ``chi_squared_released`` (the
correct one is ``chi_squared``) and ``wasserstein``.

The names need no TensorFlow; functions are imported on first use.
"""

from typing import TYPE_CHECKING

from tf_infomax.bounds.catalog import (
    BoundInfo,
    check_reads_scores,
    deserialize,
    get,
    info,
    is_registered,
    name_of,
    names,
    serialize,
    takes_average,
    takes_baseline,
)
from tf_infomax.naming.lazy import lazy_names

if TYPE_CHECKING:
    # What is imported on first use, for type checkers, editors and the documentation.
    from tf_infomax.bounds import divergences, moving_average
    from tf_infomax.bounds.divergences import (
        chi_squared,
        chi_squared_released,
        gan,
        jsd,
        reverse_kl,
        squared_hellinger,
        wasserstein,
    )
    from tf_infomax.bounds.hybrids import js_nwj, mine, smile
    from tf_infomax.bounds.known_conditional import (
        barber_agakov_lower,
        barber_agakov_upper,
        difference_of_entropies,
        minibatch_lower,
        minibatch_upper,
    )
    from tf_infomax.bounds.variational import donsker_varadhan, infonce, interpolated, nwj, tuba

_HOMES = {
    "barber_agakov_lower": "known_conditional",
    "barber_agakov_upper": "known_conditional",
    "chi_squared": "divergences",
    "chi_squared_released": "divergences",
    "difference_of_entropies": "known_conditional",
    "divergences": None,
    "donsker_varadhan": "variational",
    "gan": "divergences",
    "infonce": "variational",
    "interpolated": "variational",
    "js_nwj": "hybrids",
    "jsd": "divergences",
    "mine": "hybrids",
    "minibatch_lower": "known_conditional",
    "minibatch_upper": "known_conditional",
    "moving_average": None,
    "nwj": "variational",
    "reverse_kl": "divergences",
    "smile": "hybrids",
    "squared_hellinger": "divergences",
    "tuba": "variational",
    "wasserstein": "divergences",
}

__all__ = [
    "BoundInfo",
    "barber_agakov_lower",
    "barber_agakov_upper",
    "check_reads_scores",
    "chi_squared",
    "chi_squared_released",
    "deserialize",
    "difference_of_entropies",
    "divergences",
    "donsker_varadhan",
    "gan",
    "get",
    "info",
    "infonce",
    "interpolated",
    "is_registered",
    "js_nwj",
    "jsd",
    "mine",
    "minibatch_lower",
    "minibatch_upper",
    "moving_average",
    "name_of",
    "names",
    "nwj",
    "reverse_kl",
    "serialize",
    "smile",
    "squared_hellinger",
    "takes_average",
    "takes_baseline",
    "tuba",
    "wasserstein",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
