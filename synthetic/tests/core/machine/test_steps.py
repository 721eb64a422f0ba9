"""Steps: polling with a deadline, expected refusals, blame, evidence after a failure, and what our own lag may excuse."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest

from synthetic.core.effects import FaultKind, Http, Result
from synthetic.core.errors import Place
from synthetic.core.events import CheckJudged, Event, ExchangeDone, StepEnded
from synthetic.core.machine import play
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.core.plan_connection import ClientCertificate, ConnectionPlan
from synthetic.drivers.memory import Break, InMemoryTransport, MemoryDriver, Reply, VirtualClock
from synthetic.tests.core.machine.playing import DEAD, HEALTHY, SECRET, Journal, Wire, answers, make_spec, ok, played

LOGIN = "  - {id: login, call: login}\n"
DEPOSIT = LOGIN + (
    "  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}, until: \"out.state == 'succeeded'\", within: 3s}\n"
)
REFUSED = LOGIN + (
    "  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}, until: \"out.state == 'succeeded'\", within: 3s, "
    "refused: do_not_honor}\n"
)
REFUSED_CONNECTION = Break(FaultKind.CONNECT_REFUSED, maybe_sent=False)
PENDING = ok(id="d1", state="pending")


def test_polling_returns_as_soon_as_it_is_fulfilled() -> None:
    """Two pending answers, then success: two polls more, and no waiting for the deadline."""
    run = played(DEPOSIT, answers(HEALTHY | {"GET /deposits": [PENDING, ok(id="d1", state="succeeded")]}))
    step = run.of(StepEnded)[-1]
    assert (step.held, step.polls, step.out["state"]) == (True, 2, "succeeded")
    assert run.clock.monotonic_ns() < 1.2e9


def test_polling_ends_at_its_deadline_and_blames_by_the_rule() -> None:
    """Never fulfilled: overdue, with the last state in the reason, and the mapping's word on whose fault that is."""
    run = played(DEPOSIT, answers(HEALTHY | {"GET /deposits": PENDING}))
    step = next(event for event in run.of(StepEnded) if event.step == "deposit")
    assert (step.held, step.blame) == (False, Blame.PSP)
    assert "not within 3 s" in step.reason
    assert "state = pending" in step.reason
    assert "it never came" in step.reason


def test_a_poll_without_an_answer_is_no_verdict() -> None:
    """One poll times out; the next one may have the answer."""
    run = played(DEPOSIT, answers(HEALTHY | {"GET /deposits": [ok(500), ok(id="d1", state="succeeded")]}))
    assert run.ended.outcome is RunOutcome.OK


def test_an_overdue_step_tells_of_polls_that_were_not_answered() -> None:
    """A platform that died meanwhile is not only "pending": the reason has the last poll's."""
    run = played(DEPOSIT, answers(HEALTHY | {"GET /deposits": [PENDING, REFUSED_CONNECTION]}))
    assert "the last poll: GET /deposits/d1: connect refused" in run.ended.reason


def test_a_decline_ends_the_polling_at_once() -> None:
    """A final refusal is not waited out."""
    run = played(DEPOSIT, answers(HEALTHY | {"GET /deposits": ok(id="d1", state="declined")}))
    step = next(event for event in run.of(StepEnded) if event.step == "deposit")
    assert (step.outcome, step.code, step.blame) == (StepOutcome.REFUSED, "do_not_honor", Blame.USER)
    assert step.polls == 1


def test_an_expected_refusal_holds() -> None:
    """A negative path is green when the refusal comes with its code."""
    run = played(REFUSED, answers(HEALTHY | {"GET /deposits": ok(id="d1", state="declined")}))
    assert run.ended.outcome is RunOutcome.OK


@pytest.mark.parametrize(
    ("deposits", "told"),
    [
        (ok(id="d1", state="succeeded"), "it was accepted, but had to be refused"),
        (ok(409, error="limit"), "refused with 'limit', expected 'do_not_honor'"),
        (ok(500), "expected 'do_not_honor'"),
    ],
)
def test_any_other_end_of_a_negative_path_fails(deposits: Reply, told: str) -> None:
    """Accepted, refused for another reason, or unclear: each is a failure that says so."""
    run = played(REFUSED, answers(HEALTHY | {"POST /deposits": deposits}))
    assert run.ended.outcome is RunOutcome.FAILED
    assert told in run.ended.reason


