"""The evaluators by name: a run at one step -> measurements. ``names`` lists them.

An evaluator is a function of a ``Snapshot`` and options that yields ``Measurement``. Its options'
ranges are annotations, their defaults those of the function in ``evaluation`` that does the work;
what it needs of a run is said by ``facts.checked_by``, and nothing else decides which experiments
it is for.
"""

import inspect

from tf_infomax.evaluators.facts import check_facts, facts_of, needs_labels
from tf_infomax.evaluators.names import EVALUATORS
from tf_infomax.evaluators.snapshot import Snapshot
from tf_infomax.naming.options import check_options, complete, options_of
from tf_infomax.results.measurements import several

__all__ = [
    "Snapshot", "check", "check_facts", "check_listed", "facts_of", "get", "names", "needs_labels",
]


def get(name):
    """The evaluator ``name``: (snapshot, **options) -> iterable of ``Measurement``."""
    return EVALUATORS.get(name)


def names():
    """All registered names."""
    return EVALUATORS.names()


def check(entry):
    """Raises ``ValueError`` on an unknown evaluator, or options that it does not accept.

    Its requirements on data and encoder are checked by ``check_facts``.

    Args:
        entry: ``spec.Evaluation``.
    """
    parameters = inspect.signature(get(entry.name)).parameters
    known = options_of(get(entry.name), without=("snapshot",))
    check_options("evaluator", entry.name, entry.options, known, near=["every"])
    for option in entry.options:
        value, kind = entry.options[option], parameters[option].annotation
        if value is None and parameters[option].default is None:
            continue
        if not getattr(kind, "accepts", lambda _: True)(value):
            raise ValueError(
                f"The option {option} of the evaluator {entry.name!r} must be {kind}. "
                f"Received: {entry.name}.{option}={value!r}."
            )


def check_listed(entries):
    """Raises ``ValueError`` if an evaluator is listed twice and both would write the same rows.

    Args:
        entries: list of ``spec.Evaluation``. An evaluator may be listed several times, with
            different endpoints.
    """
    seen = set()
    for entry in entries:
        options = complete(entry.options, options_of(get(entry.name), without=("snapshot",)))
        chosen = options.get("endpoint", options.get("endpoints"))
        for endpoint in several(chosen) or (None,):
            if {(entry.name, endpoint), (entry.name, None)} & seen or (
                endpoint is None and any(name == entry.name for name, _ in seen)
            ):
                raise ValueError(
                    "An evaluator may be listed twice only for other endpoints, or a seed counts "
                    f"twice. Received: {', '.join(one.name for one in entries)}, with "
                    f"{entry.name!r} twice for {endpoint or 'the same features'}."
                )
        seen |= {(entry.name, endpoint) for endpoint in several(chosen) or (None,)}
