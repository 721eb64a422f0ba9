"""What the machine promises about money: journaled first, one key for ever, looked up before undone, and nothing unseen."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest

from synthetic.core.effects import FaultKind, Http
from synthetic.core.events import MoneyMoved, StepEnded, UndoEnded
from synthetic.core.machine.hooks import Unclear
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, IntentState, RunOutcome, StepOutcome
from synthetic.drivers.memory import Break, Reply
from synthetic.tests.core.machine.playing import DEAD, HEALTHY, REFUSED, Played, answers, ok, played

DEPOSIT = """
  - {id: login, call: login}
  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}, until: "out.state == 'succeeded'", within: 3s}
"""
THEN_BREAKS = DEPOSIT + '  - {id: end, call: balance, expect: ["out.cash == money(999, run.currency)"]}\n'
WITHDRAWN = DEPOSIT + (
    "  - {id: cashout, call: withdraw, with: {amount: 1.00 EUR}}\n"
    '  - {id: end, call: balance, expect: ["out.cash == money(999, run.currency)"]}\n'
)


def undone(run: Played) -> list[tuple[str, str]]:
    """Each compensation with its result."""
    return [(event.step, event.result) for event in run.of(UndoEnded)]


def test_a_healthy_run_moves_its_money_once_and_undoes_nothing() -> None:
    """One intent, one request, SETTLED in the journal, no compensation."""
    run = played(DEPOSIT, answers(HEALTHY))
    assert run.ended.outcome is RunOutcome.OK
    assert [intent.key for intent in run.journal.intents] == ["run1-deposit"]
    assert run.journal.states == {"run1-deposit": IntentState.SETTLED}
    assert undone(run) == []
    assert [(m.direction, str(m.amount), m.outcome) for m in run.of(MoneyMoved)] == [
        ("in", "1.00 EUR", StepOutcome.DONE)
    ]


def test_the_key_travels_where_the_mapping_says() -> None:
    """A header for the deposit, a field of the body for the withdrawal."""
    run = played(DEPOSIT + "  - {id: cashout, call: withdraw, with: {amount: 1.00 EUR}}\n", answers(HEALTHY))
    assert ("Idempotency-Key", "run1-deposit") in run.requests("/deposits")[0].headers
    assert b'"key":"run1-cashout"' in run.requests("/withdrawals")[0].body


def test_unknown_outcome_is_queried_and_never_sent_again() -> None:
    """A deposit that timed out is looked up by its key, then refunded; no second deposit leaves."""
    run = played(DEPOSIT, answers(HEALTHY | {"POST /deposits": DEAD}))
    assert run.ended.outcome is RunOutcome.FAILED
    assert len([r for r in run.requests("/deposits") if r.method == "POST"]) == 1
    assert "key=run1-deposit" in run.requests("/find")[0].url
    assert undone(run) == [("deposit", "undone")]
    assert run.journal.states == {"run1-deposit": IntentState.COMPENSATED}
    told = [(moved.kind, moved.outcome) for moved in run.of(MoneyMoved)]
    assert told == [
        ("deposit", StepOutcome.UNKNOWN),
        ("deposit", StepOutcome.DONE),
        ("undo deposit", StepOutcome.DONE),
    ]


def test_an_unknown_effect_that_never_happened_is_not_undone() -> None:
    """The platform says three times that it knows no such key: there is nothing to bring back."""
    run = played(DEPOSIT, answers(HEALTHY | {"POST /deposits": DEAD, "GET /find": ok(found=False, id="", state="")}))
    assert undone(run) == [("deposit", "nothing_to_undo")]
    assert len(run.requests("/find")) == 3
    assert run.requests("/refunds") == []


def test_an_unknown_effect_that_shows_up_late_is_still_undone() -> None:
    """One "no" is not believed of a request that may be on its way."""
    finds = [ok(found=False, id="", state=""), ok(found=True, id="d1", state="")]
    run = played(DEPOSIT, answers(HEALTHY | {"POST /deposits": DEAD, "GET /find": finds}))
    assert undone(run) == [("deposit", "undone")]


def test_money_that_nobody_can_tell_of_is_stranded_and_said_so() -> None:
    """Neither the deposit nor its look-up is answered; the journal keeps it as unknown, so whoever asks later may settle it."""
    run = played(DEPOSIT, answers(HEALTHY | {"POST /deposits": DEAD, "GET /find": DEAD}))
    assert run.ended.stranded == (Money(100, "EUR"),)
    assert run.journal.states == {"run1-deposit": IntentState.UNKNOWN}


def test_a_deposit_stays_open_while_nobody_knows_whether_it_was_paid_out_again() -> None:
    """The payout may have left the wallet or not: who asks later refunds the deposit, or finds it taken out."""
    steps = DEPOSIT + "  - {id: cashout, call: payout, with: {amount: 1.00 EUR}}\n"
    routes = HEALTHY | {"POST /payouts": DEAD, "GET /find": ok(found=False, id="", state="")}
    run = played(steps, answers(routes))
    assert run.requests("/refunds") == []
    assert run.journal.states == {"run1-cashout": IntentState.UNKNOWN, "run1-deposit": IntentState.DONE}


def test_an_undo_that_fails_is_tried_again_and_then_stranded() -> None:
    """Three attempts with pauses, then the amount is reported."""
    run = played(THEN_BREAKS, answers(HEALTHY | {"POST /refunds": DEAD}))
    assert len(run.requests("/refunds")) == 3
    assert run.ended.stranded == (Money(100, "EUR"),)
    assert undone(run) == [("deposit", "stuck")]


@pytest.mark.parametrize("first", [DEAD, REFUSED, Break(FaultKind.PROXY_FAILED, maybe_sent=False)])
def test_an_undo_that_works_at_last_strands_nothing(first: Break) -> None:
    """The second attempt brings the money home, also where the first one did not get past our own proxy."""
    run = played(THEN_BREAKS, answers(HEALTHY | {"POST /refunds": [first, ok(back=80)]}))
    assert run.ended.stranded == ()
    assert [(m.kind, str(m.amount)) for m in run.of(MoneyMoved)][-1] == ("undo deposit", "0.80 EUR")


def test_a_deposit_that_was_withdrawn_again_is_not_refunded_too() -> None:
    """The run fails after its withdrawal: refunding would pay out twice."""
    run = played(WITHDRAWN, answers(HEALTHY))
    assert run.ended.outcome is RunOutcome.FAILED
    assert undone(run) == [("cashout", "nothing_to_undo"), ("deposit", "nothing_to_undo")]
    assert run.requests("/refunds") == []


def test_a_withdrawal_of_less_than_came_in_does_not_excuse_the_deposit() -> None:
    """0.10 of 1.00 was taken out: the rest still comes home."""
    run = played(
        WITHDRAWN.replace("withdraw, with: {amount: 1.00 EUR}", "withdraw, with: {amount: 0.10 EUR}"), answers(HEALTHY)
    )
    assert undone(run) == [("cashout", "nothing_to_undo"), ("deposit", "undone")]


def test_a_withdrawal_that_was_cancelled_does_not_excuse_the_deposit() -> None:
    """Overdue, cancelled, so that the cash is back in the wallet: the deposit is refunded."""
    steps = DEPOSIT + (
        "  - {id: cashout, call: payout, with: {amount: 1.00 EUR}, until: \"out.state == 'paid'\", within: 2s}\n"
    )
    routes = HEALTHY | {
        "POST /payouts": ok(id="p1", state="pending"),
        "GET /payouts": ok(id="p1", state="pending"),
        "GET /find": ok(found=True, id="d1", state="pending"),
        "POST /cancel": ok(),
    }
    run = played(steps, answers(routes))
    assert undone(run) == [("cashout", "undone"), ("deposit", "undone")]
    assert run.ended.stranded == ()


def test_a_withdrawal_that_is_under_way_is_stranded() -> None:
    """In transit: too late to cancel, not yet paid. It is reported, and the deposit is not paid out a second time."""
    steps = DEPOSIT + (
        "  - {id: cashout, call: payout, with: {amount: 1.00 EUR}, until: \"out.state == 'paid'\", within: 2s}\n"
    )
    routes = HEALTHY | {
        "POST /payouts": ok(id="p1", state="pending"),
        "GET /payouts": ok(id="p1", state="in_transit"),
        "GET /find": ok(found=True, id="d1", state="in_transit"),
    }
    run = played(steps, answers(routes))
    assert undone(run) == [("cashout", "stuck"), ("deposit", "nothing_to_undo")]
    assert run.ended.stranded == (Money(100, "EUR"),)


@pytest.mark.parametrize(("state", "result"), [("paid", "nothing_to_undo"), ("in_transit", "stuck")])
def test_what_can_no_longer_be_undone_is_stranded_unless_it_is_over(state: str, result: str) -> None:
    """The step waits for no state, so only the mapping can say that a payout which can't be cancelled came to its end."""
    steps = DEPOSIT + "  - {id: cashout, call: payout, with: {amount: 1.00 EUR}}\n" + THEN_BREAKS.removeprefix(DEPOSIT)
    routes = HEALTHY | {
        "POST /payouts": ok(id="p1", state="pending"),
        "GET /find": ok(found=True, id="d1", state=state),
    }
    run = played(steps, answers(routes))
    assert undone(run)[0] == ("cashout", result)
    assert run.ended.stranded == ((Money(100, "EUR"),) if result == "stuck" else ())
    assert run.journal.states["run1-cashout"] is (IntentState.STUCK if result == "stuck" else IntentState.SETTLED)