@pytest.mark.parametrize(
    "body",
    [
        b"<html>busy</html>",
        b'{"token": ',
        b'{"token": "a", "token": "b"}',
        b'{"token": NaN}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"token":' + b"[" * 70 + b"]" * 70 + b"}",
        b"",
        b'{"other": 1}',
    ],
)
def test_a_body_that_is_no_clear_answer_is_one_finding(body: bytes) -> None:
    """Whatever a target sends with 200: the step is not done, the run ends, and nothing is raised."""
    run = played(LOGIN, answers({"POST /login": Reply(200, body)}))
    step = run.of(StepEnded)[0]
    assert (step.held, step.outcome, step.blame) == (False, StepOutcome.UNKNOWN, Blame.PLATFORM)
    assert step.reason


def test_after_a_failure_the_statements_are_still_read() -> None:
    """Balance and ledger after the failed step are read as evidence, and count for no SLI."""
    steps = DEPOSIT + "  - {id: end, call: balance}\n  - {id: after, call: ledger}\n"
    run = played(steps, answers(HEALTHY | {"POST /deposits": ok(409, error="no")}))
    evidence = [(event.step, event.purpose, event.sli) for event in run.of(StepEnded)][2:]
    assert evidence == [("end", "evidence", ""), ("after", "evidence", "")]


def test_evidence_is_given_up_when_the_target_is_dead() -> None:
    """The first statement that fails is the last one that is asked for."""
    steps = DEPOSIT + "  - {id: end, call: balance}\n  - {id: after, call: ledger}\n"
    run = played(steps, answers(HEALTHY | {"POST /deposits": ok(409, error="no"), "GET /balance": DEAD}))
    assert run.requests("/ledger") == []


def test_a_broken_check_outranks_the_failed_step() -> None:
    """The stale balance is the law that was broken; the failed step only its symptom."""
    steps = DEPOSIT + "  - {id: end, call: balance}\n  - {id: after, call: ledger}\nchecks: [balance-equals-ledger]\n"
    run = played(steps, answers(HEALTHY | {"POST /deposits": ok(409, error="no")}))
    assert (run.ended.failed_step, run.ended.failed_check) == ("deposit", "balance-equals-ledger")
    assert run.ended.blame is Blame.PLATFORM
    assert [check.held for check in run.of(CheckJudged)] == [False]


def test_a_broken_invariant_shows_its_values() -> None:
    """The message has the claim and what each name stood for."""
    steps = LOGIN + "  - {id: a, call: balance}\n  - {id: b, call: balance}\ninvariants: [a.cash == b.cash]\n"
    run = played(steps, answers(HEALTHY | {"GET /balance": [ok(cash=100), ok(cash=101)]}))
    assert run.ended.outcome is RunOutcome.FAILED
    assert "a.cash = 1.00 EUR, b.cash = 1.01 EUR" in run.ended.reason


def test_no_secret_reaches_an_event() -> None:
    """Neither the player's password nor the captured token, in no header, body, reason or output."""
    echo = ok(token="t-0123456789", echo=SECRET)
    run = played(DEPOSIT, answers(HEALTHY | {"POST /login": echo, "POST /deposits": ok(409, error=f"no {SECRET}")}))
    told = repr(run.events)
    assert SECRET not in told
    assert "t-0123456789" not in told
    assert "***" in told


def test_a_secret_output_is_masked_in_the_very_answer_that_holds_it() -> None:
    """It is tainted before the exchange is shown, not after."""
    run = played("  - {id: pin, call: secretive}\n", answers({"GET /secretive": ok(pin="SECRETPIN99")}))
    assert run.ended.outcome is RunOutcome.OK
    assert "SECRETPIN99" not in repr(run.events)


def test_a_one_time_code_is_masked_like_the_secret_it_is_made_of() -> None:
    """The six digits stand in the request and in no event."""
    run = played("  - {id: otp, call: second_factor}\n", answers({"POST /otp": ok()}))
    code = json.loads(run.requests("/otp")[0].body)["code"]
    assert (len(code), code in repr(run.events)) == (6, False)


def test_trace_context_goes_with_every_request() -> None:
    """One trace id a run, another span each time (W3C)."""
    run = played(DEPOSIT, answers(HEALTHY))
    parents = [dict(effect.headers)["traceparent"].split("-") for effect in run.wire if isinstance(effect, Http)]
    assert len({parent[1] for parent in parents}) == 1
    assert len({parent[2] for parent in parents}) == len(parents)
    assert [event.span_id for event in run.of(ExchangeDone)] == [parent[2] for parent in parents]


