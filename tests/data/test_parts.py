"""Workers that share a batch read their own rows of it, and these are the rows of one device."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.data.batches import WHOLE, Part
from tf_infomax.data.gaussians import DependentGaussians
from tf_infomax.data.image_data import ImageData
from tf_infomax.data.images import WholeImages
from tf_infomax.data.pairs import GaussianPairs, GaussianStairs, HalvesOfImages

K = 12


def images():
    rng = np.random.default_rng(0)
    train, test = (rng.integers(256, size=(n, 6, 5, 1), dtype=np.uint8) for n in (40, 12))
    return ImageData(
        "noise", train, np.arange(40) % 3, test, np.arange(12) % 3, 255.0, 3, tuple("abc"),
        attribute_names=("x", "y"),
        train_attributes=rng.integers(2, size=(40, 2), dtype=np.uint8),
        test_attributes=rng.integers(2, size=(12, 2), dtype=np.uint8),
    )  # fmt: skip


def rows(batch):
    """Name -> rows; the seed of a step belongs to the whole batch."""
    parts = {name: value for name, value in batch.items() if name != "seed"}
    return [np.asarray(value) for value in tf.nest.flatten(parts)]


SOURCES = {
    "whole": lambda: WholeImages(images(), K, 0, crop=4, flip=True),
    "halves": lambda: HalvesOfImages(images(), K, 0.3, 0),
    "gaussians": lambda: GaussianPairs(DependentGaussians(), K, True, 0),
    "stairs": lambda: GaussianStairs(3, (1.0, 2.0), 10, K, 0),
}


@pytest.mark.parametrize("parts", [2, 3])
@pytest.mark.parametrize("name", SOURCES)
def test_the_parts_of_a_batch_are_the_batch(name, parts):
    source = SOURCES[name]()
    whole = rows(source.draw(tf.constant(7, tf.int64)))
    found = [
        rows(source.draw(tf.constant(7, tf.int64), part=Part(place, parts)))
        for place in range(parts)
    ]
    assert {len(one) for part in found for one in part} == {K // parts}
    for number, expected in enumerate(whole):
        np.testing.assert_array_equal(np.concatenate([part[number] for part in found]), expected)


def test_of_several_batches_each_part_has_the_same_rows_of_all():
    source = SOURCES["halves"]()
    wanted = {"labels": True, "batches": 3}
    whole = rows(source.draw(2, **wanted))
    for place in (0, 1):
        found = rows(source.draw(2, **wanted, part=Part(place, 2)))
        for own, expected in zip(found, whole, strict=True):
            by_batch = expected.reshape(3, K, *expected.shape[1:])
            of_part = by_batch[:, place * K // 2 : (place + 1) * K // 2]
            np.testing.assert_array_equal(own, of_part.reshape(own.shape))


def test_rows_of_any_number_are_taken_in_a_graph():
    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def second(values):
        return Part(1, 2).of(values)

    values = np.arange(12.0).reshape(6, 2)
    np.testing.assert_array_equal(second(values), values[3:])
    assert WHOLE.of(values) is values
