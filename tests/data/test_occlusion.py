"""Occlusion: what the masks promise, counted by brute force."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.data.occlusion import occlude, occlusion_masks

SIZES = [(32, 32, 10), (20, 20, 10), (9, 14, 4), (4, 3, 1), (16, 64, 8)]


def masks_of(height, width, block, count=500, seed=(3, 4)):
    return occlusion_masks(count, height, width, block, seed).numpy()


def has_whole_block(where, block):
    """Of every mask ``[K, H, W]``: whether some block x block pixels are all true."""
    windows = np.lib.stride_tricks.sliding_window_view(where, (block, block), axis=(1, 2))
    return windows.all(axis=(3, 4)).any(axis=(1, 2))


@pytest.mark.parametrize("sizes", SIZES)
def test_a_block_is_hidden_and_a_block_is_visible(sizes):
    masks = masks_of(*sizes)
    assert masks.shape == (500, *sizes[:2]) and masks.dtype == bool
    assert has_whole_block(masks, sizes[2]).all()
    assert has_whole_block(~masks, sizes[2]).all()


@pytest.mark.parametrize("sizes", SIZES)
def test_a_single_rectangle_is_hidden(sizes):
    for mask in masks_of(*sizes, count=100):
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        filled = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert filled.all() and filled.sum() == mask.sum()


def is_split(extents, size, block):
    """Whether ``block`` pixels are left on one side of each (first, last) along an axis."""
    first, last = extents
    return (first >= block) | (size - 1 - last >= block)


def test_both_axes_and_both_ends_are_used_alike():
    size, block, count = 32, 10, 4000
    masks = masks_of(size, size, block, count)
    sides = []
    for axis in (2, 1):
        profile = masks.any(axis=axis)
        first = profile.argmax(axis=1)
        last = size - 1 - profile[:, ::-1].argmax(axis=1)
        sides.append(is_split((first, last), size, block))
        # Reversal symmetry: the mean centre is the image's, to its standard error.
        centre = (first + last - size + 1) / 2
        assert abs(centre.mean()) < 4 * centre.std() / np.sqrt(count)
        length = last - first + 1
        assert length.min() == block and length.max() == size
    by_rows, by_columns = sides
    # Some masks leave room along both axes; those that do along one only are half and half.
    only = by_rows != by_columns
    assert (by_rows | by_columns).all() and only.sum() > count / 2
    assert abs(by_rows[only].mean() - 0.5) < 4 * 0.5 / np.sqrt(only.sum())
    # Pixels are hidden symmetrically, and under exchange of the axes.
    hidden = masks.mean(axis=0)
    for other in (hidden[::-1], hidden[:, ::-1], hidden.T):
        assert np.abs(hidden - other).max() < 6 * np.sqrt(0.5 / count)


def test_lengths_are_uniform_along_the_split_axis():
    # From 4 to 12 - 4 pixels.
    height, block, count = 12, 4, 6000
    masks = masks_of(height, 100, block, count)
    rows = masks.any(axis=2).sum(axis=1)
    columns = masks.any(axis=1).sum(axis=1)
    # Wider than 100 - b: not split along the columns, so along the rows.
    split = rows[columns > 100 - block]
    counts = np.bincount(split, minlength=height + 1)
    assert counts[:block].sum() == counts[height - block + 1 :].sum() == 0
    expected = len(split) / 5
    assert np.abs(counts[block : height - block + 1] - expected).max() < 4 * np.sqrt(expected)


def test_the_seed_decides():
    first, again, other = (masks_of(32, 32, 10, seed=seed) for seed in ((3, 4), (3, 4), (3, 5)))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2)).mean() > 0.9
    # Images of a batch have masks of their own.
    assert len({mask.tobytes() for mask in first}) > 400


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_images_of_an_unknown_number(jit_compile):
    images = tf.random.stateless_uniform([40, 9, 8, 2], [1, 2], 0.5, 1.0)
    compiled = tf.function(
        lambda images, seed: occlude(images, 4, seed, value=-1.0),
        jit_compile=jit_compile,
        input_signature=[tf.TensorSpec([None, 9, 8, 2], tf.float32), tf.TensorSpec([2], tf.int32)],
    )
    hidden = compiled(images, (5, 6)).numpy()
    masks = (hidden == -1.0).all(axis=-1)
    np.testing.assert_array_equal(hidden, np.where(masks[..., np.newaxis], -1.0, images))
    assert has_whole_block(masks, 4).all() and has_whole_block(~masks, 4).all()
    np.testing.assert_array_equal(compiled(images, (5, 6)), hidden)
    if not jit_compile:
        # XLA makes other floats of the same bits, and with them other masks.
        np.testing.assert_array_equal(masks, masks_of(9, 8, 4, 40, (5, 6)))
        np.testing.assert_array_equal(occlude(images, 4, (5, 6), value=-1.0), hidden)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float64])
def test_dtypes(dtype):
    hidden = occlude(tf.ones([3, 4, 4, 1], dtype), 2, (1, 2))
    assert hidden.dtype == dtype and set(np.unique(hidden)) == {0.0, 1.0}


@pytest.mark.parametrize("sizes", [(32, 19, 10), (19, 32, 10), (8, 8, 0), (8, 8, -1)])
def test_sizes_without_room_for_two_blocks(sizes):
    height, width, block = sizes
    message = rf"two blocks.* Received: height={height}, width={width}, block={block}\."
    if block < 1:
        message = rf"`block` must be a positive integer\. Received: block={block}\."
    with pytest.raises(ValueError, match=message):
        occlusion_masks(3, height, width, block, (1, 2))
