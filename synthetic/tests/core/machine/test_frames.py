"""WebSocket exchanges: the frame that is meant, the others kept, floods bounded, the application's own ping answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synthetic.core.effects import FaultKind, WsOpen, WsReceive, WsSend
from synthetic.core.events import StepEnded, UndoEnded
from synthetic.core.outcome import RunOutcome, StepOutcome
from synthetic.drivers.memory import Accept, Break, Frame
from synthetic.tests.core.machine.playing import HEALTHY, Wire, answers, ok, played

JOIN = "  - {id: login, call: login}\n  - {id: join, call: join}\n"
BET = JOIN + "  - {id: bet, call: bet, with: {stake: 0.20 EUR}}\n"


def gateway(
    *frames: dict[str, Any] | Break, forever: dict[str, Any] | None = None, routes: dict[str, Any] | None = None
) -> Any:
    """A platform whose WebSocket pushes these frames in order, then stays silent (or says `forever`)."""
    http = answers(HEALTHY | (routes or {}))
    queue = list(frames)

    def answer(effect: Wire) -> Any:
        match effect:
            case WsOpen() | WsSend():
                return Accept()
            case WsReceive() if queue:
                item = queue.pop(0)
                return item if isinstance(item, Break) else Frame(json.dumps(item))
            case WsReceive():
                return Frame(json.dumps(forever), 0.01) if forever else Break(FaultKind.READ_TIMEOUT)
            case _:
                return http(effect)

    return answer


WELCOME = {"type": "welcome"}
ACK = {"type": "ack", "req": "run1-bet", "round": "r1"}


def test_a_frame_that_came_early_is_kept_for_who_waits_for_it() -> None:
    """The result arrives before the acknowledgement; the later step finds it."""
    early = {"type": "result", "state": "WON"}
    run = played(BET + "  - {id: end, call: result}\n", gateway(WELCOME, early, ACK))
    assert run.ended.outcome is RunOutcome.OK
    assert run.of(StepEnded)[-1].out == {"state": "WON"}


def test_the_key_is_a_field_of_the_frame() -> None:
    """The bet carries its key as the request id that the acknowledgement has to echo."""
    run = played(BET, gateway(WELCOME, ACK))
    assert run.ended.outcome is RunOutcome.OK
    sent = [json.loads(effect.text) for effect in run.wire if isinstance(effect, WsSend)]
    assert sent[-1] == {"type": "bet", "req": "run1-bet"}


def test_an_application_ping_is_answered_on_the_way() -> None:
    """The mapping's reply goes out, and the wait goes on."""
    run = played(BET, gateway(WELCOME, {"type": "ping"}, ACK))
    assert run.ended.outcome is RunOutcome.OK
    assert [json.loads(e.text)["type"] for e in run.wire if isinstance(e, WsSend)] == ["hello", "bet", "pong"]


def large_noise(count: int, first: int) -> list[dict[str, Any]]:
    """Frames of half a megabyte, each another."""
    return [{"type": "noise", "data": f"{number:06}" + "x" * 500_000} for number in range(first, first + count)]


def test_a_flood_of_large_frames_ends_the_wait() -> None:
    """Nobody would keep them, and reading on would make us slow, which would look like our own fault."""
    run = played(BET, gateway(WELCOME, *large_noise(20, 0)))
    step = next(event for event in run.of(StepEnded) if event.step == "bet")
    assert (step.outcome, step.code) == (StepOutcome.UNKNOWN, "protocol")
    assert step.reason.endswith("it did not come, but over 4194304 characters of 9 other frames")


@pytest.mark.parametrize(("noise", "outcome"), [(4, RunOutcome.OK), (8, RunOutcome.FAILED)])
def test_large_frames_that_wait_for_nobody_push_the_oldest_out(noise: int, outcome: RunOutcome) -> None:
    """A result that came early is still there behind four megabytes of other frames, and is gone behind eight."""
    early = {"type": "result", "state": "WON"}
    second = ACK | {"req": "run1-again"}
    frames = [WELCOME, early, *large_noise(noise, 0), ACK, *large_noise(noise, noise), second]
    steps = BET + "  - {id: again, call: bet, with: {stake: 0.20 EUR}}\n  - {id: end, call: result}\n"
    run = played(steps, gateway(*frames))
    assert (run.ended.outcome, run.ended.failed_step) == (outcome, "" if outcome is RunOutcome.OK else "end")


def test_a_flood_of_other_frames_does_not_keep_a_step_alive() -> None:
    """Frames that are not meant come for ever; the step ends at its deadline all the same."""
    run = played(BET, gateway(WELCOME, forever={"type": "noise"}))
    step = next(event for event in run.of(StepEnded) if event.step == "bet")
    assert (step.outcome, step.code) == (StepOutcome.UNKNOWN, "read_timeout")
    assert "200 other frames had come" in step.reason


def test_frames_that_are_no_json_are_not_the_one_that_is_meant() -> None:
    """Garbage on the socket is passed over."""

    inner, sent = gateway(WELCOME, ACK), list[int]()

    def answer(effect: Wire) -> Any:
        if isinstance(effect, WsReceive) and not sent:
            sent.append(1)
            return Frame("\x00 not json {{{")
        return inner(effect)

    assert played(BET, answer).ended.outcome is RunOutcome.OK


def test_a_bet_without_an_answer_is_unknown_and_looked_up() -> None:
    """The socket closes after the bet left: the outcome is queried by key, then undone."""
    run = played(BET, gateway(WELCOME, Break(FaultKind.WS_CLOSED, close_code=1011)))
    step = next(event for event in run.of(StepEnded) if event.step == "bet")
    assert step.outcome is StepOutcome.UNKNOWN
    assert "key=run1-bet" in run.requests("/find")[0].url


def test_money_is_undone_newest_first() -> None:
    """The bet that hangs comes home before the deposit that paid for it."""
    steps = BET.replace("  - {id: join", "  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}}\n  - {id: join")
    run = played(
        steps, gateway(WELCOME, Break(FaultKind.WS_CLOSED), routes={"GET /find": ok(found=True, id="d1", round="r1")})
    )
    assert [event.step for event in run.of(UndoEnded)] == ["bet", "deposit"]


RAW = JOIN + "  - {id: raw, call: raw, refused: CODE}\n"


def test_a_raw_frame_goes_out_as_it_stands() -> None:
    """A text that is no JSON, and the error that it has to be answered with."""
    run = played(RAW.replace("CODE", "malformed"), gateway(WELCOME, {"type": "error", "code": "malformed"}))
    assert run.ended.outcome is RunOutcome.OK
    assert [effect.text for effect in run.wire if isinstance(effect, WsSend)][-1] == "{no json"


def test_a_close_code_may_be_a_refusal() -> None:
    """The end of a connection with the code that the mapping names; any other is a broken connection."""
    closed = Break(FaultKind.WS_CLOSED, close_code=4409)
    assert played(RAW.replace("CODE", "superseded"), gateway(WELCOME, closed)).ended.outcome is RunOutcome.OK
    other = Break(FaultKind.WS_CLOSED, close_code=1006)
    assert played(RAW.replace("CODE", "superseded"), gateway(WELCOME, other)).ended.outcome is RunOutcome.FAILED
