"""Every registered name has an example, and every example a registered name."""

import pytest

from tests.conformance.encoder_examples import ENCODERS
from tests.conformance.examples import BOUNDS, CRITICS
from tf_infomax import bounds, critics, encoders


@pytest.mark.parametrize(
    ("family", "examples"),
    [
        (bounds, set(BOUNDS)),
        (critics.baseline, {"learned"}),
        (critics, set(CRITICS)),
        (encoders, {example.name for example in ENCODERS.values()}),
    ],
    ids=["bounds", "baselines", "critics", "encoders"],
)
def test_every_name_has_an_example(family, examples):
    missing = set(family.names()) - examples
    assert not missing, f"{family.__name__}: add to the examples in tests/conformance: {missing}"
    unknown = examples - set(family.names())
    assert not unknown, f"{family.__name__}: not registered: {unknown}"
