"""The published percentile rule, worked out by hand."""

import numpy as np

from tf_infomax.numerics.percentiles import percentiles


def test_percentiles_follow_the_official_rule():
    # Sorted 1..9 and 40: indices int(p * 9) = 0, 1, 3, 5, 7, 9; nothing is interpolated.
    values = [40, 1, 9, 2, 8, 3, 7, 4, 6, 5]
    np.testing.assert_array_equal(percentiles(values), [1, 2, 4, 6, 8, 40])
    np.testing.assert_array_equal(percentiles([3.0, 1.0, 2.0], (0.4, 0.5)), [1.0, 2.0])


def test_each_row_has_its_own_percentiles():
    np.testing.assert_array_equal(percentiles([[3, 1], [5, 9]], (0.0, 1.0)), [[1, 3], [5, 9]])
