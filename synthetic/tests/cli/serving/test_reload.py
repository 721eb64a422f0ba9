"""A running service reads its files again: a good change is in force, a bad one changes nothing and is told everywhere."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from synthetic.tests.cli.serving.conftest import Starting
from synthetic.tests.cli.serving.test_serve import get

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
LOGIN = "{scenarios: [login], cells: [canary], every: 60s}"


def change(file: Path, old: str, new: str) -> None:
    """Change the serve file."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_files_are_read_again_without_a_restart(start: Starting, tmp_path: Path) -> None:
    """Denser at once; a mistake, a cap and a secret that leads nowhere keep what is; a signal is answered; it ends in order."""
    service, file = start("w1", probe=LOGIN), tmp_path / "w1.yaml"

    def success() -> str:
        _, metrics = get(f"{service.address}/metrics")
        return next(line for line in metrics.splitlines() if line.startswith("synthetic_config_last_reload_success "))

    change(file, "every: 60s", "every: 1s")
    service.wait(lambda: len(service.of("config_reloaded")) == 1)
    service.wait(lambda: len(service.of("run_ended")) >= 4)  # a minute's probe would have played two

    cells = tmp_path / "cells.yaml"
    written = next(line for line in file.read_text().splitlines() if line.startswith("cells:")).split()[1]
    cells.write_text(Path(written).read_text())  # its secrets are files beside it, and there are none here
    for old, new, told in [
        ("every: 1s", "evry: 1s", "unknown key 'evry'"),
        ("limits: {", "limits: {series: 100, ", "series"),
        (f"cells: {written}", f"cells: {cells}", "can't be read"),
    ]:
        before = len(service.of("config_invalid"))
        change(file, old, new)
        service.wait(lambda before=before: len(service.of("config_invalid")) > before)  # type: ignore[misc]
        assert told in service.of("config_invalid")[-1]["problem"]
        service.wait(lambda: success().endswith(" 0.0"))
        service.wait(lambda: get(f"{service.address}/readyz")[0] == 503)
        change(file, new, old)
        reloaded = len(service.of("config_reloaded"))
        service.wait(lambda reloaded=reloaded: len(service.of("config_reloaded")) > reloaded)  # type: ignore[misc]
        service.wait(lambda: success().endswith(" 1.0"))

    reloaded, played = len(service.of("config_reloaded")), len(service.of("run_ended"))
    service.process.send_signal(signal.SIGHUP)
    service.wait(lambda: len(service.of("config_reloaded")) == reloaded + 1)
    service.wait(lambda: len(service.of("run_ended")) > played)
    assert service.terminate() == 0
