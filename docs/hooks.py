"""MkDocs: pages and figures of ``results/`` become part of the site; notebooks become pages."""

import json
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
_SHOWN = {".md", ".png"}
_INNER_LINK = r"\]\((?!https?:|#)([^)]*?)\)"


def on_files(files, config):
    """Adds ``results/**`` and a page for every notebook."""
    for path in sorted((ROOT / "results").rglob("*")):
        if path.suffix in _SHOWN:
            name = path.relative_to(ROOT).as_posix()
            files.append(File.generated(config, name, abs_src_path=str(path)))
    for path in sorted((ROOT / "docs/notebooks").glob("*.ipynb")):
        name = f"notebooks/{path.name}"
        known = files.get_file_from_path(name)
        if known is not None:
            files.remove(known)
        files.append(File.generated(config, f"{name}.md", content=page_of(path)))
    return files


def on_config(config):
    """The navigation names notebooks as they are called in the repository."""
    config["nav"] = _with_pages(config["nav"])
    return config


def on_page_markdown(markdown, page, config, files):
    """Links as they are valid in the repository -> as they are valid on the site."""
    markdown = re.sub(r"\]\(((?:\.\./)*notebooks/\w+\.ipynb)\)", r"](\1.md)", markdown)
    if page.file.src_uri.startswith("results/"):
        return re.sub(_INNER_LINK, lambda link: _of_results(link, page), markdown)
    return re.sub(r"\]\(\.\./results((?:/[^)]*)?)\)", _of_docs, markdown)


def page_of(path):
    """A notebook as Markdown, its figures included."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(text)
            continue
        parts.append(f"```python\n{text}\n```")
        parts += [shown for output in cell.get("outputs", ()) if (shown := _output(output))]
    return "\n\n".join(parts) + "\n"


def _output(output):
    if output.get("name") == "stderr":
        return ""
    data = output.get("data", {})
    if "image/png" in data:
        png = "".join(data["image/png"]).replace("\n", "")
        return f"![output of the cell above](data:image/png;base64,{png})"
    text = "".join(output.get("text", data.get("text/plain", "")))
    return f"```text\n{text.rstrip()}\n```" if text.strip() else ""


def _with_pages(entry):
    if isinstance(entry, list):
        return [_with_pages(one) for one in entry]
    if isinstance(entry, dict):
        return {name: _with_pages(one) for name, one in entry.items()}
    return f"{entry}.md" if str(entry).endswith(".ipynb") else entry


def _of_docs(link):
    target = f"results{link.group(1)}".rstrip("/")
    # A folder is its page.
    if (ROOT / target / "README.md").is_file():
        target += "/README.md"
    if not (ROOT / target).is_file() or Path(target).suffix not in _SHOWN:
        return "](results.md)"
    return f"]({target})"


def _of_results(link, page):
    folder = ROOT / Path(page.file.src_uri).parent
    target = (folder / link.group(1).partition("#")[0]).resolve()
    shown = target.suffix in _SHOWN and target.is_file() and "results" in target.parts
    return link.group(0) if shown else f"]({'../' * page.file.src_uri.count('/')}results.md)"
