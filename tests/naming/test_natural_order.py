"""Names with numbers in them sort as people count."""

from tf_infomax.naming.natural_order import natural_key


def test_natural_order():
    names = ["size_10", "size_2", "clip_0.5", "clip_0.1", "infonce", "10", "9", "rate_1e-3",
             "rate_1e-04"]
    assert sorted(names, key=natural_key) == [
        "9", "10", "clip_0.1", "clip_0.5", "infonce", "rate_1e-04", "rate_1e-3", "size_2",
        "size_10",
    ]
