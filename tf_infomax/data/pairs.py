"""Pairs of views, held as bytes in memory or in mapped files, and batched by index."""

import numpy as np
import tensorflow as tf

from tf_infomax.data import mapped, views
from tf_infomax.data.batches import WHOLE, BatchIndex
from tf_infomax.data.gaussians import CorrelatedGaussians
from tf_infomax.numerics import randomness

__all__ = ["TRANSFORMS", "GaussianPairs", "GaussianStairs", "HalvesOfImages"]

# Training pairs on which a bound is evaluated outside training, as in the paper's code.
_BATCHES_OF_A_MEASUREMENT = 20


class HalvesOfImages:
    """Upper and lower halves of images: batch t is a pure function of (seed, t).

    Args:
        images: ``ImageData``.
        batch_size: pairs in a batch, K.
        noise_sd: sd of the normal noise on the pixels; training pairs share one noise vector.
        seed: the run's seed.

    Attributes:
        train, test: the two views of each split, ``(top, bottom)`` arrays ``[N, D]`` of bytes.
        view_shape: ``(H / 2, W, C)`` of one view.
    """

    VIEWS = ("view_1", "view_2")
    is_paired = True

    def __init__(self, images, batch_size, noise_sd, seed):
        self.images = images
        self.batch_size = batch_size
        self.noise_sd = noise_sd
        self.view_shape = views.half_shape(images.train_images.shape[1:])
        self.train = views.halves(images.train_images)
        self.test = views.halves(images.test_images)
        self._seed = seed
        # GPUs cannot gather bytes: stored there, the whole set would be copied back in every step.
        with tf.device("CPU:0"):
            self._train = [
                mapped.rows_of([view], lambda arrays: tf.constant(arrays[0])) for view in self.train
            ]
            self._labels = tf.constant(images.train_labels)
        self._index = self._new_index("batches")
        self._measured_index = self._new_index("measured_batches")
        # Outside a graph the keys of its generators take most of a measurement's time.
        self._measured_batch = tf.function(self._drawn_for_measurement)

    def _new_index(self, stream):
        return BatchIndex(
            len(self.train[0]), self.batch_size, randomness.stream(self._seed, stream)
        )

    def _noise_seed(self, stream, t):
        return tf.stack(
            [
                tf.constant(randomness.stream_seed(self._seed, stream), tf.int64),
                tf.cast(t, tf.int64),
            ]
        )

    def to_pixels(self, batch):
        """Bytes -> float32 in [0, 1]."""
        return views.to_pixels(batch, self.images.pixel_max)

    def _views(self, indices, names, stream, t, part=WHOLE, batches=1):
        """Dict of view -> pixels; all views of an example share one draw of the noise."""
        seed = self._noise_seed(stream, t) if self.noise_sd else None
        found = {}
        for name in names:
            with tf.device("CPU:0"):
                stored = self._train[self.VIEWS.index(name)](indices)
            x = self.to_pixels(stored)
            found[name] = views.add_noise(x, self.noise_sd, seed, part, batches)
        return found

    def draw(
        self, t, views=("view_1", "view_2"), labels=False, batches=1, stream="batches", part=WHOLE
    ):
        """Training batch t.

        Args:
            t: number of the batch, from 0; a Python int or an integer scalar tensor.
            views: names of the views to draw.
            labels: whether labels are returned.
            batches: number of consecutive batches to concatenate; t counts these groups.
            stream: name of the stream of batches.
            part: ``batches.Part`` whose rows are read; the others' pixels are not touched.

        Returns:
            Dict: "views", dict of view -> float32 ``[batches K, D]`` pixels; "labels", int64, if
            requested; "seed", int ``[2]``, a stateless seed for the other draws of the step.
        """
        index = self._index if stream == "batches" else self._new_index(stream)
        indices = [part.of(index(t * batches + i)) for i in range(batches)]
        indices = indices[0] if batches == 1 else tf.concat(indices, axis=0)
        batch = {"views": self._views(indices, views, "training_noise", t, part, batches)}
        if labels:
            with tf.device("CPU:0"):
                batch["labels"] = tf.gather(self._labels, indices)
        return {**batch, "seed": self._noise_seed("step", t)}

    def stored(self, split):
        """Dict of view -> ``[N, D]`` bytes of all examples of "train" or "test", as stored."""
        return dict(zip(self.VIEWS, getattr(self, split), strict=True))

    def pictures(self, batch):
        """Stored halves as pictures ``[K, H / 2, W, C]``, float32 in [-1, 1]."""
        return tf.reshape(self.to_pixels(batch) * 2.0 - 1.0, [-1, *self.view_shape])

    def measured(self, step):
        """Dict of view -> pixels of training batches for evaluation; see ``measured_pairs``."""
        return dict(zip(self.VIEWS, self.measured_pairs(step), strict=True))

    def measured_pairs(self, step):
        """Training pairs to evaluate a bound on at ``step``: 20 batches, noise as in training."""
        start = step * _BATCHES_OF_A_MEASUREMENT
        batches = [
            self._measured_batch(tf.constant(t, tf.int64))
            for t in range(start, start + _BATCHES_OF_A_MEASUREMENT)
        ]
        return tuple(tf.concat([batch[view] for batch in batches], 0) for view in self.VIEWS)

    def _drawn_for_measurement(self, t):
        return self._views(self._measured_index(t), self.VIEWS, "measured_noise", t)

    def probe_input(self, step, split):
        """Preprocessing for ``evaluation.encode``: pixels, with fresh noise where there is any."""

        def preprocess(batch, start):
            x = self.to_pixels(batch)
            if not self.noise_sd:
                return x
            seed = self._noise_seed(f"probe_noise_{split}_{step}", start)
            return views.add_noise(x, self.noise_sd, seed)

        return preprocess

    def clean_input(self, batch, start):
        """Preprocessing for ``evaluation.encode``: pixels without noise."""
        del start
        return self.to_pixels(batch)