def test_a_payout_without_an_undo_is_looked_up_all_the_same() -> None:
    """Its answer was lost and its look-up, too: that it can't be undone does not make it unseen."""
    steps = DEPOSIT + "  - {id: cashout, call: withdraw, with: {amount: 1.00 EUR}}\n"
    run = played(steps, answers(HEALTHY | {"POST /withdrawals": DEAD, "GET /find": DEAD}))
    assert undone(run)[0] == ("cashout", "stuck")
    assert Money(100, "EUR") in run.ended.stranded


def test_an_acknowledged_payment_that_the_platform_denies_is_stranded() -> None:
    """It said yes, and now it knows nothing of it: that is lost money, not nothing."""
    run = played(THEN_BREAKS, answers(HEALTHY | {"GET /find": ok(found=False, id="", state="")}))
    assert undone(run) == [("deposit", "stuck")]


def test_what_was_not_found_stays_open_in_the_journal() -> None:
    """A request may still arrive after we have asked: who sweeps later has to ask again."""
    run = played(DEPOSIT, answers(HEALTHY | {"POST /deposits": DEAD, "GET /find": ok(found=False, id="", state="")}))
    assert run.journal.states == {"run1-deposit": IntentState.UNKNOWN}


def test_a_refusal_behind_a_redirect_is_no_refusal_of_the_payment() -> None:
    """The payment left and was redirected; the second hop's "no" does not say that nothing happened."""
    steps = "  - {id: login, call: login}\n  - {id: pay, call: hopping, with: {amount: 1.00 EUR}}\n"
    redirect = Reply(303, b"", (("Location", "/elsewhere"),))
    run = played(steps, answers(HEALTHY | {"POST /hopping": redirect, "GET /elsewhere": ok(409, error="gone")}))
    assert [event.outcome for event in run.of(StepEnded)][-1] is StepOutcome.UNKNOWN
    assert undone(run) == [("pay", "undone")]


