"""Tables of the paper with ours: every number is known from a formula or from the sheet."""

import math

import pytest

from tests.synthetic_dim_rows import BOUNDS, ENDPOINTS, LEVELS
from tests.synthetic_rows import rows_of
from tf_infomax.published import claim, experiments, papers_of, published
from tf_infomax.results.rows import Row, to_frame
from tf_infomax.tables.paper_records import epochs_of
from tf_infomax.tables.paper_tables import markdown, paper_tables
from tf_infomax.tables.results_table import finals

TABLE_1 = ("dim_supervised", "dim_untrained", "dim_global", "dim_local")
STEPS = 8 * 781


def tables_of(names, seeds=1, last=STEPS, dataset="cifar10", keep=lambda row: True):
    rows = [row for name in names for row in rows_of(name, seeds, last, dataset) if keep(row)]
    return paper_tables(to_frame(rows))


def accuracy(value, features="conv", step=STEPS, variant="infonce", experiment="dim_local",
             dataset="cifar10", metric="probe/mlp/accuracy", **tags):
    tags = {"dataset": dataset, "batch_size": 64, "features": features, "epochs": 20,
            "bound": "infonce", **tags}
    return Row(experiment, variant, 0, step, "test", metric, value, "fraction", tags)


def only(rows, name="Table 1"):
    (table,) = (table for table in paper_tables(to_frame(rows)) if table.name == name)
    return table


def texts(table):
    return {line.label: [cell.text() for cell in line.cells] for line in table.lines}


def theirs(table):
    return {line.label: [cell.published_text() for cell in line.cells] for line in table.lines}


def test_table_1_has_ours_and_the_published_values():
    (table,) = tables_of(TABLE_1, 3, keep=lambda row: row.metric.startswith("probe/mlp"))
    assert table.title == "Table 1: CIFAR-10"
    assert [column.name for column in table.columns] == ["conv", "fc", "Y"]
    assert [line.label for line in table.lines] == [
        "fully supervised", "untrained (not in the paper)", "VAE", "AE", "beta-VAE", "AAE", "BiGAN",
        "NAT", "DIM(G)", "DIM(L) DV", "DIM(L) JSD", "DIM(L) infoNCE",
    ]
    levels = {
        "fully supervised": LEVELS["dim_supervised"], "DIM(G)": LEVELS["dim_global"],
        "DIM(L) JSD": BOUNDS["jsd"],
    }
    for label, level in levels.items():
        # Seeds 0, 1, 2 are 0, 0.01, 0.02 higher: mean + 0.01, sd 0.01.
        expected = [f"{100 * (level + more) + 1:.2f} \u00b1 1.00" for more in ENDPOINTS.values()]
        assert texts(table)[label] == expected
    assert theirs(table) == {
        "fully supervised": ["", "", "75.39 S"],
        "NAT": ["56.19 R", "51.29 R", "31.16 R"],
        "untrained (not in the paper)": ["", "", ""],
        "VAE": ["60.71 R", "60.54 R", "54.61 R"],
        "AE": ["62.19 R", "55.78 R", "54.47 R"],
        "beta-VAE": ["62.40 R", "57.89 R", "55.43 R"],
        "AAE": ["59.44 R", "57.19 R", "52.81 R"],
        "BiGAN": ["62.57 R", "62.74 R", "52.54 R"],
        "DIM(G)": ["52.20 R", "52.84 R", "43.17 R"],
        "DIM(L) DV": ["72.66 R", "70.60 R", "64.71 R"],
        "DIM(L) JSD": ["73.25 R", "73.62 R", "66.96 R"],
        "DIM(L) infoNCE": ["75.21 R", "75.57 R", "69.13 R"],
    }
    # Systems that were not run have no seeds.
    assert {line.seeds for line in table.lines} == {"3", ""}


