"""The version of the package, and the commit that it runs from."""

import functools
import subprocess
from pathlib import Path

__all__ = ["VERSION", "__version__", "commit", "version"]

VERSION = "0.1.0"  # setup.py reads this line
__version__ = VERSION


@functools.cache
def commit():
    """The commit of the checkout that the package is imported from, or ``None`` outside one.

    Changed files are marked: ``"5acd92f1c0de+changes"``.
    """
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        head = _git(root, "rev-parse", "--short=12", "HEAD")
        changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "tf_infomax")
    except (OSError, subprocess.SubprocessError):
        return None
    return f"{head}+changes" if changed else head


def _git(root, *arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=root, capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()


def version():
    """The version, with the commit where there is one: ``"0.1.0 (5acd92f1c0de)"``."""
    return f"{VERSION} ({commit()})" if commit() else VERSION
