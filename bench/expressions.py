"""`expressions`: what the CEL expressions of one journey cost, and what of that is our layer over Google's runtime."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cel_expr_python import cel

from bench.benchmark import Benchmark
from bench.canned import HISTORY, CannedPlatform
from bench.charts import Chart, Panel
from bench.journeys import journey
from bench.results import Grid, Result
from bench.tables import ratio
from synthetic.config.cells import load_cells
from synthetic.config.shipped import shipped_root
from synthetic.core.errors import HarnessError
from synthetic.core.expressions import Expression, Kind
from synthetic.core.held import HeldList, HeldObject
from synthetic.core.machine import play
from synthetic.core.money import Money
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import RunSpec
from synthetic.drivers.memory import InMemoryTransport, MemoryDriver, VirtualClock
from synthetic.journal.memory import MemoryJournal
from synthetic.runner.quiet import quiet_collector

ROUNDS, ROUNDS_MAX = 500, 5_000
TITLE = "expressions: those of the journey, as the machine evaluates them"
PLAYER = {"id": "p-1", "pool": "standard", "username": "canned", "password": "canned", "instrument": "card_ok"}
COLUMNS = ("expressions", "per journey", "us each", "bare CEL us", "x", "us per journey")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation as the machine asked for it."""

    expression: Expression
    scope: Mapping[str, Any]
    currency: str

    @property
    def is_assertion(self) -> bool:
        """Whether it is a claim (`ok`, `until`, an invariant) and not a value that is taken out of an answer."""
        return self.expression.kind is Kind.BOOL

    def evaluate(self) -> Any:
        """Through our layer."""
        return self.expression.value(self.scope, self.currency)


def run(rounds: int) -> Result:
    """Evaluate everything that one journey evaluates, `rounds` times."""
    caught = evaluations()
    assertions = [one for one in caught if one.is_assertion]
    values = [one for one in caught if not one.is_assertion]
    with quiet_collector():
        ours_us = _each_us([one.evaluate for one in assertions], rounds)
        bare_us = _each_us([_bare(one) for one in assertions], rounds)
        values_us = _each_us([one.evaluate for one in values], rounds)
    rows = [
        _row("assertions", len(assertions), ours_us, f"{bare_us:.2f}", ratio(ours_us, bare_us)),
        _row("values", len(values), values_us, "-", "-"),
    ]
    remark = f"x: times Google's runtime alone; {rounds} rounds; the ledger has {HISTORY} postings"
    columns = {"assertions": ours_us, "the runtime alone": bare_us, "values": values_us}
    chart = Chart(TITLE, "", "microseconds each", (Panel("", columns=columns),))
    return Result("expressions", BENCHMARK.title, (Grid(TITLE, COLUMNS, rows, remark),), chart=chart)


def evaluations() -> list[Evaluation]:
    """Every evaluation of one journey, caught while it is played in memory."""
    clock = VirtualClock()
    driver = MemoryDriver(InMemoryTransport(CannedPlatform(), clock), clock)
    with _listening() as caught:
        ended = driver.run(play(_spec(clock)), sink=lambda _event: None, journal=MemoryJournal())
    if ended.outcome is not RunOutcome.OK:
        raise HarnessError(f"the journey in memory ended {ended.outcome}: {ended.reason}")
    return caught


@contextmanager
def _listening() -> Iterator[list[Evaluation]]:
    """Note each call of `Expression.value`; it computes as ever."""
    caught: list[Evaluation] = []
    usual = Expression.value

    def value(self: Expression, scope: Mapping[str, Any], currency: str) -> Any:
        caught.append(Evaluation(self, scope, currency))
        return usual(self, scope, currency)

    Expression.value = value  # type: ignore[method-assign]
    try:
        yield caught
    finally:
        Expression.value = usual  # type: ignore[method-assign]


def _spec(clock: VirtualClock) -> RunSpec:
    cell = load_cells(shipped_root() / "fixtures" / "cells" / "reference.yaml")["canary"]
    return RunSpec(
        plan=journey(),
        cell=cell,
        row={"psp": "psp-a"},
        player=PLAYER,
        secret_attributes=frozenset({"password"}),
        secrets={},
        run_id="rbench",
        seed=0,
        mono_ns=clock.monotonic_ns(),
        wall_ns=clock.wall_ns(),
        scheduled_ns=clock.monotonic_ns(),
    )


def _bare(evaluation: Evaluation) -> Callable[[], object]:
    """The same assertion by the runtime alone: no errors looked for, amounts (as durations) bound beforehand."""
    names = evaluation.expression.names
    data = {name: _plain(evaluation.scope[name]) for name in names}
    # The runtime takes a duration only where one is declared.
    kinds = {name: cel.Type.DURATION if isinstance(data[name], timedelta) else cel.Type.DYN for name in names}
    compiled = cel.NewEnv(variables=kinds).compile(evaluation.expression.text)
    if compiled.eval(data=data).plain_value() != evaluation.evaluate():
        raise HarnessError(f"`{evaluation.expression.text}` is another value by the runtime alone; nothing to compare")
    return lambda: compiled.eval(data=data).plain_value()


def _plain(value: Any) -> Any:
    match value:
        case Money():
            return timedelta(microseconds=value.minor)
        case HeldObject():
            return dict(value)  # the runtime takes no subclass
        case HeldList():
            return list(value)
        case _:
            return value


def _each_us(calls: Sequence[Callable[[], object]], rounds: int) -> float:
    """CPU microseconds of one call, after a first round for nothing."""
    for call in calls:
        call()
    started_ns = time.process_time_ns()
    for _ in range(rounds):
        for call in calls:
            call()
    return (time.process_time_ns() - started_ns) / 1e3 / (rounds * len(calls))


def _row(name: str, count: int, each_us: float, bare_us: str, times_bare: str) -> tuple[str, ...]:
    return (name, str(count), f"{each_us:.2f}", bare_us, times_bare, f"{each_us * count:.0f}")


BENCHMARK = Benchmark("expressions", "the CEL expressions of that journey", "journeys", ROUNDS, ROUNDS_MAX, run)