def test_it_is_said_that_ours_were_trained_for_less():
    (table,) = tables_of(TABLE_1, keep=lambda row: row.metric.startswith("probe/mlp"))
    by_label = {line.label: line for line in table.lines}
    # 6,248 steps of 64 images are 8.0 times 50,000; the untrained encoder is not short of epochs.
    assert table.epochs_text(by_label["DIM(G)"]) == "8.0 of 1,000"
    assert table.epochs_text(by_label["untrained (not in the paper)"]) == "0"
    assert table.is_shorter(by_label["DIM(G)"])
    assert not table.is_shorter(by_label["untrained (not in the paper)"])
    assert by_label["DIM(G)"].probe_epochs == "20"
    assert table.warning().startswith(
        "Ours: 8.0 epochs of training; the paper: 1,000 (official code)."
    )


def test_nothing_is_said_of_runs_as_long_as_the_papers():
    table = only([accuracy(0.7, step=781_000)])
    line = next(line for line in table.lines if line.epochs)
    assert table.epochs_text(line) == "1,000 of 1,000" and table.warning() == ""


@pytest.mark.parametrize("size", ["64", "NaN", [64], math.nan, True, 0, -64])
def test_epochs_of_a_batch_size_that_is_no_number_are_unknown(size):
    (record,) = finals(to_frame([accuracy(0.5, batch_size=size)]))
    assert epochs_of(record) is None
    (table,) = paper_tables(to_frame([accuracy(0.5, batch_size=size, epochs="many")]))
    (line,) = (line for line in table.lines if line.label.startswith("DIM(L) infoNCE"))
    assert (line.epochs, line.probe_epochs, line.cells[0].text()) == (None, "", "50.00")


@pytest.mark.parametrize(
    ("step", "dataset", "epochs"),
    [(6_248, "cifar10", 7.99744), (1_640, "stl10", 0.99962), (781, "cifar100", 0.99968),
     (781, "something_else", None)],
)
def test_epochs(step, dataset, epochs):
    (record,) = finals(to_frame([accuracy(0.5, step=step, dataset=dataset)]))
    found = epochs_of(record)
    assert found is None if epochs is None else math.isclose(found, epochs, rel_tol=1e-5)


def test_cells_without_rows_are_empty_and_tables_without_ours_are_left_out():
    table = only([accuracy(0.5, "fc")])
    assert texts(table)["DIM(L) infoNCE"] == ["", "50.00", ""]
    assert texts(table)["DIM(G)"] == ["", "", ""] and theirs(table)["DIM(G)"][0] == "52.20 R"
    assert [table.name for table in paper_tables(to_frame([accuracy(0.5)]))] == ["Table 1"]
    assert tables_of(["dim_weights", "dim_negatives"]) == []
    assert tables_of(["critic_impact"]) == []
    training = [row for row in rows_of("dim_local", 1, STEPS, "cifar10") if row.split == "train"]
    names = [table.name for table in paper_tables(to_frame(training))]
    assert names == ["Table 4"], "MINE and NDM are measured on training images too"


def test_table_3_is_of_one_data_set_each():
    rows = [accuracy(0.5, experiment="dim_single_global_cifar10", variant="default"),
            accuracy(0.4, experiment="dim_single_global", variant="default", dataset="stl10")]
    small, large = paper_tables(to_frame(rows))
    assert (small.title, large.title) == ("Table 3: CIFAR-10", "Table 3: STL-10")
    assert theirs(small) == {"DIM(L), single global": ["80.95 P"], "CPC": ["77.45 R"]}
    assert theirs(large) == {"DIM(L), single global": ["76.97 R"], "CPC": ["77.81 R"],
                             "DIM(L), multiple globals": ["78.21 R"]}
    assert texts(large)["DIM(L), multiple globals"] == [""]
    assert any("issue #34" in sentence for sentence in small.legend())


