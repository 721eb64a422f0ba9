"""The protocol of a game session, without a socket: frames in, frames and things to do out."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from synthetic.reference.cell.gateway.conversation import (
    BETS_IN_FLIGHT_MAX,
    BETS_REMEMBERED,
    FRAMES_KEPT,
    Conversation,
    Frame,
    PlaceBet,
    Reaction,
    ReadBalance,
    Table,
)

WON = {"state": "WON", "payout_minor": 40, "balance_minor": 1020}


@pytest.fixture
def talk() -> Conversation:
    return conversation()


def conversation() -> Conversation:
    numbers = itertools.count(1)
    return Conversation(Table("gs-1", "EUR", 10, 500), lambda prefix: f"{prefix}-{next(numbers)}")


def bet(talk: Conversation, req_id: str = "q", **changes: Any) -> tuple[Frame, ...]:
    """Send a bet and see it placed; the frames that this leads to."""
    reaction = say(talk, "bet", req_id, **({"stake_minor": 20, "currency": "EUR"} | changes))
    if not isinstance(reaction.todo, PlaceBet):
        return reaction.frames
    return accept(talk, reaction.todo)


def say(talk: Conversation, kind: str, req_id: str = "q", **fields: Any) -> Reaction:
    return talk.receive(json.dumps({"type": kind, "req_id": req_id, **fields}))


def start(talk: Conversation, req_id: str = "q") -> PlaceBet:
    todo = say(talk, "bet", req_id, stake_minor=20, currency="EUR").todo
    assert isinstance(todo, PlaceBet)
    return todo


def accept(talk: Conversation, todo: PlaceBet) -> tuple[Frame, ...]:
    return talk.bet_accepted(todo.req_id, round_id=todo.round_id, bet_id=todo.bet_id, balance_minor=980)


def close(talk: Conversation, round_id: str) -> tuple[Frame, ...]:
    return talk.round_closed(round_id, "WON", payout_minor=40, balance_minor=1020)


def test_a_session_from_welcome_to_result(talk: Conversation) -> None:
    """The frames of the contract, with `seq` from 1 and without gaps."""
    frames = [*talk.welcome("h", "resume-1", 1000)]
    reaction = say(talk, "bet", "q1", stake_minor=20, currency="EUR")
    assert (reaction.frames, reaction.todo) == ((), PlaceBet("q1", "r-1", "b-2", 20, "EUR"))
    frames += accept(talk, PlaceBet("q1", "r-1", "b-2", 20, "EUR"))
    frames += close(talk, "r-1")
    assert say(talk, "balance", "q2").todo == ReadBalance("q2")
    frames += talk.balance_read("q2", cash_minor=1020, bonus_minor=50)
    frames += say(talk, "ping", "q3").frames
    assert frames == [
        {
            "type": "welcome",
            "seq": 1,
            "req_id": "h",
            "session": "gs-1",
            "resume_id": "resume-1",
            "balance_minor": 1000,
            "currency": "EUR",
        },
        {"type": "bet_ack", "seq": 2, "req_id": "q1", "round": "r-1", "bet_id": "b-2", "balance_minor": 980},
        {"type": "round_result", "seq": 3, "round": "r-1", **WON},
        {"type": "balance", "seq": 4, "req_id": "q2", "cash_minor": 1020, "bonus_minor": 50},
        {"type": "pong", "seq": 5, "req_id": "q3"},
    ]


@pytest.mark.parametrize(
    ("stake_minor", "currency", "code"),
    [
        (20, "SEK", "wrong_currency"),
        (9, "EUR", "below_min"),
        (0, "EUR", "below_min"),
        (501, "EUR", "above_max"),
        (10, "EUR", None),
        (500, "EUR", None),
    ],
)
def test_stake_limits(talk: Conversation, stake_minor: int, currency: str, code: str | None) -> None:
    """A stake outside of the table's limits is answered at once; nothing is to be done for it."""
    reaction = say(talk, "bet", stake_minor=stake_minor, currency=currency)
    assert [frame["code"] for frame in reaction.frames] == ([code] if code else [])
    assert (reaction.todo is None) == (code is not None)


def test_a_repeated_req_id_returns_the_original_ack(talk: Conversation) -> None:
    """The same round, bet and balance under a number of its own; no second bet."""
    (ack,) = bet(talk, "q")
    (again,) = bet(talk, "q")
    assert again == ack | {"seq": ack["seq"] + 1}


def test_a_repeated_req_id_returns_the_original_refusal(talk: Conversation) -> None:
    """A refused bet is not placed by sending it again."""
    (error,) = talk.bet_refused(start(talk).req_id, "insufficient_funds", "no money")
    (again,) = bet(talk, "q")
    assert again == error | {"seq": error["seq"] + 1}


