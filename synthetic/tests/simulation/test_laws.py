"""Each law, over records written by hand: what breaks it is seen, and what is right is left alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.entry import JournalEntry
from synthetic.journal.model import Caps, Lease, NewRun, RunRow, Slot
from synthetic.simulation.evidence import Evidence, LookedUp, Sent, Violation
from synthetic.simulation.history import Act
from synthetic.simulation.laws import LAWS, judge
from synthetic.simulation.platform import Cause, Happening, Payment

S = 1_000_000_000
FLOAT = 5_000


def cause(key: str, run: str = "r1", sender: str = "w1#1") -> Cause:
    return Cause(sender, 0, run, "p1", key)


def payment(number: int, kind: str, minor: int, state: str, run: str = "r1") -> Payment:
    return Payment(number, kind, minor, cause(f"{run}-{kind}", run), state)


def happened(at_s: int, what: str, number: int, kind: str, minor: int = 100, run: str = "r1") -> Happening:
    return Happening(at_s * S, what, number, kind, minor, replace(cause(f"{run}-{kind}", run), sent_ns=at_s * S))


def entry(kind: str, minor: int, state: IntentState, run: str = "r1", key: str = "", step: str = "") -> JournalEntry:
    intent = Intent(run, step or kind, kind, kind, Money(minor, "EUR"), key or f"{run}-{kind}", "psp", "wallet")
    return JournalEntry(intent, state, 0, 0)


def run_row(run: str, outcome: str = "ok", account: str = "simulated/p1") -> RunRow:
    new = NewRun(run, "alone", "cash-out", "", "canary", {}, 1, 1, 7)
    return RunRow(new, "p1", Lease(account, "w1", run, 1, 0), 0, outcome=outcome)


def act(at_s: float, life: str, what: str, run: str = "r1", **told: Any) -> Act:
    return Act(round(at_s * S), life, what, run, **told)


ADMITTED = act(1, "w1#1", "admit", told=("alone", 7, "canary"))
CLOSED = act(9, "w1#1", "close_run", account="simulated/p1", told="ok")
KEPT = act(2, "w1#1", "intend", key="r1-deposit")

RIGHT = Evidence(
    record=(
        happened(2, "deposit", 1, "deposit"),
        happened(3, "captured", 1, "deposit"),
        happened(4, "withdraw", 2, "withdraw"),
        happened(5, "paid", 2, "withdraw"),
    ),
    payments=(payment(1, "deposit", 100, "captured"), payment(2, "withdraw", 100, "paid")),
    balances={"p1": FLOAT},
    float_minor=FLOAT,
    report={"r1-deposit": 100, "r1-withdraw": -100},
    sent=(Sent(2 * S, "w1#1", "r1", "r1-deposit", durable=True, undoes=False),),
    looked_up=(),
    acts=(ADMITTED, KEPT, CLOSED),
    entries=(entry("deposit", 100, IntentState.SETTLED), entry("withdraw", 100, IntentState.SETTLED)),
    runs={"r1": run_row("r1")},
    slots=(Slot("alone", 7, "w1", 1, 9, "ok"),),
    expected_slots={"alone": (7,)},
    caps=Caps(Money(100, "EUR"), Money(100, "EUR"), Money(100, "EUR"), Money(100, "EUR")),
    steady=frozenset({"w1#1", "w2#1"}),
    end_ns=60 * S,
)
TAKEN = act(5, "w2#1", "take_over", told=(-S, 1))


def laws_broken(seen: Evidence) -> set[str]:
    return {violation.law for violation in judge(seen)}


def test_what_is_right_breaks_no_law() -> None:
    """A deposit, a payout, one slot, one run."""
    assert judge(RIGHT) == []


BROKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("intent-before-effect", "sent without an intent", {"sent": (replace(RIGHT.sent[0], durable=False),)}),
    ("one-effect-per-step", "a key that the journal has not",
     {"entries": RIGHT.entries[:1]}),
    ("one-effect-per-step", "the same step under another key",
     {"entries": (*RIGHT.entries, entry("deposit", 100, IntentState.SETTLED, key="r1-deposit-2")),
      "record": (*RIGHT.record, replace(RIGHT.record[0], cause=cause("r1-deposit-2")))}),
    ("one-undo-per-effect", "refunded twice",
     {"record": (*RIGHT.record, happened(6, "refunded", 1, "deposit"), happened(7, "refunded", 1, "deposit"))}),
    ("nothing-stranded", "a run is open", {"runs": {"r1": run_row("r1", "")}}),
    ("nothing-stranded", "a run is stranded", {"runs": {"r1": run_row("r1", "stranded")}}),
    ("nothing-stranded", "an effect is open",
     {"entries": (entry("deposit", 100, IntentState.UNKNOWN), RIGHT.entries[1])}),
    ("nothing-stranded", "a payout is under way for ever",
     {"payments": (RIGHT.payments[0], payment(2, "withdraw", 100, "pending"))}),
    ("nothing-stranded", "a deposit of a run that was given up",
     {"runs": {"r1": run_row("r1", "aborted")}, "payments": (RIGHT.payments[0], payment(2, "withdraw", 100, "cancelled"))}),
    ("nothing-stranded", "refunded and paid out", {"payments": (payment(1, "deposit", 100, "refunded"), RIGHT.payments[1])}),
    ("journal-is-ledger", "the platform has what the journal calls refused",
     {"entries": (entry("deposit", 100, IntentState.REFUSED), RIGHT.entries[1])}),
    ("journal-is-ledger", "the platform lacks what the journal calls settled",
     {"entries": (*RIGHT.entries, entry("bet", 20, IntentState.SETTLED))}),
    ("journal-is-ledger", "another amount", {"entries": (entry("deposit", 99, IntentState.SETTLED), RIGHT.entries[1])}),
    ("journal-is-ledger", "the PSP moved more", {"report": {**RIGHT.report, "r2-deposit": 100}}),
    ("journal-is-ledger", "a wallet lacks a cent", {"balances": {"p1": FLOAT - 1}}),
    ("one-owner", "two runs on an account",
     {"acts": (ADMITTED, act(2, "w2#1", "admit", "r2", told=("alone", 8, "canary"))),
      "runs": {"r1": run_row("r1"), "r2": run_row("r2")}}),
    ("one-owner", "an intent without the lease", {"acts": (ADMITTED, replace(KEPT, life="w2#1"), CLOSED)}),
    ("one-owner", "closed by whoever lost it", {"acts": (ADMITTED, TAKEN, CLOSED)}),
    ("live-leases", "a lease that lived", {"acts": (ADMITTED, replace(TAKEN, told=(S, 1))), "steady": frozenset()}),
    ("live-leases", "a worker that was well", {"acts": (ADMITTED, TAKEN)}),
    ("recovery-moves-nothing-new", "played on", {"acts": (ADMITTED, TAKEN, act(6, "w2#1", "intend", key="r1-bet"))}),
    ("sweeps-leave-the-baseline", "a cent too much",
     {"entries": (RIGHT.entries[0], entry("withdraw", 100, IntentState.SETTLED, step="sweep")),
      "acts": (act(0, "w1#1", "set_baseline", account="simulated/p1", told=FLOAT), *RIGHT.acts),
      "record": (*RIGHT.record[:2], replace(RIGHT.record[2], cash_minor=FLOAT - 1))}),
    ("wallets-keep-their-cash", "a deposit was swept, and refunded, too",
     {"payments": (payment(1, "deposit", 100, "refunded"), RIGHT.payments[1]),
      "balances": {"p1": FLOAT - 100},
      "entries": (entry("deposit", 100, IntentState.COMPENSATED), RIGHT.entries[1])}),
    ("newest-first", "refunded before the payout was looked for",
     {"record": (*RIGHT.record[:3], happened(5, "refunded", 1, "deposit"))}),
    ("budgets-hold", "two deposits of a run",
     {"record": (*RIGHT.record, replace(RIGHT.record[0], cause=cause("r1-deposit-2")))}),
    ("kill-stops-admissions", "admitted two seconds later",
     {"acts": (act(1, "operator", "kill", ""), act(3, "w1#1", "admit", told=("alone", 7, "canary")), CLOSED)}),
    ("every-slot-counts", "a slot that nobody counted", {"expected_slots": {"alone": (7, 17)}}),
    ("every-slot-counts", "a claim of which nothing came",
     {"slots": (*RIGHT.slots, Slot("alone", 17, "w1", 1)), "expected_slots": {"alone": (7, 17)}}),
    ("every-slot-counts", "played twice",
     {"acts": (ADMITTED, KEPT, CLOSED, replace(ADMITTED, at_ns=10 * S, run_id="r2")),
      "runs": {"r1": run_row("r1"), "r2": run_row("r2", "failed")}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("law", "change"), [(law, change) for law, _, change in BROKEN], ids=[why for _, why, _ in BROKEN]
)
def test_what_breaks_a_law_is_seen(law: str, change: dict[str, Any]) -> None:
    """One thing is wrong, and the law that it breaks says so."""
    assert law in laws_broken(replace(RIGHT, **change))


def test_every_law_is_broken_by_some_record() -> None:
    """None of them holds whatever happens."""
    written = {law for law, _, _ in BROKEN}
    assert {law.__name__.replace("_", "-").removesuffix("-are-left-alone") for law in LAWS} == written


def test_an_admission_within_the_second_is_allowed() -> None:
    """The switch has a second to act."""
    acts = (act(0.5, "operator", "kill", ""), *RIGHT.acts)
    assert judge(replace(RIGHT, acts=acts)) == []


def test_a_run_that_was_put_back_may_be_taken_by_anybody() -> None:
    """Postponed, its lease is free."""
    acts = (ADMITTED, act(3, "w1#1", "postpone", account="simulated/p1"), TAKEN, replace(CLOSED, life="w2#1"))
    assert judge(replace(RIGHT, acts=acts)) == []


def test_a_sweep_is_not_played_on_and_not_paid_out_twice() -> None:
    """It follows a take-over, beside a refund; what it leaves is the baseline."""
    swept = replace(
        RIGHT,
        entries=(
            entry("deposit", 100, IntentState.COMPENSATED),
            entry("withdraw", 100, IntentState.SETTLED, step="sweep"),
        ),
    )
    acts = (
        act(0, "w1#1", "set_baseline", account="simulated/p1", told=FLOAT - 100),
        *(ADMITTED, KEPT, replace(TAKEN, life="w1#1"), act(6, "w1#1", "intend", key="r1-withdraw"), CLOSED),
    )
    record = (*RIGHT.record[:2], happened(4, "refunded", 1, "deposit"), *RIGHT.record[2:])
    record = tuple(replace(one, cash_minor=FLOAT) for one in record)
    seen = replace(swept, acts=acts, record=record, runs={"r1": run_row("r1", "aborted")})
    seen = replace(seen, payments=(payment(1, "deposit", 100, "refunded"), RIGHT.payments[1]))
    seen = replace(seen, report={"r1-withdraw": -100}, balances={"p1": FLOAT - 100})
    assert judge(seen) == []


def test_what_was_looked_for_in_vain_holds_up_no_refund() -> None:
    """A payout that nobody can tell of, or that arrives behind its look-up, is nobody's mistake."""
    record = (*RIGHT.record[:3], happened(6, "refunded", 1, "deposit"))
    looked_up = (LookedUp(5 * S, "w1#1", "r1-withdraw"),)
    assert "newest-first" not in laws_broken(replace(RIGHT, record=record, looked_up=looked_up))
    too_late = (replace(looked_up[0], at_ns=7 * S),)
    assert "newest-first" in laws_broken(replace(RIGHT, record=record, looked_up=too_late))


def test_violations_are_told_in_their_order() -> None:
    """The first one is the one to look at."""
    found = judge(replace(RIGHT, sent=(replace(RIGHT.sent[0], durable=False),), runs={"r1": run_row("r1", "")}))
    assert [violation.law for violation in found] == ["intent-before-effect", "nothing-stranded"]
    assert all(isinstance(violation, Violation) for violation in found)
