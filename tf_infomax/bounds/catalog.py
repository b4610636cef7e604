"""The bounds by name, each with its unit, the quantity that it bounds and its ceiling.

The catalogue needs no TensorFlow; the functions are imported on first use.
"""

import functools
import math

from tf_infomax.bounds.bound_info import BoundInfo, checked_alpha, free_options
from tf_infomax.bounds.divergence_names import SYNONYMS
from tf_infomax.naming.arguments import number
from tf_infomax.naming.options import check_options
from tf_infomax.naming.registry import Registry

__all__ = [
    "BOUNDS",
    "BoundInfo",
    "check_reads_scores",
    "deserialize",
    "get",
    "info",
    "is_registered",
    "name_of",
    "names",
    "serialize",
    "takes_average",
    "takes_baseline",
]


def _unbounded(candidates, **options):
    del candidates, options
    return math.inf


def _constant(ceiling):
    return lambda candidates: ceiling


def _log_candidates(candidates):
    return math.log(number(candidates, "candidates", 1.0))


def _interpolated_ceiling(candidates, alpha=0.01, log_baseline=None):
    del log_baseline
    candidates = number(candidates, "candidates", 2.0)
    if checked_alpha(alpha) == 0.0:
        return math.inf
    # At alpha = 1 the subtracted term is 1; otherwise it can come arbitrarily close to 0.
    return math.log((candidates - 1) / alpha) + (1.0 if alpha < 1.0 else 0.0)


BOUNDS = Registry(
    "bound",
    synonyms={
        "cpc": ("infonce",),
        "nce": ("infonce",),
        "nt_xent": ("infonce",),
        "ntxent": ("infonce",),
        **SYNONYMS,
        "kl": ("nwj", "donsker_varadhan"),
        "f_gan": ("nwj",),
        "fgan": ("nwj",),
        "mine_f": ("nwj",),
        "alpha": ("interpolated",),
        "ba": ("barber_agakov_lower", "barber_agakov_upper"),
    },
)
for _entry in (
    BoundInfo(
        "infonce", "variational", "nats", "lower", _log_candidates,
        "low variance; saturates at log(M + 1), so biased where I(X; Y) is larger",
        "van den Oord et al. (2018), arXiv:1807.03748",
    ),
    BoundInfo(
        "nwj", "variational", "nats", "lower", _unbounded,
        "unbiased for its critic; variance grows like exp(I(X; Y))",
        "Nguyen, Wainwright, Jordan (2010), arXiv:0809.0853",
        best_shift=1.0,
    ),
    BoundInfo(
        "tuba", "variational", "nats", "lower", _unbounded,
        "as NWJ, with a free baseline in place of e",
        "Poole et al. (2019), arXiv:1905.06922",
    ),
    BoundInfo(
        "donsker_varadhan", "variational", "nats", "lower", _unbounded,
        "a finite batch is biased upwards, in value and gradient; variance grows like exp(I(X; Y))",
        "Donsker and Varadhan (1983); Belghazi et al. (2018), arXiv:1801.04062",
    ),
    BoundInfo(
        "interpolated", "variational", "nats", "lower", _interpolated_ceiling,
        "alpha trades TUBA's variance (0) for InfoNCE's bias (1); stops at 1 + log(M / alpha)",
        "Poole et al. (2019), arXiv:1905.06922",
    ),
    BoundInfo(
        "js_nwj", "hybrids", "nats", "lower", _unbounded,
        "JSD's steady gradient; the value is NWJ's, unbiased, of variance like exp(I(X; Y))",
        "code of Poole et al. (2019), arXiv:1905.06922",
    ),
    BoundInfo(
        "smile", "hybrids", "nats", "estimate", _unbounded,
        "no bound: clipping biases it either way; variance at most of the order of exp(2 clip) / M",
        "Song and Ermon (2020), arXiv:1910.06222",
    ),
    BoundInfo(
        "mine", "hybrids", "nats", "lower", _unbounded,
        "value and variance of Donsker-Varadhan, biased upwards; its gradient less biased",
        "Belghazi et al. (2018), arXiv:1801.04062",
    ),
    BoundInfo(
        "minibatch_upper", "known_conditional", "nats", "upper", _unbounded,
        "biased upwards by up to Var(r) / (2 (K - 1)); low variance where I(X; Y) < log K",
        "Poole et al. (2019), arXiv:1905.06922",
        "log_conditional",
    ),
    BoundInfo(
        "minibatch_lower", "known_conditional", "nats", "lower", _log_candidates,
        "low variance; saturates at log K, so biased where I(X; Y) is larger",
        "Poole et al. (2019), arXiv:1905.06922",
        "log_conditional",
    ),
    BoundInfo(
        "barber_agakov_upper", "known_conditional", "nats", "upper", _unbounded,
        "above by KL(p(y) || q(y)); unbiased for its q, of the variance of a mean of logarithms",
        "Barber and Agakov (2003); Poole et al. (2019), arXiv:1905.06922",
        "log_densities",
    ),
    BoundInfo(
        "barber_agakov_lower", "known_conditional", "nats", "lower", _unbounded,
        "below by E KL(p(y | x) || q(y | x)); unbiased for its q, of the variance of a mean",
        "Barber and Agakov (2003); Poole et al. (2019), arXiv:1905.06922",
        "log_densities",
    ),
    BoundInfo(
        "difference_of_entropies", "known_conditional", "nats", "estimate",
        _unbounded,
        "no bound: biased either way, by the difference of two divergences of fit; low variance",
        "McAllester and Stratos (2020), AISTATS",
        "log_densities",
    ),
    BoundInfo(
        "jsd", "divergences", "1", "divergence", _constant(2.0 * math.log(2.0)),
        "not MI: twice the Jensen-Shannon divergence; unbiased for its critic, low variance",
        "Hjelm et al. (2019), arXiv:1808.06670, equation (4)",
    ),
    BoundInfo(
        "gan", "divergences", "1", "divergence", _constant(0.0),
        "not MI: jsd - 2 log 2; unbiased for its critic, low variance",
        "Goodfellow et al. (2014), arXiv:1406.2661",
    ),
    BoundInfo(
        "reverse_kl", "divergences", "1", "divergence", _unbounded,
        "not MI: KL(product || joint); unbiased for its critic, unstable for low joint scores",
        "Nowozin, Cseke, Tomioka (2016), arXiv:1606.00709",
    ),
    BoundInfo(
        "squared_hellinger", "divergences", "1", "divergence", _constant(2.0),
        "not MI: squared Hellinger distance, at most 2; unbiased for its critic",
        "Nowozin, Cseke, Tomioka (2016), arXiv:1606.00709",
    ),
    BoundInfo(
        "chi_squared", "divergences", "1", "divergence", _unbounded,
        "not MI: Pearson's chi squared, E[(r - 1)^2]; unbiased for its critic",
        "Nowozin, Cseke, Tomioka (2016), arXiv:1606.00709",
    ),
    BoundInfo(
        "chi_squared_released", "divergences", "1", "divergence", _unbounded,
        "no bound on anything: the release's X2, which grows with the magnitude of all scores",
        "code of Hjelm et al. (2019), arXiv:1808.06670",
    ),
    BoundInfo(
        "wasserstein", "divergences", "1", "divergence", _unbounded,
        "not MI: earth mover's distance, for critics that are 1-Lipschitz",
        "Arjovsky, Chintala, Bottou (2017), arXiv:1701.07875",
    ),
):
    BOUNDS.add(_entry.name, _entry)


