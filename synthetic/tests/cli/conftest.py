"""A running reference platform for the tests of this folder, and a folder of one's own to call from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.cli.platform_process import reference_platform
from synthetic.config.shipped import shipped_root


@pytest.fixture(scope="session")
def cells_file() -> Iterator[Path]:
    """The cells file of a platform in a process of its own."""
    with reference_platform() as path:
        yield path


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the shipped mapping and a few scenarios, as a user has them."""
    root = shipped_root()
    for name in ("cashier/deposit_bet_withdraw", "auth/login", "negative/insufficient_funds"):
        path = tmp_path / "scenarios" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((root / "scenarios" / f"{name}.yaml").read_text())
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "reference.yaml").write_text((root / "fixtures/platforms/reference.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path
