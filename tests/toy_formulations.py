"""Formulations for the tests of ``benchmarks.measure``: without TensorFlow, to start fast."""

import numpy as np


def ones(size):
    """Fills 32 MiB, and gives ones."""

    def step():
        return [np.zeros(()), np.ones(2**22)[:size].copy()]

    return step


def off_by_a_little(size):
    """Gives something else than ``ones``, by 1e-3."""
    return lambda: [np.zeros(()), np.ones(size) * (1.0 + 1e-3)]
