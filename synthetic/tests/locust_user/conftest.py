"""The reference platform in a process of its own, with players for a load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.cli.platform_process import reference_platform
from synthetic.config.shipped import shipped_root

CELLS = shipped_root() / "fixtures" / "cells" / "reference.yaml"


@pytest.fixture(scope="module")
def cells() -> Iterator[Path]:
    """Its cells file."""
    with reference_platform(cells=1, players=24) as path:
        yield path


@pytest.fixture
def shipped_cells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped cells file with its secrets at hand, in a folder of its own."""
    for line in CELLS.read_text(encoding="utf-8").split("env:")[1:]:
        monkeypatch.setenv(line.split("}")[0].split(",")[0].split("\n")[0].strip(), "x")
    path = tmp_path / "cells.yaml"
    path.write_text(CELLS.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return path
