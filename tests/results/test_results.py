"""Rows survive the disk, killed writers and NaN; averages over seeds are the textbook ones."""

import datetime
import json
import math
import pathlib
import stat
import subprocess
import sys

import numpy as np
import pytest

from tf_infomax.results.rows import (
    Row,
    RowWriter,
    final_values,
    over_seeds,
    read_rows,
    to_frame,
    write_rows,
)


def row(value=1.0, seed=0, step=0, metric="bound", variant="bilinear-infonce", **tags):
    return Row("critic_impact", variant, seed, step, "test", metric, value, "nats", tags)


def test_json_line_is_flat_strict_and_ordered():
    line = row(0.5, dataset="mnist", bound="infonce", values=[0.25, 0.75]).to_json()
    assert line == (
        '{"experiment": "critic_impact", "variant": "bilinear-infonce", "seed": 0, "step": 0, '
        '"split": "test", "metric": "bound", "value": 0.5, "unit": "nats", "bound": "infonce", '
        '"dataset": "mnist", "values": [0.25, 0.75]}'
    )


@pytest.mark.parametrize("value", [0.1, -3.0, 1e-300, math.inf, -math.inf, math.nan])
def test_round_trip_of_every_kind_of_number(value):
    before = row(value, target=4, dataset="digits", values=[value, 2.0])
    line = before.to_json()
    json.loads(line, parse_constant=pytest.fail)  # strict JSON: no bare NaN or Infinity
    after = Row.from_json(line)
    np.testing.assert_equal([after.value, *after.tags["values"]], [value, value, 2.0])
    assert {**after.tags, "values": 0} == {"target": 4, "dataset": "digits", "values": 0}
    assert after.to_json() == line


def test_numpy_numbers_become_plain_ones():
    before = Row("e", "v", np.int64(3), np.int32(7), "test", "m", np.float32(0.5), "1",
                 {"target": np.int64(2), "values": np.array([0.5, 1.5], np.float32)})
    flat = json.loads(before.to_json())
    assert (flat["seed"], flat["step"], flat["value"], flat["target"]) == (3, 7, 0.5, 2)
    assert flat["values"] == [0.5, 1.5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": "0.5"}, "`value` must be a number. Received: value='0.5'"),
        ({"seed": 1.0}, "`seed` must be an integer. Received: seed=1.0"),
        ({"step": True}, "`step` must be an integer. Received: step=True"),
        ({"unit": None}, "`unit` must be a string. Received: unit=None"),
        ({"tags": {"seed": 3}}, r"must not be named like a field. Received: tags=\['seed'\]"),
        ({"tags": {"values": ["a"]}}, "`values` must be a number"),
        ({"step": -5}, "`step` must be 0 or more. Received: step=-5"),
        ({"tags": {"dataset": "b\udce9"}}, r"lone surrogates. Received: dataset='b.udce9' of 'm'"),
        ({"tags": {"n": ["b\udce9"]}}, "without lone surrogates. Received: n="),
        ({"unit": "\udce9"}, "without lone surrogates. Received: unit="),
        ({"tags": {"where": pathlib.Path("/tmp")}}, r"where=PosixPath\('/tmp'\) of 'm'"),
        ({"tags": {"n": {1}}}, r"not JSON serializable\). Received: n=\{1\} of 'm'"),
        ({"tags": {"when": datetime.date(2026, 1, 2)}}, r"when=datetime.date\(2026, 1, 2\) of 'm'"),
        ({"tags": {"a": 1, 2: 3}}, "a name that is a string. Received: name=2 of 'm'"),
    ],
)
def test_a_row_refuses_what_is_not_one(change, message):
    fields = {"seed": 0, "step": 0, "value": 1.0, "unit": "1", "tags": {}}
    with pytest.raises(ValueError, match=message):
        Row(experiment="e", variant="v", split="test", metric="m", **{**fields, **change})


def test_writer_appends_flushes_and_goes_back(tmp_path):
    path = tmp_path / "deep" / "rows.jsonl"
    with RowWriter(path) as writer:
        writer.append(row(1.0))
        length = writer.flush()
        assert length == path.stat().st_size == len(row(1.0).to_json()) + 1
        writer.append(row(2.0))
    with RowWriter(path) as writer:  # a second life of the same run
        writer.truncate(length)
        writer.append(row(3.0))
        with pytest.raises(ValueError, match="Received: byte_length=100000"):
            writer.truncate(100_000)
    assert [entry.value for entry in read_rows(path)] == [1.0, 3.0]