def test_redirects_are_followed_as_far_as_the_mapping_allows_and_keep_credentials_at_home() -> None:
    """Two hops, the second to another host: it does not get the bearer token."""
    hops = [
        Reply(302, b"", (("Location", "/hop2"),)),
        Reply(302, b"", (("Location", "http://elsewhere.test/end"),)),
        ok(at="end"),
    ]

    def platform(effect: Wire) -> Any:
        return HEALTHY["POST /login"] if isinstance(effect, Http) and effect.method == "POST" else hops.pop(0)

    run = played(LOGIN + "  - {id: hop, call: hop}\n", platform)
    first, second, third = [effect for effect in run.wire if isinstance(effect, Http)][1:]
    assert run.ended.outcome is RunOutcome.OK
    assert [effect.url for effect in (first, second, third)][1:] == [
        "http://api.test/hop2",
        "http://elsewhere.test/end",
    ]
    assert "Authorization" in dict(second.headers)
    assert "Authorization" not in dict(third.headers)


def test_a_redirect_loop_ends() -> None:
    """One redirect more than allowed is a finding."""
    loop = Reply(302, b"", (("Location", "/hop"),))
    run = played(LOGIN + "  - {id: hop, call: hop}\n", answers(HEALTHY | {"GET /hop": loop}))
    assert "more than 2 redirects" in run.ended.reason
    assert len(run.requests("/hop")) == 3


def test_cookies_of_an_answer_come_back_and_are_secret() -> None:
    """A session cookie is sent with the next request of the run and masked everywhere."""
    login = Reply(200, b'{"token": "t-0123456789"}', (("Set-Cookie", "sid=very-secret-cookie; Path=/; HttpOnly"),))
    run = played(LOGIN + "  - {id: b, call: balance}\n", answers(HEALTHY | {"POST /login": login}))
    assert dict(run.requests("/balance")[0].headers)["Cookie"] == "sid=very-secret-cookie"
    assert "very-secret-cookie" not in repr(run.events)


class Lagging(MemoryDriver):
    """A driver that takes time of its own to hand each answer over."""

    def __init__(self, transport: InMemoryTransport, clock: VirtualClock, lag_s: float) -> None:
        super().__init__(transport, clock)
        self._own_clock = clock
        self._lag_s = lag_s

    def _perform(self, effect: Any, opened: Any, journal: Any) -> Result:
        result = super()._perform(effect, opened, journal)
        self._own_clock.advance(self._lag_s)
        return result


def lagging(steps: str, routes: dict[str, Any], lag_s: float = 0.2) -> tuple[Any, list[Event]]:
    """Play on a driver that lags."""
    clock = VirtualClock()
    events: list[Event] = []
    driver = Lagging(InMemoryTransport(answers(routes), clock), clock, lag_s)
    return driver.run(play(make_spec(steps)), sink=events.append, journal=Journal()), events


def test_our_own_lag_excuses_a_late_answer() -> None:
    """A time-out while we lagged says nothing of the target."""
    ended, _ = lagging(LOGIN, {"POST /login": Break(FaultKind.READ_TIMEOUT)})
    assert (ended.outcome, ended.blame) == (RunOutcome.TAINTED, Blame.HARNESS)


def test_a_proxy_of_ours_that_fails_says_nothing_of_the_target() -> None:
    """It is the harness's way to the cell, and no evidence against what is at its end."""
    ended, _ = lagging(LOGIN, {"POST /login": Break(FaultKind.PROXY_FAILED)}, lag_s=0.0)
    assert (ended.outcome, ended.blame) == (RunOutcome.ABORTED, Blame.HARNESS)


def test_a_certificate_that_we_lack_says_nothing_of_the_target() -> None:
    """Also where the server only says that it is a bad one: none was shown."""
    for kind in (FaultKind.OUR_CERTIFICATE, FaultKind.CERTIFICATE_REFUSED):
        ended, _ = lagging(LOGIN, {"POST /login": Break(kind)}, lag_s=0.0)
        assert (ended.outcome, ended.blame) == (RunOutcome.ABORTED, Blame.HARNESS)