class GaussianPairs:
    """Dependent or independent pairs from one bivariate normal distribution (Fig. 4c).

    Args:
        law: ``DependentGaussians``.
        batch_size: pairs in a batch, K.
        dependent: whether the pairs of a batch share one offset.
        seed: the run's seed.
    """

    def __init__(self, law, batch_size, dependent, seed):
        self.law = law
        self.batch_size = batch_size
        self._dependent = dependent
        self._seed = randomness.stream_seed(seed, "batches")

    def draw(self, t, part=WHOLE):
        """Training batch t: {"views": {"view_1": x, "view_2": y}}, each ``[K, 1]``."""
        seed = tf.stack([tf.constant(self._seed, tf.int64), tf.cast(t, tf.int64)])
        x, y = self.law.batch(self.batch_size, seed, dependent=self._dependent)
        return {"views": {"view_1": part.of(x), "view_2": part.of(y)}}

    def mutual_information_at(self, step):
        """I(X; Y) in nats of the pairs that the step up to ``step`` was trained on."""
        del step
        return self.law.mutual_information


# Transforms of y, monotone in every coordinate, so that the mutual information is unchanged.
TRANSFORMS = {"identity": lambda y: y, "cubic": lambda y: y**3}


class GaussianStairs:
    """Correlated Gaussians whose mutual information climbs in equal steps over the training.

    With one level it is constant. Batch t is a pure function of (seed, t): the correlation is
    looked up by t, in the graph.

    Args:
        dim: coordinates of x and of y.
        levels: nats of each level, in the order in which they are trained on.
        steps: of the whole training; every level lasts ``steps / len(levels)`` of them.
        batch_size: pairs in a batch, K.
        seed: the run's seed.
        transform: "identity", or "cubic": y^3 in place of y.

    Raises:
        ValueError: on an unknown transform, no levels, or levels of unequal length.

    Reference: Poole et al. (2019), section 4; Song and Ermon (2020), section 6.1.
    """

    def __init__(self, dim, levels, steps, batch_size, seed, transform="identity"):
        self.laws = tuple(CorrelatedGaussians.from_mutual_information(dim, nats) for nats in levels)
        if not self.laws or steps % len(self.laws):
            raise ValueError(
                "Every level must last a whole number of steps. "
                f"Received: {len(self.laws)} levels, steps={steps}."
            )
        if transform not in TRANSFORMS:
            raise ValueError(
                f"`transform` must be one of {', '.join(TRANSFORMS)}. Received: {transform!r}."
            )
        self.dim = dim
        self.batch_size = batch_size
        self._transform = TRANSFORMS[transform]
        self._steps_of_a_level = max(1, steps // len(self.laws))
        self._seed = randomness.stream_seed(seed, "batches")
        rho = np.array([law.rho for law in self.laws])
        self._factors = tf.constant(np.stack([rho, np.sqrt(1.0 - rho**2)], axis=1), tf.float32)

    def law_at(self, step):
        """``CorrelatedGaussians`` of the batch that leads to ``step`` (step 0: of the first)."""
        level = min(max(step - 1, 0) // self._steps_of_a_level, len(self.laws) - 1)
        return self.laws[level]

    def mutual_information_at(self, step):
        """I(X; Y) in nats of the pairs that the step up to ``step`` was trained on."""
        return self.law_at(step).mutual_information

    def draw(self, t, part=WHOLE):
        """Training batch t: {"views": {"view_1": x, "view_2": y}}, each ``[K, dim]``."""
        t = tf.cast(t, tf.int64)
        seed = tf.stack([tf.constant(self._seed, tf.int64), t])
        level = tf.minimum(t // self._steps_of_a_level, len(self.laws) - 1)
        factors = tf.gather(self._factors, level)
        shape = [2, self.batch_size, self.dim]
        x, rest = tf.unstack(tf.random.stateless_normal(shape, seed, alg="philox"), num=2)
        y = self._transform(factors[0] * x + factors[1] * rest)
        return {"views": {"view_1": part.of(x), "view_2": part.of(y)}}
