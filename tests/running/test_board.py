"""What a run writes for TensorBoard, read back by TensorBoard's own readers."""

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from PIL import Image
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.plugins import projector

from tests.tiny import determinism_undone, plan_tiny
from tf_infomax.evaluation import encode
from tf_infomax.results.rows import read_rows
from tf_infomax.running import sweep
from tf_infomax.running.run import restore


def read(folder):
    # 0 means all of a kind.
    found = event_accumulator.EventAccumulator(str(folder), {"tensors": 0})
    found.Reload()
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    workdir = tmp_path_factory.mktemp("board")
    runs = plan_tiny(workdir, "critic_impact")
    with determinism_undone():
        assert sweep.run_all(runs, workdir, jobs=1).exit_code == 0
    return workdir, runs[0]


def test_curves_are_the_rows(finished):
    _, run = finished
    events = read(run.directory / "events")
    for row in read_rows(run.directory):
        tag = f"{row.metric}/{row.tags.get('features', row.split)}"
        values = {one.step: float(tf.make_ndarray(one.tensor_proto))
                  for one in events.Tensors(tag)}
        assert values[row.step] == pytest.approx(row.value, rel=1e-6)


def test_the_figure_of_the_report_is_an_image(finished):
    workdir, _ = finished
    events = read(workdir / "events")
    assert events.Tags()["tensors"] == ["figures/critic_impact-digits"]
    (image,) = events.Tensors("figures/critic_impact-digits")
    # Width, height, and the PNG file.
    width, height, png = tf.make_ndarray(image.tensor_proto)
    pixels = tf.io.decode_png(png).numpy()
    assert image.step == 12 and pixels.shape == (int(height), int(width), 3)
    assert 0 < (pixels < 128).mean() < 0.5, "no figure on a light ground"


def test_the_projector_gets_codes_labels_and_images(finished):
    _, run = finished
    folder = run.directory / "events"
    config = text_format.Parse(
        (folder / "projector_config.pbtxt").read_text(), projector.ProjectorConfig()
    )
    (shown,) = config.embeddings
    codes = np.loadtxt(folder / shown.tensor_path, delimiter="\t")
    trial, _ = restore(run.directory)
    images = trial.source.images
    # The halves of 8 x 8 digits, by hand: four rows, divided by 16.
    views = images.test_images[:, :4].reshape(len(images.test_images), -1) / np.float32(16)
    np.testing.assert_allclose(codes, encode(trial.encoder, views), rtol=1e-4, atol=1e-5)
    names = (folder / shown.metadata_path).read_text().splitlines()
    assert names == [images.label_names[label] for label in images.test_labels]
    width, height = shown.sprite.single_image_dim
    assert (width, height) == (8, 4)
    sprite = np.asarray(Image.open(folder / shown.sprite.image_path))
    # 360 images in rows of 19; image 21 is the third of the second row.
    one = sprite[4:8, 16:24, 0].astype(float)
    np.testing.assert_allclose(one, images.test_images[21, :4, :, 0] / 16 * 255, atol=1)