def test_a_repetition_in_flight_is_answered_once(talk: Conversation) -> None:
    """Two frames with one req_id before the answer: one bet, one ack."""
    todo = start(talk)
    assert bet(talk, "q") == ()
    assert len(accept(talk, todo)) == 1


@pytest.mark.parametrize("changes", [{"stake_minor": 30}])
def test_a_used_req_id_with_another_bet_is_refused(talk: Conversation, changes: dict[str, Any]) -> None:
    """Same id, other body: rejected, and the first bet is untouched (invariant 12)."""
    (ack,) = bet(talk, "q")
    (error,) = bet(talk, "q", **changes)
    assert error["code"] == "idempotency_mismatch"
    assert bet(talk, "q")[0]["bet_id"] == ack["bet_id"]


def test_a_result_never_overtakes_its_ack(talk: Conversation) -> None:
    """A round that is settled before its bet is acknowledged waits for it."""
    todo = start(talk)
    assert close(talk, todo.round_id) == ()
    assert [(frame["type"], frame["seq"]) for frame in accept(talk, todo)] == [("bet_ack", 1), ("round_result", 2)]


def test_the_round_of_a_refused_bet_has_no_result(talk: Conversation) -> None:
    """Whether it is closed before or after the refusal."""
    early, late = start(talk, "early"), start(talk, "late")
    close(talk, early.round_id)
    for todo in (early, late):
        assert [frame["type"] for frame in talk.bet_refused(todo.req_id, "provider_unavailable", "")] == ["error"]
    assert close(talk, late.round_id) == ()


def test_a_round_that_the_provider_opened_has_a_result(talk: Conversation) -> None:
    """A round of this session that was not begun over the socket is news, too."""
    assert [frame["round"] for frame in close(talk, "elsewhere")] == ["elsewhere"]


def test_resume_replays_what_came_after(talk: Conversation) -> None:
    """Exactly the frames above last_seq, as they were."""
    said = [*talk.welcome("h", "r", 1000), *bet(talk), *say(talk, "ping").frames]
    assert [list(talk.catch_up(last_seq)) for last_seq in (0, 1, 2, 3)] == [said, said[1:], said[2:], []]


def test_resume_beyond_what_is_kept_is_a_resync(talk: Conversation) -> None:
    """A hundred frames are kept; one who misses more starts again from the next number."""
    for _ in range(FRAMES_KEPT + 1):
        say(talk, "ping")
    assert len(talk.catch_up(1)) == FRAMES_KEPT
    assert talk.catch_up(0) == ({"type": "resync", "seq": FRAMES_KEPT + 2},)


def test_after_a_restart_numbers_go_on_from_the_clients(talk: Conversation) -> None:
    """A server that has forgotten the session says resync, with the number after the client's last one."""
    assert talk.catch_up(7) == ({"type": "resync", "seq": 8},)
    assert conversation().catch_up(0) == ({"type": "resync", "seq": 1},)


@pytest.mark.parametrize("text", [None, "{", "[]", json.dumps({"type": "dance", "req_id": "q"})])
def test_a_malformed_frame_is_answered_and_forgotten(talk: Conversation, text: str | None) -> None:
    """An error frame with a number, and the conversation goes on."""
    (error,) = talk.receive(text).frames
    assert (error["type"], error["seq"], error["code"]) == ("error", 1, "malformed")
    assert [frame["seq"] for frame in say(talk, "ping").frames] == [2]


def test_a_second_hello_is_refused(talk: Conversation) -> None:
    """A socket has one session."""
    (error,) = say(talk, "hello", launch_token="t").frames
    assert error["code"] == "already_open"


def test_bets_in_flight_are_limited(talk: Conversation) -> None:
    """The seventeenth bet that waits is refused; an answer makes room."""
    todos = [start(talk, f"q{number}") for number in range(BETS_IN_FLIGHT_MAX)]
    assert bet(talk, "one more")[0]["code"] == "too_many_bets"
    accept(talk, todos[0])
    assert bet(talk, "one more")[0]["type"] == "bet_ack"


def test_what_is_remembered_of_bets_is_limited(talk: Conversation) -> None:
    """A very old req_id is left to the database; one in flight is never forgotten."""
    waiting = start(talk, "waiting")
    for number in range(BETS_REMEMBERED):
        bet(talk, f"q{number}")
    assert say(talk, "bet", "q0", stake_minor=20, currency="EUR").todo is not None
    assert len(accept(talk, waiting)) == 1
