"""Encoding all images of MNIST and the linear probe, for one encoder after another.

The released formulation, reimplemented: batches of 128 fed from Python, one call of a graph each,
    then
scikit-learn's scaler and SAGA. The package encodes in large batches; the probe is that of the
protocol, whose accuracy depends on the exact order of its examples, so that it cannot be changed.
It uses one thread; a sweep uses the other cores for its other runs, as the last formulation does
with several evaluations at a time. The accuracies must agree.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import tensorflow as tf
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import MinMaxScaler

from tf_infomax.data import datasets, views
from tf_infomax.encoders import MLP
from tf_infomax.evaluation import encode, linear_probe

_FED = 128


def released(units, evaluations):
    """A batch a call; the protocol written out."""

    def accuracy(encoder, data):
        encode_batch = tf.function(encoder)

        def codes_of(images):
            starts = range(0, len(images), _FED)
            pixels = (images[start : start + _FED] / np.float32(255) for start in starts)
            return np.concatenate([encode_batch(tf.constant(batch)).numpy() for batch in pixels])

        scaler = MinMaxScaler()
        classifier = LogisticRegression(C=10, tol=0.1, solver="saga", random_state=0)
        classifier.fit(scaler.fit_transform(codes_of(data.train)), data.train_labels)
        return classifier.score(scaler.transform(codes_of(data.test)), data.test_labels)

    return _step(units, evaluations, accuracy)


def package(units, evaluations):
    """``encode`` and ``linear_probe``, one evaluation after the other."""
    return _step(units, evaluations, _accuracy)


def one_a_core(units, evaluations):
    """``encode`` and ``linear_probe``, as many evaluations at a time as there are cores."""
    return _step(units, evaluations, _accuracy, len(os.sched_getaffinity(0)))


def _accuracy(encoder, data):
    codes = [
        encode(encoder, images, lambda batch, start: views.to_pixels(batch, 255.0))
        for images in (data.train, data.test)
    ]
    return linear_probe(codes[0], data.train_labels, codes[1], data.test_labels)


class _Halves:
    """Upper halves of MNIST, as bytes, and their labels."""

    def __init__(self):
        images = datasets.load("mnist")
        self.train, self.test = (
            views.halves(split)[0] for split in (images.train_images, images.test_images)
        )
        self.train_labels, self.test_labels = images.train_labels, images.test_labels


def _step(units, evaluations, accuracy, at_a_time=1):
    data = _Halves()
    encoders = [MLP(units, seed=seed) for seed in range(evaluations)]
    for encoder in encoders:
        encoder.build((None, data.train.shape[1]))

    def step():
        with ThreadPoolExecutor(at_a_time) as pool:
            return [np.array(list(pool.map(lambda one: accuracy(one, data), encoders)))]

    return step
