"""The evidence of a play: movements seen from outside are postings for the checks, and a finding names its exchanges."""

from __future__ import annotations

from synthetic.conformance.stories import Exchange
from synthetic.contracts.laws.evidence import Evidence
from synthetic.core.effects import Http, HttpReply, Times
from synthetic.core.history import Ledger, LedgerEntry, PaymentState, WalletCall
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

STAKE = Money(10, "EUR")
OPENING = (LedgerEntry("opening", "funding", "opening", "cash", Money(100, "EUR")),)
TIMES = Times(0, 0, 0, 0)


def _exchange(label: str) -> Exchange:
    return Exchange(label, Http("POST", "http://127.0.0.1:1/bet"), HttpReply(200, (), b"{}", TIMES))


def _bet(transaction: str) -> WalletCall:
    return WalletCall("", StepOutcome.DONE, "bet", transaction, STAKE)


def test_a_balance_that_moves_twice_for_one_id_is_a_second_posting() -> None:
    """No ledger is read: what the balance did after each sending is enough for the check."""
    evidence = Evidence(("same-call-moves-once",), "EUR", OPENING)
    for label in ("bet", "the same bet again"):
        evidence.tell(_bet("bet-1"), _exchange(label))
        evidence.move("bet", "bet-1", -STAKE, key="bet-1")
    (finding,) = evidence.findings()
    assert finding.law == "same-call-moves-once"
    assert [one.label for one in finding.exchanges] == ["bet", "the same bet again"]


def test_a_repetition_that_moves_nothing_breaks_nothing() -> None:
    """One posting for two sendings is what the law wants."""
    evidence = Evidence(("same-call-moves-once",), "EUR", OPENING)
    evidence.tell(_bet("bet-1"), _exchange("bet"))
    evidence.move("bet", "bet-1", -STAKE, key="bet-1")
    evidence.tell(_bet("bet-1"), _exchange("the same bet again"))
    assert evidence.findings() == ()


def test_nothing_is_said_of_a_ledger_before_it_was_read() -> None:
    """At a boundary with statements a bet that no statement shows yet is not missing."""
    evidence = Evidence(("one-debit-per-bet",), "EUR", OPENING, is_whole=False)
    evidence.tell(_bet("bet-1"), _exchange("bet"))
    assert len(evidence.history().of(Ledger)) == 1
    evidence.enter(OPENING)
    assert len(evidence.history().of(Ledger)) == 2


def test_a_law_is_told_once_and_the_checks_speak_first() -> None:
    """A model and a check that find the same are one finding, in the words of the check."""
    evidence = Evidence(("final-state-stays",), "EUR")
    evidence.breach("another-law", "the model says so")
    evidence.breach("final-state-stays", "the model says so, too")
    for state in ("succeeded", "pending"):
        evidence.tell(PaymentState("", StepOutcome.DONE, "pay-1", state), _exchange(state))
    found = {finding.law: finding.sentence for finding in evidence.findings()}
    assert list(found) == ["final-state-stays", "another-law"]
    assert "pay-1" in found["final-state-stays"]