PAGE = Reply(200, b"<html>busy</html>", (("content-type", "text/html"),))


@pytest.mark.parametrize(
    ("deposits", "code", "says"),
    [
        (
            PAGE,
            "unreadable",
            "POST /deposits answered HTTP 200 with HTML (text/html, 17 bytes) where JSON was expected",
        ),
        (DEAD, "read_timeout", "POST /deposits: no answer within 10 s"),
    ],
)
def test_a_hook_that_breaks_over_what_the_target_sent_is_not_our_fault(deposits: Any, code: str, says: str) -> None:
    """It reads the answer without asking whether there is one, as people do; the money is looked up and comes home."""

    def naive(context: Any, amount: Any) -> Generator[Http, Any, dict[str, Any]]:
        reply = yield Http("POST", "http://api.test/deposits", (("K", context.key),), str(amount.minor).encode())
        return {"id": json.loads(reply.body)["id"]}

    routes = HEALTHY | {"POST /deposits": deposits}
    run = played("  - {id: pay, call: hooked, with: {amount: 1.00 EUR}}\n", answers(routes), hook=naive)
    step = run.of(StepEnded)[0]
    assert (step.outcome, step.code, step.reason, step.blame) == (StepOutcome.UNKNOWN, code, says, Blame.PLATFORM)
    assert [undo.result for undo in run.of(UndoEnded)] == ["undone"]


