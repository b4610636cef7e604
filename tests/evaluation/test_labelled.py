"""What evaluations refuse, each with one clear error; and which rows they leave out."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits

from tf_infomax.evaluation import (
    attribute_probe,
    converged_linear_probe,
    encode,
    fine_tune,
    gaussian_total_correlation,
    lidar,
    linear_probe,
    mean_bound,
    mine,
    mlp_probe,
    multi_scale_ssim,
    ndm,
    nearest_neighbours,
    rankme,
    reconstruction,
    released_ssim,
    svm_probe,
)
from tf_infomax.evaluation.conditioning import jacobian, singular_values
from tf_infomax.evaluation.labelled import (
    checked_codes,
    checked_images,
    labelled_rows,
    labelled_subset,
    numbered_classes,
)

RNG = np.random.default_rng(0)


def test_a_part_of_the_labels_has_as_much_of_each_class():
    labels = RNG.permutation(np.repeat([0, 1, 2], [200, 100, 4]))
    small, large = (labelled_subset(labels, fraction, seed=3) for fraction in (0.1, 0.5))
    assert np.bincount(labels[small]).tolist() == [20, 10, 1]
    assert np.bincount(labels[large]).tolist() == [100, 50, 2]
    # One within the other, each row once, in order.
    assert set(small) < set(large) and np.all(np.diff(large) > 0)
    np.testing.assert_array_equal(labelled_subset(labels, 1.0, seed=3), np.arange(304))
    assert set(labelled_subset(labels, 0.1, seed=4)) != set(small)
    with pytest.raises(ValueError, match=r"above 0 and at most 1\. Received: fraction=0"):
        labelled_subset(labels, 0, seed=3)


CODES = RNG.normal(size=(20, 6)).astype(np.float32)
LABELS = np.arange(20) % 2
IMAGES = RNG.integers(0, 256, size=(20, 8, 8, 1)).astype(np.uint8)
PROBES = {"mlp": mlp_probe, "svm": svm_probe, "neighbours": nearest_neighbours}


def changed(array, value, position=3):
    array = np.array(array)
    array.flat[position] = value
    return array


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        ((changed(CODES, np.nan), LABELS), (CODES, LABELS), "train codes must be finite.* 1 NaN"),
        ((CODES, LABELS), (changed(CODES, -np.inf), LABELS), "codes must be finite.* 1 NaN"),
        ((CODES.astype(np.float64) * 1e60, LABELS), (CODES, LABELS), r"finite.*: 120 NaN or inf"),
        ((CODES[:, 0], LABELS), (CODES, LABELS), r"\[N, D\].* float32 codes of shape \(20,\)"),
        ((CODES[:0], LABELS[:0]), (CODES, LABELS), r"\[N, D\].* codes of shape \(0, 6\)"),
        ((CODES, LABELS), (CODES[:, :4], LABELS), "same width. Received: 6 and 4"),
        ((CODES, LABELS[:19]), (CODES, LABELS), r"integer label.* labels of shape \(19,\)"),
        ((CODES, LABELS * 0.5), (CODES, LABELS), r"integer label.* \(20,\), float64"),
        ((CODES, LABELS - 2), (CODES, LABELS), r"-1 for unlabelled.* min\(labels\)=-2"),
        ((CODES, LABELS * 0 - 1), (CODES, LABELS), "train row must be.* 20 unlabelled rows"),
        ((CODES, LABELS), (CODES, LABELS * 0 - 1), "must be labelled.* 20 unlabelled rows"),
    ],
)
def test_probes_refuse(probe, train, test, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        probe(*train, *test)


@pytest.mark.parametrize("probe", [mlp_probe, svm_probe], ids=["mlp", "svm"])
def test_one_class_is_no_task(probe):
    with pytest.raises(ValueError, match=r"two classes or more.* 20 labels, all 3"):
        probe(CODES, LABELS * 0 + 3, CODES, LABELS)


def probe_of(probe, **options):
    def accuracies(labels):
        train, test = ((CLASS_CODES[rows], labels[rows]) for rows in (slice(60), slice(60, None)))
        result = probe(*train, *test, **options)
        return getattr(result, "accuracy", result)

    return accuracies


CLASSES = np.arange(90) % 3
CLASS_CODES = np.eye(3)[CLASSES] + 0.5 * np.random.default_rng(1).normal(size=(90, 3))
CLASSIFIERS = {
    "linear": probe_of(linear_probe),
    "converged": probe_of(converged_linear_probe),
    "svm": probe_of(svm_probe),
    "neighbours": probe_of(nearest_neighbours),
    "mlp": probe_of(mlp_probe, epochs=8, batch_size=20, learning_rate=0.01),
}


INTEGERS = [
    [5, 7, 2**32 + 5], [7, 2**31, 2**33], [0, 2**32, 2**33], [5, 2**31 - 2, 2**31 - 1],
    np.array([0, 255, 2**63 - 1], np.uint64), np.array([0, 100, 200], np.uint8),
]  # fmt: skip


# A network takes seconds to fit, and all number their classes by the same function.
@pytest.mark.parametrize(
    ("accuracies", "integers"),
    [
        pytest.param(
            accuracies, integers, id=f"{name}-{number}",
            marks=pytest.mark.slow if name == "mlp" and number else (),
        )
        for name, accuracies in CLASSIFIERS.items()
        for number, integers in enumerate(INTEGERS)
    ],
)
def test_which_integers_classes_are_does_not_matter(accuracies, integers):
    found = accuracies(np.asarray(integers)[CLASSES])
    assert found == accuracies(CLASSES)
    assert found != accuracies(CLASSES * 0 + np.arange(90) // 30 % 2)


@pytest.mark.parametrize("accuracies", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_labels_beyond_int64(accuracies):
    with pytest.raises(ValueError, match=r"2 \*\* 63\. Received: max\(labels\)=9223372036"):
        accuracies(np.array([0, 1, 2**63], np.uint64)[CLASSES])


def test_classes_are_numbered_from_0():
    number, *numbered = numbered_classes(np.array([7, 2**40, 7]), np.array([3, 2**40]))
    assert number == 3
    assert [one.tolist() for one in numbered] == [[1, 2, 1], [0, 2]]
    assert {one.dtype for one in numbered} == {np.dtype(np.int32)}


def hidden(array):
    """The array with its first row masked."""
    array = np.ma.array(array)
    array[0] = np.ma.masked
    return array


ATTRIBUTES = np.stack([LABELS, 1 - LABELS], axis=1)
FLOATS = (IMAGES / 127.5 - 1).astype(np.float32)
MASKED = {
    "linear": lambda: linear_probe(hidden(CODES), LABELS, CODES, LABELS),
    "linear labels": lambda: linear_probe(CODES, LABELS, CODES, hidden(LABELS)),
    "svm": lambda: svm_probe(CODES, LABELS, hidden(CODES), LABELS),
    "svm labels": lambda: svm_probe(CODES, hidden(LABELS), CODES, LABELS),
    "mlp": lambda: mlp_probe(hidden(CODES), LABELS, CODES, LABELS),
    "neighbours": lambda: nearest_neighbours(CODES, LABELS, list(hidden(CODES)), LABELS),
    "codes of attributes": lambda: attribute_probe(hidden(CODES), ATTRIBUTES, CODES, ATTRIBUTES),
    "attributes": lambda: attribute_probe(CODES, hidden(ATTRIBUTES), CODES, ATTRIBUTES),
    "total correlation": lambda: gaussian_total_correlation(hidden(CODES)),
    "rankme": lambda: rankme(hidden(CODES)),
    "lidar": lambda: lidar(hidden(CODES.reshape(5, 4, 6))),
    "ndm": lambda: ndm(CODES, test_codes=hidden(CODES)),
    "mine": lambda: mine(hidden(IMAGES), CODES, IMAGES, CODES),
    "mine vectors": lambda: mine(CODES, CODES, hidden(CODES), CODES),
    "reconstruction": lambda: reconstruction(CODES, hidden(IMAGES), CODES, IMAGES),
    "fine_tune": lambda: fine_tune(None, hidden(IMAGES), LABELS, IMAGES, LABELS),
    "multi_scale_ssim": lambda: multi_scale_ssim(FLOATS, hidden(FLOATS)),
    "released_ssim": lambda: released_ssim(hidden(FLOATS), FLOATS),
    "jacobians": lambda: singular_values(hidden(np.ones((3, 2, 2)))),
    "inputs": lambda: jacobian(lambda x: x, hidden(CODES)),
    "encode": lambda: encode(lambda x: x, hidden(CODES)),
    "mean_bound": lambda: mean_bound(np.sum, np.dot, CODES, hidden(CODES), 2),
}


@pytest.mark.parametrize("evaluate", MASKED.values(), ids=MASKED)
def test_nothing_masked_is_evaluated(evaluate):
    with pytest.raises(ValueError, match=r"must be complete.* Received: .* \d+ masked entries"):
        evaluate()


def test_a_mask_of_nothing_changes_nothing():
    assert rankme(np.ma.masked_greater(CODES, 1e9)) == rankme(CODES)


PAIRS = {
    "mine": lambda codes, images: mine(images, codes, IMAGES, CODES),
    "reconstruction": lambda codes, images: reconstruction(codes, images, CODES, IMAGES),
}


@pytest.mark.parametrize("evaluate", PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize(
    ("codes", "images", "message"),
    [
        (changed(CODES, np.nan), IMAGES, "train codes must be finite"),
        (CODES, IMAGES[:19], "20|19"),
        (CODES[:, :4], IMAGES, "same width. Received: 4 and 6"),
        (CODES, IMAGES[:, :, :4], r"same shape. Received: \(8, 4, 1\) and \(8, 8, 1\)"),
        (CODES, IMAGES.astype(np.float32), r"in \[-1, 1\].* float32 in \[0.0, 255.0\]"),
        (CODES, changed(IMAGES / 255.0, np.nan), r"in \[-1, 1\].* float64 in \[nan, nan\]"),
        (CODES, IMAGES.astype(np.int32), r"must be uint8, or floats.* int32"),
    ],
)
def test_pairs_of_codes_and_images(evaluate, codes, images, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        evaluate(codes, images)


@pytest.mark.parametrize(
    ("evaluate", "message"),
    [
        (lambda: ndm(CODES[:, :1]), r"two entries or more.* \(20, 1\)"),
        (lambda: ndm(changed(CODES, np.inf)), "finite"),
        (lambda: ndm(CODES, test_codes=CODES[:, :2]), "same width"),
        (lambda: ndm(CODES, measure="nonsense"), "`measure` must be one of.*'nonsense'"),
        (lambda: ndm(CODES, epochs=0), "epochs=0"),
        (lambda: ndm(CODES[:1]), r"two codes or more\. Received: 1"),
        (lambda: ndm(CODES, test_codes=CODES[:1]), r"two test codes or more\. Received: 1"),
        (lambda: ndm(CODES, batch_size=1), "batch_size=1"),
        (lambda: mlp_probe(CODES, LABELS, CODES, LABELS, top_k=(1, 0)), r"top_k=\(1, 0\)"),
        (lambda: mlp_probe(CODES, LABELS, CODES, LABELS, top_k=1), r"in a tuple.*: top_k=1\."),
        (lambda: mlp_probe(CODES, LABELS, CODES, LABELS, dropout="a"), "below 1.*dropout='a'"),
        (lambda: mlp_probe(CODES, LABELS, CODES, LABELS, epochs=0), "epochs=0"),
        (lambda: mlp_probe(CODES, LABELS, CODES, LABELS), "examples, 20. Received: batch_size=64"),
        (lambda: svm_probe(CODES, LABELS, CODES, LABELS, fits=1), "at least 2. Received: fits=1"),
        (lambda: svm_probe(CODES, LABELS, CODES, LABELS, epochs=1), "epochs=1"),
        (lambda: svm_probe(CODES, LABELS, CODES, LABELS, regularization=0), "regularization=0"),
        (lambda: ndm(CODES, batch_size="a"), "2 or more.*batch_size='a'"),
        (lambda: ndm(CODES, standardize="no"), "True or False.*standardize='no'"),
        (lambda: mine([[1.0], [1.0, 2.0]], CODES, CODES, CODES), "array of numbers.*train x: list"),
        (lambda: mine(CODES, CODES, CODES, CODES, batch_size="a"), "batch_size='a'"),
        (lambda: mine(CODES, CODES, CODES, CODES, standardize=0), "standardize=0"),
        (lambda: mine(CODES, CODES, CODES, CODES, average_rate=1.5), "at most 1.*average_rate=1.5"),
        (lambda: reconstruction(CODES, IMAGES, CODES, IMAGES, shown=-1), "shown=-1"),
        (lambda: fine_tune(None, IMAGES, LABELS, IMAGES, LABELS, flip="no"), "flip='no'"),
        (lambda: fine_tune(None, IMAGES, LABELS, IMAGES, LABELS, augment=3), "augment=3"),
        (lambda: fine_tune(None, IMAGES, LABELS, IMAGES, LABELS, held_out="a"), "held_out='a'"),
        (lambda: fine_tune(None, IMAGES, LABELS, IMAGES, LABELS, labelled="a"), "labelled='a'"),
        (lambda: mine(CODES, CODES, CODES, CODES, batch_size=64), "batch_size=64"),
        (lambda: mine(CODES, CODES, CODES, CODES, negatives=0), "negatives=0"),
        (lambda: mine(CODES, CODES, CODES, CODES, average_rate=0.0), "average_rate=0.0"),
        (lambda: mine(CODES, CODES, CODES, CODES, epochs=0), "epochs=0"),
        (lambda: mine(CODES, CODES, CODES[:1], CODES[:1], batch_size=8), "2 test pairs.*: 1"),
        (lambda: reconstruction(CODES, IMAGES, CODES, IMAGES, epochs=0), "epochs=0"),
        (lambda: fine_tune(None, IMAGES[0], LABELS, IMAGES, LABELS), r"\[N, H, W, C\]"),
        (lambda: fine_tune(None, IMAGES, LABELS[:2], IMAGES, LABELS), "integer label"),
        (lambda: fine_tune(None, IMAGES, LABELS, IMAGES[:, :4], LABELS), "same shape"),
        (lambda: fine_tune(None, IMAGES, LABELS * 0 - 1, IMAGES, LABELS), "unlabelled rows"),
    ],
)
def test_other_refusals(evaluate, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        evaluate()


def test_rows_without_label_are_left_out():
    labels = np.where(np.arange(20) < 15, LABELS, -1)
    codes, kept = labelled_rows(CODES, labels, "train")
    np.testing.assert_array_equal(codes, CODES[:15])
    np.testing.assert_array_equal(kept, LABELS[:15])


def test_nothing_is_copied_without_need():
    assert np.shares_memory(checked_codes(CODES, "train"), CODES)
    assert np.shares_memory(labelled_rows(CODES, LABELS, "train")[0], CODES)
    assert np.shares_memory(checked_images(IMAGES, "train"), IMAGES)


def test_maps_are_flattened_and_types_kept_on_request():
    maps = RNG.normal(size=(4, 2, 3, 5))
    codes = checked_codes(maps, "train", dtype=None)
    assert codes.dtype == np.float64
    np.testing.assert_array_equal(codes, maps.reshape(4, 30))


def test_codes_of_mixed_precision_are_those_in_float32():
    digits, labels = load_digits(return_X_y=True)
    digits = digits[:200].astype(np.float32) / 16.0
    encoder = keras.Sequential([keras.layers.Dense(6, dtype="mixed_bfloat16")])
    codes = encoder.predict(digits, verbose=0)
    wide = codes.astype(np.float32)
    assert codes.dtype.name == "bfloat16" and len(np.unique(wide)) > 100
    for probe in (linear_probe, svm_probe):
        found, expected = (
            probe(part[:150], labels[:150], part[150:], labels[150:200]) for part in (codes, wide)
        )
        assert found == expected
    assert gaussian_total_correlation(codes) == gaussian_total_correlation(wide)
    assert rankme(codes) == rankme(wide)
