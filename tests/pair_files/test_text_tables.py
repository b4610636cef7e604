"""Tables of text: one table, written in every way that people's programs write it."""

import gzip
import io

import numpy as np
import pandas as pd
import pytest

from tf_infomax.pair_files import read_pairs

DATA = np.random.default_rng(0).normal(size=(12, 2)).round(4)


def body(separator=",", decimal=".", quote="", end="", start=lambda row: ""):
    return "".join(
        start(place)
        + separator.join(quote + str(value).replace(".", decimal) + quote for value in row)
        + end + "\n"
        for place, row in enumerate(DATA)
    )  # fmt: skip


def labelled(pattern, separator):
    return body(separator, start=lambda row: pattern.format(row, row + 1, row * 5 % 12) + separator)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        # What Excel writes and reads.
        ("sep=;\nx;y\n" + body(";"), "xy"),
        ('"SEP=\t"\nx\ty\n' + body("\t"), "xy"),
        ("\nsep=|\n\nx|y\n" + body("|"), "xy"),
        ("sep=:\nx:y\n" + body(":"), "xy"),
        ("\ufeffx;y\n" + body(";", ","), "xy"),
        ("x\ty\n" + body("\t", ","), "xy"),
        # Signs that separate elsewhere, in names.
        ("speed [m;s],load\n" + body(), ("speed [m;s]", "load")),
        ('"temp; C",load\n' + body(), ("temp; C", "load")),
        ('"a\tb",load\n' + body(), ("a\tb", "load")),
        ('"x, m";y, n\n' + body(";", ","), ("x, m", "y, n")),
        ("body height,body weight\n" + body(), ("body height", "body weight")),
        ('"x","y"\n' + body(quote='"'), "xy"),
        # Names that Python takes for numbers.
        ("1_000,2_000\n" + body(), ("1_000", "2_000")),
        ("2019_01;2019_02\n" + body(";"), ("2019_01", "2019_02")),
        # Lines above, below and between.
        ("\n \n\nx,y\n" + body() + "\n\n", "xy"),
        ("# made by me\n# at, some, time\n\nx,y\n" + body() + "# the end\n", "xy"),
        ("#\n# prose of many words\n# x y\n" + body(" "), "xy"),
        ("# x,y\n" + body(), "xy"),
        ("#x;y\n" + body(";", ","), "xy"),
        # Labels of rows: pandas, R's write.csv and write.table.
        (",x,y\n" + labelled("{0}", ","), "xy"),
        (";x;y\n" + labelled("{2}", ";"), "xy"),
        ('"","x","y"\n' + labelled('"{1}"', ","), "xy"),
        ('"x" "y"\n' + labelled('"{1}"', " "), "xy"),
        (",x,y\n" + labelled("row {0}", ","), "xy"),
        # Separators at the ends of lines.
        ("x,y,\n" + body(end=","), "xy"),
        ("x;y\n" + body(";", ",", end=";"), "xy"),
        (body("\t", end="\t"), "01"),
        ("  x   y\n" + body("   ", start=lambda row: "  "), "xy"),
        ("x, y\n" + body(", "), "xy"),
    ],
)
def test_the_same_table(text, names, tmp_path):
    path = tmp_path / "pairs.csv"
    for end in ("\n", "\r\n", "\r"):
        path.write_bytes(text.replace("\n", end).encode())
        pairs = read_pairs(path)
        np.testing.assert_array_equal(np.hstack([pairs.x, pairs.y]), DATA)
        assert (*pairs.columns_x, *pairs.columns_y) == tuple(names)


def written(folder, text, encoding="utf-8"):
    path = folder / "pairs.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_encodings(tmp_path):
    for encoding, notes in (("utf-16", 1), ("cp1252", 2)):
        path = written(tmp_path, "größe;y\n" + body(";", ","), encoding)
        pairs = read_pairs(path)
        assert pairs.columns_x == ("größe",) and len(pairs.notes) == notes
        np.testing.assert_array_equal(pairs.x[:, 0], DATA[:, 0])


def test_other_signs_of_missing_values(tmp_path):
    for head in ("x,y\n", ""):
        path = written(tmp_path, head + "?,2\n1,-\n2,3\n#N/A,3\n3,4\n")
        with pytest.raises(ValueError, match=r"missing_values='\?' makes it"):
            read_pairs(written(tmp_path, "x,y\n?,2\n1,2\n"))
        path = written(tmp_path, head + "?,2\n1,-\n2,3\n#N/A,3\n3,4\n")
        pairs = read_pairs(path, drop_missing=True, missing_values=["?", "-"])
        assert pairs.x[:, 0].tolist() == [2, 3] and pairs.y[:, 0].tolist() == [3, 4]
    with pytest.raises(ValueError, match=r"must be texts.* Received: missing_values=3"):
        read_pairs(path, missing_values=3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('x,y\n"1,234.5",2\n"3,456.7",3\n', "Thousands .* '1,234.5'"),
        ('x,y\n"1,234",2\n"3,456",3\n', "Thousands .* '1,234'"),
        ("x;y\n1.234,5;2,5\n2.345,6;3,5\n", "Thousands .* '1.234,5'"),
        ("x;y\n1 234;2\n2 345;3\n", "Thousands .* '1 234'"),
        ("x;y\n1,234;5,678\n2,345;6,789\n", "as in 1,234, may be decimal or separate thousands"),
    ],
)
def test_thousands_are_refused(text, words, tmp_path):
    with pytest.raises(ValueError, match=words):
        read_pairs(written(tmp_path, text))


