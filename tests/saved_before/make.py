"""Makes the files of this folder; see README.md. To be run by the commit that they document."""

import json
import pathlib
import sys
import zipfile

import keras
import numpy as np
import tensorflow as tf

from tf_infomax import AlignedViews, DeepInfoMax, InfoMax, bounds, encoders
from tf_infomax.critics import (
    BilinearCritic,
    ConcatCritic,
    DotMapCritic,
    EncoderTailCritic,
    InnerProdCritic,
    LearnedBaseline,
)
from tf_infomax.encoders import MLP
from tf_infomax.layers import optimizers
from tf_infomax.objectives import (
    Classification,
    Coordinates,
    GlobalInformation,
    LocalInformation,
    PriorMatching,
    RelativeCoordinates,
    two_views,
)

BATCHES, ROWS = 5, 6


def waves(*shape, phase=0.0):
    """Numbers in [-1, 1] that no library draws, so that none can change them."""
    count = np.arange(np.prod(shape), dtype=np.float64)
    return np.sin(1.7 * count + 0.013 * count**1.5 + phase).reshape(shape).astype(np.float32)


def pairs(batch):
    """(x, y) of one batch, ``[6, 4]`` and ``[6, 3]``."""
    x = waves(ROWS, 4, phase=batch)
    return x, x[:, :3] + 0.3 * waves(ROWS, 3, phase=10 + batch)


def same_width_pairs(batch):
    """(x, y) of one batch for an encoder of both views."""
    x = waves(ROWS, 4, phase=batch)
    return x, x + 0.3 * waves(ROWS, 4, phase=10 + batch)


def images(batch):
    """Images ``[6, 28, 28, 1]`` and labels of one batch."""
    return waves(ROWS, 28, 28, 1, phase=batch), np.arange(ROWS, dtype=np.int32) % 3


def mlp(seed):
    return MLP((5, 4), seed=seed)


def image_encoder():
    return encoders.get("basic28x28", widths=(3, 4, 5), output_units=4, seed=0)


def functional(width):
    """A network of Keras' own layers, with batch norm."""
    inputs = keras.Input((width,))
    hidden = keras.layers.Dense(5, kernel_initializer=keras.initializers.GlorotUniform(1))(inputs)
    hidden = keras.layers.BatchNormalization()(hidden)
    outputs = keras.layers.Dense(4, kernel_initializer=keras.initializers.GlorotUniform(2))(hidden)
    return keras.Model(inputs, outputs)


def local(**options):
    return LocalInformation(DotMapCritic(8, seed=100), **options)


def prior():
    return PriorMatching(weight=0.1, hidden_units=(6, 5), seed=300)


def every_term():
    tail = EncoderTailCritic(6, image_encoder().tail(6, seed=201), seed=200)
    return [
        local(bound="infonce", occluded=True, self_score=-10.0, negative_images=3),
        GlobalInformation(tail, endpoint="local", weight=0.5, activation_penalty=0.01),
        GlobalInformation(ConcatCritic(6, layers=2, seed=250), "donsker_varadhan"),
        prior(),
        Coordinates(hidden_units=(6,), occluded=True, seed=400),
        RelativeCoordinates(network="released", seed=500),
        Classification(3, "fc", seed=600),
    ]


def terms_of_two_views():
    return [
        two_views.get("contrastive"),
        two_views.get("alignment_uniformity", t=3.0),
        two_views.get("triplet", weight=0.5, crop_area=0.5),
        two_views.get("supervised", num_classes=3, seed=700),
    ]


# Name of the file -> (model, batches).
MODELS = {
    "infomax_infonce": (
        lambda: InfoMax(mlp(0), mlp(10), BilinearCritic(4, seed=20), "infonce"), pairs
    ),
    "infomax_mine": (
        lambda: InfoMax(mlp(0), mlp(10), ConcatCritic(6, seed=20), "mine"), pairs
    ),
    "infomax_tuba": (
        lambda: InfoMax(
            mlp(0), mlp(10), BilinearCritic(4, seed=20), "tuba",
            baseline=LearnedBaseline(5, seed=30),
        ),
        pairs,
    ),
    "infomax_shared": (
        lambda: InfoMax(
            functional(4), None, InnerProdCritic(), bounds.get("smile", clip=1.0), target=2.0
        ),
        same_width_pairs,
    ),
    "aligned_views": (
        lambda: AlignedViews(mlp(0), mlp(10), uniformity_weight=0.5, t=3.0), pairs
    ),
    "deep_infomax": (lambda: DeepInfoMax(image_encoder(), [local(), prior()], seed=7), images),
    "deep_infomax_terms": (lambda: DeepInfoMax(image_encoder(), every_term(), seed=7), images),
    "deep_infomax_views": (
        lambda: DeepInfoMax(image_encoder(), terms_of_two_views(), seed=7), images
    ),
}


def fit(model, batches, first, last):
    """Logs of ``fit`` on batches ``first .. last - 1``, one step each."""
    logs = []
    for batch in range(first, last):
        data = tf.data.Dataset.from_tensors(batches(batch))
        history = model.fit(data, verbose=0).history
        logs.append({name: values[0] for name, values in history.items()})
    return logs


def outputs(model, batches):
    """What a call gives on the first batch, as a list of nested lists."""
    batch = batches(0)
    given = model(batch if batches is not images else batch[0])
    return [np.asarray(part).tolist() for part in (given if isinstance(given, tuple) else [given])]


def main(folder):
    numbers = {}
    for name, (make, batches) in MODELS.items():
        model = make()
        model.compile(optimizers.Adam(1e-2))
        fit(model, batches, 0, 2)
        save_small(model, folder / f"{name}.keras")
        numbers[name] = {
            "outputs": outputs(model, batches), "next_steps": fit(model, batches, 2, BATCHES)
        }
    (folder / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")


def save_small(model, path):
    """``model.save``, and the same archive compressed, which Keras leaves out."""
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
