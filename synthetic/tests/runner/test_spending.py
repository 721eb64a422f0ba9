"""Spending: what the journal's budgets have left decides who begins, and how dense a suspicion may be played."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from synthetic.config.serving import load_serving
from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.core.plan_serving import ProbePlan, ServingPlan
from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Caps
from synthetic.runner.density import Denser, Purse, PurseOf
from synthetic.runner.grid import SECOND_NS
from synthetic.runner.spending import Spending, costs, needed_today
from synthetic.runner.timetable import Due, Missed, Timetable

DATA = Path(__file__).parent.parent / "data" / "serving"
NOON_NS = 1_800_014_400 * SECOND_NS  # 2027-01-15T12:00:00Z
SERVING = """\
serve: small
cells: cells.yaml
database: runner.db
probes:
  - {scenarios: [deposit], cells: [canary], only: {psp: [psp-a]}, every: 10m, jitter: 1s}
  - {scenarios: [login], cells: [canary], alone: true}
budgets: {EUR: {run: 5.00 EUR, account_day: 50.00 EUR, day: 200.00 EUR, outstanding: 10.00 EUR}}
density: {factor: 5, for: 1h}
"""


@pytest.fixture
def plan() -> ServingPlan:
    """A pair that deposits one euro on each side every ten minutes, and a probe without money."""
    return load_serving(DATA / "runner.yaml", text=SERVING)


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """A book at noon."""
    with open_book(tmp_path / "runner.db", wall_ns=lambda: NOON_NS) as book:
        yield book


def spend(book: Book, plan: ServingPlan, minor: int) -> None:
    """Reserve an amount against the day's budget."""
    budget = plan.budgets[0]
    amount = Money(minor, "EUR")
    intent = Intent("r1", "deposit", "deposit", "deposit", amount, f"key-{minor}", "psp", "wallet", "canary", "p1")
    book.intend(intent, None, [Caps(day=budget.day, outstanding=budget.outstanding)])


def looked(book: Book, plan: ServingPlan) -> Spending:
    """Spending that has looked."""
    spending = Spending(lambda: plan, book)
    asyncio.run(spending.look())
    return spending


def played(table: Timetable, probe: ProbePlan, *, hours: int) -> list[Due]:
    """What is due of a probe up to so many hours behind noon, when the timetable is looked at whenever it asks for it."""
    found: list[Due] = []
    while (next_ns := table.next_ns()) is not None and next_ns <= NOON_NS + hours * 3600 * SECOND_NS:
        found += [one for one in table.tick(next_ns).due if one.probe == probe.name]
    return found


def deposit(plan: ServingPlan) -> ProbePlan:
    """The probe that deposits."""
    return plan.probes[0]


def test_a_tick_costs_what_both_of_its_sides_bring_in(plan: ServingPlan) -> None:
    """A pair deposits twice, a login costs nothing."""
    assert costs(deposit(plan)) == {"EUR": Money(200, "EUR")}
    assert costs(plan.probes[1]) == {"EUR": Money(0, "EUR")}


def test_a_probe_that_the_budget_can_not_pay_does_not_begin(plan: ServingPlan, book: Book) -> None:
    """A missed slot for `budget`, in place of a run that is cut off in its middle; what costs nothing plays on."""
    assert looked(book, plan).refusal(deposit(plan)) is None
    spend(book, plan, 801)
    spending = looked(book, plan)
    refusal = spending.refusal(deposit(plan))
    assert refusal is not None
    assert refusal.reason is Missed.BUDGET
    assert refusal.sentence.startswith("the cap `outstanding` has 1.99 EUR left")
    assert spending.refusal(plan.probes[1]) is None


def test_what_nobody_has_looked_up_refuses_nothing(plan: ServingPlan, book: Book) -> None:
    """The journal itself reserves each amount before it is sent."""
    assert Spending(lambda: plan, book).refusal(deposit(plan)) is None
    assert looked(book, replace(plan, budgets=())).refusal(deposit(plan)) is None


def test_what_the_normal_slots_need_up_to_midnight_is_kept(plan: ServingPlan) -> None:
    """Twelve hours of six ticks of two euros."""
    assert needed_today(plan, "EUR", NOON_NS) == 12 * 6 * 200
    assert needed_today(plan, "SEK", NOON_NS) == 0
    assert needed_today(plan, "EUR", NOON_NS + 12 * 3600 * SECOND_NS - 1) == 0


def test_a_suspicion_is_played_as_dense_as_the_rest_of_the_budget_carries(plan: ServingPlan, book: Book) -> None:
    """200 EUR of the day less 144 EUR for the normal slots: 28 extra ticks, which is a factor of 5 for an hour."""
    spending = looked(book, plan)
    assert spending.purses(NOON_NS)(deposit(plan)) == Purse(200, 20_000, 14_400)
    table = Timetable({probe.name: probe.schedule for probe in plan.probes}, {}, NOON_NS)
    Denser(lambda: plan, table, spending.purses).suspect([deposit(plan).name], NOON_NS + 3600 * SECOND_NS, NOON_NS)
    assert [one.extra for one in played(table, deposit(plan), hours=1)].count(True) == 24
    assert [one.extra for one in played(table, deposit(plan), hours=2)] == [False] * 6


def test_a_factor_falls_while_the_budget_does(plan: ServingPlan) -> None:
    """An open suspicion is weighed again, and is given up where nothing is to spare."""
    left = [20_000]
    table = Timetable({probe.name: probe.schedule for probe in plan.probes}, {}, NOON_NS)
    denser = Denser(lambda: plan, table, lambda _now: lambda _probe: Purse(200, left[0], 14_400))
    denser.suspect([deposit(plan).name], NOON_NS + 2 * 3600 * SECOND_NS, NOON_NS)
    left[0] = 14_500
    denser.look(NOON_NS)
    assert [one.extra for one in played(table, deposit(plan), hours=1)] == [False] * 6


def test_a_suspicion_of_a_probe_that_is_gone_changes_nothing(plan: ServingPlan, book: Book) -> None:
    """The gate may know an older plan."""
    table = Timetable({probe.name: probe.schedule for probe in plan.probes}, {}, NOON_NS)
    denser = Denser(lambda: plan, table, looked(book, plan).purses)
    denser.suspect(["gone"], NOON_NS + SECOND_NS, NOON_NS)
    denser.look(NOON_NS)
    assert [one.extra for one in played(table, deposit(plan), hours=1)] == [False] * 6


def test_what_all_suspected_probes_have_in_common_is_found_out_once(plan: ServingPlan) -> None:
    """Or a suspicion of a thousand probes holds up the event loop, and every slot that is due meanwhile is late."""
    asked: list[int] = []

    def purses(now_ns: int) -> PurseOf:
        asked.append(now_ns)
        return lambda _probe: Purse()

    table = Timetable({probe.name: probe.schedule for probe in plan.probes}, {}, NOON_NS)
    denser = Denser(lambda: plan, table, purses)
    denser.suspect([probe.name for probe in plan.probes], NOON_NS + 60 * SECOND_NS, NOON_NS)
    denser.look(NOON_NS + SECOND_NS)
    assert asked == [NOON_NS, NOON_NS + SECOND_NS]
