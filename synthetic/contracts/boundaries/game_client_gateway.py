"""game-client -> game-gateway: the frames of a game's WebSocket (docs/reference-platform.md, 2).

The client is the harness, which plays games over the socket as the reference platform's mapping says (`games.*`): its engine sends
the frames, and reads those that were declared here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from pact import match

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.shipped import shipped_root
from synthetic.contracts.interactions import State
from synthetic.contracts.messages import Frame, Hear, Message, MessageContract, Upon, asked, asks, hears, pushed
from synthetic.contracts.one_operation import KEY, RUN, Occasion, Played, course
from synthetic.core.effects import FaultKind, Http, WsReceive, WsSend
from synthetic.core.history import Bet
from synthetic.core.history import Frame as FrameFact
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.drivers.memory import Accept, Answer, Break, InMemoryTransport, MemoryDriver, Reply, VirtualClock, Wire
from synthetic.drivers.memory import Frame as FrameAnswer
from synthetic.journal.memory import MemoryJournal

SESSION, TOKEN, RESUME_ID, ROUND, BET_ID = "gs-1", "launch-token", "resume-1", "r-1", "b-1"
CURRENCY, STAKE_MINOR, CASH_MINOR = "EUR", 20, 5000
AFTER_BET_MINOR = CASH_MINOR - STAKE_MINOR

_SOME = r".+"
_BET = {"type": "bet", "stake_minor": STAKE_MINOR, "currency": CURRENCY, "req_id": KEY}
_STAKE = Money(STAKE_MINOR, CURRENCY)
_KEPT = {"game_session": SESSION, "resume_id": RESUME_ID, "launch_token": TOKEN}  # what earlier operations have saved


def _launched(game: str = "steady-dice") -> State:
    return State("a player has launched a game", {"game": game, "currency": CURRENCY})


def _at(game: str = "steady-dice", pool: str = "standard") -> State:
    """Welcomed on a socket, where one frame has come, and about to bet this much."""
    return State(
        "a player is at a game", {"game": game, "currency": CURRENCY, "pool": pool, "stake_minor": STAKE_MINOR}
    )


_PLACED = State("a bet is placed", {"req_id": KEY, "stake_minor": STAKE_MINOR, "currency": CURRENCY})
_ENDED = State("its round has ended")
_LOST_SOCKET = State("the socket is lost")


@lru_cache(maxsize=1)
def _occasion() -> Occasion:
    fixtures = shipped_root() / "fixtures"
    cell = load_cells(fixtures / "cells" / "reference.yaml")["canary"]
    platform = load_platform(fixtures / "platforms" / "reference.yaml")
    return Occasion(platform, replace(cell, limits={}), {"id": "p-1"}, session={**_KEPT, "token": "t", "cash_minor": 0})


def play(
    operation: str, args: Mapping[str, Any], frames: Sequence[Frame], *, refused: str = ""
) -> tuple[Played, list[Frame]]:
    """Let the harness call an operation on a socket that says these frames; also answers what it has sent."""
    coming, sent = list(frames), list[Frame]()

    def gateway(effect: Wire) -> Answer:
        match effect:
            case Http():
                return Reply(200, json.dumps({"launch_token": TOKEN, "session": SESSION}).encode())
            case WsSend():
                sent.append(json.loads(effect.text))
            case WsReceive():
                return FrameAnswer(json.dumps(coming.pop(0))) if coming else Break(FaultKind.READ_TIMEOUT)
        return Accept()

    clock = VirtualClock()
    driver = MemoryDriver(InMemoryTransport(gateway, clock), clock)
    machine = course(_occasion(), operation, args, refused=refused)
    return driver.run(machine, sink=lambda _event: None, journal=MemoryJournal()), sent


def _done(operation: str, args: Mapping[str, Any], frames: Sequence[Frame]) -> tuple[Played, Frame]:
    """The operation succeeds, and each frame has told its number."""
    played, sent = play(operation, args, frames)
    assert played.outcome is StepOutcome.DONE, played.reason
    told = [fact.seq for fact in played.facts if isinstance(fact, FrameFact)]
    numbered = [frame["seq"] for frame in frames]
    assert told in ([], numbered), f"the client read the numbers {told} of frames with {numbered}"
    return played, sent[0] if sent else None


def _refused(operation: str, args: Mapping[str, Any], frame: Frame, code: str) -> Frame:
    """The operation is refused with this code."""
    played, sent = play(operation, args, [frame], refused=code)
    assert (played.outcome, played.code) == (StepOutcome.REFUSED, code), played.reason
    return sent[0]


def _welcome(seq: int, req_id: str) -> dict[str, Any]:
    return {
        "type": "welcome",
        "seq": seq,
        "req_id": req_id,
        "session": SESSION,
        "resume_id": match.regex(RESUME_ID, regex=_SOME),
        "balance_minor": CASH_MINOR,
        "currency": CURRENCY,
    }


_WELCOMED = {"$.session": "${session}", "$.balance_minor": "${cash_minor}"}


def _hello(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "hello", "req_id": f"{RUN}-{kind}", **more}


def _coming_back(last_seq: int, resume_id: str = RESUME_ID) -> dict[str, Any]:
    return _hello("resume", session=SESSION, resume_id=resume_id, last_seq=last_seq)


@asked("a hello with a launch token", _launched())
def _first_hello(upon: Upon) -> Hear:
    asks(upon, _hello("hello", launch_token=TOKEN), {"$.launch_token": "${launch_token}"})
    hears(upon, _welcome(1, f"{RUN}-hello"), _WELCOMED)

    def hear(frame: Frame) -> Frame:
        played, sent = _done("games.launch", {"game": "steady-dice"}, [frame])
        assert played.out == {"session": SESSION, "seq": 1}
        assert played.session["resume_id"] == RESUME_ID
        return sent

    return hear


@asked("a hello with a launch token that was used", _launched(), State("the launch token is used"))
def _hello_again(upon: Upon) -> Hear:
    asks(upon, _hello("again", launch_token=TOKEN), {"$.launch_token": "${launch_token}"})
    hears(upon, {"type": "error", "req_id": f"{RUN}-again", "code": "invalid_launch_token"})
    return lambda frame: _refused("games.hello_again", {}, frame, "invalid_launch_token")


@asked("a hello that comes back, having seen everything", _at(), _LOST_SOCKET)
def _resume(upon: Upon) -> Hear:
    asks(upon, _coming_back(1), {"$.session": "${session}", "$.resume_id": "${resume_id}"})
    hears(upon, _welcome(2, f"{RUN}-resume"), _WELCOMED)

    def hear(frame: Frame) -> Frame:
        played, sent = _done("games.resume", {"last_seq": 1}, [frame])
        assert played.out == {"seq": 2, "missed": 0}
        return sent

    return hear


@asked("a hello that comes back from beyond what is kept", _at(), _LOST_SOCKET)
def _resync(upon: Upon) -> Hear:
    asks(upon, _coming_back(500), {"$.session": "${session}", "$.resume_id": "${resume_id}"})
    hears(upon, {"type": "resync", "seq": 501})

    def hear(frame: Frame) -> Frame:
        then = {"type": "welcome", "seq": 502, "req_id": f"{RUN}-resume", "session": SESSION, "resume_id": RESUME_ID}
        played, sent = _done("games.resume", {"last_seq": 500}, [frame, then])
        assert [fact.seq for fact in played.facts if isinstance(fact, FrameFact)] == [501, 502]
        return sent

    return hear


@asked("a hello that comes back to another's session", _at(), _LOST_SOCKET)
def _resume_of_another(upon: Upon) -> Hear:
    asks(upon, _hello("take-over", session=SESSION, resume_id=RESUME_ID, last_seq=0), {"$.session": "${session}"})
    hears(upon, {"type": "error", "req_id": f"{RUN}-take-over", "code": "invalid_session"})
    return lambda frame: _refused("games.take_over", {}, frame, "invalid_session")


@pushed(
    "an acknowledgement that was missed, when its player comes back",
    _at(),
    _PLACED,
    _LOST_SOCKET,
    State("the player has come back", {"last_seq": 1}),
)
def _missed(upon: Upon) -> Hear:
    hears(upon, _ack(2), _ACKED)

    def hear(frame: Frame) -> Frame:
        played, sent = _done("games.acknowledged", {"bet": BET_ID}, [frame])
        assert played.out == {"seq": 2}
        return sent

    return hear


def _ack(seq: int) -> dict[str, Any]:
    return {
        "type": "bet_ack",
        "seq": seq,
        "req_id": KEY,
        "round": match.regex(ROUND, regex=_SOME),
        "bet_id": match.regex(BET_ID, regex=_SOME),
        "balance_minor": AFTER_BET_MINOR,
    }


_AFTER_BET = {"$.balance_minor": "${after_bet_minor}"}
_ACKED = {"$.round": "${round}", "$.bet_id": "${bet_id}", **_AFTER_BET}


def _bet(description: str, seq: int, values: Mapping[str, str], *given: State) -> Message:
    @asked(description, *given)
    def declare(upon: Upon) -> Hear:
        asks(upon, _BET)
        hears(upon, _ack(seq), values)

        def hear(frame: Frame) -> Frame:
            played, sent = _done("games.bet", {"stake": f"{_STAKE}"}, [frame])
            assert played.out == {"round": ROUND, "id": BET_ID, "state": "OPEN"}
            [bet] = [fact for fact in played.facts if isinstance(fact, Bet)]
            assert bet.balance == Money(AFTER_BET_MINOR, CURRENCY)
            return sent

        return hear

    return declare


def _refused_bet(
    code: str,
    *given: State,
    stake_minor: int = STAKE_MINOR,
    currency: str = CURRENCY,
    seq: int = 2,
    needs: tuple[str, ...] = (),
) -> Message:
    @asked(f"a bet that is refused with {code}", *given, needs=needs)
    def declare(upon: Upon) -> Hear:
        asks(upon, {**_BET, "stake_minor": stake_minor, "currency": currency})
        hears(upon, {"type": "error", "seq": seq, "req_id": KEY, "code": code})
        args = {"stake": f"{Money(stake_minor, CURRENCY)}", "currency": currency}
        return lambda frame: _refused("games.bet", args, frame, code)

    return declare


def _answered_with_error(
    description: str, frame: Mapping[str, Any], error: Mapping[str, Any], *given: State
) -> Message:
    @asked(description, *given)
    def declare(upon: Upon) -> Hear:
        asks(upon, frame)
        hears(upon, {"type": "error", **error})
        return lambda heard: _refused("games.broken_frame", {"text": json.dumps(frame)}, heard, error["code"])

    return declare


def _result(state: str, payout_minor: int, *given: State) -> Message:
    @pushed(f"the result of a round: {state}", *given)
    def declare(upon: Upon) -> Hear:
        balance_minor = AFTER_BET_MINOR + (STAKE_MINOR if state == "VOID" else payout_minor)
        result = {"type": "round_result", "seq": 3, "round": ROUND, "state": state, "payout_minor": payout_minor}
        expected = {"$.round": "${round}", "$.balance_minor": f"${{{state.lower()}_minor}}"}
        hears(upon, {**result, "balance_minor": balance_minor}, expected)

        def hear(frame: Frame) -> Frame:
            played, sent = _done("games.result", {"round": ROUND}, [frame])
            amounts = {"payout": Money(payout_minor, CURRENCY), "balance": Money(balance_minor, CURRENCY)}
            assert played.out == {"state": state, **amounts}
            return sent

        return hear

    return declare


@asked("a question for the balance", _at())
def _balance(upon: Upon) -> Hear:
    asks(upon, {"type": "balance", "req_id": f"{RUN}-balance"})
    frame = {"type": "balance", "seq": 2, "req_id": f"{RUN}-balance", "cash_minor": CASH_MINOR, "bonus_minor": 0}
    hears(upon, frame, {"$.cash_minor": "${cash_minor}", "$.bonus_minor": "${bonus_minor}"})

    def hear(heard: Frame) -> Frame:
        played, sent = _done("games.balance", {}, [heard])
        assert played.out == {"cash": Money(CASH_MINOR, CURRENCY), "bonus": Money(0, CURRENCY)}
        return sent

    return hear


@asked("a ping", _at())
def _ping(upon: Upon) -> Hear:
    asks(upon, {"type": "ping", "req_id": f"{RUN}-ping"})
    hears(upon, {"type": "pong", "seq": 2, "req_id": f"{RUN}-ping"})
    return lambda frame: _done("games.ping", {}, [frame])[1]


_OFFICE, _PROVIDER = ("office",), ("game-provider",)

CONTRACT = MessageContract(
    "game-client",
    "game-gateway",
    (
        _first_hello,
        _hello_again,
        _resume,
        _resync,
        _resume_of_another,
        _missed,
        _bet("a bet", 2, _AFTER_BET, _at()),
        _bet("a bet that is sent again", 4, _ACKED, _at(), _PLACED, _ENDED),
        _refused_bet("insufficient_funds", _at(pool="broke")),
        _refused_bet("below_min", _at(), stake_minor=1),
        _refused_bet("above_max", _at(), stake_minor=501),
        _refused_bet("wrong_currency", _at(), currency="USD"),
        _refused_bet("game_disabled", _at("disabled-dice")),
        _refused_bet("idempotency_mismatch", _at(), _PLACED, _ENDED, stake_minor=30, seq=4),
        _refused_bet("self_excluded", _at(), State("the player is self-excluded meanwhile"), needs=_OFFICE),
        _refused_bet("session_expired", _at(), State("the game session has expired"), needs=_OFFICE),
        _refused_bet(
            "provider_unavailable", _at(), State("the game provider turns the platform away"), needs=_PROVIDER
        ),
        _refused_bet("wallet_unavailable", _at(), State("the game provider can't reach the wallet"), needs=_PROVIDER),
        _result("WON", STAKE_MINOR, _at(), _PLACED),
        _result("LOST", 0, _at("low-variance-dice"), State("a bet is lost", {**_PLACED.params})),
        _result("VOID", 0, _at("void-dice"), _PLACED),
        _balance,
        _ping,
        _answered_with_error(
            "a frame of no kind that there is",
            {"req_id": KEY, "type": "nonsense"},
            {"seq": 2, "req_id": KEY, "code": "malformed"},
            _at(),
        ),
        _answered_with_error(
            "a second hello on a socket",
            {"req_id": KEY, "type": "hello", "launch_token": "another"},
            {"seq": 2, "req_id": KEY, "code": "already_open"},
            _at(),
        ),
        _answered_with_error(
            "a ping before the hello",
            {"req_id": KEY, "type": "ping"},
            {"req_id": KEY, "code": "hello_first"},
            _launched(),
        ),
    ),
)
