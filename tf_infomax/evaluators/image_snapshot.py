"""What the evaluators of Deep InfoMax look at: endpoints of all images, encoded once."""

import dataclasses
import functools
import inspect

import numpy as np
import tensorflow as tf

from tf_infomax import evaluation
from tf_infomax.numerics import randomness
from tf_infomax.results.measurements import EVALUATORS, several

__all__ = ["ImageSnapshot"]


@dataclasses.dataclass(frozen=True)
class ImageSnapshot:
    """A trial at one step. Endpoints are encoded on first use and shared by all evaluators.

    Attributes:
        trial: ``build.Trial`` on whole images.
        step: training steps done.
        entries: the evaluations that will be made; what they need is encoded in one pass.
    """

    trial: object
    step: int
    entries: tuple = ()

    # What probes read unless told otherwise.
    default_features = ("global",)

    @functools.cached_property
    def _encoded(self):
        """Endpoint -> (train, test), of all that the evaluations to be made read."""
        named = {"global"}
        for entry in self.entries:
            parameters = inspect.signature(EVALUATORS.get(entry.name)).parameters
            for option in ("endpoint", "endpoints"):
                if option in parameters:
                    named |= set(several(entry.options.get(option, parameters[option].default)))
        known = self.trial.encoder.endpoint_shapes
        return self._encode([name for name in known if name in named])

    def _encode(self, names):
        source, encoder = self.trial.source, self.trial.encoder
        images = source.images
        splits = [
            evaluation.encode_endpoints(encoder, names, split, source.evaluation_input)
            for split in (images.train_images, images.test_images)
        ]
        return {name: tuple(split[name] for split in splits) for name in names}

    def features(self, name):
        """(train, test) values of the endpoint ``name``, flattened: ``[N, D]`` each.

        "pixels" are the images themselves, as the encoder sees them.
        """
        if name == "pixels":
            return tuple(images.reshape(len(images), -1) for images in self.images)
        if name not in self._encoded:
            self._encoded.update(self._encode([name]))
        return self._encoded[name]

    @functools.cached_property
    def images(self):
        """All (train, test) images as the encoder sees them in evaluation, float32 in [-1, 1]."""
        source = self.trial.source
        return tuple(
            np.concatenate(
                [
                    source.evaluation_input(tf.constant(split[start : start + 5_000]), start)
                    for start in range(0, len(split), 5_000)
                ]
            )
            for split in (source.images.train_images, source.images.test_images)
        )

    @property
    def labels(self):
        """(train, test) labels."""
        images = self.trial.source.images
        return images.train_labels, images.test_labels

    def seed(self, name):
        """The seed of one evaluator."""
        return randomness.stream_seed(self.trial.seed, name)