def test_table_4():
    tables = tables_of(["dim_global", "dim_local"])
    table = next(table for table in tables if table.name == "Table 4")
    names = [column.name for column in table.columns]
    assert names == [
        "SVM, conv", "SVM, fc", "SVM, Y", "MS-SSIM", "MINE, training images", "MINE, test images",
        "NDM, training images", "NDM, test images",
    ]
    # SVM: level + endpoint - 0.1, and 0.005 over fits even of a single seed.
    level = LEVELS["dim_global"]
    assert texts(table)["DIM(G)"] == [
        "29.00 \u00b1 0.50", "27.00 \u00b1 0.50", "25.00 \u00b1 0.50", f"{0.3 + level:.3f}",
        f"{40 * level:.2f}", f"{20 * level:.2f}", f"{30 * level:.2f}", f"{30 * level - 0.5:.2f}",
    ]
    assert theirs(table)["DIM(G)"] == [
        "46.80 \u00b1 2.29 R", "28.79 \u00b1 7.29 R", "29.08 \u00b1 0.24 R", "0.49 R", "49.63 R",
        "", "9.96 R", "",
    ]
    assert texts(table)["DIM(L+G)"] == [""] * 8
    assert theirs(table)["DIM(L+G)"][4] == "101.65 R"
    assert {"DIM(L), JSD", "DIM(L), InfoNCE", "DIM(L), Donsker-Varadhan"} < set(texts(table))
    legend = " ".join(table.legend())
    assert "Published for MINE, NDM: split not stated." in legend
    assert "Epochs of our estimators: MS-SSIM 12, MINE 10, NDM 200." in legend


def test_table_4_keeps_standardised_and_raw_codes_apart():
    def mine(value, experiment, **tags):
        return accuracy(value, "global", variant="default", experiment=experiment,
                        metric="dependence/mine", **tags)

    # Older rows lack the tag: their codes are raw. One run was measured both ways.
    rows = [mine(7.0, "dim_global"), mine(4.0, "dim_local"),
            mine(6.0, "dim_local", standardized=True)]
    table = only(rows, "Table 4")
    names = [column.name for column in table.columns]
    standardized, raw = (names.index(f"MINE{of}, test images") for of in ("", " of raw codes"))
    # Nor are they averaged anywhere else.
    assert {record.mean for record in finals(to_frame(rows))} == {7.0, 4.0, 6.0}
    shown = {label: (cells[standardized], cells[raw]) for label, cells in texts(table).items()}
    assert shown["DIM(G)"] == ("", "7.00") and shown["DIM(L), InfoNCE"] == ("6.00", "4.00")


def test_table_5_has_the_columns_of_the_paper_in_its_order():
    tables = tables_of(["dim_local", "dim_coordinates"])
    table = next(table for table in tables if table.name == "Table 5")
    assert [column.name for column in table.columns] == ["Y", "fc", "conv"]
    assert theirs(table) == {
        "DIM": ["70.65 R", "73.33 R", "77.46 R"],
        "DIM (coord)": ["71.56 R", "73.89 R", "77.28 R"],
        "DIM (occlude)": ["72.87 R", "74.45 R", "76.77 R"],
        "DIM (coord + occlude)": ["73.99 R", "75.15 R", "77.27 R"],
    }
    # Only the run with infoNCE is its first line, and that alone makes no table.
    assert texts(table)["DIM"] == ["50.00", "52.00", "54.00"]
    assert "Table 5" not in [table.name for table in tables_of(["dim_local"])]


def test_stl10_is_in_table_2_with_its_own_column():
    rows = [accuracy(0.6, dataset="stl10"),
            accuracy(0.7, dataset="stl10", metric="fine_tuning/accuracy")]
    table = only(rows, "Table 2")
    assert [column.name for column in table.columns] == ["conv", "fc", "Y", "SS"]
    assert texts(table)["DIM(L) infoNCE"] == ["60.00", "", "", "70.00"]
    assert theirs(table)["DIM(L) infoNCE"] == ["72.57 R", "70.00 R", "67.08 R", "76.81 R"]
    (small,) = paper_tables(to_frame([accuracy(0.3, dataset="tiny-imagenet-200")]))
    assert [column.name for column in small.columns] == ["conv", "fc", "Y"]
    assert theirs(small)["fully supervised"] == ["", "", "36.60 S"]


