"""Tables of rows, our own and in the papers' layouts, as Markdown and as HTML."""
