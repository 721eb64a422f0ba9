"""Plays a soak: the platform, the service as a process of its own, the fault in the middle, and the scrapes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from bench.served import served
from bench.soak.bars import PHASES, Counts, Window, between, together
from synthetic.cli.platform_process import reference_platform
from synthetic.cli.reference import reset, throw
from synthetic.config.shipped import shipped_root
from synthetic.journal.book import open_book

SCRAPE_EVERY_S = 5.0
SETTLE_S = 12.0  # behind each switch: runs that began before it end within this time, and belong to neither phase
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
    file = folder / "runner.yaml"
    with reference_platform(seed=seed) as cells:
        file.write_text(SERVE.format(cells=cells, root=shipped_root()), encoding="utf-8")
        return _soak(file, cells, fault, total_s, tell)


def _soak(file: Path, cells: Path, fault: str, total_s: float, tell: Callable[[Window], None]) -> Soaked:
    soaked = Soaked()
    with served(file, "soak") as service:
        began_s = time.monotonic()
        for phase in PHASES:
            if phase == "broken":
                throw(fault, cells=cells)
            elif phase == "recovered":
                reset(fault, cells=cells)
            for window in _windows(phase, service.address, began_s, total_s / len(PHASES)):
                soaked.windows.append(window)
                tell(window)
        soaked.exit_code = service.terminate()
        with open_book(file.with_name("runner.db")) as book:
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
