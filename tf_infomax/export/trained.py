"""The trained models of a run, from its experiment and checkpoint: images are not needed."""

import dataclasses

import keras
import tensorflow as tf

from tf_infomax.experiments.spec import Experiment
from tf_infomax.models import RepresentationModel
from tf_infomax.running.build import build_model, input_shape, load_images, sizes_of
from tf_infomax.running.run_directory import RunDirectory
from tf_infomax.training.checkpoints import read_newest

__all__ = ["Trained", "restore_trained"]

@dataclasses.dataclass(frozen=True)
class Trained:
    """The trained models of a run.

    Attributes:
        experiment: one variant and one seed.
        view_shape: of one view, ``(H, W, C)``; the encoders of halves take it flattened.
        encoder: of the first view, or ``None`` if the codes are the views themselves.
        model: the model that was trained.
        step: training steps done.
    """

    experiment: Experiment
    view_shape: tuple
    encoder: keras.Model | None
    model: RepresentationModel
    step: int

    @property
    def input_shape(self):
        """Shape of one input of the encoder: a flattened half, or a whole image."""
        return self.experiment.data.given_views.encoded_shape(self.view_shape)

    @property
    def variables(self):
        """All variables of the model, in the order of checkpoints."""
        return self.model.checkpoint_variables


def restore_trained(directory, data_dir=None):
    """The models of a run directory, at its last checkpoint.

    Unlike ``running.run.restore`` it makes no batches and no optimizers, and reads the data set
    only for runs that did not note the shape of their views.

    Args:
        directory: of one run, ``runs/<experiment>/<variant>/seed_<n>`` of a work directory.
        data_dir: where TFDS finds prepared data sets.

    Returns:
        ``Trained``.

    Raises:
        FileNotFoundError: if the directory holds no run, or no checkpoint.
        ValueError: if the experiment or the checkpoint cannot be read, or they do not match.
    """
    opened = RunDirectory.open(directory)
    experiment = opened.experiment
    view_shape, sizes = _inputs(opened, data_dir)
    model = build_model(experiment, view_shape, **sizes)
    encoder = None if experiment.encoder is None else next(iter(model.encoders.values()))
    trained = Trained(experiment, view_shape, encoder, model, step=0)
    return dataclasses.replace(trained, step=_restore(opened.checkpoints, trained.variables))


def _inputs(opened, data_dir):
    """Shape of a view and sizes of the data set, from the run directory if it has noted them."""
    if opened.view_shape is not None:
        return opened.view_shape, opened.sizes
    images = load_images(opened.experiment, data_dir)
    return input_shape(opened.experiment, images), sizes_of(images)


def _restore(directory, variables):
    """Reads the models' part of the last of ``Checkpoints``; returns its step."""
    step = tf.Variable(0, dtype=tf.int64)
    # The models' variables come first in a task's list, so they are a prefix of what was saved.
    part = tf.train.Checkpoint(step=step, variables=[variable.value for variable in variables])
    if read_newest(directory, part, whole=False) is None:
        raise FileNotFoundError(f"Expected a checkpoint in {directory}. Received: none.")
    return int(step)