def test_a_certificate_of_ours_that_is_not_taken_is_nobodys_for_certain() -> None:
    """The target may have lost its authority, or we may show a wrong one: it counts, and nobody is accused."""
    spec, clock = make_spec(LOGIN), VirtualClock()
    mtls = ClientCertificate(Place(), "tls/client.pem", "tls/client.key", "", spec.wall_ns // 10**9 + 3600)
    spec = replace(spec, cell=replace(spec.cell, connection=ConnectionPlan(mtls=mtls)))
    transport = InMemoryTransport(answers({"POST /login": Break(FaultKind.CERTIFICATE_REFUSED)}), clock)
    ended = MemoryDriver(transport, clock).run(play(spec), sink=lambda _event: None, journal=Journal())
    assert (ended.outcome, ended.blame) == (RunOutcome.FAILED, Blame.UNKNOWN)


@pytest.mark.parametrize("left_s", [0, 1, 10])
def test_a_certificate_of_ours_that_expires_says_nothing_of_the_target(left_s: int) -> None:
    """Not before the first step, nor between two: servers would hang up, or answer as to a stranger."""
    spec, clock, sent = make_spec(LOGIN + LOGIN.replace("login,", "again,")), VirtualClock(), list[Wire]()
    mtls = ClientCertificate(Place(), "tls/client.pem", "tls/client.key", "", spec.wall_ns // 10**9 + left_s - 1)
    cell = replace(spec.cell, connection=ConnectionPlan(mtls=mtls))

    def slow(effect: Wire) -> Any:
        sent.append(effect)
        return replace(HEALTHY["POST /login"], latency_s=1.5)

    ended = MemoryDriver(InMemoryTransport(slow, clock), clock).run(
        play(replace(spec, cell=cell)), sink=lambda _event: None, journal=Journal()
    )
    assert len(sent) == min(left_s, 2)
    if left_s < 10:
        assert (ended.outcome, ended.blame) == (RunOutcome.ABORTED, Blame.HARNESS)
        assert "our own certificate 'client.pem' has expired: renew it" in ended.reason
    else:
        assert ended.outcome is RunOutcome.OK, ended.reason


def test_a_little_lag_of_ours_does_not_excuse_what_is_overdue() -> None:
    """6 ms at each of a few polls are not what kept a deposit pending for 3 s."""
    ended, _ = lagging(DEPOSIT, HEALTHY | {"GET /deposits": PENDING}, lag_s=0.006)
    assert (ended.outcome, ended.blame) == (RunOutcome.FAILED, Blame.PSP)


def test_much_lag_of_ours_excuses_what_is_overdue() -> None:
    """With 200 ms at each answer we can't say that the deposit was late."""
    ended, _ = lagging(DEPOSIT, HEALTHY | {"GET /deposits": PENDING}, lag_s=0.2)
    assert (ended.outcome, ended.blame) == (RunOutcome.TAINTED, Blame.HARNESS)


def test_an_unfinished_run_says_nothing_of_its_invariants() -> None:
    """Even where all of a claim's values are known: they speak of a flow that did not happen."""
    steps = DEPOSIT + "  - {id: a, call: balance}\n  - {id: b, call: balance}\ninvariants: [a.cash < b.cash]\n"
    run = played(steps, answers(HEALTHY | {"POST /deposits": ok(409, error="no")}))
    assert [(check.name, check.held) for check in run.of(CheckJudged)] == [("a.cash < b.cash", None)]


def test_our_own_lag_never_excuses_a_wrong_answer() -> None:
    """A refusal is a refusal, however slow we were."""
    ended, events = lagging(DEPOSIT, HEALTHY | {"POST /deposits": ok(409, error="no")})
    assert (ended.outcome, ended.blame) == (RunOutcome.FAILED, Blame.PLATFORM)
    assert not next(e for e in events if isinstance(e, StepEnded) and e.step == "deposit").tainted


def test_our_own_lag_takes_a_good_step_out_of_the_latencies() -> None:
    """The run is fine, its measurements are not."""
    ended, events = lagging(LOGIN, HEALTHY)
    assert ended.outcome is RunOutcome.OK
    assert [event.tainted for event in events if isinstance(event, StepEnded)] == [True]


def test_a_hook_sends_its_money_request_with_the_intent() -> None:
    """An operation in Python is journaled like any other, at its first request."""

    def pay(context: Any, amount: Any) -> Generator[Http, Any, dict[str, Any]]:
        reply = yield Http("POST", "http://api.test/deposits", (("K", context.key),), str(amount.minor).encode())
        return {"status": reply.status}

    steps = "  - {id: pay, call: hooked, with: {amount: 1.00 EUR}}\n"
    run = played(steps, answers(HEALTHY), hook=pay)
    assert run.ended.outcome is RunOutcome.OK
    assert [(intent.key, str(intent.amount)) for intent in run.journal.intents] == [("run1-pay", "1.00 EUR")]
    assert [effect.moves is not None for effect in run.wire if isinstance(effect, Http)] == [True]
