"""Small ``.npz`` files of images, for the tests of whatever reads them."""

import numpy as np
import pytest

_ROWS = {"train": 5, "test": 3}


@pytest.fixture
def own_arrays():
    """(seed, shape, dtype) -> the four arrays of a data set with three classes."""

    def make(seed, shape=(6, 4), dtype=np.uint8):
        rng, made = np.random.default_rng(seed), {}
        for split, rows in _ROWS.items():
            pixels = rng.integers(0, 256, (rows, *shape))
            made[f"x_{split}"] = (pixels if dtype == np.uint8 else pixels / 255).astype(dtype)
            made[f"y_{split}"] = np.arange(rows, dtype=np.uint8) % 3
        return made

    return make


@pytest.fixture
def save(tmp_path):
    """(name, arrays by name) -> path of a ``.npz`` file that holds them."""

    def write(name="own.npz", **arrays):
        path = tmp_path / name
        np.savez(path, **arrays)
        return str(path)

    return write
