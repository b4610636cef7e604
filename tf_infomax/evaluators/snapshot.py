"""A run at one step, for evaluators: everything is encoded once and shared."""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from tf_infomax.evaluation import encode, encode_endpoints
from tf_infomax.naming.options import complete, options_of
from tf_infomax.numerics import randomness
from tf_infomax.objectives.encoded_views import named
from tf_infomax.results.measurements import EVALUATORS, INVERSE_TOLERANCE, several

__all__ = ["OPTIONAL", "PIXELS", "Snapshot"]

# Features without an encoder: the inputs themselves.
PIXELS = "pixels"
# Left out of a request for several features if the encoder lacks it.
OPTIONAL = ("conv", "fc", "global")
_AT_ONCE = 5_000


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A run at one step. Features are encoded on first use and shared by all evaluators.

    Attributes:
        trial: ``build.Trial``.
        step: training steps done.
        entries: the evaluations that will be made; their features are encoded in one pass.
    """

    trial: object
    step: int
    entries: tuple = ()

    @functools.cached_property
    def endpoints(self):
        """Names of the endpoints of the main view's encoder."""
        return tuple(getattr(self.trial.encoder, "endpoint_shapes", ("code",)))

    @property
    def code(self):
        """Name of the encoder's output, which evaluators read unless told otherwise."""
        return named("code", self.endpoints)

    def name_of(self, features):
        """The name under which this run has ``features``: "code" and "global" mean the output."""
        return features if features == PIXELS or "." in features else named(
            features, self.endpoints
        )

    def names_of(self, features):
        """The ``features`` that this run has, each once: not every encoder has dense layers.

        Args:
            features: one name or several, or ``None`` for the code.

        Raises:
            ValueError: if none exists, or a missing one is not optional.
        """
        names = (self.code,) if features is None else several(features)
        known = [name for name in names if self._has(name)]
        if not known or set(names) - {*known, *OPTIONAL}:
            raise ValueError(
                f"The encoder's endpoints are {', '.join(self.endpoints)}. "
                f"Received: endpoints={tuple(names)}."
            )
        return list(dict.fromkeys(map(self.name_of, known)))

    def _has(self, features):
        try:
            return bool(self.name_of(features))
        except ValueError:
            return False

    @functools.cached_property
    def _encoded(self):
        """Endpoint -> (train, test), for all endpoints that the evaluations will read."""
        wanted = {self.code}
        for entry in self.entries:
            options = complete(entry.options, options_of(EVALUATORS.get(entry.name)))
            for option in ("endpoint", "endpoints"):
                if option in options:
                    wanted |= {*self.names_of(options[option])} & {*self.endpoints}
        return self._encode([name for name in self.endpoints if name in wanted])

    def _encode(self, names):
        encoder, source = self.trial.encoder, self.trial.source
        splits = []
        for split in ("train", "test"):
            stored = next(iter(source.stored(split).values()))
            preprocess = source.probe_input(self.step, split)
            if hasattr(encoder, "endpoints"):
                splits.append(encode_endpoints(encoder, names, stored, preprocess))
            else:
                splits.append({self.code: encode(encoder, stored, preprocess)})
        return {name: tuple(split[name] for split in splits) for name in names}

    def features(self, name):
        """(train, test) features, flattened: ``[N, D]`` each.

        Args:
            name: an endpoint of the main view's encoder; "pixels", the inputs themselves; or
                ``"view_2.code"``, of another view.
        """
        name = self.name_of(name)
        if name == PIXELS:
            return self._pixels
        if "." in name:
            return tuple(self.codes_of(name.partition(".")[0], split) for split in self._splits)
        if name not in self._encoded:
            self._encoded.update(self._encode([name]))
        return self._encoded[name]

    _splits = ("train", "test")

    @functools.cached_property
    def _pixels(self):
        """The inputs themselves, preprocessed as for the encoder, noise included."""
        source = self.trial.source
        return tuple(
            _flat(
                encode(
                    lambda x: x,
                    next(iter(source.stored(split).values())),
                    source.probe_input(self.step, split),
                )
            )
            for split in self._splits
        )

    @functools.cached_property
    def images(self):
        """All (train, test) inputs of the main view as pictures ``[N, H, W, C]`` in [-1, 1]."""
        source = self.trial.source
        return tuple(
            np.concatenate(
                [
                    source.pictures(tf.constant(stored[start : start + _AT_ONCE]))
                    for start in range(0, len(stored), _AT_ONCE)
                ]
            )
            for stored in (next(iter(source.stored(split).values())) for split in self._splits)
        )

    @property
    def labels(self):
        """(train, test) labels."""
        images = self.trial.source.images
        return images.train_labels, images.test_labels

    def seed(self, name):
        """The seed of one evaluator."""
        return randomness.stream_seed(self.trial.seed, name)

    @functools.cached_property
    def _codes(self):
        return {}

    def codes_of(self, view, split="test"):
        """Codes ``[N, D]`` of one view of all examples, without noise."""
        if (view, split) not in self._codes:
            source, model = self.trial.source, self.trial.model
            main = next(iter(source.stored(split)))
            if view == main and not source.noise_sd:
                codes = self.features(self.code)[self._splits.index(split)]
            else:
                encoder = model.encoded.encoder(view)
                codes = encode(encoder, source.stored(split)[view], source.clean_input)
            self._codes[view, split] = codes
        return self._codes[view, split]

    @functools.cached_property
    def inverse_check(self):
        """What a batch of test inputs says of the encoder's inverse; ``None`` if it has none.

        Returns:
            (largest error of inverse(forward(x)), in the precision of the encoder; the same of
            codes in float32, as probes read them; largest |log det|).
        """
        encoder, source = self.trial.encoder, self.trial.source
        if not hasattr(encoder, "forward_and_log_det"):
            return None
        stored = next(iter(source.stored("test").values()))
        x = source.clean_input(tf.constant(stored[: source.batch_size]), 0)
        x = tf.cast(x, encoder.compute_dtype)

        @tf.function
        def check(x):
            codes, log_det = encoder.forward_and_log_det(x)
            as_read = tf.cast(tf.cast(codes, tf.float32), codes.dtype)
            errors = [tf.reduce_max(tf.abs(encoder.inverse(one) - x)) for one in (codes, as_read)]
            return *errors, tf.reduce_max(tf.abs(log_det))

        return tuple(map(float, check(x)))

    @property
    def has_lost_its_inverse(self):
        """Whether the inverse of the codes that probes read misses by ``INVERSE_TOLERANCE``."""
        # Negated, so that NaN counts as lost.
        return self.inverse_check is not None and not self.inverse_check[1] <= INVERSE_TOLERANCE


def _flat(inputs):
    return inputs.reshape(len(inputs), -1)
