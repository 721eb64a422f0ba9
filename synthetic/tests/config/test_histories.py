"""Histories by hand: how they are read, and that every mistake in one is told in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.config.histories import HistoryCase, load_histories
from synthetic.core.errors import AuthorError
from synthetic.core.history import Balance, Bet, Ledger, WireAmounts
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, StepOutcome

CHECKS = frozenset({"one-debit-per-bet"})
HEAD = "check: one-debit-per-bet\ninvariant: 47\ncases:\n"


def read(tmp_path: Path, cases: str, head: str = HEAD) -> tuple[HistoryCase, ...]:
    """The cases of a file."""
    path = tmp_path / "histories.yaml"
    path.write_text(head + cases, encoding="utf-8")
    return load_histories(path, known_checks=CHECKS)


def test_a_fact_says_only_what_matters(tmp_path: Path) -> None:
    """Done, a second after the one before, its step named after its kind: unless the case says otherwise."""
    (case,) = read(
        tmp_path,
        "  - case: two bets\n    holds: true\n    facts:\n"
        "      - bet: {reference: b1, stake: 0.20 EUR}\n"
        "      - bet: {reference: b2, stake: 0.30 EUR, step: second, refused: no_money, at: 7.5..7.75}\n"
        "      - balance: {cash: 1.00 EUR, at: never}\n",
    )
    one, two, three = case.history.facts
    assert isinstance(one, Bet) and isinstance(two, Bet) and isinstance(three, Balance)  # noqa: PT018
    assert (one.step, one.outcome, one.stake) == ("bet-1", StepOutcome.DONE, Money(20, "EUR"))
    assert (one.sent_ns, one.received_ns) == (1_000_000_000, 1_100_000_000)
    assert (two.step, two.outcome, two.refusal) == ("second", StepOutcome.REFUSED, "no_money")
    assert (two.sent_ns, two.received_ns) == (7_500_000_000, 7_750_000_000)
    assert (three.sent_ns, three.received_ns) == (0, 0)


def test_a_line_of_a_statement_is_a_text_or_a_mapping(tmp_path: Path) -> None:
    """Its ids count from one, so that two statements that begin alike have the same postings."""
    (case,) = read(
        tmp_path,
        "  - case: a statement\n    undecided: true\n    facts:\n"
        "      - ledger:\n"
        "          - bet b1 -0.20 EUR\n"
        "          - withdraw_reserve w1 0.80 EUR locked\n"
        "          - {id: e9, kind: win, reference: b1, amount: 0.40 EUR, balance_after: 10.20 EUR, key: k}\n",
    )
    (statement,) = case.history.of(Ledger)
    assert [(e.id, e.kind, e.amount.minor, e.bucket) for e in statement.entries] == [
        ("e1", "bet", -20, "cash"),
        ("e2", "withdraw_reserve", 80, "locked"),
        ("e9", "win", 40, "cash"),
    ]
    assert (statement.entries[2].balance_after, statement.entries[2].key) == (Money(1020, "EUR"), "k")


def test_amounts_on_the_wire_are_json(tmp_path: Path) -> None:
    """A float is a float there, and a text a text."""
    facts = "      - wire_amounts: {where: here, values: '[1, 0.5, \"1.00\"]'}\n"
    (case,) = read(tmp_path, f"  - case: a message\n    holds: true\n    facts:\n{facts}")
    assert case.history.of(WireAmounts)[0].values == (1, 0.5, "1.00")


def test_a_case_says_what_the_check_has_to_say(tmp_path: Path) -> None:
    """Words and blame, or nothing, or that it can't say; and what the run asked for itself."""
    broken, undecided = read(
        tmp_path,
        "  - case: bad\n    broken: twice\n    blame: harness\n    run: {id: r1, currency: JPY, finished: false}\n"
        "    unknown_stakes: [20 JPY]\n    moved: [{step: bet, kind: stake, direction: stake, amount: 20 JPY, key: k}]\n"
        "  - {case: none, undecided: true}\n",
    )
    assert (broken.found, broken.blame, undecided.found) == (("twice",), Blame.HARNESS, None)
    history = broken.history
    assert (history.run_id, history.currency, history.finished) == ("r1", "JPY", False)
    assert (history.unknown_stakes, history.moved[0].key) == ((Money(20, "JPY"),), "k")


@pytest.mark.parametrize(
    ("cases", "told"),
    [
        ("  - {case: x, hods: true}\n", "4:15: unknown key of a case 'hods'"),
        ("  - {case: x}\n", "4:5: a case has a title"),
        ("  - {case: x, broken: true}\n", "4:23: `broken` is a text that the finding contains"),
        ("  - {case: x, broken: []}\n", "4:23: `broken` is a text that the finding contains"),
        ("  - case: x\n    holds: true\n    facts: [{bett: {}}]\n", "6:14: unknown kind of fact 'bett'"),
        ("  - case: x\n    holds: true\n    facts: [{bet: {reference: b}}]\n", "6:13: the bet has no stake"),
        ("  - case: x\n    holds: true\n    facts: [{bet: {stake: 1 EUR, rounds: r}}]\n", "6:34: unknown field 'rounds'"),
        ("  - case: x\n    holds: true\n    facts: [{bet: {reference: b, stake: much}}]\n", "6:13: 'much' is not money"),
        ("  - case: x\n    holds: true\n    facts: [{ledger: [bet b1]}]\n", "6:13: the ledger has a line that can't"),
        ("  - case: x\n    holds: true\n    facts: [{clock: {who: a, skew_s: 1, at: soon}}]\n", "6:13: could not convert"),
        ("  - case: x\n    holds: true\n    moved: [{amount: 1.00}]\n", "6:22: '1.00' is not money"),
        ("  - case: x\n    holds: true\n    blame: nobody\n", "6:12: 'nobody' is nobody"),
        ("  - case: x\n    holds: true\n    facts: [{bet: {reference: b, outcome: dunno}}]\n", "6:13: 'dunno' is not"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_its_place(tmp_path: Path, cases: str, told: str) -> None:
    """With line and column, and what is expected."""
    with pytest.raises(AuthorError) as caught:
        read(tmp_path, cases)
    lines = [f"{m.place.line}:{m.place.column}: {m.message}" for m in caught.value.mistakes]
    assert any(line.startswith(told) for line in lines), lines


def test_an_unknown_check_has_a_did_you_mean(tmp_path: Path) -> None:
    """And an invariant is a number."""
    with pytest.raises(AuthorError) as caught:
        read(tmp_path, "  - {case: x, holds: true}\n", head="check: one-debit-per-bat\ninvariant: many\ncases:\n")
    first, second = caught.value.mistakes
    assert "one-debit-per-bet" in first.hint
    assert "a number" in second.message
