"""Named streams: reproducible everywhere, distinct, and in the range TensorFlow and Keras take."""

import subprocess
import sys

import numpy as np
import pytest

from tf_infomax.numerics.randomness import stream, stream_seed


def test_a_stream_is_two_non_negative_int32():
    words = np.concatenate([stream(seed, "noise") for seed in range(500)])
    assert words.dtype == np.int32 and words.shape == (1000,)
    assert np.all(words >= 0)
    # 31 uniform bits: the mean of 1,000 words is 2^30 within four standard errors.
    assert abs(words.mean() - 2**30) < 4 * 2**31 / np.sqrt(12 * 1000)


def test_another_process_gets_the_same_stream_without_tensorflow():
    code = (
        "import sys; from tf_infomax.numerics.randomness import stream;"
        "print(*stream(7, 'critic', 1)); assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(word) for word in stream(7, "critic", 1)]


def test_every_part_of_the_name_counts():
    streams = [
        stream(0, "a"),
        stream(1, "a"),
        stream(2**32, "a"),  # two words of entropy
        stream(0, "b"),
        stream(0, "a", "b"),
        stream(0, "b", "a"),
        stream(0, "a", 0),
        stream(0, 0),
        stream(0, "0"),
        stream(0, 0, 0),
    ]
    assert len({tuple(words.tolist()) for words in streams}) == len(streams)


def test_numpy_integers_are_integers():
    np.testing.assert_array_equal(stream(np.int64(3), np.int32(4)), stream(3, 4))


def test_one_seed_is_the_first_of_the_stream():
    assert stream_seed(5, "probe") == stream(5, "probe")[0]
    assert type(stream_seed(5, "probe")) is int


@pytest.mark.parametrize("seed", [-1, 0.5, None, "0", [1, 2]])
def test_seeds_are_non_negative_integers(seed):
    with pytest.raises(ValueError, match=r"at least 0\. Received: seed="):
        stream(seed, "a")


def test_a_stream_has_a_name():
    with pytest.raises(ValueError, match="at least one name"):
        stream(0)
    with pytest.raises(ValueError, match=r"strings or ints\. Received: name=1\.5"):
        stream(0, 1.5)
