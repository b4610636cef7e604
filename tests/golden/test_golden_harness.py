"""The golden tests themselves: they read files of any size, and a wrong number makes them fail.

A folder of files derived anew in NumPy (``derivation.py``), in sizes that no published file has,
must pass; any of their results, moved a little, must not; noise that the README says not to compare
must make no difference.
"""

import functools

import numpy as np
import pytest

from tests.golden import (
    test_bounds,
    test_critics,
    test_encoders,
    test_jacobian,
    test_linear_probe,
    test_trajectories,
)
from tests.golden.derivation_runs import FILES
from tests.golden.golden_files import PRECISIONS, Case, Comparisons, GoldenFile, cases


def _one_case(golden):
    del golden
    return ("",)


def _by_update(compare):
    with test_trajectories.keras_floats(compare.precision):
        test_trajectories.check_mi_max(compare, test_trajectories.train_by_update)


def _adversarial(compare):
    with test_trajectories.keras_floats(compare.precision):
        test_trajectories.check_adversarial(compare)


# Beginning of a file name -> (patterns of its group, names of its cases, what is compared).
CHECKS = {
    "bounds": (test_bounds.PATTERN, test_bounds.keys, test_bounds.check),
    "critic": (test_critics.PATTERNS, _one_case, test_critics.check),
    "encoder_mlp": (test_encoders.MLPS, _one_case, test_encoders.check_mlp),
    "encoder_skip": (test_encoders.MLPS, _one_case, test_encoders.check_mlp),
    "encoder_convnet": (test_encoders.CONVNETS, _one_case, test_encoders.check_convnet),
    "encoder_realnvp": (test_encoders.FLOWS, _one_case, test_encoders.check_flow),
    "jacobian": (test_jacobian.PATTERN, test_jacobian.keys, test_jacobian.check_spectrum),
    "jacobian_skip": (
        test_jacobian.PATTERN, test_jacobian.aggregate_keys, test_jacobian.check_aggregation
    ),
    "linear_eval": (test_linear_probe.PATTERN, test_linear_probe.keys, test_linear_probe.check),
    "trajectory_mlp": (test_trajectories.MI_MAX, test_trajectories.loss_names, _by_update),
    "trajectory_adversarial": (test_trajectories.ADVERSARIAL, _one_case, _adversarial),
}
def _checks(name):
    return [check for beginning, check in CHECKS.items() if name.startswith(beginning)]


@functools.cache
def _derived(name):
    return FILES[name](np.random.default_rng(2020))


def _run(check, case):
    with Comparisons(case) as compare:
        check(compare)


def _passes(name, arrays, precisions=PRECISIONS):
    """Whether every test of the file's group passes on ``arrays``."""
    golden = GoldenFile(arrays, name)
    try:
        for _, keys, check in _checks(name):
            for key in keys(golden):
                for precision in precisions:
                    _run(check, Case(golden, key, precision))
    except AssertionError:
        return False
    return True


@pytest.fixture
def new_folder(tmp_path, monkeypatch):
    """An empty folder of golden files, in place of the published ones."""
    monkeypatch.setenv("TF_INFOMAX_GOLDEN", str(tmp_path))
    (tmp_path / "mirl").mkdir()
    return tmp_path / "mirl"


class _Recorder(Comparisons):
    """Remembers what would be compared with which stored array."""

    def __init__(self, case):
        super().__init__(case)
        self.calls = []

    def _stored(self, name, *rest):
        self.calls.append((name, rest))
        super()._stored(name, *rest)

    def failures_with(self, name, array):
        """What is found wrong if ``array`` were stored under ``name``."""
        changed = Comparisons(Case(GoldenFile({name: array}, self.golden.name), "", self.precision))
        for recorded, rest in self.calls:
            if recorded == name:
                changed._stored(name, *rest)
        return changed.failures


@functools.cache
def _recorded(name):
    """All comparisons that the group's tests make with a derived file, computed once."""
    golden = GoldenFile(_derived(name), name)
    recorders = []
    for _, keys, check in _checks(name):
        for key in keys(golden):
            for precision in PRECISIONS:
                recorders.append(_Recorder(Case(golden, key, precision)))
                check(recorders[-1])
    return recorders


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_new_sizes_passes(name):
    assert len(_recorded(name)) >= len(PRECISIONS)
    for recorder in _recorded(name):
        with recorder:
            pass  # Leaving checks what was recorded.


@pytest.mark.parametrize("name", ["bounds_5", "critic_concat_new", "jacobian_skip_mlp_new"])
def test_a_file_in_the_folder_is_found(name, new_folder):
    np.savez(new_folder / f"{name}.npz", **_derived(name))
    for pattern, keys, check in _checks(name):
        golden = GoldenFile(_derived(name), name)
        found = [parameter.values[0] for parameter in cases(pattern, keys)]
        assert [case.key for case in found[:: len(PRECISIONS)]] == list(keys(golden))
        _run(check, found[0])


def _moved(array, rng):
    """``array`` with one entry off by a thousandth (integers: by one)."""
    array = np.array(array)
    at = tuple(rng.integers(size) for size in array.shape)
    array[at] += 1 if array.dtype.kind in "iu" else 1e-3 * max(1.0, abs(array[at]))
    return array


def _is_noise(file, array):
    """The README's list "Do not compare", for the derived files."""
    if array.rpartition("_")[2] not in ("f32", "f64"):
        return False
    return array[:-4] in {
        "bounds_5": ("zeros__lme_nodiag", "zeros__lme_nodiag_axis1"),
        "critic_concat_new": ("grad_infonce_f_2_bias",),
        "critic_separable_new": ("grad_infonce_fy_2_bias",),
        "trajectory_mlp_new": ("nce_t1.5__final__g2_dense_1_bias",),
    }.get(file, ())