def test_the_decimal_sign_may_be_said(tmp_path):
    path = written(tmp_path, "x;y\n1,234;5,678\n2,345;6,789\n")
    assert read_pairs(path, decimal=",").x[:, 0].tolist() == [1.234, 2.345]
    with pytest.raises(ValueError, match=r"Received: decimal=';'"):
        read_pairs(path, decimal=";")


def test_a_blank_line_of_one_column_is_a_missing_value(tmp_path):
    path = written(tmp_path, "x\n1\n\n3\n")
    with pytest.raises(ValueError, match=r"missing values in 1 of 3 rows, .* row 2"):
        read_pairs(x_file=path, y_file=path)


FRAME = pd.DataFrame(DATA, columns=["x", "y"])
BELOW_0 = FRAME[FRAME.x < 0]
NUMBERED = "".join(f'"{n + 1}" {x} {y}\n' for n, x, y in BELOW_0.itertuples())


@pytest.mark.parametrize("text", [
    BELOW_0.to_csv(), BELOW_0.to_csv(sep="\t"), BELOW_0.to_csv(sep=" "), BELOW_0.to_string(),
    BELOW_0.to_csv(sep=";", decimal=","),
    # R's write.table of some of the rows, separated by spaces and by tabs.
    '"x" "y"\n' + NUMBERED, ('"x" "y"\n' + NUMBERED).replace(" ", "\t"),
    # Indices that recur, begin below 0 or have a fraction, and two of them.
    BELOW_0.set_axis([0, 1, 2, 3] * 2).to_csv(), BELOW_0.set_axis(range(-5, 3)).to_csv(),
    BELOW_0.set_axis(np.arange(8) / 2).to_csv(),
    pd.concat({"a": BELOW_0[:3], "b": BELOW_0[3:]}).to_csv(),
    # Read and written again.
    BELOW_0.reset_index(names="Unnamed: 0").to_csv(index=False),
])  # fmt: skip
def test_a_column_without_a_name_is_row_labels_whatever_it_holds(text, tmp_path):
    assert len(BELOW_0) == 8
    pairs = read_pairs(written(tmp_path, text))
    np.testing.assert_array_equal(np.hstack([pairs.x, pairs.y]), BELOW_0)
    assert (*pairs.columns_x, *pairs.columns_y) == ("x", "y")
    assert sum("row labels" in note for note in pairs.notes) == 1


def test_names_that_count_are_names_beside_row_labels(tmp_path):
    counts = pd.DataFrame(np.arange(8).reshape(4, 2) ** 2)
    pairs = read_pairs(written(tmp_path, counts.to_csv()))
    np.testing.assert_array_equal(np.hstack([pairs.x, pairs.y]), counts)


def test_lines_of_quoted_entries_are_no_comments(tmp_path):
    table = FRAME.assign(note=["see\n# 12\n\n#", *["ok"] * 10, "# 13\nsee"])
    for options in ({}, {"sep": ";", "decimal": ","}, {"sep": "\t"}):
        pairs = read_pairs(written(tmp_path, table.to_csv(index=False, **options)), x="x", y="y")
        np.testing.assert_array_equal(np.hstack([pairs.x, pairs.y]), DATA)


@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
def test_rows_that_begin_with_the_sign_of_comments_are_rows(separator, tmp_path):
    colours = ["#ff0000", "#00FF00", "white"] * 4
    table = pd.DataFrame({"colour": colours, "y": DATA[:, 0]})
    lines = table.to_csv(index=False, sep=separator).splitlines()
    for place, count in ((1, 0), (len(lines), 2)):
        # With comments at the end, which a note counts.
        text = "\n".join([*lines[:place], *["# the end"] * count, *lines[place:]])
        pairs = read_pairs(written(tmp_path, text))
        assert pairs.x[:, 0].tolist() == colours and pairs.y[:, 0].tolist() == [*DATA[:, 0]]
        notes = [note for note in pairs.notes if note.startswith("Comments")]
        assert len(notes) == (count > 0) and all(", 2 in number, were left" in n for n in notes)


def test_comments_that_may_have_been_rows(tmp_path):
    with pytest.raises(ValueError, match=r"above the table\. .* data row 13: '#5'"):
        read_pairs(written(tmp_path, "x,y\n" + body() + "#5,6\n"))
    pairs = read_pairs(written(tmp_path, "#ff,0.5\nx,y\n" + body()))
    assert any("1 in number, have as many entries as its rows" in note for note in pairs.notes)
    # The first line is a row if the comment above has the names.
    pairs = read_pairs(written(tmp_path, "# x,colour\n1,red\n2,blue\n3,red\n4,blue\n"))
    assert pairs.x[:, 0].tolist() == [1, 2, 3, 4] and pairs.columns_y == ("colour",)