def test_a_hook_that_breaks_is_our_own_fault_and_its_money_comes_home() -> None:
    """Its payment left before it broke: unknown, looked up, undone; nobody else is blamed."""

    def breaks(_context: Any, amount: Any) -> Generator[Http, Any, dict[str, Any]]:
        yield Http("GET", "http://api.test/balance")
        yield Http("POST", "http://api.test/deposits", body=str(amount.minor).encode())
        raise KeyError("oops")

    run = played("  - {id: pay, call: hooked, with: {amount: 1.00 EUR}}\n", answers(HEALTHY), hook=breaks)
    assert (run.ended.outcome, run.ended.blame) == (RunOutcome.ABORTED, Blame.HARNESS)
    assert [isinstance(e, Http) and e.moves is not None for e in run.wire][:2] == [False, True]
    assert undone(run) == [("pay", "undone")]


def test_repeating_what_was_never_sent_is_a_finding() -> None:
    """The first request was over its limit, so there are no bytes to send again."""
    steps = """
  - {id: login, call: login}
  - {id: funds, call: balance}
  - {id: pay, call: deposit, with: {amount: "${{ funds.cash }}"}}
"""
    run = played(steps, answers(HEALTHY | {"GET /balance": ok(cash=101)}))
    assert run.ended.outcome is RunOutcome.ABORTED


def test_a_refused_deposit_moved_nothing() -> None:
    """No look-up, no undo: the platform said no."""
    run = played(DEPOSIT, answers(HEALTHY | {"POST /deposits": ok(409, error="limit")}))
    assert run.ended.outcome is RunOutcome.FAILED
    assert undone(run) == []
    assert run.journal.states == {"run1-deposit": IntentState.REFUSED}


def test_a_request_that_never_left_moved_nothing() -> None:
    """A refused connection is certain: nothing happened."""
    run = played(DEPOSIT, answers(HEALTHY | {"POST /deposits": REFUSED}))
    assert [event.outcome for event in run.of(StepEnded)][-1] is StepOutcome.REFUSED
    assert undone(run) == []


def test_an_amount_over_the_limit_is_not_sent() -> None:
    """A computed amount is held against the limit when it is known, and our own rule is nobody else's failure."""
    steps = """
  - {id: login, call: login}
  - {id: funds, call: balance}
  - {id: cashout, call: withdraw, with: {amount: "${{ funds.cash }}"}}
"""
    run = played(steps, answers(HEALTHY | {"GET /balance": ok(cash=201)}))
    assert (run.ended.outcome, run.ended.blame) == (RunOutcome.ABORTED, Blame.HARNESS)
    assert "2.01 EUR is over the withdraw limit 2.00 EUR of scenario small" in run.ended.reason
    assert run.requests("/withdrawals") == []
    assert run.journal.intents == []


