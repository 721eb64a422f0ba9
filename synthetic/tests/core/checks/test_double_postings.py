"""One law for all: whatever is posted twice is found by the check that claims its kind, however much else there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic.core.checks import CHECKS
from synthetic.core.checks.shortest import show
from synthetic.core.history import Fact, History
from synthetic.tests.core.checks.histories import (
    Posting,
    bet,
    deposit,
    ended,
    ledger,
    psp_report,
    rolled_back,
    shown,
    withdrawal,
)

minors = st.integers(1, 150)  # so that six of them fit into what the player had


@dataclass(frozen=True)
class Flow:
    """One business action that went well: what the ledger and the PSP post for it, and what the caller saw."""

    postings: tuple[Posting, ...]
    captures: tuple[Posting, ...]
    facts: tuple[Fact, ...]


def _deposit(id_: str, minor: int) -> Flow:
    return Flow((("deposit", id_, minor),), (("capture", id_, minor),), (deposit(id_, minor),))


def _withdrawal(id_: str, minor: int) -> Flow:
    reserved = (("withdraw_reserve", id_, -minor), ("withdraw_reserve", id_, minor, "locked"))
    paid = ("withdraw_paid", id_, -minor, "locked")
    return Flow((*reserved, paid), (("payout", id_, minor),), (withdrawal(id_, minor),))


def _won(id_: str, minor: int) -> Flow:
    postings: tuple[Posting, ...] = (("bet", id_, -minor), ("win", id_, 2 * minor))
    return Flow(postings, (), (bet(id_, minor), ended(id_, "WON", 2 * minor)))


def _lost(id_: str, minor: int) -> Flow:
    return Flow((("bet", id_, -minor),), (), (bet(id_, minor), ended(id_, "LOST")))


def _void(id_: str, minor: int) -> Flow:
    facts = (bet(id_, minor), ended(id_, "VOID"), rolled_back(id_))
    return Flow((("bet", id_, -minor), ("rollback", id_, minor)), (), facts)


KINDS: tuple[Callable[[str, int], Flow], ...] = (_deposit, _withdrawal, _won, _lost, _void)
CLAIMED = {
    "deposit": ("one-credit-per-deposit", _deposit),
    "bet": ("one-debit-per-bet", _lost),
    "win": ("won-round-pays", _won),
    "rollback": ("refund-at-most-stake", _void),
    "capture": ("psp-report-matches", _deposit),
    "payout": ("psp-report-matches", _withdrawal),
}

flows = st.lists(st.tuples(st.sampled_from(KINDS), minors), max_size=6).map(
    lambda drawn: [make(f"id-{number}", minor) for number, (make, minor) in enumerate(drawn)]
)


def told(played: list[Flow], extra: tuple[Posting, ...] = ()) -> History:
    """The history of some flows, with `extra` postings that belong to none of them."""
    postings = [posting for flow in played for posting in flow.postings]
    postings += [posting for posting in extra if posting[0] not in ("capture", "payout")]
    captures = [posting for flow in played for posting in flow.captures]
    captures += [posting for posting in extra if posting[0] in ("capture", "payout")]
    balance = shown(1000 + sum(posting[2] for posting in postings if len(posting) == 3))
    facts = [fact for flow in played for fact in flow.facts]
    (report, last_report), (statement, last_statement) = psp_report(*captures), ledger(*postings)
    # The balance is read right before the statement that has to explain it.
    return History((report, statement, *facts, last_report, balance, last_statement), "EUR")


@settings(deadline=None)  # what else the machine does is no property of a check
@given(flows)
def test_no_check_finds_anything_in_what_went_well(played: list[Flow]) -> None:
    """Any number of deposits, withdrawals and rounds of any amounts is clean in the eyes of every check."""
    clean = told(played)
    assert not [finding for check in CHECKS.values() for finding in check.judge(clean) or ()]


@pytest.mark.parametrize("kind", sorted(CLAIMED))
@settings(deadline=None)
@given(others=flows, minor=minors, repeats=st.integers(1, 3))
def test_a_double_posting_is_found_by_the_check_that_claims_its_kind(
    kind: str, others: list[Flow], minor: int, repeats: int
) -> None:
    """Post it twice or four times: one finding of that check, which names it and shows every posting of it."""
    name, make = CLAIMED[kind]
    doubled = make("the-one", minor)
    posting = next(p for p in (*doubled.postings, *doubled.captures) if p[0] == kind)
    findings = CHECKS[name].judge(told([*others, doubled], (posting,) * repeats))
    assert findings is not None
    assert len(findings) == 1
    assert "the-one" in findings[0].message
    history = told([*others, doubled], (posting,) * repeats)
    evidence = show(CHECKS[name], history, findings[0]).evidence
    assert sum(f": {kind} " in line for line in evidence) == repeats + 1
