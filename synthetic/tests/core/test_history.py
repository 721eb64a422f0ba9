"""Evidence: facts built from a mapping's values, statements that can't be read, and what a run gained."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_type_hints

import pytest

from synthetic.core.history import (
    FACTS,
    Balance,
    Bet,
    DoubleEntryLine,
    History,
    Ledger,
    LedgerEntry,
    MalformedEvidence,
    OpenItem,
    PspEntry,
    PspEvent,
    PspReport,
    SinkRow,
    fact,
    fields_of,
    required_of,
)
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.tests.distinct import distinct

DONE = StepOutcome.DONE
ROW: dict[str, Any] = {
    "id": 7,
    "kind": "bet",
    "reference": "b1",
    "bucket": "cash",
    "amount_minor": -20,
    "currency": "EUR",
    "posted_at": "ignored",
}


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("deposit", ("reference", "amount", "state")),
        ("withdrawal", ("reference", "amount", "state")),
        ("bet", ("reference", "stake")),
        ("round", ("reference", "state", "payout")),
        ("rollback", ("reference",)),
        ("tampered", ("reference",)),
        ("balance", ("cash",)),
        ("ledger", ("entries",)),
        ("psp_report", ("psp", "entries")),
    ],
)
def test_each_kind_of_fact_names_the_fields_that_a_mapping_gives(kind: str, fields: tuple[str, ...]) -> None:
    """`config` refuses an `evidence:` block that gives others."""
    assert required_of(kind) == fields
    assert set(fields) <= set(fields_of(kind))
    assert kind in FACTS


def test_a_statement_becomes_entries() -> None:
    """Ids and references are texts, whatever JSON type the platform gives them; other fields of a row are left aside."""
    ledger = fact("ledger", "after", DONE, {"entries": [ROW]})
    assert ledger == Ledger("after", DONE, (LedgerEntry("7", "bet", "b1", "cash", eur(-20)),))
    report = fact("psp_report", "report", DONE, {"psp": "psp-a", "entries": [ROW | {"kind": "capture"}]})
    assert report == PspReport("report", DONE, "psp-a", (PspEntry("7", "capture", "b1", eur(-20)),))


@pytest.mark.parametrize("line", [DoubleEntryLine, LedgerEntry, OpenItem, PspEntry, PspEvent, SinkRow])
def test_a_line_of_a_statement_takes_every_field_from_its_row(line: Any) -> None:
    """Each from the column of its own name, also those that may be left out."""
    wanted = distinct(line)
    row: dict[str, Any] = {"currency": "EUR"}
    for field in fields(line):
        value = getattr(wanted, field.name)
        row |= {f"{field.name}_minor": value.minor} if isinstance(value, Money) else {field.name: value}
    (kind,) = (kind for kind, made in FACTS.items() if get_type_hints(made).get("entries") == tuple[line, ...])
    told = fact(kind, "after", DONE, dict.fromkeys(required_of(kind), "psp-a") | {"entries": [row]})
    assert told.entries == (wanted,)  # type: ignore[union-attr]


def test_a_plain_fact_keeps_its_values() -> None:
    """A balance is what was read."""
    assert fact("balance", "end", DONE, {"cash": eur(5)}) == Balance("end", DONE, eur(5))


@pytest.mark.parametrize("kind", ["ledger", "psp_report"])
@pytest.mark.parametrize(
    "entries",
    [
        None,
        7,
        "text",
        "",
        {},
        {"entries": []},
        [None],
        ["row"],
        [[]],
        [{}],
        [{key: value for key, value in ROW.items() if key != "amount_minor"}],
        [{key: value for key, value in ROW.items() if key != "currency"}],
        [ROW | {"amount_minor": "-20"}],
        [ROW | {"amount_minor": -20.0}],
        [ROW | {"amount_minor": None}],
        [ROW | {"amount_minor": True}],
        [ROW | {"currency": "eur"}],
        [ROW | {"currency": None}],
        [ROW, {}],
    ],
)
def test_a_statement_that_can_not_be_read_is_named_and_nothing_else_is_raised(kind: str, entries: object) -> None:
    """Missing fields, wrong types, no list at all: MalformedEvidence, so the run says so and ends in order."""
    with pytest.raises(MalformedEvidence, match=kind.replace("_", " ")):
        fact(kind, "after", DONE, {"entries": entries, "psp": "psp-a"})


@pytest.mark.parametrize(
    ("kind", "values", "told"),
    [
        ("round", {"reference": "b1", "state": "WON", "payout": 40}, "payout of the round is 40, which is no amount"),
        ("round", {"reference": "b1", "state": "WON", "payout": None}, "payout of the round is None"),
        ("deposit", {"reference": None, "amount": eur(5), "state": "x"}, "reference of the deposit is None"),
        ("deposit", {"reference": "d1", "amount": eur(5), "state": ["x"]}, "state of the deposit is"),
        ("balance", {"cash": "1.00"}, "cash of the balance is '1.00'"),
    ],
)
def test_a_value_of_the_wrong_type_is_malformed(kind: str, values: dict[str, Any], told: str) -> None:
    """What the types of a mapping could not see at load is told here, and not by a crash in the judge."""
    with pytest.raises(MalformedEvidence, match=told):
        fact(kind, "step", DONE, values)


def test_a_numeric_reference_is_the_same_as_its_text() -> None:
    """A platform may number its deposits and write the number as a text in its ledger."""
    assert fact("rollback", "step", DONE, {"reference": 7}) == fact("rollback", "step", DONE, {"reference": "7"})


def test_a_statement_without_its_entries_is_malformed() -> None:
    """A mapping's value may be missing as a whole."""
    with pytest.raises(MalformedEvidence):
        fact("ledger", "after", DONE, {})


