"""The views of the three tests, and the certificates of the formal limit."""

import numpy as np
import pytest

from tf_infomax.estimation import certifiable
from tf_infomax.studies.formal_limit import certified_kl
from tf_infomax.studies.self_consistency import keep_top, stacked_pair


def images(seed):
    return np.random.default_rng(seed).random((5, 6, 4, 3)).astype(np.float32)


def test_the_top_rows_are_kept():
    kept = keep_top(images(0), 2).numpy()
    np.testing.assert_array_equal(kept[:, :2], images(0)[:, :2])
    assert not kept[:, 2:].any()
    assert not keep_top(images(0), 0).numpy().any()
    np.testing.assert_array_equal(keep_top(images(0), 6), images(0))


def test_views_of_the_three_tests():
    first, other = images(0), images(1)
    x, y = stacked_pair("baseline", first, other, 4)
    np.testing.assert_array_equal(x, first)
    np.testing.assert_array_equal(y[:, :4], first[:, :4])
    x, y = (view.numpy() for view in stacked_pair("data_processing", first, other, 4))
    np.testing.assert_array_equal(x, np.concatenate([first, first], axis=-1))
    # The second part keeps three rows fewer, and none of the other image.
    np.testing.assert_array_equal(y[:, :4, :, :3], first[:, :4])
    np.testing.assert_array_equal(y[:, :1, :, 3:], first[:, :1])
    assert not y[:, 1:, :, 3:].any()
    assert not stacked_pair("data_processing", first, other, 2)[1].numpy()[..., 3:].any()
    x, y = (view.numpy() for view in stacked_pair("additivity", first, other, 4))
    np.testing.assert_array_equal(x, np.concatenate([first, other], axis=-1))
    np.testing.assert_array_equal(y[:, :4], x[:, :4])
    assert not y[:, 4:].any()


@pytest.mark.parametrize(
    ("samples", "nats"), [(64, 13.3), (128, 14.7), (10_000, 23.4), (50_000, 26.6)]
)
def test_published_limits_of_mutual_information(samples, nats):
    assert round(certifiable(samples), 1) == nats
    assert certified_kl(samples) == pytest.approx((certifiable(samples) - 5) / 2)
