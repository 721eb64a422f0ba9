"""Plays a soak: the platform, the service as a process of its own, the fault in the middle, and the scrapes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.soak.bars import PHASES, Counts, Window, between, together
from synthetic.cli.platform_process import reference_platform
from synthetic.cli.reference import reset, throw
from synthetic.config.shipped import shipped_root
from synthetic.core.errors import HarnessError
from synthetic.journal.book import open_book

SCRAPE_EVERY_S = 5.0
SETTLE_S = 12.0  # behind each switch: runs that began before it end within this time, and belong to neither phase
UP_WITHIN_S = 30.0
ENDED_WITHIN_S = 120.0
SERVE = """
serve: soak
cells: {cells}
scenarios: [{root}/scenarios]
platforms: [{root}/fixtures/platforms]
database: runner.db
listen: 127.0.0.1:0
audit: audit
probes:
  - {{scenarios: [deposit-bet-withdraw], cells: [canary], every: 5s, jitter: 4s, deadline: 30s}}
  - {{scenarios: [login], cells: [canary], every: 10s, jitter: 9s}}
budgets:
  EUR: {{run: 5.00 EUR, account_day: 25000.00 EUR, day: 50000.00 EUR, outstanding: 500.00 EUR}}
policies:
  - {{market: "*", withdraw: approved, instrument: real, approval: {{reference: the reference platform pays with play money}}}}
"""


@dataclass(slots=True)
class Soaked:
    """What a soak came to. `stranded`: minor units that nobody has settled."""

    windows: list[Window] = field(default_factory=list)
    exit_code: int = -1
    stranded: int = -1
    open_runs: int = -1

    def by_phase(self) -> Mapping[str, Window]:
        """All windows of each phase together; a phase without any has no runs."""
        grouped = {phase: [window for window in self.windows if window.phase == phase] for phase in PHASES}
        return {phase: together(windows) if windows else Window(phase, 0.0, {}) for phase, windows in grouped.items()}


def soak(folder: Path, fault: str, *, total_s: float, seed: int, tell: Callable[[Window], None]) -> Soaked:
    """Soak for so long. Raises HarnessError where the platform or the service does not come up."""
    soaked = Soaked()
    with reference_platform(seed=seed) as cells, _service(folder, cells) as (process, address):
        began_s = time.monotonic()
        for phase in PHASES:
            if phase == "broken":
                throw(fault, cells=cells)
            elif phase == "recovered":
                reset(fault, cells=cells)
            for window in _windows(phase, address, began_s, total_s / len(PHASES)):
                soaked.windows.append(window)
                tell(window)
        process.send_signal(signal.SIGTERM)
        soaked.exit_code = process.wait(ENDED_WITHIN_S)
        with open_book(folder / "runner.db") as book:
            soaked.stranded = sum(book.left().minor.values())
            soaked.open_runs = len(book.open_runs())
    return soaked


def _windows(phase: str, address: str, began_s: float, lasts_s: float) -> Iterator[Window]:
    """The windows of a phase, from when it has settled."""
    until_s = time.monotonic() + lasts_s
    time.sleep(min(SETTLE_S, lasts_s / 2))
    before = scrape(address)
    while time.monotonic() < until_s:
        time.sleep(min(SCRAPE_EVERY_S, max(0.0, until_s - time.monotonic())))
        now = scrape(address)
        yield Window(phase, time.monotonic() - began_s, between(before, now))
        before = now


def scrape(address: str) -> Counts:
    """The runs that `/metrics` counts, by track, outcome and blame."""
    counts: Counter[tuple[str, str, str]] = Counter()
    text = httpx.get(f"{address}/metrics", timeout=10.0, trust_env=False).raise_for_status().text
    for family in text_string_to_metric_families(text):
        if family.name != "synthetic_runs":
            continue
        for sample in family.samples:
            if sample.name == "synthetic_runs_total":
                labels = sample.labels
                counts[labels["track"], labels["outcome"], labels["blame"]] += sample.value  # type: ignore[assignment]
    return dict(counts)


@contextmanager
def _service(folder: Path, cells: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    file, log = folder / "runner.yaml", folder / "serve.log"
    file.write_text(SERVE.format(cells=cells, root=shipped_root()), encoding="utf-8")
    command = [sys.executable, "-m", "synthetic.cli", "serve", str(file), "--worker", "soak"]
    with log.open("wb") as output, subprocess.Popen(command, stderr=output, cwd=folder) as process:  # noqa: S603 - ours
        try:
            yield process, _address(process, log)
        finally:
            process.kill()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline_s = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < deadline_s and process.poll() is None:
        for line in log.read_text(encoding="utf-8").splitlines():
            if '"event": "started"' in line:
                return str(json.loads(line)["listen"])
        time.sleep(0.05)
    raise HarnessError(f"synthetic serve was not up within {UP_WITHIN_S:g} s: {log.read_text(encoding='utf-8')[-500:]}")