def test_an_amount_that_is_not_positive_is_not_sent() -> None:
    """A computed amount of nothing is no withdrawal."""
    steps = """
  - {id: login, call: login}
  - {id: funds, call: balance}
  - {id: cashout, call: withdraw, with: {amount: "${{ funds.cash - funds.cash }}"}}
"""
    run = played(steps, answers(HEALTHY))
    assert "not a positive amount" in run.ended.reason
    assert run.requests("/withdrawals") == []


def test_repeat_sends_the_same_bytes_under_the_same_key() -> None:
    """The double click: one more request, the same to the byte but for its span."""
    steps = DEPOSIT + (
        "  - {id: again, call: deposit, with: {amount: 1.00 EUR}, repeat: deposit, "
        "until: \"out.state == 'succeeded'\", within: 3s}\n"
    )
    run = played(steps, answers(HEALTHY))
    first, second = [request for request in run.requests("/deposits") if request.method == "POST"]
    assert run.ended.outcome is RunOutcome.OK
    assert (first.method, first.url, first.body) == (second.method, second.url, second.body)
    assert without_trace(first) == without_trace(second)
    assert len(run.of(MoneyMoved)) == 1


def without_trace(request: Http) -> list[tuple[str, str]]:
    """The headers that the mapping made."""
    return [header for header in request.headers if header[0] != "traceparent"]


def test_repeat_sends_what_was_sent_whatever_the_step_now_says() -> None:
    """The second request is the first one's bytes, not a new request made of this step's arguments."""
    steps = DEPOSIT + "  - {id: again, call: deposit, with: {amount: 0.50 EUR}, repeat: deposit}\n"
    run = played(steps, answers(HEALTHY))
    first, second = [request for request in run.requests("/deposits") if request.method == "POST"]
    assert (first.body, second.body) == (b'{"minor":100}', b'{"minor":100}')


def test_an_unknown_effect_is_not_undone_blindly() -> None:
    """Nobody answers the look-up: an undo that could go out by the key alone does not; the amount is stranded."""

    def unclear(_context: Any, amount: Any) -> Generator[Http, Any, dict[str, Any]]:
        yield Http("POST", "http://api.test/deposits", body=str(amount.minor).encode())
        raise Unclear("the answer made no sense")

    steps = "  - {id: pay, call: hooked, with: {amount: 1.00 EUR}}\n"
    run = played(steps, answers(HEALTHY | {"GET /find": DEAD}), hook=unclear)
    assert run.requests("/refunds") == []
    assert run.ended.stranded == (Money(100, "EUR"),)


def test_the_intent_goes_with_the_request_that_moves_the_money_and_not_with_the_last_one() -> None:
    """A POST, then a GET for its receipt: the POST is journaled and carries the key."""
    steps = "  - {id: login, call: login}\n  - {id: pay, call: confirmed, with: {amount: 1.00 EUR}}\n"
    run = played(steps, answers(HEALTHY | {"GET /receipt": ok()}))
    post, get = run.wire[1:]
    assert isinstance(post, Http)
    assert isinstance(get, Http)
    assert (post.moves is not None, get.moves) == (True, None)
    assert "Idempotency-Key" not in dict(get.headers)


def test_a_refusal_behind_the_money_does_not_say_that_nothing_happened() -> None:
    """The deposit was taken, its receipt refused: unknown, looked up, undone."""
    steps = "  - {id: login, call: login}\n  - {id: pay, call: confirmed, with: {amount: 1.00 EUR}}\n"
    run = played(steps, answers(HEALTHY | {"GET /receipt": ok(409, error="gone")}))
    assert undone(run) == [("pay", "undone")]
    assert "the money had left, and then" in run.ended.reason
