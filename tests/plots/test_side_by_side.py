"""Reconstructions side by side: which systems, by which pictures, under which names."""

import base64

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import plots
from tf_infomax.results.rows import Row, to_frame

RNG = np.random.default_rng(0)
IMAGES, OTHERS = (RNG.integers(0, 256, (4, 12, 3), dtype=np.uint8) for _ in range(2))


def row(experiment, level, metric="decoder/figure", seed=0, step=10, images=IMAGES, **tags):
    below = np.full_like(images, level)
    png = tf.io.encode_png(np.concatenate([images, below])).numpy()
    tags = {"dataset": "cifar10", "png": base64.b64encode(png).decode(), **tags}
    return Row(experiment, "default", seed, step, "test", metric, 0.1, "1", tags)


def test_each_system_is_a_line_below_the_images():
    frame = to_frame([
        row("dim_vae", 9, seed=1), row("dim_vae", 9, step=5), row("dim_vae", 10),
        row("dim_local", 20, "reconstruction/figure", bound="infonce"),
        row("dim_bigan", 30),
        # Of other images: it cannot stand below these.
        row("dim_aae", 40, images=OTHERS),
    ])
    drawing = plots.side_by_side(frame)
    strips = {one.get_title(loc="left"): one.images[0].get_array() for one in drawing.figure.axes}
    assert list(strips) == [
        "test images", "DIM(L) infoNCE", "VAE, its own decoder", "BiGAN, its own decoder"
    ]
    np.testing.assert_allclose(strips["test images"], IMAGES / 255, atol=1e-6)
    for name, level in (("DIM(L) infoNCE", 20), ("VAE, its own decoder", 10)):
        np.testing.assert_allclose(strips[name], level / 255, atol=1e-6)


def test_one_system_alone_has_nothing_beside_it():
    assert plots.side_by_side(to_frame([row("dim_vae", 10)])) is None
    frame = to_frame([row("dim_vae", 1), row("dim_aae", 2, images=OTHERS)])
    assert plots.side_by_side(frame) is None


def test_every_kind_of_picture_has_a_caption():
    frame = to_frame([
        row("dim_vae", 1),
        row("dim_vae", 1, "samples/figure", codes="normal", images_sd=0.4),
        row("dim_vae", 1, "traversals/figure", span=3.0, entries=[4, 2]),
    ])
    captions = {one.name.partition("-")[2]: one.caption for one in plots.pictures(frame)}
    assert "own decoder" in captions["decoder"]
    assert "drawn codes (normal)" in captions["samples"]
    assert "from -3 to 3 standard deviations" in captions["traversals"]
    assert captions["traversals"].endswith("4, 2.")


def test_ndm_over_the_weight_of_the_kl_term():
    rows = [
        Row("dim_ndm_and_beta", f"beta_{beta}", seed, step, split, metric, value + seed, unit,
            {"dataset": "cifar10", "kl_weight": beta})
        for beta in (0.5, 4.0, 2.0) for seed in (0, 1) for step in (5, 10)
        for split, metric, value, unit in (
            ("train", "dependence/ndm", step / beta, "nats"),
            ("test", "dependence/ndm", step / beta - 1, "nats"),
            ("test", "elbo/kl", 20 / beta, "nats"),
        )
    ]
    from tf_infomax.plots.kl_weight import over_betas

    frame = to_frame(rows)
    found = over_betas(frame, "dependence/ndm", "train")
    np.testing.assert_allclose(found.steps, [0.5, 2.0, 4.0])
    np.testing.assert_allclose(found.mean, [20.5, 5.5, 3.0])
    drawing = plots.draw("dim_ndm_and_beta", frame)
    axes = [axes for axes in drawing.figure.axes if axes.get_title()]
    assert [one.get_title() for one in axes] == ["NDM of the code", "KL of code and prior"]
    assert axes[0].get_ylabel() == "total correlation [nats]"


def test_a_tag_that_is_no_picture_is_named():
    whole = row("dim_vae", 10).tags["png"]
    for bad in ("not base64!", "\u00e9", "AAAA", "", whole[:60], whole[: len(whole) // 2]):
        frame = to_frame([row("dim_vae", 10, png=bad), row("dim_bigan", 30)])
        for drawn in (plots.side_by_side, plots.pictures):
            with pytest.raises(ValueError, match=r"must be a base64 PNG .* of dim_vae/default"):
                drawn(frame)
