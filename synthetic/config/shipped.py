"""Finds the content that ships with the package: inside the wheel, or the top-level folders of a checkout."""

from __future__ import annotations

from pathlib import Path

from synthetic.core.errors import HarnessError

_PACKAGE = Path(__file__).resolve().parent.parent


def shipped_root() -> Path:
    """The folder that holds `scenarios/` and `fixtures/`. Raises HarnessError where neither is there."""
    for root in (_PACKAGE / "_shipped", _PACKAGE.parent):
        if (root / "scenarios").is_dir() and (root / "fixtures").is_dir():
            return root
    raise HarnessError("this installation lacks its scenarios and fixtures; install igaming-synthetic again")