def _results(name):
    """Stored results of a file: all with a suffix, and the few without."""
    without_suffix = ("conv_0_shape", "conv_1_shape", "accuracy", "accuracies", "aggregate")
    return [
        array
        for array in _derived(name)
        if array.endswith(("_f32", "_f64"))
        or (any(part in array for part in without_suffix) and "singular" not in array)
    ]


PROBE = "linear_eval_new"


@pytest.mark.parametrize("name", [name for name in FILES if name != PROBE])
def test_every_moved_result_is_noticed(name):
    rng = np.random.default_rng(7)
    unnoticed = set()
    for array in _results(name):
        if not _is_noise(name, array):
            moved = _moved(_derived(name)[array], rng)
            if not any(recorder.failures_with(array, moved) for recorder in _recorded(name)):
                unnoticed.add(array)
    assert not unnoticed


def test_every_moved_accuracy_is_noticed():
    # Accuracies are not compared one by one, but with each other and through their mean.
    rng = np.random.default_rng(7)
    for array in _results(PROBE):
        moved = _moved(_derived(PROBE)[array], rng)
        assert not _passes(PROBE, _derived(PROBE) | {array: moved}), array


@pytest.mark.parametrize("shift", [-0.1, 0.1])
def test_a_shifted_mean_accuracy_is_noticed(shift):
    arrays = dict(_derived(PROBE))
    for case in ("all", "three"):
        del arrays[f"{case}__accuracies_float64"]
        arrays[f"{case}__accuracy_mean_sd_float64"] = (
            arrays[f"{case}__accuracy_mean_sd_float64"] + [shift, 0.0]
        )
    assert not _passes(PROBE, arrays, ("float64",))


@pytest.mark.parametrize(
    "name", ["bounds_5", "critic_concat_new", "critic_separable_new", "trajectory_mlp_new"]
)
def test_noise_and_nothing_else_is_left_out(name):
    compared = {array for recorder in _recorded(name) for array, _ in recorder.calls}
    left_out = set(_results(name)) - compared
    assert left_out == {array for array in _results(name) if _is_noise(name, array)}
    assert left_out


def test_inputs_matter():
    arrays = _derived("critic_bilinear_new")
    for name in ("x", "y", "W_kernel"):
        moved = _moved(arrays[name], np.random.default_rng(7))
        assert not _passes("critic_bilinear_new", arrays | {name: moved}, ("float32",))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_non_finite_entry_is_noticed(bad):
    arrays = _derived("critic_bilinear_new")
    scores = arrays["scores_f64"].copy()
    scores[1, 2] = bad
    for precision in PRECISIONS:
        assert not _passes("critic_bilinear_new", arrays | {"scores_f64": scores}, (precision,))


def test_the_small_entries_of_a_huge_array_are_compared():
    # The gradient of NWJ at scores around 50 reaches 1e19; on the diagonal it is 1 / n.
    name = "offset50__nwj_grad_f64"
    gradient = _derived("bounds_5")[name].copy()
    gradient[0, 0] *= 1.001
    for precision in PRECISIONS:
        assert not _passes("bounds_5", _derived("bounds_5") | {name: gradient}, (precision,))


def test_a_wrong_shape_is_noticed():
    arrays = _derived("critic_bilinear_new")
    wrong = {"infonce_f64": arrays["infonce_f64"].reshape(1)}
    assert not _passes("critic_bilinear_new", arrays | wrong, ("float64",))


def test_absent_results_are_left_out_and_absent_inputs_skip():
    arrays = dict(_derived("critic_bilinear_new"))
    del arrays["grad_nwj_x_f64"], arrays["grad_nwj_x_f32"], arrays["infonce_f64"]
    assert _passes("critic_bilinear_new", arrays)
    del arrays["y"]
    with pytest.raises(pytest.skip.Exception, match="critic_bilinear_new has no array 'y'"):
        _passes("critic_bilinear_new", arrays)


def test_single_precision_results_alone_are_compared():
    arrays = {k: v for k, v in _derived("bounds_5").items() if not k.endswith("_f64")}
    assert _passes("bounds_5", arrays)
    moved = _moved(arrays["sd3__infonce_grad_f32"], np.random.default_rng(7))
    for precision in PRECISIONS:
        assert not _passes("bounds_5", arrays | {"sd3__infonce_grad_f32": moved}, (precision,))


def test_a_test_that_compares_nothing_fails():
    arrays = {k: v for k, v in _derived("critic_bilinear_new").items() if "_f" not in k}
    assert not _passes("critic_bilinear_new", arrays)


@pytest.mark.parametrize("content", [b"no archive", None], ids=["unreadable", "without cases"])
def test_an_unusable_file_fails_in_its_own_test(content, new_folder):
    path = new_folder / "bounds_9.npz"
    if content is None:
        np.savez(path, something=np.zeros(3))
    else:
        path.write_bytes(content)
    found = cases(test_bounds.PATTERN, test_bounds.keys)
    assert found
    for parameter in found:
        assert not parameter.marks
        with pytest.raises((AssertionError, ValueError)):
            _run(test_bounds.check, parameter.values[0])


def test_an_absent_file_is_skipped_with_a_reason(new_folder):
    (parameter,) = cases("bounds_*.npz", test_bounds.keys)
    assert parameter.marks[0].kwargs["reason"] == f"no file bounds_*.npz in {new_folder}"


def test_an_absent_folder_is_skipped_with_a_reason(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_INFOMAX_GOLDEN", str(tmp_path / "nowhere"))
    (parameter,) = cases("bounds_*.npz", test_bounds.keys)
    expected = f"no folder of golden files at {tmp_path / 'nowhere' / 'mirl'}"
    assert parameter.marks[0].kwargs["reason"] == expected