def names(reads="scores"):
    """The registered names of the bounds that read ``reads`` (see ``BoundInfo``).

    By default these are the bounds with which a critic can be trained; ``None`` means all.
    """
    return tuple(
        name for name in BOUNDS.names() if reads is None or BOUNDS.get(name).reads == reads
    )


def info(bound, **options):
    """The ``BoundInfo`` of a name or a registered function, with options bound if there are any.

    Raises:
        ValueError: on an unknown name (with the nearest ones) or option.
    """
    name, bound_options = _name_and_options(bound)
    return BOUNDS.get(name).with_options(**{**bound_options, **options})


def check_reads_scores(bound):
    """Raises ``ValueError`` on a registered bound with which no critic can be trained.

    A user's own function passes.
    """
    if is_registered(bound) and info(bound).reads != "scores":
        raise ValueError(
            f"A critic is trained with a bound that reads scores: {', '.join(names())}. "
            f"Received: bound={bound!r}, which reads {info(bound).reads}."
        )


def get(bound, **options):
    """The function called ``bound``, with its options bound: ``get("smile", clip=1.0)``.

    A callable is returned as it is, or with ``options`` bound to it.

    Raises:
        ValueError: on an unknown name (with the nearest ones) or option.
    """
    if not callable(bound) or isinstance(bound, type):
        return info(bound, **options).function
    known = free_options(bound)
    check_options("bound", getattr(bound, "__name__", bound), options, known)
    return functools.partial(bound, **options) if options else bound


def name_of(bound):
    """The registry name of ``bound``: a name, or a registered function without options bound.

    Raises:
        ValueError: on anything else; with options bound, use ``serialize``.
    """
    name, options = _name_and_options(bound)
    name = BOUNDS.get(name).name
    if options:
        raise ValueError(
            "A bound without options is needed, as a name says nothing of them. "
            f"Received: {name!r} with options {options}."
        )
    return name


def is_registered(bound):
    """Whether ``bound`` is a registered name or function, with options or without."""
    return _name_and_options(bound)[0] in BOUNDS.names()


def serialize(bound):
    """A registered bound as JSON: its name, or a dict of "name" and "options".

    Raises:
        ValueError: if it is not registered.
    """
    name, options = _name_and_options(bound)
    name = BOUNDS.get(name).name
    plain = {option: _plain(value) for option, value in options.items()}
    return {"name": name, "options": plain} if plain else name


def deserialize(plain):
    """The inverse of ``serialize``: a name as it is, a dict as the function with options."""
    if isinstance(plain, str):
        return plain
    return get(plain["name"], **{key: _restored(value) for key, value in plain["options"].items()})


def _plain(value):
    """An option as JSON: numbers and arrays of NumPy and TensorFlow as numbers and lists."""
    value = value.numpy() if hasattr(value, "numpy") else value
    return value.tolist() if hasattr(value, "tolist") else value


def _restored(value):
    """An option as it was; files of earlier versions hold arrays in Keras' form."""
    if isinstance(value, dict) and value.get("class_name") in ("__numpy__", "__tensor__"):
        return value["config"]["value"]
    return value


def takes_baseline(bound):
    """Whether ``bound`` (a name, or any function of scores) takes a ``log_baseline``.

    A function that has one bound to it already does not.
    """
    return "log_baseline" in free_options(get(bound))


def takes_average(bound):
    """Whether ``bound`` is registered and a moving average corrects its gradient, as in MINE."""
    return is_registered(bound) and "log_average" in info(bound).options


def _name_and_options(bound):
    """(registry name, or a candidate for one; the options bound to it)."""
    if isinstance(bound, str):
        return bound, {}
    if isinstance(bound, functools.partial) and not bound.args:
        return _name_and_options(bound.func)[0], dict(bound.keywords)
    for name in BOUNDS.names():
        if bound is BOUNDS.get(name).function:
            return name, {}
    return bound, {}