def test_other_data_have_no_published_values():
    table = only([accuracy(0.6, dataset="digits")])
    assert texts(table) == {"DIM(L) infoNCE": ["60.00"]} and table.warning() == ""
    assert table.legend() == ["The paper has no numbers on this data set."]


def test_namesakes_are_told_apart_by_their_variants():
    rows = [accuracy(0.5, variant="units_64"), accuracy(0.6, variant="units_128"),
            accuracy(0.4, variant="gan", bound="gan")]
    found = texts(only(rows))
    assert found["DIM(L) infoNCE (units_64)"] == ["50.00", "", ""]
    assert found["DIM(L) infoNCE (units_128)"] == ["60.00", "", ""]
    assert found["DIM(L), gan"] == ["40.00", "", ""]


def test_a_cell_of_an_earlier_step_says_so_and_nan_is_visible():
    rows = [accuracy(0.5), accuracy(0.4, "fc", step=781), accuracy(math.nan, "global")]
    assert texts(only(rows))["DIM(L) infoNCE"] == ["50.00", "40.00 (after 1.0 epochs)", "NaN"]


def test_markdown_has_as_many_cells_in_every_line():
    tables = tables_of([*TABLE_1, "dim_coordinates"])
    text = markdown(tables)
    blocks, lines = [], []
    for line in text.splitlines():
        if line.startswith("|"):
            lines.append([cell.strip() for cell in line.strip("|").split("|")])
        elif lines:
            blocks.append(lines)
            lines = []
    assert len(blocks) == len(tables) == 3
    for block in blocks:
        assert len({len(line) for line in block}) == 1
    (row,) = [line for line in blocks[0] if line[0] == "DIM(L) infoNCE"]
    assert row == ["DIM(L) infoNCE", "8.0 of 1,000", "20", "1", "**54.00**", "75.21 R",
                   "**52.00**", "75.57 R", "**50.00**", "69.13 R"]
    assert "**Table 1: CIFAR-10.**" in text and "R: recalled, unverified" in text
    assert markdown([]) == ""


def test_one_lookup_serves_both_papers():
    tags = {"dataset": "cifar10", "features": "global", "bound": "infonce"}
    place = ("dim_local", "probe/mlp/accuracy", "test", tags)
    assert published(*place).low == pytest.approx(0.6913)
    assert published(*place, table="Table 5").low == pytest.approx(0.7065)
    assert published(*place, table="Table 3") is None
    support = published("dim_local", "probe/svm/accuracy", "test", tags)
    assert support.text() == "0.4962 \u00b1 0.003" and support.table == "Table 4"
    assert claim("dim_local").figure == "Tables 1, 4" and claim("critic_impact") is not None
    assert claim("dim_untrained").place() == ""
    names = experiments()
    assert names.index("dependent_samples") < names.index("dim_supervised")
    assert [paper.citation[:5] for paper in papers_of(["dim_local"])] == ["Hjelm"]
    assert [paper.citation[:5] for paper in papers_of(["invertible"])] == ["Tscha"]
    assert len(papers_of(["dim_local", "invertible"])) == len(papers_of(["my own"])) == 2


def test_every_experiment_of_the_catalogue_has_a_claim():
    from tf_infomax.experiments import deep_infomax, generative

    listed = (*deep_infomax.EXPERIMENTS, *generative.EXPERIMENTS)
    assert {experiment.name for experiment in listed} <= set(experiments())


def test_published_orders_are_those_that_the_paper_states():
    def values(tags, dataset):
        return [
            published("dim_local" if tags else "dim_global", "probe/mlp/accuracy", "test",
                      {"dataset": dataset, "features": endpoint, **tags}).low
            for endpoint in ENDPOINTS
        ]

    for dataset in ("cifar10", "cifar100", "stl10", "tiny-imagenet-200"):
        for bound in BOUNDS:
            pairs = zip(values({"bound": bound}, dataset), values({}, dataset), strict=True)
            assert all(local > whole for local, whole in pairs)
