"""What models are given: read in every form that Keras knows, refused in one sentence, in time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import AlignedViews, DeepInfoMax, InfoMax, RepresentationModel, encoders
from tf_infomax.critics import BilinearCritic, DotMapCritic, InnerProdCritic
from tf_infomax.encoders import MLP
from tf_infomax.models.batches import ViewsForm
from tf_infomax.models.given_data import given_data
from tf_infomax.objectives import Classification, LocalInformation, PriorMatching, ViewInformation

X = np.random.default_rng(0).normal(size=(33, 4)).astype(np.float32)
PICTURES = np.zeros((8, 28, 28, 1), np.float32)
SLICES = tf.data.Dataset.from_tensor_slices


def infomax():
    model = InfoMax(MLP((4,), seed=0), None, BilinearCritic(4, seed=1))
    model.compile("adam", run_eagerly=True)
    return model


def deep_infomax(*terms):
    encoder = encoders.get("basic28x28", widths=(3, 4, 5), output_units=4, seed=0)
    model = DeepInfoMax(encoder, terms or [LocalInformation(DotMapCritic(6, seed=1))])
    model.compile("adam", run_eagerly=True)
    return model


def views(names, *terms):
    """A model of views with one encoder each."""
    if not terms and len(names) == 1:
        terms = [PriorMatching("normal", hidden_units=(4,), endpoint=f"{names}.code", seed=1)]
    elif not terms:
        terms = [ViewInformation(BilinearCritic(4, seed=1), views=tuple(names), endpoint="code")]
    model = RepresentationModel({name: MLP((4,), seed=0) for name in names}, terms)
    model.compile("adam", run_eagerly=True)
    return model


class NoStep(keras.callbacks.Callback):
    """Fails where a step is taken."""

    def on_train_batch_begin(self, batch, logs=None):
        raise AssertionError("a step was taken")


PAIR_FAULTS = {
    "labels": (((X, X), X[:, 0]), {}, r"without labels.*Received: \(\(float32 \[33, 4\], .*\)"),
    "weights": ((X, X), {"sample_weight": np.ones(33)}, r"without labels or weights"),
    "one view": ((X,), {}, r"takes pairs.*Received: \(float32 \[33, 4\],\)"),
    "dict": (({"x": X, "y": X},), {}, r"takes pairs.*Received: .*'x': float32"),
    "rows": ((X, X[:7]), {}, r"same number of rows.*\(33, 4\).*\(7, 4\)"),
    "one pair": ((X[:1], X[:1]), {}, r"At least two pairs.*Received: batches of 1"),
    "last of one": ((X, X), {"batch_size": 16}, r"drop_remainder=True.*16 pairs, the last of 1"),
    "last of a set": (
        (SLICES((X, X)).shuffle(9).batch(16).map(lambda x, y: (x, y)).prefetch(2),),
        {},
        r"drop_remainder=True.*the last of 1",
    ),
    "validation": (
        (X[:8], X[:8]), {"validation_data": (X[:1], X[:1])}, r"At least two.*batches of 1"
    ),
    "split": ((X, X), {"batch_size": 32, "validation_split": 0.01}, r"two.*batches of 1 pairs"),
    "nothing": ((X[:0], X[:0]), {}, r"At least one batch.*Received: data without a batch"),
    "no batch": (
        (SLICES((X, X)).batch(64, drop_remainder=True),), {}, r"At least one batch.*without a batch"
    ),
    "unbatched": ((SLICES((X, X)),), {}, r"data\.batch\(128.*Received: \(float32 \[4\]"),
    "unbatched pictures": (
        (SLICES((PICTURES, PICTURES)).map(lambda x, y: (x, y)).shuffle(4).repeat(2),),
        {},
        r"batched nowhere.*Received: elements of shapes \[\(28, 28, 1\)",
    ),
}


@pytest.mark.parametrize(
    ("arguments", "options", "message"), PAIR_FAULTS.values(), ids=PAIR_FAULTS
)
def test_pairs_are_refused_before_the_first_step(arguments, options, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        infomax().fit(*arguments, verbose=0, callbacks=[NoStep()], **options)


IMAGE_FAULTS = {
    "bytes": ((PICTURES.astype(np.uint8),), r"images / 127\.5 - 1.*Received: .*dtype uint8"),
    "bytes in a set": ((SLICES(PICTURES.astype(np.uint8)).batch(4),), r"127\.5.*dtype uint8"),
    "unbatched": ((SLICES(PICTURES),), r"data\.batch\(64.*Received: shape \(28, 28, 1\)"),
    "grey": ((PICTURES[..., 0],), r"last axis of 1.*Received: shape \(8, 28, 28\)"),
    "labels": ((PICTURES, np.zeros(5, int)), r"one label for each image.*\(5,\)"),
    "one image": ((PICTURES[:1],), r"At least two images"),
}


@pytest.mark.parametrize(("arguments", "message"), IMAGE_FAULTS.values(), ids=IMAGE_FAULTS)
def test_images_are_refused_before_the_first_step(arguments, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        deep_infomax().fit(*arguments, verbose=0, callbacks=[NoStep()])


LABELS = np.arange(33) % 3
ONES = {"sample_weight": np.ones(33), "batch_size": 33}
# Names of the views, arguments of `fit`, others by name, the message.
VIEW_FAULTS = {
    "weights": ("ab", (X, X), ONES, r"no weights of examples.*Received: sample_weight of type nd"),
    "weights of a dict": (
        "ab", ({"a": X, "b": X},), ONES, r"takes the views a, b.*Received: .*NoneType, float64"
    ),
    "labels in the dict": (
        "ab", ({"a": X, "b": X, "labels": LABELS},), {}, r"dict of just these.*Received: .*'labels'"
    ),
    "a view too few": ("ab", ({"a": X},), {}, r"takes the views a, b.*Received: .*'a': float32"),
    "unbatched": ("ab", (SLICES((X, X)),), {}, r"data\.batch\(128.*Received: \(float32 \[4\]"),
    "unbatched dict": (
        "ab", (SLICES(({"a": X, "b": X}, LABELS)),), {}, r"data\.batch\(.*'a': float32 \[4\]"
    ),
    "unbatched view": ("a", (SLICES(X),), {}, r"data\.batch\(128.*Received: float32 \[4\]"),
    "unbatched pictures": ("a", (SLICES(PICTURES),), {}, r"batched nowhere.*\(28, 28, 1\)"),
    "unbatched labels": (
        "a", (SLICES((PICTURES, LABELS[:8])),), {}, r"labels, must have the same number.*int64 \[\]"
    ),
    "labels too few": (
        "ab", (tf.data.Dataset.from_tensors(((X, X), LABELS[:7])),), {}, r"labels, must.*64 \[7\]"
    ),
}


@pytest.mark.parametrize(
    ("names", "arguments", "options", "message"), VIEW_FAULTS.values(), ids=VIEW_FAULTS
)
def test_views_are_refused_before_the_first_step(names, arguments, options, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        views(names).fit(*arguments, verbose=0, callbacks=[NoStep()], **options)


def test_labels_follow_the_views_in_either_form():
    form, y = ViewsForm("ab"), X + 1.0
    given = [((X, y), LABELS), (X, y, LABELS), (((X, y), LABELS),), ({"b": y, "a": X}, LABELS)]
    for data in given:
        batch = form.read(data, "Model")
        for expected, found in zip((X, y, LABELS), (*batch.inputs, batch.labels), strict=True):
            np.testing.assert_array_equal(expected, found)
    model = views("ab", Classification(3, "a.code", seed=1))
    results = [model.evaluate(x, LABELS, verbose=0) for x in ((X, y), {"a": X, "b": y})]
    assert results[0] == results[1]
    model.fit((X, y), LABELS, verbose=0)
    assert model.optimizer.iterations.numpy() == 2


def test_weights_are_refused():
    labels = np.zeros(len(PICTURES), int)
    # They do not pass for labels where there are none.
    with pytest.raises(ValueError, match=r"\(images, labels\)\. .*\(float32 .*NoneType, float64"):
        deep_infomax().fit(PICTURES, sample_weight=np.ones(len(PICTURES)), verbose=0)
    with pytest.raises(ValueError, match=r"no weights of classes.* class_weight={0: 2\.0}"):
        deep_infomax(Classification(3)).fit(PICTURES, labels, class_weight={0: 2.0}, verbose=0)


def test_evaluate_and_predict_refuse_as_fit_does():
    with pytest.raises(ValueError, match=r"predict\(\(x, y\)\).* batch_size of type ndarray"):
        infomax().predict(X, X, verbose=0)
    for call in (infomax().evaluate, infomax().predict):
        with pytest.raises(ValueError, match=r"takes pairs.*Received: \(\(float32"):
            call(tf.data.Dataset.from_tensors(((X, X), X[:, 0])), verbose=0)
    with pytest.raises(ValueError, match="dtype uint8"):
        deep_infomax().predict(PICTURES.astype(np.uint8), verbose=0)


def test_images_that_are_not_compared_may_come_alone():
    model = deep_infomax(Classification(3, seed=0))
    assert np.isfinite(model.evaluate(PICTURES[:1], np.zeros(1, int), verbose=0)).all()


def test_doubtful_numbers_are_told():
    with pytest.warns(UserWarning, match=r"look like bytes.*127\.5"):
        deep_infomax().fit(PICTURES + 200.0, verbose=0)
    with pytest.warns(UserWarning, match=r"Views of bytes.*view / 255"):
        infomax().fit(X[:32].astype(np.uint8), X[:32].astype(np.uint8), verbose=0)


def test_codes_that_do_not_fit():
    for model, message in (
        (InfoMax(MLP((4,)), MLP((3,)), InnerProdCritic()), r"equal width.*width 4, y of width 3"),
        (AlignedViews(MLP((4,)), MLP((3,))), r"one shape.*Received: x=float32\(32, 4\)"),
    ):
        model.compile("adam", run_eagerly=True)
        with pytest.raises(ValueError, match=message):
            model.fit(X[:32], X[:32], verbose=0)


# What was given -> (rows of a batch, of the last one).
SIZES = {
    "exact": (SLICES(X).take(32).batch(16), (16, 16)),
    "remainder": (SLICES(X).batch(10).cache().repeat(), (10, 3)),
    "parallel": (SLICES(X).batch(10, num_parallel_calls=2), (10, 3)),
    "dropped": (SLICES(X).batch(10, drop_remainder=True), (10, 10)),
    "endless": (SLICES(X).repeat().batch(10), (10, None)),
    "smaller than a batch": (SLICES(X).batch(64), (33, 33)),
    "cut": (SLICES(X).batch(10).take(2), (None, None)),
    "array": (X, (32, 1)),
}


@pytest.mark.parametrize(("data", "sizes"), SIZES.values(), ids=SIZES)
def test_rows_of_batches(data, sizes):
    given = given_data(data)
    assert (given.batch_rows, given.last_rows) == sizes
    if isinstance(data, tf.data.Dataset) and sizes[1] is not None:
        rows = [len(batch) for batch in data.take(10)]
        assert rows[0] == sizes[0] and min(rows) == sizes[1]


def test_batches_by_index_are_no_slices():
    indices = SLICES(np.arange(12).reshape(3, 4)).map(lambda rows: tf.gather(X, rows))
    assert not given_data(indices).is_never_batched
    infomax().fit(indices.map(lambda x: (x, x)), verbose=0)


WRONG = {
    "critic": lambda: InfoMax(MLP((4,)), None, None),
    "encoder_1": lambda: InfoMax("mlp", None, BilinearCritic(4)),
    "encoder_2": lambda: AlignedViews(MLP((4,)), MLP),
    "bound": lambda: InfoMax(MLP((4,)), None, BilinearCritic(4), 3),
    "target": lambda: InfoMax(MLP((4,)), None, BilinearCritic(4), target="2"),
    "baseline": lambda: InfoMax(MLP((4,)), None, BilinearCritic(4), "tuba", baseline="learned"),
    "alignment_weight": lambda: AlignedViews(MLP((4,)), alignment_weight="1"),
    "exponent": lambda: AlignedViews(MLP((4,)), exponent=True),
    "encoder": lambda: DeepInfoMax("basic28x28", [Classification(3)]),
    "objectives": lambda: DeepInfoMax(MLP((4,)), ["local"]),
    "seed": lambda: DeepInfoMax(MLP((4,)), [Classification(3)], seed="abc"),
    "weight": lambda: Classification(3, weight="1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_arguments_of_a_wrong_kind(name):
    message = rf"(`{name}` must be|An {name} is one of) .* Received: {name}="
    with pytest.raises(ValueError, match=message):
        WRONG[name]()


def test_a_list_of_terms_is_checked():
    term = Classification(3)
    encoder = deep_infomax().encoder
    for terms in (term, None, [Classification], [term, term]):
        with pytest.raises(ValueError, match=r"Received: objectives="):
            DeepInfoMax(encoder, terms)
    plain = DeepInfoMax(keras.Sequential([keras.layers.Flatten()]), [term])
    with pytest.raises(ValueError, match=r"a dict with \"global\".*Received: outputs="):
        plain.build((None, 28, 28, 1))
