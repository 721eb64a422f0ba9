"""The comparison of one account: tables of what the journal has, what ledger and PSP say, and what differs."""

from __future__ import annotations

import pytest

from synthetic.core.effects import Intent
from synthetic.core.machine.statements import StatementEntry, Statements
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.entry import JournalEntry
from synthetic.runner.comparing import Difference, Kind, Scope, compare

S = 10**9
SCOPE = Scope(frozenset({"deposit", "withdraw", "stake"}), frozenset({"deposit", "withdraw"}), since_s=1000)
SETTLED, COMPENSATED, REFUSED = IntentState.SETTLED, IntentState.COMPENSATED, IntentState.REFUSED


def eur(minor: int) -> Money:
    """An amount."""
    return Money(minor, "EUR")


def effect(kind: str, state: IntentState, minor: int = 100, *, key: str = "", at_s: int = 2000) -> JournalEntry:
    """An effect in the journal under the key `k-kind`, which the look-up knows as `kind-1`."""
    way = ("psp", "wallet") if kind == "deposit" else ("wallet", "psp" if kind == "withdraw" else "game")
    intent = Intent("run1", kind, kind, kind, eur(minor), key or f"k-{kind}", *way, "c1", "p1")
    return JournalEntry(intent, state, at_s * S, at_s * S)


def entry(kind: str, minor: int, reference: str = "", *, key: str = "", at_s: int | None = 2000) -> StatementEntry:
    """An entry of a statement."""
    return StatementEntry(reference or f"{kind}-1", kind, eur(minor), key, at_s)


def differences(
    effects: list[JournalEntry], ledger: list[StatementEntry], psp: list[StatementEntry] | None = None
) -> list[Difference]:
    """What differs; each effect was looked up."""
    references = {one.intent.key: f"{one.intent.kind}-1" for one in effects}
    reports = {} if psp is None else {"psp-a": tuple(psp)}
    return compare("c1", "p1", effects, Statements(tuple(ledger), reports, references), SCOPE)


def test_an_effect_of_a_worker_whose_clock_is_behind_is_judged() -> None:
    """It wrote it as the time began, by its own clock a little before; what only the ledger has may be another journal's."""
    (found,) = differences([effect("deposit", SETTLED, at_s=950)], [])
    assert found.kind is Kind.NOT_IN_LEDGER
    assert differences([effect("deposit", SETTLED, at_s=930)], []) == []
    assert differences([], [entry("deposit", 100, at_s=990)]) == []


@pytest.mark.parametrize(
    ("effects", "ledger"),
    [
        ([effect("deposit", SETTLED)], [entry("deposit", 100)]),
        ([effect("deposit", COMPENSATED)], [entry("deposit", 100), entry("deposit", -100)]),
        ([effect("deposit", REFUSED)], []),
        ([effect("withdraw", SETTLED)], [entry("withdraw", -100), entry("withdraw", 100), entry("withdraw", -100)]),
        ([effect("withdraw", COMPENSATED)], [entry("withdraw", -100), entry("withdraw", 100)]),
        ([effect("stake", SETTLED, 20)], [entry("stake", -20)]),
        ([effect("stake", SETTLED, 20)], [entry("stake", -20), entry("stake", 20)]),  # the round was void
        ([effect("stake", SETTLED, 20)], [entry("stake", -20, "other", key="k-stake")]),  # the ledger has our own key
        ([effect("win", SETTLED)], []),  # the ledger does not tell of wins
        ([effect("deposit", SETTLED, at_s=10)], []),  # long ago, and judged then
        ([], [entry("deposit", 100, at_s=10)]),
        ([], [entry("", 5000, "opening balance")]),
    ],
)
def test_what_agrees_is_no_difference(effects: list[JournalEntry], ledger: list[StatementEntry]) -> None:
    """Of each state of an effect, and of what is older or of other kinds."""
    assert differences(effects, ledger) == []


