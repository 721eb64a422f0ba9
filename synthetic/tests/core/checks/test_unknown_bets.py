"""A bet whose answer was lost is no breach of a money law: the machine tells the judge that its fate is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from synthetic.core.events import CheckJudged
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.tests.core.machine.playing import ok, played
from synthetic.tests.core.machine.test_frames import ACK, JOIN, WELCOME, gateway

ROUND = (
    "  - {id: before, call: ledger}\n"
    "  - {id: bet, call: bet, with: {stake: 0.20 EUR}}\n"
    "  - {id: after, call: ledger}\n"
    "checks: [one-debit-per-bet]\n"
)


def debit(id_: int) -> dict[str, Any]:
    return {"id": id_, "kind": "bet", "reference": "b1", "bucket": "cash", "amount_minor": -20, "currency": "EUR"}


@pytest.mark.parametrize(("debits", "held"), [(0, True), (1, True), (2, False)])
def test_a_lost_answer_explains_one_debit_and_no_more(debits: int, *, held: bool) -> None:
    """The bet may stand in the ledger or not; twice it may not. The run fails at its step, and only then by a law."""
    after = ok(entries=[debit(number) for number in range(debits)])
    statements: dict[str, Any] = {"GET /ledger": [ok(entries=[]), after]}
    run = played(JOIN + ROUND, gateway(WELCOME, routes=statements))
    (judged,) = run.of(CheckJudged)
    assert judged.held is held
    assert (run.ended.outcome, run.ended.failed_step) == (RunOutcome.FAILED, "bet")
    assert run.ended.failed_check == ("" if held else "one-debit-per-bet")


def test_an_answered_bet_explains_only_its_own_debit() -> None:
    """The tolerance is for what is unknown: after an acknowledgement, a stranger's debit is a breach."""
    after = ok(entries=[debit(1)])  # the tiny mapping tells no reference of its bets, so this one is nobody's
    statements: dict[str, Any] = {"GET /ledger": [ok(entries=[]), after]}
    run = played(JOIN + ROUND, gateway(WELCOME, ACK, routes=statements))
    (judged,) = run.of(CheckJudged)
    assert (judged.held, judged.blame) == (False, Blame.PLATFORM)
