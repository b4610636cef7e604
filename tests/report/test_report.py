"""The report is one self-contained page whose numbers are those of the rows."""

import base64
import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest

from tests.synthetic_dim_rows import png
from tests.synthetic_rows import MI_MAX, failed_run, rows_of
from tf_infomax.published import published, read_official_curves
from tf_infomax.report.gallery import write_gallery
from tf_infomax.report.report import (
    collect,
    make_report,
    summary_table,
    write_figures,
    write_tables,
)
from tf_infomax.report.sections import file_name, sections_of, with_rows
from tf_infomax.results.rows import Row, write_rows
from tf_infomax.tables.results_table import number

CSV = (
    "experiment,critic,bound,step,probe_accuracy,test_bound_nats,train_bound_nats,"
    "log_condition_p50\n"
    "critic_impact,bilinear,infonce,1000,0.8001,2.5001,2.6001,\n"
    "critic_impact,bilinear,infonce,21000,0.8787,4.6133,4.7338,\n"
)


class Page(HTMLParser):
    """Tags with attributes, table rows as lists of texts, and a check that tags are closed."""

    void = ("meta", "img", "br", "link")

    def __init__(self, text):
        super().__init__()
        self.tags, self.rows, self.open, self.text = [], [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


def report_of(tmp_path, rows, official=None, **documents):
    work = tmp_path / "work"
    write_rows(work / "rows.jsonl", rows)
    for name, document in documents.items():
        (work / f"{name}.json").write_text(json.dumps(document))
    text = make_report([work], tmp_path / "page.html", official).read_text(encoding="utf-8")
    page = Page(text)
    assert not page.open
    return page, text


def simple(value, seed=0, step=10, metric="probe/linear/accuracy", variant="bilinear-infonce",
           **tags):
    unit = "fraction" if "accuracy" in metric else "nats"
    tags = {"dataset": "mnist", "bound": "infonce", "critic": "bilinear", **tags}
    if "accuracy" in metric:
        tags["features"] = "code"
    return Row("critic_impact", variant, seed, step, "test", metric, value, unit, tags)


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A page on all six experiments of MI-max and a failed run."""
    root = tmp_path_factory.mktemp("full")
    for experiment in MI_MAX:
        rows = rows_of(experiment, seeds=2, last=1000)
        rows += failed_run() if experiment == "critic_impact" else []
        write_rows(root / experiment / "rows.jsonl", rows)
    (root / "curves.csv").write_text(CSV)
    path = make_report(
        [root / name for name in MI_MAX], root / "page.html", root / "curves.csv"
    )
    return path.read_text(encoding="utf-8")


def test_page_is_self_contained_and_well_formed(full):
    page = Page(full)
    assert not page.open
    sources = [value for _, attributes in page.tags for name, value in attributes.items()
               if name in ("src", "href", "srcset", "data")]
    assert all(value.startswith(("data:", "#")) for value in sources)
    assert not re.search(r"@import|url\(", full)
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.tags}
    identifiers = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(set(identifiers)) == len(identifiers)
    links = {value[1:] for value in sources if value.startswith("#")}
    assert links == set(identifiers), "the table of contents lists every section"


def test_every_image_decodes(full):
    page = Page(full)
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert len(images) == 6 and all(image["alt"] for image in images)
    for image in images:
        kind, data = image["src"].split(",", 1)
        assert kind == "data:image/svg+xml;base64"
        assert ElementTree.fromstring(base64.b64decode(data, validate=True)).tag.endswith("svg")


def test_sections_stand_in_the_papers_order_with_their_claims(full):
    places = [full.index(f'<section id="{name}') for name in MI_MAX]
    assert places == sorted(places)
    for figure in ("Figure 1a, b", "Figure 1c", "Figure 2", "Figure 3", "Figure 4a, b",
                   "Figure 4c"):
        assert figure in full


def test_failed_runs_are_named_with_their_step(full):
    assert "concat-nwj, seed 7: stopped, the loss was not finite at step 532." in full
    assert '<div class="failure">' in full
    row = next(row for row in Page(full).rows if "concat-nwj" in row)
    assert row[2:5] == ["concat-nwj", "2 of 3", "1,000"]
    # 2 seeds of 2 + 1 + 2 + 6 + 8 + 4 variants, and the failed run.
    assert "47 runs of 6 experiments" in full and "1 failed" in full


def test_table_shows_mean_and_sd_and_what_was_published(tmp_path):
    (tmp_path / "curves.csv").write_text(CSV)
    # 0.86, 0.88, 0.90: mean 0.88, sd 0.02.
    rows = [simple(value, seed, step=1000) for seed, value in enumerate((0.86, 0.88, 0.90))]
    page, text = report_of(tmp_path, rows, tmp_path / "curves.csv")
    row = next(row for row in page.rows if "accuracy, codes" in row)
    assert row[:6] == ["bilinear-infonce", "accuracy, codes", "0.8800 \u00b1 0.0200", "fraction",
                       "3", "1,000"]
    assert row[6].startswith("0.88 to 0.90 [recalled, unverified")
    assert row[7] == "0.8001 at 1,0000.8787 at 21,000"
    assert "Lines are means over 3 seeds" in text


def test_one_seed_has_no_spread(tmp_path):
    page, text = report_of(tmp_path, [simple(0.875)])
    row = next(row for row in page.rows if "accuracy, codes" in row)
    assert row[2] == "0.8750" and row[4] == "1"
    assert "There is one seed a variant, so there are no bands." in text
    assert not any("official notebook" in cell for row in page.rows for cell in row)


def test_published_values_are_of_their_data_set_and_critic():
    place = ("critic_impact", "probe/linear/accuracy", "test")
    tags = {"dataset": "mnist", "features": "code", "critic": "concat"}
    entry = published(*place, tags)
    assert (entry.low, entry.high, entry.source) == (0.84, 0.86, "recalled, unverified")
    assert published(*place, {**tags, "dataset": "cifar10"}) is None
    ceiling = published("critic_impact", "bound", "test", {"bound": "infonce", "batch_size": 128})
    assert ceiling.text() == "\u2264 4.852" and ceiling.note == "log K"
    assert published("critic_impact", "bound", "test", {"bound": "nwj", "batch_size": 128}) is None
    for target in (2, 2.0):
        entry = published("encoder_impact", "bound", "train", {"target": target})
        assert entry.low == entry.high == 2.0


def test_nan_is_visible_and_breaks_nothing(tmp_path):
    rows = [simple(0.8), simple(float("nan"), seed=1),
            simple(float("-inf"), metric="bound"), simple(0.7, variant="x-infonce")]
    _, text = report_of(tmp_path, rows)
    assert '<span class="bad">NaN</span>' in text and '<span class="bad">-infinite</span>' in text
    assert "NaN" in summary_table(rows)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A page on experiments of both papers."""
    root = tmp_path_factory.mktemp("both")
    rows = rows_of("dim_local", 2, 8 * 781, "cifar10") + rows_of("adversarial", 1)
    write_rows(root / "rows.jsonl", rows)
    return make_report([root], root / "page.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_deep_infomax_follows_mi_max_with_its_claim(both):
    page = Page(both)
    assert not page.open
    assert both.index('<section id="adversarial-mnist') < both.index('<section id="dim_local-cifar')
    assert "(section 3.2, Tables 1, 4)" in both
    assert "1907.13625" in both and "1808.06670" in both
    links = {attributes["href"][1:] for tag, attributes in page.tags if tag == "a"}
    identifiers = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    assert links == identifiers and "tables" in links


def test_the_header_names_only_the_papers_that_are_covered(full):
    assert "1907.13625" in full and "1808.06670" not in full
    assert 'id="tables"' not in full


def test_tables_of_the_paper_say_how_short_the_training_was(both):
    rows = Page(both).rows
    head = next(row for row in rows if row[:1] == ["system"] and "convours" in row)
    assert head == ["system", "epochs trained", "probe epochs", "seeds", "convours", "published",
                    "fcours", "published", "Yours", "published"]
    row = next(row for row in rows if row[:1] == ["DIM(L) infoNCE"])
    # Seeds 0 and 1: 0.54 and 0.55.
    assert row[:6] == ["DIM(L) infoNCE", "8.0 of 1,000", "20", "2", "54.50 \u00b1 0.71", "75.21 R"]
    assert '<span class="short">8.0 of 1,000</span>' in both
    assert "Ours: 8.0 epochs of training; the paper: 1,000 (official code)." in Page(both).text
    assert "R: recalled, unverified" in both


def test_final_values_of_deep_infomax_stand_beside_published_ones(both):
    rows = Page(both).rows
    # Donsker-Varadhan comes first: 0.46 + 0.02, and 0.01 more with seed 1.
    row = next(row for row in rows if "accuracy, MLP probe on fc" in row)
    assert row[1:5] == ["accuracy, MLP probe on fc", "0.4850 \u00b1 0.0071", "fraction", "2"]
    assert row[6] == "0.706 [recalled, unverified; Table 1]"
    for heading in ("accuracy, SVM on global", "accuracy, 10 nearest in global",
                    "MS-SSIM, decoded from global", "NDM of global, test images",
                    "MINE of image and global, training images", "local information in training"):
        assert any(heading in row for row in rows), heading
    # Pictures have a number, which is of no interest without them.
    assert not any("/figure" in cell for row in rows for cell in row)


def test_pictures_are_embedded_as_they_were_measured(both):
    images = [attributes for tag, attributes in Page(both).tags if tag == "img"]
    pictures = [image for image in images if image["src"].startswith("data:image/png")]
    assert [image["alt"].split(":")[0] for image in pictures] == [
        f"{variant}-{kind}" for kind in ("neighbours", "reconstruction")
        for variant in ("donsker_varadhan", "infonce", "jsd")
    ]
    assert pictures[0]["src"] == f"data:image/png;base64,{png(64, 48)}"
    assert "Each row: a test image" in both


def test_pictures_and_tables_are_written_as_files(tmp_path):
    write_rows(tmp_path / "rows.jsonl", rows_of("dim_global", 1, 781, "cifar10"))
    written = write_figures([tmp_path], tmp_path / "figures")
    assert [path.name for path in written] == [
        "dim_global-cifar10.png", "dim_global-cifar10-default-neighbours.png",
        "dim_global-cifar10-default-reconstruction.png",
    ]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)
    text = write_tables([tmp_path], tmp_path / "tables.md").read_text(encoding="utf-8")
    assert "| DIM(G) | 1.0 of 1,000 | 20 | 1 | **39.00** | 52.20 R |" in text
    write_rows(tmp_path / "b/rows.jsonl", rows_of("adversarial", 1))
    assert write_tables([tmp_path / "b"], tmp_path / "none.md").read_text() == ""


def test_summary_of_deep_infomax_has_a_column_for_each_endpoint():
    lines = summary_table(rows_of("dim_local", 1, 781, "cifar10")).splitlines()
    for column in ("MLP probe, conv", "MLP probe, fc", "MLP probe, global", "local information"):
        assert column in lines[0]
    assert "accuracy" not in lines[0] and "bound" not in lines[0]
    (line,) = [line for line in lines if " jsd " in line]
    # JSD: 0.48 and its endpoints; the information is 1.1 (1 - exp(-4)) at its last row.
    assert line.split()[:7] == ["dim_local", "jsd", "1", "781", "0.5200", "0.5000", "0.4800"]


def test_settings_are_collapsed_and_the_command_is_shown(tmp_path):
    document = {"name": "critic_impact", "command": ["python", "run.py", "--a=<b>"],
                "train": {"steps": 10}}
    page, text = report_of(tmp_path, [simple(0.8)], experiment=document)
    assert ("details", {}) in page.tags and '"steps": 10' in page.text
    assert "python run.py --a=&lt;b&gt;" in text and "<b>" not in text


def test_settings_come_from_the_first_run_too(tmp_path):
    for seed in (0, 1):
        run = tmp_path / f"work/runs/critic_impact/bilinear-infonce/seed_{seed}"
        write_rows(run / "rows.jsonl", [simple(0.8, seed)])
        (run / "experiment.json").write_text(f'{{"seeds": [{seed}]}}')
    text = make_report([tmp_path / "work"], tmp_path / "page.html").read_text()
    assert "seed_0/experiment.json (the first of 2 runs)" in text and "seed_1/" not in text


def test_names_are_escaped(tmp_path):
    rows = [Row("<script>", "a&b", 0, 0, "test", "bound", 1.0, "nats", {"dataset": '"x"'})]
    page, text = report_of(tmp_path, rows)
    assert "<script>" not in text and "a&amp;b" in text
    assert "script" not in {tag for tag, _ in page.tags}


def test_datasets_get_their_own_sections(tmp_path):
    page, text = report_of(tmp_path, [simple(0.8), simple(0.3, dataset="cifar10")])
    assert 'id="critic_impact-mnist"' in text and 'id="critic_impact-cifar10"' in text
    assert "2 runs of 1 experiment" in page.text


def test_a_directory_given_twice_counts_once(tmp_path):
    write_rows(tmp_path / "a/rows.jsonl", [simple(0.8)])
    write_rows(tmp_path / "copy/rows.jsonl", [simple(0.8)])
    found = collect([tmp_path / "a", tmp_path / "a", tmp_path / "a/../a", tmp_path / "copy"])
    assert sum(len(source.rows) for source in found) == 1


def test_what_holds_no_rows_is_told_apart(tmp_path):
    write_rows(tmp_path / "a/rows.jsonl", [simple(0.8)])
    write_rows(tmp_path / "b/runs/e/v/seed_0/rows.jsonl", [simple(0.8)])
    (tmp_path / "figure.png").touch()
    (tmp_path / "empty").mkdir()
    kept, others = with_rows([*sorted(tmp_path.iterdir()), tmp_path / "missing"])
    assert [path.name for path in kept] == ["a", "b", "missing"]
    assert [path.name for path in others] == ["empty", "figure.png"]


def test_variants_stand_in_natural_order(tmp_path):
    page, _ = report_of(tmp_path, [simple(0.8, variant=f"K_{size}") for size in (10, 2, 1)])
    names = [row[2] for row in page.rows if len(row) > 2 and row[2].startswith("K_")]
    assert names[:3] == ["K_1", "K_2", "K_10"]


def test_tables_can_be_reached_and_numbers_stand_right(tmp_path):
    page, text = report_of(tmp_path, [simple(0.875)])
    scrolled = [attributes for tag, attributes in page.tags if attributes.get("class") == "scroll"]
    assert scrolled and all(
        one["tabindex"] == "0" and one["role"] == "region" and one["aria-label"] for one in scrolled
    )
    assert '<td class="number">0.8750</td>' in text
    assert [tag for tag, _ in page.tags].count("main") == 1
    assert "prefers-color-scheme: dark" in text
    (image,) = [attributes for tag, attributes in page.tags if tag == "img"]
    # The words in place of the figure give its numbers.
    assert "bilinear-infonce: accuracy 0.8750 at step 10" in image["alt"]


def test_contradicting_directories_are_refused(tmp_path):
    write_rows(tmp_path / "a/rows.jsonl", [simple(0.8)])
    write_rows(tmp_path / "b/rows.jsonl", [simple(0.9)])
    message = r"different rows of critic_impact/bilinear-infonce, seed 0, data set mnist.*Received"
    with pytest.raises(ValueError, match=message):
        make_report([tmp_path / "a", tmp_path / "b"], tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_bad_input_is_refused_with_a_reason(tmp_path):
    (tmp_path / "rows.jsonl").touch()
    with pytest.raises(ValueError, match="no rows yet"):
        make_report([tmp_path], tmp_path / "page.html")
    write_rows(tmp_path / "rows.jsonl", [simple(0.8)])
    with pytest.raises(ValueError, match=r"Expected a file name.*Received: output="):
        make_report([tmp_path], tmp_path)
    with pytest.raises(FileNotFoundError, match="no file of official curves"):
        make_report([tmp_path], tmp_path / "page.html", tmp_path / "none.csv")
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="needs the columns experiment, critic"):
        read_official_curves(tmp_path / "bad.csv")


def test_figures_can_be_written_as_png(tmp_path):
    write_rows(tmp_path / "rows.jsonl", rows_of("adversarial", 1))
    (path,) = write_figures([tmp_path], tmp_path / "figures")
    assert path.name == "adversarial-mnist.png" and path.read_bytes().startswith(b"\x89PNG")


def test_summary_table_has_one_line_a_variant():
    rows = [simple(0.86), simple(0.90, seed=1), simple(4.5, metric="bound"),
            simple(4.5, seed=1, metric="bound"), *failed_run()]
    lines = summary_table(rows).splitlines()
    assert lines[0].split() == ["experiment", "variant", "seeds", "step", "accuracy", "test",
                                "bound"]
    assert lines[2].split() == ["critic_impact", "bilinear-infonce", "2", "10", "0.8800",
                                "\u00b1", "0.0283", "4.5000", "\u00b1", "0.0000", "nats"]
    assert lines[3].split()[:3] == ["critic_impact", "concat-nwj", "1"]
    assert lines[-1] == (
        "FAILED: critic_impact/concat-nwj, seed 7: the loss was not finite at step 532."
    )
    assert summary_table([]) == "No rows yet."


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.87871, "0.8787"), (-0.02, "-0.0200"), (4.0, "4.0000"), (3.2e-6, "3.20e-06"),
     (532.0, "532"), (0.0, "0.0000"), (float("nan"), "NaN"), (float("inf"), "infinite")],
)
def test_numbers_are_readable(value, text):
    assert number(value) == text


