"""How a mistake of our own is told: its kind and its place, never its text, which may have anything in it, a password too."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb


def own_mistake(error: BaseException) -> str:
    """`our own code failed: KeyError in undo.py:120`."""
    frames = extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"our own code failed: {type(error).__name__}{place}"