def test_half_a_line_is_ignored_by_readers_and_cut_by_the_writer(tmp_path):
    path = tmp_path / "rows.jsonl"
    write_rows(path, [row(1.0)])
    with path.open("a") as file:
        file.write('{"experiment": "critic_im')
    assert [entry.value for entry in read_rows(path)] == [1.0]
    with RowWriter(path) as writer:
        writer.append(row(2.0))
    assert [entry.value for entry in read_rows(path)] == [1.0, 2.0]


def test_rows_of_a_killed_process_are_whole(tmp_path):
    """A process that dies by SIGKILL between flushes leaves readable rows behind."""
    path = tmp_path / "rows.jsonl"
    program = (
        "import os, signal, sys; from tf_infomax.results import Row, RowWriter\n"
        f"w = RowWriter({str(path)!r})\n"
        "for i in range(500): w.append(Row('e', 'v', 0, i, 'test', 'm', i, '1'))\n"
        "w.flush()\n"
        "for i in range(500, 900): w.append(Row('e', 'v', 0, i, 'test', 'm', i, '1'))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -9
    steps = [entry.step for entry in read_rows(path)]
    assert len(steps) >= 500 and steps == list(range(len(steps)))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "Expected a JSON object"),
        ("[1]", "Expected a JSON object"),
        ('{"experiment": "e"}', "A row needs variant, seed"),
        (row(1.0).to_json().replace("1.0", "NaN"), "bare constant NaN"),
        (row(1.0).to_json().replace("1.0", '"high"'), "`value` must be a number"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path, line, message):
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{row(1.0).to_json()}\n{line}\n")
    with pytest.raises(ValueError, match=f"rows.jsonl, line 2: .*{message}"):
        read_rows(path)


def test_a_directory_is_read_from_its_runs_in_order_of_path(tmp_path):
    for variant, seed in (("b", 1), ("a", 0), ("b", 0)):
        write_rows(tmp_path / f"runs/e/{variant}/seed_{seed}/rows.jsonl",
                   [row(seed, seed=seed, variant=variant)])
    write_rows(tmp_path / "rows.jsonl", [row(9.0, variant="stale merge")])
    found = [(entry.variant, entry.seed) for entry in read_rows(tmp_path)]
    assert found == [("a", 0), ("b", 0), ("b", 1)]


def test_a_directory_with_merged_rows_only(tmp_path):
    write_rows(tmp_path / "rows.jsonl", [row(9.0)])
    (tmp_path / "runs").mkdir()
    assert [entry.value for entry in read_rows(tmp_path)] == [9.0]


def test_missing_rows_are_a_clear_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"rows.jsonl.*Received: path="):
        read_rows(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"file of rows or a work dir.*Received: path="):
        read_rows(tmp_path / "nothing")


def test_write_rows_replaces_in_one_move(tmp_path):
    path = tmp_path / "rows.jsonl"
    write_rows(path, [row(1.0)])

    def broken():
        yield row(2.0)
        raise RuntimeError("interrupted")

    with pytest.raises(RuntimeError, match="interrupted"):
        write_rows(path, broken())
    assert [entry.value for entry in read_rows(path)] == [1.0]
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.jsonl"]
    plain = tmp_path / "plain"
    plain.touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_frame_has_tags_as_columns():
    frame = to_frame([row(1.0, target=2), row(2.0, dataset="mnist", values=[1.0, 3.0])])
    assert list(frame["target"]) == [2, None] and isinstance(frame["target"][0], int)
    assert list(frame["dataset"]) == [None, "mnist"] and frame["values"][1] == [1.0, 3.0]
    assert {"features", "value", "step"} <= set(to_frame([]).columns)


def test_mean_and_sd_over_seeds():
    # Seeds 1, 2, 6 at step 10: mean 3, sd sqrt((4 + 1 + 9) / 2) = sqrt(7).
    rows = [row(value, seed=seed, step=step)
            for step, values in ((0, (0, 0, 3)), (10, (1, 2, 6)))
            for seed, value in enumerate(values)]
    table = over_seeds(to_frame(rows))
    assert list(table["step"]) == [0, 10] and list(table["n"]) == [3, 3]
    np.testing.assert_allclose(table["mean"], [1.0, 3.0])
    np.testing.assert_allclose(table["sd"], [math.sqrt(3.0), math.sqrt(7.0)])
    last = final_values(to_frame(rows))
    assert list(last["step"]) == [10] and list(last["mean"]) == [3.0] and list(last["n"]) == [3]