def entry(id_: str, minor: int) -> LedgerEntry:
    return LedgerEntry(id_, "bet", "b1", "cash", eur(minor))


def test_what_a_run_gained_is_between_its_first_and_last_statement() -> None:
    """Postings are told apart by id, so two equal ones are two; what was there before is not the run's."""
    old, one, two = entry("1", -20), entry("2", -20), entry("3", -20)
    statements = [Ledger("a", DONE, (old,)), Ledger("b", DONE, (old, one)), Ledger("c", DONE, (old, one, two))]
    assert History(tuple(statements), "EUR").new_ledger_entries() == (one, two)


@pytest.mark.parametrize("count", [0, 1])
def test_without_two_statements_nobody_knows_what_was_gained(count: int) -> None:
    """None, not "nothing": a law can't be judged on it."""
    facts = (Ledger("a", DONE, (entry("1", -20),)), PspReport("r", DONE, "psp-a", ()))[: 2 * count]
    history = History(facts, "EUR")
    assert history.new_ledger_entries() is None
    assert history.new_psp_entries() is None


def test_the_reports_of_two_psps_are_not_compared_with_each_other() -> None:
    """Each PSP's last report is held against its own first one; a PSP with one report says nothing."""
    old, new = PspEntry("1", "capture", "d0", eur(5)), PspEntry("2", "capture", "d1", eur(7))
    reports = (
        PspReport("a1", DONE, "psp-a", (old,)),
        PspReport("b1", DONE, "psp-b", ()),
        PspReport("a2", DONE, "psp-a", (old, new)),
        PspReport("c1", DONE, "psp-c", (old,)),
        PspReport("b2", DONE, "psp-b", (old,)),
    )
    assert History(reports, "EUR").new_psp_entries() == (new, old)


def test_facts_of_one_kind_come_in_order() -> None:
    """Checkers read a history by kind."""
    first, second = Bet("one", DONE, "b1", eur(20)), Bet("two", DONE, "b2", eur(20))
    history = History((first, Balance("x", DONE, eur(1)), second), "EUR")
    assert history.of(Bet) == (first, second)


def test_a_total_is_of_the_runs_currency() -> None:
    """A player's purse in dollars is another purse; of nothing, the total is zero in the run's currency."""
    history = History((), "EUR")
    assert history.total([eur(5), Money(7, "USD"), eur(-2)]) == eur(3)
    assert history.total([]) == eur(0)
