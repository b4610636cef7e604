"""Tables of rows: ours, the papers' layouts beside them, as Markdown and as HTML."""