@pytest.mark.parametrize(
    ("effects", "ledger", "kind", "journal", "seen"),
    [
        ([effect("deposit", SETTLED)], [], Kind.NOT_IN_LEDGER, 100, None),
        ([effect("deposit", SETTLED)], [entry("deposit", 99)], Kind.AMOUNTS_DIFFER, 100, 99),
        ([effect("deposit", SETTLED)], [entry("deposit", 100)] * 2, Kind.AMOUNTS_DIFFER, 100, 200),
        ([effect("deposit", COMPENSATED)], [entry("deposit", 100)], Kind.AMOUNTS_DIFFER, 100, 100),
        (
            [effect("deposit", COMPENSATED)],
            [entry("deposit", 100), entry("deposit", -80)],
            Kind.AMOUNTS_DIFFER,
            100,
            20,
        ),
        ([effect("deposit", REFUSED)], [entry("deposit", 100)], Kind.AMOUNTS_DIFFER, 100, 100),
        ([effect("withdraw", SETTLED)], [entry("withdraw", 100)], Kind.AMOUNTS_DIFFER, -100, 100),
        ([effect("stake", SETTLED, 20)], [entry("stake", -20)] * 2, Kind.AMOUNTS_DIFFER, -20, -40),
        ([], [entry("deposit", 100)], Kind.NOT_IN_JOURNAL, None, 100),
        ([], [entry("deposit", 100), entry("deposit", -100)], Kind.NOT_IN_JOURNAL, None, 100),
        ([], [entry("deposit", 100, at_s=None)], Kind.NOT_IN_JOURNAL, None, 100),
        ([effect("deposit", IntentState.UNKNOWN)], [], Kind.UNSETTLED, 100, None),
        ([effect("deposit", IntentState.STUCK)], [entry("deposit", 100)], Kind.UNSETTLED, 100, 100),
    ],
)
def test_a_difference_is_told_with_both_amounts(
    effects: list[JournalEntry], ledger: list[StatementEntry], kind: Kind, journal: int | None, seen: int | None
) -> None:
    """As the wallet sees them; a side that has nothing has no amount."""
    (difference,) = differences(effects, ledger)
    assert (difference.kind, difference.journal and difference.journal.minor) == (kind, journal)
    assert (difference.ledger and difference.ledger.minor) == seen
    assert "of p1 on c1" in difference.sentence


@pytest.mark.parametrize(
    ("ledger", "psp", "amounts"),
    [
        ([entry("deposit", 100)], [entry("deposit", 100)], None),
        ([entry("deposit", 100)], [], (100, 0)),
        ([entry("deposit", 100)], [entry("deposit", 110)], (100, 110)),
        ([], [entry("deposit", 100)], (0, 100)),
        ([], [entry("deposit", 100), entry("deposit", -100)], None),
        ([], [entry("withdraw", -100, at_s=10)], None),
        ([entry("stake", -20)], [], None),
    ],
)
def test_the_psp_report_is_held_against_the_ledger(
    ledger: list[StatementEntry], psp: list[StatementEntry], amounts: tuple[int, int] | None
) -> None:
    """By reference and in sum; only of what goes through a PSP."""
    told = [one for one in differences([], ledger, psp) if one.kind is Kind.PSP_DIFFERS]
    found = [(one.ledger and one.ledger.minor, one.psp and one.psp.minor) for one in told]
    assert found == ([] if amounts is None else [amounts])


def test_without_a_psp_report_nothing_is_said_of_psps() -> None:
    """The mapping names none."""
    assert [d.kind for d in differences([effect("deposit", SETTLED)], [entry("deposit", 100)], None)] == []


def test_two_effects_under_one_reference_are_judged_together() -> None:
    """A batch: each of its effects may have been given back."""
    both = [effect("stake", SETTLED, 20), effect("stake", SETTLED, 30, key="k-second")]
    assert differences(both, [entry("stake", -20), entry("stake", -30)]) == []
    assert differences(both, [entry("stake", -30)]) == []
    assert [one.kind for one in differences(both, [entry("stake", -10)])] == [Kind.AMOUNTS_DIFFER]
