"""Pairs from files: every type gives the numbers that were written, every mistake a sentence."""

import builtins
import decimal
import re

import numpy as np
import pandas as pd
import pytest

from tf_infomax.pair_files import read_pairs

DATA = np.random.default_rng(0).normal(size=(7, 3))
NAMES = ["height", "weight", "age"]


def frame(data=DATA, names=NAMES):
    return pd.DataFrame(data, columns=names)


def written(folder, text, name="pairs.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def check(pairs, x, y):
    assert pairs.x.dtype == pairs.y.dtype == np.float64
    # The last bit of text is a matter of pandas' version.
    np.testing.assert_allclose(pairs.x, x, rtol=1e-14)
    np.testing.assert_allclose(pairs.y, y, rtol=1e-14)


def test_every_type_gives_the_same_pairs(tmp_path):
    np.save(tmp_path / "a.npy", DATA)
    np.savez(tmp_path / "a.npz", x=DATA[:, :2], y=DATA[:, 2], other=np.zeros((2, 2, 2)))
    np.savez(tmp_path / "b.npz", DATA[:, :2], DATA[:, 2])
    frame().to_csv(tmp_path / "a.csv", index=False)
    frame().to_csv(tmp_path / "semicolon.csv", index=False, sep=";")
    frame().to_csv(tmp_path / "tab.csv", index=False, sep="\t")
    frame().to_parquet(tmp_path / "a.parquet")
    np.savetxt(tmp_path / "savetxt.csv", DATA, fmt="%.17g")
    np.savetxt(tmp_path / "comment.csv", DATA, fmt="%.17g", delimiter=",", header=",".join(NAMES))
    names = {"x": "height,weight", "y": "age"}
    for file, options in {
        "a.npy": {"x": "0:2", "y": "2"},
        "a.npz": {},
        "b.npz": {},
        "a.csv": names,
        "semicolon.csv": names,
        "tab.csv": names,
        "a.parquet": names,
        "savetxt.csv": {"x": "0,1", "y": "2:"},
        "comment.csv": names,
    }.items():
        check(read_pairs(tmp_path / file, **options), DATA[:, :2], DATA[:, 2:])


def test_ways_to_choose_columns(tmp_path):
    path = tmp_path / "a.parquet"
    frame(np.arange(12.0).reshape(2, 6), ["a", "b", "0:2", "a,b", "5", "c"]).to_parquet(path)
    for text, columns in {
        "c,a": [5, 0], ":3": [0, 1, 2], "4:": [4, 5], " a , 3": [0, 3],
        # Names come first, whatever they look like.
        "0:2": [2], "a,b": [3], "5": [4],
    }.items():
        other = next(place for place in range(6) if place not in columns)
        pairs = read_pairs(path, x=text, y=[other])
        np.testing.assert_array_equal(pairs.x[0], columns)
        np.testing.assert_array_equal(pairs.y[0], [other])
    assert read_pairs(path, x=["a,b", 0], y="c").columns_x == ("a,b", "a")


def test_two_columns_need_no_names(tmp_path):
    path = tmp_path / "two.npy"
    np.save(path, DATA[:, :2])
    check(read_pairs(path), DATA[:, :1], DATA[:, 1:2])
    check(read_pairs(path, x="1"), DATA[:, 1:2], DATA[:, :1])
    check(read_pairs(path, y="0"), DATA[:, 1:2], DATA[:, :1])


def test_a_file_each(tmp_path):
    np.save(tmp_path / "x.npy", DATA[:, 0])
    np.savez(tmp_path / "x.npz", only=DATA[:, 0])
    frame().to_csv(tmp_path / "y.csv", index=False)
    for x_file in ("x.npy", "x.npz"):
        pairs = read_pairs(x_file=tmp_path / x_file, y_file=tmp_path / "y.csv")
        check(pairs, DATA[:, :1], DATA)
        assert pairs.columns_y == tuple(NAMES) and len(pairs.files) == 2
    check(
        read_pairs(x_file=tmp_path / "y.csv", y_file=tmp_path / "y.csv", x="age", y="0:2"),
        DATA[:, 2:], DATA[:, :2],
    )  # fmt: skip


def test_a_first_line_of_numbers_is_data_unless_it_counts_the_columns(tmp_path):
    pairs = read_pairs(written(tmp_path, "1.5,2\n3,4\n5,6\n"))
    check(pairs, [[1.5], [3], [5]], [[2], [4], [6]])
    (note,) = pairs.notes
    assert "read as data" in note
    check(read_pairs(written(tmp_path, "0,1\n3.5,4\n5,6.5\n")), [[3.5], [5]], [[4], [6.5]])
    # Whole numbers below 0 and 1 may be a pair like the others.
    check(read_pairs(written(tmp_path, "0,1\n1,0\n1,1\n")), [[0], [1], [1]], [[1], [0], [1]])


def test_integers_and_truth_values_are_numbers(tmp_path):
    table = pd.DataFrame({
        "count": pd.array([1, 2, 3], "Int64"), "flag": [True, False, True],
    })  # fmt: skip
    table.to_parquet(tmp_path / "a.parquet")
    table.to_csv(tmp_path / "a.csv", index=False)
    for name in ("a.parquet", "a.csv"):
        check(read_pairs(tmp_path / name), [[1], [2], [3]], [[1], [0], [1]])


def test_missing_values_are_counted_and_left_out_on_demand_only(tmp_path):
    path = written(tmp_path, "a,b,c\n1,2,\n3,,x\n5,6,x\n,8,\n9,10,x\n")
    with pytest.raises(ValueError, match=r"drop_missing .* in 2 of 5 rows, the first .* row 2"):
        read_pairs(path, x="a", y="b")
    pairs = read_pairs(path, x="a", y="b", drop_missing=True)
    check(pairs, [[1], [5], [9]], [[2], [6], [10]])
    assert pairs.notes == ("2 of 5 rows were left out: they have missing values.",)
    # What is infinite is not missing.
    path = written(tmp_path, "a,b\n1,2\n-inf,3\n")
    with pytest.raises(ValueError, match=r"finite.*in 1 of 2 rows, the first in data row 2"):
        read_pairs(path, drop_missing=True)


def test_constant_columns_are_noted(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.ones((5, 2)), y=np.arange(5))
    assert read_pairs(tmp_path / "a.npz").notes == ("2 of 2 dimensions of x are constant.",)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"has 3 columns: which .* Columns: height, weight, age\."),
        ({"x": "height"}, r"which of them are x.*y=None"),
        ({"x": "hieght", "y": "age"}, r"no column 'hieght'\. Did you mean 'height' or .*Columns: "),
        ({"x": "3", "y": "age"}, r"no column '3'\. Columns"),
        ({"x": ["age", -1], "y": "0"}, r"no column -1\. Columns"),
        ({"x": "1:4", "y": "0"}, r"0 <= start < stop <= 3, .* Received: '1:4'"),
        ({"x": "2:2", "y": "0"}, r"Received: '2:2'"),
        ({"x": "age,2", "y": "0"}, r"each once. Received: 'age,2' \(repeated: age\)"),
        ({"x": [], "y": "0"}, r"one or more columns"),
        ({"x": "0:2", "y": "1:"}, r"may be in both .* Received: 'weight'"),
    ],
)  # fmt: skip
def test_mistaken_columns(tmp_path, options, message):
    frame().to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(ValueError, match=message):
        read_pairs(tmp_path / "a.csv", **options)


