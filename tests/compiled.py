"""Whether ``tf.function`` compiles with XLA, as a parameter of tests."""

import pytest

__all__ = ["each_compilation"]

# Both trace the same function, at an unknown size where the test says so; the default tests compile
# it as well.
each_compilation = pytest.mark.parametrize(
    "jit_compile",
    [pytest.param(False, marks=pytest.mark.slow, id="graph"), pytest.param(True, id="xla")],
)