EVIL = ("<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "a$\\frac{$b$ ../../x")


@pytest.mark.parametrize("field", [
    "experiment", "variant", "split", "metric", "unit", "features", "dataset", "critic", "bound",
])
def test_whatever_rows_hold_is_text_in_the_page(field, tmp_path):
    row = {
        "experiment": "dim_local", "variant": "v", "seed": 0, "step": 1, "split": "test",
        "metric": "probe/linear/accuracy", "value": 0.5, "unit": "fraction", "features": "code",
        "dataset": "cifar10", "critic": "separable", "bound": "infonce",
    }
    lines = [json.dumps({**row, "seed": seed, field: evil}) for seed, evil in enumerate(EVIL)]
    (tmp_path / "rows.jsonl").write_text("\n".join(lines) + "\n")
    page = make_report([tmp_path], tmp_path / "report.html").read_text()
    assert "<script" not in page and "<img src=x" not in page


def two_runs(tmp_path, value):
    """A work directory with a run, and a copy of its folder whose accuracy is ``value``."""
    for name, one in (("seed_0", 0.5), ("seed_0 (copy)", value)):
        write_rows(tmp_path / f"runs/critic_impact/v/{name}/rows.jsonl", [simple(one)])
    return tmp_path


def test_a_copied_run_counts_once(tmp_path):
    (source,) = collect([two_runs(tmp_path, 0.5)])
    assert [row.value for row in source.rows] == [0.5]
    assert summary_table(source.rows).splitlines()[-1].split()[2] == "1"


def test_a_contradicting_copy_is_named_with_its_file(tmp_path):
    with pytest.raises(ValueError, match=r"value=0.5 and 0.7, files=.*\(copy\)/rows.jsonl"):
        collect([two_runs(tmp_path, 0.7)])


@pytest.mark.parametrize("names", [
    [("critic_impact", "cmaterdb/bangla"), ("critic_impact", "cmaterdb-bangla")],
    [("a", "b-c"), ("a-b", "c"), ("a/b", "c")],
    [("a", ""), ("a", None), ("a-b", None), ("a", "b")],
])
def test_every_section_has_a_figure_of_its_own(names, tmp_path):
    write_rows(tmp_path / "rows.jsonl", [
        Row(name, "v", 0, 1, "test", "bound", 1.0, "nats", {"dataset": dataset})
        for name, dataset in names
    ])
    anchors = [section.anchor for section in sections_of(collect([tmp_path]))]
    assert len({*anchors}) == len(names)
    made = write_figures([tmp_path], tmp_path / "f")
    assert len({*made}) == len(names) == len(list((tmp_path / "f").iterdir()))


def test_ordinary_figures_keep_their_names(tmp_path):
    write_rows(tmp_path / "rows.jsonl", [
        Row(name, "v", 0, 1, "test", "bound", 1.0, "nats", {"dataset": dataset})
        for name, dataset in (("dim_local", "tiny-imagenet-200"), ("circle", None))
    ])
    found = {section.anchor for section in sections_of(collect([tmp_path]))}
    assert found == {"dim_local-tiny-imagenet-200", "circle"}
    assert file_name("dim_local-cifar10-a-b-neighbours", ".png") == (
        "dim_local-cifar10-a-b-neighbours.png"
    )


def pictured(variant="v", experiment="critic_impact", dataset="mnist", **tags):
    return Row(experiment, variant, 0, 1, "test", "neighbours/figure", 0.5, "fraction",
               {"dataset": dataset, "png": png(4, 12), **tags})


@pytest.mark.parametrize("rows", [
    [pictured("a/b"), pictured("a-b")],
    # One is named as the figure of a section, the other as a picture of another section.
    [pictured("v"), pictured(dataset="mnist-v-neighbours", variant="w")],
    [pictured("b-v", "one", None), pictured("v", "one", "b")],
])
def test_every_picture_has_a_file_of_its_own(rows, tmp_path):
    write_rows(tmp_path / "rows.jsonl", rows)
    made = write_figures([tmp_path], tmp_path / "f")
    sections = len({row.tags["dataset"] for row in rows})
    assert len({*made}) == len(made) == sections + len(rows)


def test_a_gallery_of_pictures_only_has_no_numbers(tmp_path):
    write_rows(tmp_path / "rows.jsonl", [pictured(experiment="dim_local", dataset="cifar10")])
    text = write_gallery([tmp_path], tmp_path / "g.md").read_text()
    assert "## " in text and "| variant |" not in text


@pytest.mark.parametrize(("variant", "shown"), [
    ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
    ("a|b", "a&#124;b"), ("a\nb", "a b"), ("a\r\n<b>&lt;", "a &lt;b>&amp;lt;"),
    ("ordinary_*name*, k=2", "ordinary_*name*, k=2"),
])
def test_names_are_text_in_markdown(variant, shown, tmp_path):
    rows = [
        Row("dim_local", name, 0, 100, "test", "probe/mlp/accuracy", 0.5, "fraction",
            {"dataset": "cifar10", "features": "conv", "batch_size": 64, "bound": "infonce"})
        for name in (variant, "other")
    ]
    write_rows(tmp_path / "rows.jsonl", rows)
    gallery = write_gallery([tmp_path], tmp_path / "g.md").read_text()
    write_tables([tmp_path], tmp_path / "t.md")
    (line,) = (one for one in gallery.splitlines() if one.startswith(f"| {shown} |"))
    assert line.count("|") == 5  # variant, seeds, step, accuracy
    assert f"({shown})" in (tmp_path / "t.md").read_text()


@pytest.mark.parametrize("metric", ["run/non_finite_loss_step", "run/inputs_changed_step"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1200.0])
def test_a_step_that_is_not_known_is_said_to_be(metric, value, tmp_path):
    row = Row("critic_impact", "v", 0, 1, "train", metric, value, "step", {"dataset": "mnist"})
    page, _ = report_of(tmp_path, [row])
    assert ("1,200" if value == 1200.0 else "unknown") in page.text


@pytest.mark.parametrize("tags", [
    {"batch_size": "64"}, {"batch_size": [64]}, {"batch_size": "NaN"}, {"batch_size": -64},
    {"epochs": "many"}, {"epochs": float("nan")}, {"examples": "many"}, {"target": "high"},
    {"critic": ["a", "b"]}, {"bound": ["a", "b"]}, {"encoder": {"a": 1}},
])
@pytest.mark.parametrize(
    "experiment",
    ["critic_impact", *(
        pytest.param(name, marks=pytest.mark.slow) for name in ("encoder_impact", "dim_local")
    )],
)
def test_an_odd_tag_costs_no_report(experiment, tags, tmp_path):
    known = {"dataset": "mnist" if experiment != "dim_local" else "cifar10", "batch_size": 64,
             "bound": "infonce", "critic": "bilinear", "encoder": "mlp"}
    rows = [
        Row(experiment, variant, 0, step, "test", metric, 0.5, unit,
            {**known, "features": features, **changed})
        for metric, unit, features in (
            ("probe/linear/accuracy", "fraction", "code"), ("bound", "nats", None),
            ("probe/mlp/accuracy", "fraction", "conv"), ("dependence/mine", "nats", "global"),
        )
        for variant, changed in (("odd", tags), ("even", {"critic": "concat"}))
        for step in (0, 100)
    ]
    page, _ = report_of(tmp_path, rows)
    write_rows(tmp_path / "rows.jsonl", rows)
    write_tables([tmp_path / "rows.jsonl"], tmp_path / "t.md")
    assert "odd" in page.text and "even" in page.text