def test_names_that_differ_by_spaces_are_one_name(tmp_path):
    frame(names=["x", "x ", "y"]).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(ValueError, match=r"must occur once .* Received: 'x', .* positions 0, 1"):
        read_pairs(tmp_path / "a.parquet")


def test_long_lists_are_cut(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 50)))
    with pytest.raises(ValueError, match=r"18, 19 and 30 more\."):
        read_pairs(tmp_path / "a.npy")


def test_what_is_not_numbers(tmp_path):
    text = written(tmp_path, "a,b\n1,2\n3,4.5\n5,n.d.\n")
    with pytest.raises(ValueError, match=r"'b' of .* 1 of 3 entries .* data row 3: 'n\.d\.'"):
        read_pairs(text)
    for values, words in (
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "dtype datetime64"),
        ([[1.0], [2.0]], "2 of 2 entries that are none"),
    ):
        pd.DataFrame({"a": [1, 2], "b": values}).to_parquet(tmp_path / "a.parquet")
        with pytest.raises(ValueError, match=rf"'b' of .* must hold numbers.*{words}"):
            read_pairs(tmp_path / "a.parquet")
    np.savez(tmp_path / "a.npz", x=[1j, 2.0], y=[1, 2])
    with pytest.raises(ValueError, match=r"Array 'x' .* dtype complex128"):
        read_pairs(tmp_path / "a.npz")


