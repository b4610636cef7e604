"""The pages: every internal link leads somewhere, and the navigation has every page."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "tf_infomax"
PAGES = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "results/**/*.md", "tf_infomax/**/*.md")
    for path in ROOT.glob(pattern)
)
LINK = re.compile(r"(?<!`)!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(text):
    """Fragments of a page's headings, as GitHub and MkDocs make them."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def broken(path, text):
    """Internal links of a page that lead nowhere."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, fragment = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        has_fragment = not fragment or target.suffix != ".md"
        if not target.exists() or not (has_fragment or fragment in anchors(target.read_text())):
            yield link


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links(path):
    assert not list(broken(path, path.read_text()))


def test_broken_links_are_seen(tmp_path):
    (tmp_path / "b.md").write_text("# Two words\n")
    text = "[a](b.md#two-words) [c](b.md#other) ![d](none.png) [e](https://x.y) `[f](none)`"
    assert list(broken(tmp_path / "a.md", text)) == ["b.md#other", "none.png"]


def test_links_of_notebooks():
    for path in (ROOT / "docs/notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "markdown":
                assert not list(broken(path, "".join(cell["source"]))), path


def lines_of(files, folder):
    """Lines of files and folders of the package; a bare name is beside the one before it."""
    total = 0
    for name in files:
        path = PACKAGE / name if (PACKAGE / name).exists() else folder / name
        folder = path.parent
        modules = path.rglob("*.py") if path.is_dir() else [path]
        total += sum(len(module.read_text().splitlines()) for module in modules)
    return total


def test_the_sizes_of_what_is_by_hand_are_about_right():
    page = (ROOT / "docs/by_hand_or_library.md").read_text()
    rows = re.findall(r"^\| (`[^|]*) \| ([\d,]+) \|", page, re.M)
    assert len(rows) > 40
    for files, lines in rows:
        stated = int(lines.replace(",", ""))
        found = lines_of(re.findall(r"`([^`]+)`", files), PACKAGE)
        # Small changes need no new number: a quarter, or ten lines.
        assert abs(found - stated) <= max(0.25 * found, 10), (files, found)


def test_the_navigation_has_every_page():
    nav = (ROOT / "mkdocs.yml").read_text()
    for path in [*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/notebooks").glob("*.ipynb")]:
        assert path.relative_to(ROOT / "docs").as_posix() in nav, path
    # Two pages, not a book.
    assert len((ROOT / "README.md").read_text().splitlines()) <= 130


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted((ROOT / "docs/notebooks").glob("*.ipynb")),
                         ids=lambda path: path.stem)
def test_notebooks_run(path, tmp_path, monkeypatch):
    """Every cell of a notebook, with small numbers."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    monkeypatch.setenv("TF_INFOMAX_SMALL", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    notebook = nbformat.read(path, as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=1800, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert outputs and not any(output.output_type == "error" for output in outputs)
