"""Watching files by their modification times."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from synthetic.cli.watching import changes


def _watch(folder: Path) -> Iterator[None]:
    return changes(lambda: folder.glob("*.yaml"))


def test_it_begins_at_once_and_tells_of_each_change(tmp_path: Path) -> None:
    """A changed file, a new one and a lost one are each told once."""
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text("a")
    watching = _watch(tmp_path)
    next(watching)
    for change in (lambda: one.write_text("ab"), lambda: two.write_text("c"), two.unlink):
        change()
        next(watching)


def test_the_same_size_with_another_time_is_a_change(tmp_path: Path) -> None:
    """A digit that was mended does not change the size."""
    one = tmp_path / "one.yaml"
    one.write_text("a")
    watching = _watch(tmp_path)
    next(watching)
    os.utime(one, ns=(1, 1))
    next(watching)
