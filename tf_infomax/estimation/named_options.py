"""The options of an estimate that are names, without TensorFlow."""

from tf_infomax import bounds
from tf_infomax.critics import CRITICS
from tf_infomax.estimation import margins
from tf_infomax.naming.registry import unknown_name

__all__ = ["CANONICAL", "QUANTITIES", "check_names", "info_of"]

# As the name of a critic: the default, which starts from canonical correlations.
CANONICAL = "canonical"
# In place of I(X; Y).
QUANTITIES = (
    "conditional_mutual_information",
    "independence_test",
    "lagged_mutual_information",
    "matrix",
    "total_correlation",
    "transfer_entropy",
)


def info_of(bound):
    """``BoundInfo`` of a bound that estimates mutual information from scores.

    Raises:
        ValueError: on any other bound.
    """
    info = bounds.info(bound)
    if _estimates_information(info):
        return info
    usable = [name for name in bounds.names() if _estimates_information(bounds.info(name))]
    raise ValueError(
        "`bound` must estimate mutual information, in nats, from scores: "
        f"{', '.join(usable)}. Received: bound={info.name!r}."
    )


def check_names(bound=None, critic=None, margin_map=None, quantity=None):
    """Raises ``ValueError`` on a name that does not exist; ``None`` is not looked at."""
    if bound is not None:
        info_of(bound)
    if critic not in (None, CANONICAL) and critic not in CRITICS:
        raise unknown_name(CRITICS.kind, critic, (CANONICAL, *CRITICS.names()))
    if margin_map is not None:
        margins.check(margin_map)
    if quantity is not None and quantity not in QUANTITIES:
        raise unknown_name("quantity", quantity, QUANTITIES)


def _estimates_information(info):
    return info.unit == "nats" and info.reads == "scores" and info.kind != "upper"
