"""`journeys`: one money journey against the reference platform, by our engine under both drivers and by hand-written httpx."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.benchmark import Benchmark
from bench.charts import Chart, Panel
from bench.results import Grid, Result
from bench.tables import ratio
from bench.variants import PEER, Variant, open_variants
from synthetic.cli.platform_process import reference_platform
from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.plan import ScenarioPlan
from synthetic.runner.quiet import quiet_collector
from synthetic.sli.latencies import Latencies

ROUNDS, ROUNDS_MAX = 24, 200
TITLE = "journeys: eight calls, one at a time"
BUDGET_S = 40.0  # no round begins after it
COLUMNS = ("variant", "journeys", "requests", "wall s", "CPU ms", "CPU x", "p50 ms", "p50 x")


@dataclass(slots=True)
class Cost:
    """What the journeys of one variant cost so far; CPU is this process's, all threads, without the platform's."""

    journeys: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    requests: int = 0
    balances: Latencies = field(default_factory=Latencies)

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds of one journey."""
        return self.cpu_s * 1e3 / self.journeys

    @property
    def p50_ms(self) -> float:
        """The median latency of a balance call."""
        return self.balances.percentile_ms(50) or 0.0


def run(rounds: int) -> Result:
    """Play `rounds` journeys with each variant, as far as the time budget lets it."""
    with reference_platform() as cells_file, tempfile.TemporaryDirectory(prefix="synthetic-bench-") as folder:
        cell = load_cells(cells_file)["canary"]
        with open_variants(journey(), cell, Path(folder)) as variants, quiet_collector():
            costs = _measure(variants, rounds)
    return _result(costs, rounds)


def journey() -> ScenarioPlan:
    """The benchmarks' scenario, linked to the reference platform's mapping."""
    platform = load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")
    return load_scenario(Path(__file__).with_name("journey.yaml"), platform)


def _measure(variants: Mapping[str, Variant], rounds: int) -> dict[str, Cost]:
    """Round by round, each variant one journey in turn, so that whatever else the machine does meets all of them."""
    for variant in variants.values():
        variant.play(0)  # imports, connections, the first compilation of everything
    warm = {name: (variant.requests, len(variant.balances_ns)) for name, variant in variants.items()}
    costs = {name: Cost() for name in variants}
    deadline_s = time.monotonic() + BUDGET_S
    for number in range(1, rounds + 1):
        for name in _turned(list(variants), number):
            with _charged(costs[name]):
                variants[name].play(number)
        if time.monotonic() > deadline_s:
            break
    for name, variant in variants.items():
        requests, balances = warm[name]
        costs[name].requests = variant.requests - requests
        costs[name].balances = Latencies.of(variant.balances_ns[balances:])
    return costs


def _turned(names: list[str], number: int) -> list[str]:
    """The names, another one first in each round."""
    first = number % len(names)
    return names[first:] + names[:first]


@contextmanager
def _charged(cost: Cost) -> Iterator[None]:
    wall_s, cpu_s = time.monotonic(), time.process_time()
    yield
    cost.wall_s += time.monotonic() - wall_s
    cost.cpu_s += time.process_time() - cpu_s
    cost.journeys += 1


def _result(costs: Mapping[str, Cost], rounds: int) -> Result:
    peer = costs[PEER]
    rows = [
        (
            name,
            str(cost.journeys),
            f"{cost.requests / cost.journeys:.1f}",
            f"{cost.wall_s:.1f}",
            f"{cost.cpu_ms:.2f}",
            ratio(cost.cpu_ms, peer.cpu_ms),
            f"{cost.p50_ms:.2f}",
            ratio(cost.p50_ms, peer.p50_ms),
        )
        for name, cost in costs.items()
    ]
    stopped = f"\nstopped after {BUDGET_S:g} s, before the wanted {rounds} rounds" if peer.journeys < rounds else ""
    remark = f"requests, CPU: per journey; p50: of a balance call; x: times {PEER}{stopped}"
    panel = Panel("CPU of one journey", columns={name: cost.cpu_ms for name, cost in costs.items()})
    chart = Chart(TITLE, "", "milliseconds", (panel,))
    return Result("journeys", BENCHMARK.title, (Grid(TITLE, COLUMNS, rows, remark),), chart=chart)


BENCHMARK = Benchmark("journeys", "a money journey by our engine and by hand", "journeys", ROUNDS, ROUNDS_MAX, run)
