"""Tables of text: one table, written in every way that people's programs write it."""

import numpy as np
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
