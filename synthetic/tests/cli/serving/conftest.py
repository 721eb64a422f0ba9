"""A service to start, to kill and to ask."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from synthetic.config.shipped import shipped_root

WITHIN_S = 90.0
PROBE = "{scenarios: [deposit-bet-withdraw], cells: [canary], every: 1s, only: {psp: [psp-a], provider: [provider-a]}}"
SERVE = """
serve: test
cells: {cells}
scenarios: [{root}/scenarios]
platforms: [{platforms}]
database: env:SERVING_TEST_DATABASE
listen: 127.0.0.1:0
audit: audit
probes:
  - {probe}
budgets:
  EUR: {{run: 5.00 EUR, account_day: 2500.00 EUR, day: 5000.00 EUR, outstanding: 50.00 EUR}}
policies:
  - {{market: MT, withdraw: approved, instrument: real, approval: {{reference: play money}}}}
limits: {{lease: 3s}}
"""


@dataclass
class Service:
    """One `synthetic serve` process and the folder that it works in."""

    process: subprocess.Popen[bytes]
    log: Path
    address: str = ""
    _events: list[dict[str, Any]] = field(default_factory=list)

    def events(self) -> list[dict[str, Any]]:
        """Its log so far."""
        whole = self.log.read_text(encoding="utf-8").splitlines()
        lines = whole[: len(whole) - (0 if self.log.read_bytes().endswith(b"\n") else 1)]
        self._events += [json.loads(line) for line in lines[len(self._events) :]]
        return self._events

    def of(self, event: str) -> list[dict[str, Any]]:
        """The log's lines of one kind."""
        return [line for line in self.events() if line.get("event") == event]

    def wait(self, claim: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        """Wait until it holds."""
        deadline_s = time.monotonic() + within_s
        while not claim():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline_s, self.log.read_text()[-3000:]
            time.sleep(0.05)

    def terminate(self) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WITHIN_S)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()


Starting = Callable[..., Service]


@pytest.fixture
def start(tmp_path: Path, synthetic_cells_file: Path) -> Iterator[Starting]:
    """Starts a service on the running platform; `database` and `probe` as in a serve file, and `more` keys of one."""
    with ExitStack() as stack:

        def go(worker: str, *, database: str = "runner.db", probe: str = PROBE, more: str = "") -> Service:
            file = tmp_path / f"{worker}.yaml"
            file.write_text(
                SERVE.format(
                    cells=synthetic_cells_file, root=shipped_root(), platforms=quick_mapping(tmp_path), probe=probe
                )
                + more,
                encoding="utf-8",
            )
            log = tmp_path / f"{worker}.log"
            output = stack.enter_context(log.open("ab"))
            command = [sys.executable, "-m", "synthetic.cli", "serve", str(file), "--worker", worker]
            # A Postgres address has a password in it, so it is a reference in the file.
            environment = {**os.environ, "SERVING_TEST_DATABASE": database}
            process = stack.enter_context(subprocess.Popen(command, stderr=output, cwd=tmp_path, env=environment))
            stack.callback(process.kill)
            service = Service(process, log)
            service.wait(lambda: bool(service.of("started")))
            service.address = service.of("started")[-1]["listen"]
            return service

        yield go


def quick_mapping(folder: Path) -> Path:
    """The shipped mapping, but that no request is on its way for longer than two seconds: here it is a loopback."""
    own = folder / "quick-platforms"
    if not own.exists():
        shutil.copytree(shipped_root() / "fixtures" / "platforms", own)
        path = own / "reference.yaml"
        text = path.read_text(encoding="utf-8")
        assert "\ndefaults:\n" in text
        path.write_text(text.replace("\ndefaults:\n", "\ndefaults:\n  late_after: 2s\n", 1), encoding="utf-8")
    return own
