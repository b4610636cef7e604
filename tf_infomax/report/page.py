"""HTML pages around the parts of a report: layout and style, no numbers."""

import base64
from html import escape

__all__ = ["document", "figure", "page"]

_TABLES = "tables"  # anchor

_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 2.2rem 2rem 4rem; color: #1f2328;
  background: #fff; line-height: 1.5;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.75rem; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.3rem; margin: 3rem 0 0.8rem; padding-top: 0.9rem;
  border-top: 2px solid #0072b2; }
h3 { font-size: 1rem; margin: 1.6rem 0 0.5rem; }
a { color: #0072b2; text-decoration: none; } a:hover { text-decoration: underline; }
.lead { color: #59636e; margin: 0.3rem 0 1.4rem; }
nav { background: #f6f8fa; border: 1px solid #d8dee4; border-radius: 6px;
  padding: 0.7rem 1.2rem; }
nav ol { margin: 0; padding-left: 1.3rem; columns: 2; column-gap: 2rem; }
.claim { background: #f6f8fa; border-left: 4px solid #0072b2; padding: 0.6rem 1rem; margin: 0; }
figure { margin: 1.2rem 0 0.5rem; break-inside: avoid; }
figure img { width: 100%; height: auto; display: block; }
figcaption { color: #59636e; font-size: 0.87rem; margin-top: 0.4rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 0.83rem;
  font-variant-numeric: tabular-nums; }
th { text-align: left; color: #59636e; font-weight: 600; vertical-align: bottom;
  border-bottom: 1.5px solid #59636e; padding: 0.3rem 0.7rem 0.3rem 0; }
td { padding: 0.22rem 0.7rem 0.22rem 0; vertical-align: top; white-space: nowrap; }
table.verdicts td { white-space: normal; }
tr.first td { border-top: 1px solid #d8dee4; }
tr { break-inside: avoid; } thead { display: table-header-group; }
.mark { color: #6e7781; font-size: 0.92em; white-space: normal; }
.bad, tr.failed td { color: #b3261e; font-weight: 600; }
.failure { border: 1px solid #b3261e; border-left-width: 4px; background: #fdf1f0;
  color: #8c1d18; padding: 0.6rem 1rem; margin: 1rem 0; }
.short { color: #8a5a00; } p.short { background: #fff8e6; border-left: 4px solid #e69f00;
  padding: 0.4rem 1rem; margin: 0.6rem 0; }
.pictures { display: flex; flex-wrap: wrap; gap: 0 1.6rem; align-items: flex-start; }
.pictures figure { max-width: 100%; } .pictures img { image-rendering: pixelated; }
.failure ul { margin: 0.2rem 0; padding-left: 1.2rem; }
details { margin-top: 0.7rem; } summary { cursor: pointer; color: #0072b2; }
pre { background: #f6f8fa; border: 1px solid #d8dee4; border-radius: 6px; padding: 0.8rem;
  overflow-x: auto; font-size: 0.8rem; }
code { font-size: 0.88em; overflow-wrap: anywhere; }
dl.made { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1rem;
  margin: 1rem 0 0; font-size: 0.87rem; } dl.made dt { color: #59636e; } dl.made dd { margin: 0; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid #d8dee4; color: #59636e;
  font-size: 0.83rem; }
@media print { html { font-size: 10px; } body { max-width: none; padding: 0; font-size: 10px; }
  section + section { break-before: page; } h2, h3, .claim, .failure { break-after: avoid; }
  .scroll { overflow: visible; } td { white-space: normal; }
  details:not([open]) { display: none; } }
"""


def figure(alt, svg, caption):
    """A figure that is part of the page.

    Args:
        alt: plain text in place of the picture.
        svg: bytes of an SVG file.
        caption: HTML.
    """
    data = base64.b64encode(svg).decode("ascii")
    return f"""<figure><img alt="{escape(alt)}" src="data:image/svg+xml;base64,{data}">
<figcaption>{caption}</figcaption></figure>"""


def document(title, body):
    """An HTML document in the style of the reports.

    Args:
        title: plain text.
        body: HTML below the heading.
    Returns:
        Self-contained HTML, if ``body`` is self-contained.
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{escape(title)}</h1>
{body}
</body>
</html>
"""


def page(
    *, title, lead, contents, overview, sections, all_values, papers, sources, made, tables=()
):
    """The whole page as text.

    Args:
        title, made: plain text.
        lead, overview, all_values: HTML.
        contents: list of (anchor, title) of the sections, plain text.
        sections: list of HTML, each a section with an id.
        papers: list of ``published.Paper`` whose experiments the sections show.
        sources: paths of the work directories, plain text.
        tables: list of HTML, the papers' tables with our numbers; may be empty.
    Returns:
        Self-contained HTML.
    """
    papers_tables = ""
    listed = [("overview", "Overview"), *contents, ("all-values", "All final values")]
    if tables:
        listed.insert(1, (_TABLES, "Tables of the paper"))
        papers_tables = (
            f'<section id="{_TABLES}"><h2>Tables of the paper</h2>{"".join(tables)}</section>'
        )
    items = "".join(
        f'<li><a href="#{escape(anchor)}">{escape(name)}</a></li>' for anchor, name in listed
    )
    places = ", ".join(f"<code>{escape(source)}</code>" for source in sources)
    body = "\n".join(sections)
    after = "; ".join(escape(paper.citation) for paper in papers)
    about = " ".join(escape(paper.values) for paper in papers)
    parts = f"""<p class="lead">{lead}. After {after}.</p>
<nav><ol>{items}</ol></nav>
<section id="overview"><h2>Overview</h2>
<div class="scroll">{overview}</div>
<p class="lead">Mean \u00b1 standard deviation (n \u2212 1) over seeds at the last step that any
seed reached. Bounds in nats, accuracy as a fraction of the test set. A variant in red has failed
runs.</p></section>
{papers_tables}
{body}
<section id="all-values"><h2>All final values</h2>
<div class="scroll">{all_values}</div></section>
<footer><p>Published values: marks in brackets name the source. {about}</p>
<p>This page was made {escape(made)}, from the rows in {places}.</p></footer>"""
    return document(title, parts)