def test_words_that_recur_are_levels(tmp_path):
    frame = pd.DataFrame({"a": list("uvuvuv"), "b": [1, 2, 3, 4, 5, 6], "c": list("qqrrss")})
    frame.to_csv(tmp_path / "a.csv", index=False)
    frame.astype({"a": "category"}).to_parquet(tmp_path / "a.parquet")
    for name in ("a.csv", "a.parquet"):
        pairs = read_pairs(tmp_path / name, x="a,c", y="b")
        assert pairs.x[:, 0].tolist() == list("uvuvuv") and pairs.y[:, 0].tolist() == [*range(1, 7)]
        assert pairs.notes == ("2 of 2 dimensions of x are nominal.",)
    # Six different words are no levels, but something that should have been a number.
    frame.assign(a=list("uvwxyz")).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(ValueError, match=r"'a' of .* must hold numbers.* 6 of 6 entries"):
        read_pairs(tmp_path / "b.csv", x="a", y="b")


def test_integers_that_float64_would_round_stay_exact(tmp_path):
    ids = [2**60, 2**60 + 1, 2**60 + 2, None]
    table = pd.DataFrame({"x": pd.array(ids, "Int64"), "y": [1.0, 2.0, 4.0, 8.0]})
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    np.savez(tmp_path / "a.npz", x=np.array(ids[:3]), y=np.array([1.0, 2.0, 4.0]))
    written(tmp_path, "x,y\n" + "".join(f"{10**30 + i},{2**i}\n" for i in range(3)), "b.csv")
    for name in ("a.csv", "a.parquet", "a.npz", "b.csv"):
        first = 10**30 if name == "b.csv" else 2**60
        pairs = read_pairs(tmp_path / name, drop_missing=True)
        assert [value - first for value in pairs.x[:, 0]] == [0, 1, 2]
        assert pairs.y.dtype == np.float64 and pairs.y[:, 0].tolist() == [1, 2, 4]
        assert any("2**53" in note for note in pairs.notes)


def test_numbers_of_more_digits_than_float64_stay_exact(tmp_path):
    path, y = tmp_path / "a.parquet", np.arange(6.0)
    for values, is_rounded in (
        ([decimal.Decimal(10**17 + n) for n in range(6)], True),
        ([decimal.Decimal(n) + decimal.Decimal("1700000000.000000007") for n in range(6)], True),
        ([str(2**60 + n) for n in range(5)] + ["1.5"], True),
        ([decimal.Decimal(n) / 10 for n in range(6)], False),
    ):
        pd.DataFrame({"x": values, "y": y}).to_parquet(path)
        pairs = read_pairs(path)
        assert (pairs.x.dtype == object) == is_rounded == any("exact" in n for n in pairs.notes)
        exact = values if is_rounded else [float(value) for value in values]
        assert [
            value == decimal.Decimal(given) if is_rounded else value == given
            for value, given in zip(pairs.x[:, 0], exact, strict=True)
        ] == [True] * 6
    if np.finfo(np.longdouble).max > np.finfo(np.float64).max:
        large = y.astype(np.longdouble) * np.longdouble("1e400")
        np.save(tmp_path / "a.npy", np.stack([large, large], axis=1))
        pairs = read_pairs(tmp_path / "a.npy")
        assert [value / pairs.x[1, 0] for value in pairs.x[:, 0]] == pytest.approx(y)