@pytest.mark.parametrize(("text", "words"), [
    ("price;rate\n1.100;0,10\n2.117;1,23\n3.134;2,36\n", "'price' .* Thousands .* '1.100'"),
    ("price;rate\n1,100;0.10\n2,117;1.23\n3,134;2.36\n", "'price' .* Thousands .* '1,100'"),
    ("price\trate\n900\t0,10\n2.117\t1,23\n", "'price' .* Thousands .* row 2: '2.117'"),
    ("price;rate\n1,5;n.d.\n2,5;1,5\n3,5;2,5\n", "'rate' .* 1 of 3 entries"),
])  # fmt: skip
def test_two_meanings_of_a_mark_are_refused(text, words, tmp_path):
    path = written(tmp_path, text)
    np.save(tmp_path / "y.npy", np.arange(text.count("\n") - 1))
    for files in ({"path": path}, {"x_file": path, "y_file": tmp_path / "y.npy"}):
        with pytest.raises(ValueError, match=words):
            read_pairs(**files)


def test_a_point_is_no_decimal_comma(tmp_path):
    with pytest.raises(ValueError, match=r"'y' .* mark of this file is the comma.* '2\.5'"):
        read_pairs(written(tmp_path, "x;y\n1,5;2.5\n2,5;3.5\n"), decimal=",")


def test_digits_beyond_float64_are_kept_where_they_matter(tmp_path):
    nanoseconds = np.random.default_rng(1).permutation(12) * 7
    text = "".join(f"1700000000,{n:09d};{n}\n" for n in nanoseconds)
    for mark in ",.":
        path = written(tmp_path, "t;y\n" + text.replace(",", mark))
        pairs = read_pairs(path)
        assert [(value - 1_700_000_000) * 10**9 for value in pairs.x[:, 0]] == nanoseconds.tolist()
        assert any("would round, which are kept exact" in note for note in pairs.notes)
    # Integers beside a fraction, which makes pandas' column floating.
    path = written(tmp_path, f"a,b\n{2**60},1\n,2\n{2**60 + 1},3\n1.5,4\n")
    assert read_pairs(path, drop_missing=True).x[:, 0].tolist() == [2**60, 2**60 + 1, 1.5]
    path = written(tmp_path, "".join(f"{10**320 + n},{n}\n" for n in range(3)))
    assert [value - 10**320 for value in read_pairs(path).x[:, 0]] == [0, 1, 2]


def test_digits_beyond_float64_that_tell_nothing_more_are_not_kept(tmp_path):
    file = io.StringIO()
    np.savetxt(file, np.vstack([DATA / 3, DATA / 3]), delimiter=",")
    pairs = read_pairs(written(tmp_path, file.getvalue() + "1.50,2\n1.5000000000000000000,3\n"))
    assert pairs.x.dtype == pairs.y.dtype == np.float64 and pairs.x[-2] == pairs.x[-1]


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_bytes(gzip.compress(b"x,y\n1,2\n3,4\n"))
    assert read_pairs(path).x[:, 0].tolist() == [1, 3]
    for content, words in (
        (path.read_bytes()[:-9], "compressed by gzip, and broken"),
        ("x,y\n1,2\n3,4\n".encode("utf-16-le"), "NUL bytes, .* UTF-16 without a byte order mark"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=rf"cannot be read as \.csv: .*{words}"):
            read_pairs(path)


@pytest.mark.parametrize("name", ["pairs.csv.gz", "PAIRS.CSV.GZ", "pairs.tsv.gz", "of 2.1.txt.gz"])
def test_the_name_of_an_archive_says_what_is_in_it(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"x\ty\n1\t2\n3\t4\n"))
    pairs = read_pairs(path)
    assert (pairs.x[:, 0].tolist(), pairs.y[:, 0].tolist()) == ([1, 3], [2, 4])
    path.write_bytes(b"x\ty\n1\t2\n3\t4\n")  # Some programs decompress and keep the name.
    assert read_pairs(path).y[:, 0].tolist() == [2, 4]


@pytest.mark.parametrize("name", ["pairs.npy.gz", "pairs.gz", "pairs.csv.bz2", ".gz"])
def test_other_archives_are_refused(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(gzip.compress(b"x,y\n1,2\n3,4\n"))
    with pytest.raises(ValueError, match=r"text may be compressed by gzip, as in pairs\.csv\.gz"):
        read_pairs(path)


def test_names_that_occur_twice_are_chosen_by_position(tmp_path):
    path = written(tmp_path, "a,x,x,y\n" + "".join(f"{n},{n * n},{-n},{n}\n" for n in range(4)))
    for x in ("x", ["x"], None):
        with pytest.raises(
            ValueError, match=r"must occur once .* position.* at the positions 1, 2"
        ):
            read_pairs(path, x=x, y=None if x is None else "y")
    for x in (2, np.int64(2), np.array([2]), "2"):
        assert read_pairs(path, x=x, y="y").x[:, 0].tolist() == [0, -1, -2, -3]
    with pytest.raises(ValueError, match=r"no column 1\.5"):
        read_pairs(path, x=1.5, y="y")
