"""Errors as one sentence, for people at a command line."""

__all__ = ["sentence"]


def sentence(error):
    """The message of an error on one line, with a full stop; of an ``OSError`` with its files."""
    if isinstance(error, OSError) and error.strerror:
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        return f"{error.strerror}: {', '.join(names) or 'no file is named'}."
    text = " ".join(str(error).split()) or type(error).__name__
    return text if text.endswith((".", "!", "?")) else f"{text}."