def test_shapes_and_lengths(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros(5), y=np.zeros(4), z=np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match=r"equally many rows.*Received: 5 rows of x, 4 of y"):
        read_pairs(tmp_path / "a.npz")
    with pytest.raises(ValueError, match=r"Array 'z' .* shape \(2, 2, 2\)"):
        read_pairs(tmp_path / "a.npz", x="z", y="y")
    with pytest.raises(ValueError, match=r"arrays of x must have equally many.*\[5, 4\]"):
        read_pairs(tmp_path / "a.npz", x="x,y", y="z")
    with pytest.raises(ValueError, match=r"has 3 arrays: which of them\? Arrays: x, y, z"):
        read_pairs(x_file=tmp_path / "a.npz", y_file=tmp_path / "a.npz", y="y")
    np.savez(tmp_path / "b.npz", x=np.zeros((5, 0)), y=np.zeros(5))
    with pytest.raises(ValueError, match=r"Array 'x' .* D >= 1\. .* shape \(5, 0\)"):
        read_pairs(tmp_path / "b.npz")
    np.save(tmp_path / "none.npy", np.zeros((5, 0)))
    with pytest.raises(ValueError, match=r"none\.npy cannot be read .* no column in it"):
        read_pairs(x_file=tmp_path / "none.npy", y_file=tmp_path / "none.npy")
    np.save(tmp_path / "one.npy", np.zeros((1, 2)))
    with pytest.raises(ValueError, match=r"At least 2 pairs .* Received: 1"):
        read_pairs(tmp_path / "one.npy")
    np.save(tmp_path / "cube.npy", np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match=r"\[N, D\] was expected, one of shape \(2, 2, 2\)"):
        read_pairs(tmp_path / "cube.npy")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such file.*none\.csv"):
        read_pairs(tmp_path / "none.csv")
    with pytest.raises(ValueError, match=r"must be \.npy, \.npz, \.csv, \.parquet.*a\.xlsx"):
        read_pairs(tmp_path / "a.xlsx")
    np.save(tmp_path / "objects.npy", np.array([{}, None]), allow_pickle=True)
    for name, content in {
        "broken.npy": "no array", "broken.npz": "no zip", "empty.npy": "", "empty.csv": "",
        "broken.parquet": "no table", "long.csv": "a,b\n1,2,3\n4,5,6\n", "objects.npy": None,
        "ragged.csv": "a,b\n1,2\n1,2,3\n", "comment.csv": "# a,b\n",
    }.items():
        path = tmp_path / name if content is None else written(tmp_path, content, name)
        with pytest.raises(ValueError, match=re.escape(f"{name} cannot be read as ")) as error:
            read_pairs(path)
        assert "\n" not in str(error.value)
    for options in ({}, {"path": "a.csv", "x_file": "b.csv"}, {"x_file": "b.csv"}):
        with pytest.raises(ValueError, match="either one file of pairs or both"):
            read_pairs(**options)


def test_parquet_without_pyarrow_names_the_extra(tmp_path, monkeypatch):
    frame().to_parquet(tmp_path / "a.parquet")
    real = builtins.__import__

    def refuse(name, *rest):
        if name == "pyarrow":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=r"pip install 'tf_infomax\[parquet\]'"):
        read_pairs(tmp_path / "a.parquet", x="0", y="1")


def test_a_third_group_of_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b,c,d\n1,2,3,4\n5,6,,8\n9,10,11,12\n")
    found = read_pairs(path, x="a", y="b", z="c,d", drop_missing=True)
    # The row without c is left out of all three.
    assert found.x.ravel().tolist() == [1, 9] and found.y.ravel().tolist() == [2, 10]
    assert found.z.tolist() == [[3, 4], [11, 12]] and found.columns_z == ("c", "d")
    assert read_pairs(path, x="a", y="b").z is None
    with pytest.raises(ValueError, match=r"both y and z.*Received: 'b' in both"):
        read_pairs(path, x="a", y="b", z="b,d")
    with pytest.raises(ValueError, match=r"`z` is read from one file.*Received: z='c'"):
        read_pairs(x_file=path, y_file=path, z="c")