def test_one_seed_has_no_spread():
    last = final_values(to_frame([row(2.0)])).iloc[0]
    assert last["mean"] == 2.0 and math.isnan(last["sd"]) and last["n"] == last["seeds"] == 1


def test_datasets_features_and_splits_are_not_mixed():
    rows = [row(1.0, dataset="mnist"), row(2.0, dataset="cifar10"), row(3.0),
            row(4.0, dataset="mnist", features="pixels")]
    table = final_values(to_frame(rows))
    found = {(line.dataset, line.features): line.mean for line in table.itertuples()}
    assert found == {("mnist", None): 1.0, ("cifar10", None): 2.0, (None, None): 3.0,
                     ("mnist", "pixels"): 4.0}


def test_final_values_do_not_mix_steps():
    # Seed 1 stopped at step 10; the mean at step 1,000 is that of seeds 0 and 2 and says so.
    rows = [row(step + seed, seed=seed, step=step)
            for seed, steps in ((0, (0, 10, 1000)), (1, (0, 10)), (2, (0, 10, 1000)))
            for step in steps]
    line = final_values(to_frame(rows)).iloc[0]
    assert (line["step"], line["mean"], line["n"], line["seeds"]) == (1000, 1001.0, 2, 3)


def test_non_finite_numbers_stay_visible_in_the_mean():
    table = over_seeds(to_frame([row(1.0), row(math.nan, seed=1), row(2.0, step=5),
                                 row(math.inf, seed=1, step=5)]))
    assert math.isnan(table["mean"][0]) and table["mean"][1] == math.inf


def test_module_needs_no_tensorflow():
    program = "import sys, tf_infomax.results; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("tags", [
    {"a": "caf\u00e9 \U0001f389", "b": None, "c": True, "d": math.nan, "e": np.float32(0.5)},
    {"entries": [3, 1], "f": {"deep": [1, {"er": "x"}]}, "g": np.arange(3), "h": (1, "x")},
])
def test_whatever_a_row_accepts_can_be_read_again(tags, tmp_path):
    write_rows(tmp_path / "rows.jsonl", [row(0.5, **tags)])
    (found,) = read_rows(tmp_path / "rows.jsonl")
    assert found.to_json() == row(0.5, **tags).to_json()


@pytest.mark.parametrize("tags", [{}, {"alpha": math.nan, "values": [1.0, math.nan]}])
def test_equal_rows_are_one_seed(tags):
    rows = [row(0.1, 0, **tags), *[row(0.9, 1, **tags)] * 3]
    line = final_values(to_frame(rows)).iloc[0]
    # By hand: the mean of 0.1 and 0.9, and their sd, 0.8 / sqrt(2).
    assert (line["n"], line["seeds"]) == (2, 2)
    assert line["mean"] == pytest.approx(0.5)
    assert line["sd"] == pytest.approx(0.8 / math.sqrt(2))
    assert over_seeds(to_frame(rows))["n"].tolist() == [2]


@pytest.mark.parametrize(("other", "message"), [
    ({"value": 0.7}, "differ in `value`. Received: value=0.5 and 0.7"),
    ({"values": [2.0]}, r"differ in `values`. Received: values=\[1.0\] and \[2.0\]"),
])
def test_contradicting_rows_are_no_two_seeds(other, message):
    rows = [row(**{"value": 0.5, "values": [1.0], **one}) for one in ({}, other)]
    with pytest.raises(ValueError, match=message):
        over_seeds(to_frame(rows))
    # Another tag makes it another measurement.
    rows = [row(0.5, alpha=1.0), row(0.7, alpha=2.0)]
    assert over_seeds(to_frame(rows))["n"].tolist() == [2]


def test_a_tag_that_is_nan_is_a_group():
    rows = [row(1.0, alpha=math.nan), row(3.0, seed=1, alpha=math.nan), row(5.0, alpha=0.5)]
    table = final_values(to_frame(rows), by=("variant", "alpha"))
    found = {line["mean"]: (line["n"], line["seeds"]) for line in table.to_dict("records")}
    assert found == {2.0: (2, 2), 5.0: (1, 1)}
