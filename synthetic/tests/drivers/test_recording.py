"""Recordings: written down, read back, replayed, and played over real sockets by both drivers."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.effects import (
    Done,
    Effect,
    FaultKind,
    Http,
    HttpReply,
    Phases,
    Resolve,
    Result,
    Sleep,
    Times,
    TransportFault,
    WsClose,
    WsFrame,
    WsOpen,
    WsOpened,
    WsReceive,
    WsSend,
)
from synthetic.core.errors import HarnessError
from synthetic.core.outcome import IntentState
from synthetic.drivers.recording import Recorder, Recording, ReplayMismatch, replay
from synthetic.drivers.replay_server import ReplayServer
from synthetic.journal.memory import MemoryJournal
from synthetic.tests.drivers.scenarios import Play, asking, deposit, play_blocking, timeless
from synthetic.tests.drivers.servers import RawServer, WebSocketServer, answer, answering, echo

TIMES = Times(1, 2, 3, 4, 5)
FAULT = TransportFault(FaultKind.READ_TIMEOUT, "late", maybe_sent=True, times=TIMES)
TOKEN = "Bearer very-secret"


def journey(http: str, ws: str) -> Generator[Any, Any, list[str]]:
    """A scenario whose effects depend on what it is told."""
    token = yield Http("POST", http + "/login?x=1", body=b"{}")
    yield Http("POST", http + "/deposits", (("authorization", token.body.decode()),), b"\xff\x00", moves=deposit())
    yield Resolve("key-1", IntentState.DONE)
    yield WsOpen("game", ws, subprotocols=("v1",))
    yield Sleep(0.01)
    yield WsSend("game", "bet " + token.body.decode())
    first = yield WsReceive("game")
    silence = yield WsReceive("game", timeout_s=0.05)
    yield WsClose("game")
    return [first.text, silence.kind]


def recorded() -> tuple[Recording, list[str]]:
    recorder = Recorder()
    behaviour = answering(answer(b"t1"), answer(b"{}", "202 Accepted"))
    with RawServer(behaviour) as http, WebSocketServer(echo, subprotocols=["v1"]) as ws:
        scenario = journey("http://" + http.authority, ws.url)
        value = play_blocking(recorder.listen(scenario), journal=MemoryJournal())
    return recorder.recording(), value


def origins(recording: Recording) -> tuple[str, str]:
    """Where the run was recorded."""
    first, opening = recording.exchanges[0][0], recording.exchanges[3][0]
    assert isinstance(first, Http)
    assert isinstance(opening, WsOpen)
    return first.url.partition("/login")[0], opening.url


def test_a_recording_survives_json() -> None:
    """Bytes, money, states, faults and times come back as they were."""
    recording, _ = recorded()
    assert Recording.from_json(recording.to_json()) == recording


TEXTS = st.text(max_size=20)
EFFECTS: st.SearchStrategy[Effect] = st.one_of(
    st.builds(
        Http,
        TEXTS,
        TEXTS,
        st.tuples(st.tuples(TEXTS, TEXTS)),
        st.binary(max_size=20),
        moves=st.just(deposit()) | st.none(),
    ),
    st.builds(WsOpen, TEXTS, TEXTS, subprotocols=st.tuples(TEXTS)),
    st.builds(WsSend, TEXTS, TEXTS),
    st.builds(Sleep, st.floats(0, 10)),
    st.builds(Resolve, TEXTS, st.sampled_from(IntentState)),
)
RESULTS: st.SearchStrategy[Result] = st.one_of(
    st.builds(
        HttpReply, st.integers(100, 599), st.tuples(st.tuples(TEXTS, TEXTS)), st.binary(max_size=20), st.just(TIMES)
    ),
    st.builds(WsFrame, TEXTS, st.just(TIMES)),
    st.builds(WsOpened, st.just(TIMES)),
    st.builds(Done, st.just(TIMES)),
    st.builds(
        TransportFault, st.sampled_from(FaultKind), TEXTS, st.booleans(), st.just(TIMES), st.integers() | st.none()
    ),
)


@given(st.lists(st.tuples(EFFECTS, RESULTS), max_size=5))
def test_json_is_lossless(exchanges: list[tuple[Effect, Result]]) -> None:
    """Whatever was exchanged."""
    recording = Recording(tuple(exchanges))
    assert Recording.from_json(recording.to_json()) == recording


def test_a_recording_of_before_there_were_phases_is_still_read() -> None:
    """What it does not tell of its times counts as not known; what it does tell now survives."""
    told = replace(TIMES, stamped=True, doubt_ns=6, phases=Phases(1, 2, 3, 4, 5))
    recording = Recording(((Http("GET", "http://a/"), HttpReply(200, (), b"", told)),))
    assert Recording.from_json(recording.to_json()) == recording
    document = json.loads(recording.to_json())
    times = document["exchanges"][0][1]["times"]
    for name in ("stamped", "doubt_ns", "phases"):
        del times[name]
    assert Recording.from_json(json.dumps(document)).exchanges[0][1].times == TIMES


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "other/1", "exchanges": []}',
        '{"format": "synthetic-recording/1", "exchanges": [1]}',
        '{"format": "synthetic-recording/1", "exchanges": [[{"is": "Times"}, {"is": "Times"}]]}',
        '{"format": "synthetic-recording/1", "exchanges": [[{"is": "os.system"}, 1]]}',
        '{"format": "synthetic-recording/1", "exchanges": [[{"is": "base64", "value": "%"}, 1]]}',
    ],
)
def test_what_is_no_recording_is_told_in_one_line(text: str) -> None:
    """Never a traceback of the parser."""
    with pytest.raises(HarnessError, match="recording"):
        Recording.from_json(text)


def test_a_replay_returns_what_the_run_returned() -> None:
    """Without any I/O."""
    recording, value = recorded()
    assert replay(journey(*origins(recording)), recording) == value == ["bet t1", "read_timeout"]


def exchanges(*pairs: tuple[Effect, Result]) -> Recording:
    return Recording(pairs)


@pytest.mark.parametrize(
    ("recording", "effects", "index", "message"),
    [
        (exchanges((Sleep(1), Done(TIMES))), [Sleep(2)], 0, "Sleep seconds: recorded 1, wanted 2"),
        (exchanges((Sleep(1), Done(TIMES))), [Sleep(1), Sleep(1)], 1, "it ends there, but the scenario goes on"),
        (exchanges((Sleep(1), Done(TIMES)), (Sleep(2), Done(TIMES))), [Sleep(1)], 1, "the scenario ended, but Sleep"),
        (exchanges((Sleep(1), Done(TIMES))), [WsClose("game")], 0, "recorded is Sleep"),
        (
            exchanges((Http("GET", "http://x/", (("authorization", TOKEN),), b"abc"), FAULT)),
            [Http("GET", "http://x/", (("authorization", "Bearer other"),), b"abd")],
            0,
            "headers differ: authorization; body differs from position 2 on",
        ),
    ],
)
def test_a_replay_that_parts_says_where_and_how(
    recording: Recording, effects: list[Effect], index: int, message: str
) -> None:
    """The index and the fields, but never a header's value or a body."""
    with pytest.raises(ReplayMismatch, match=message) as caught:
        replay(asking(*effects), recording)
    assert caught.value.index == index
    assert TOKEN not in str(caught.value)


def test_both_drivers_play_one_recorded_run_over_real_sockets(play: Play) -> None:
    """The same effects in the same order, and the same results but for times and handshake headers."""
    recording, value = recorded()
    recorder = Recorder()
    with ReplayServer(recording) as server:
        scenario = server.rebased(recorder.listen(journey(*origins(recording))))
        assert play(scenario, allow=[server.authority]) == value
        assert server.mistakes == ()
    again = recorder.recording()
    assert [effect for effect, _ in again.exchanges] == [effect for effect, _ in recording.exchanges]
    results = [[comparable(result) for _, result in run.exchanges] for run in (recording, again)]
    assert results[0] == results[1]


def comparable(result: Result) -> Any:
    match timeless(result):
        case WsOpened():
            return WsOpened
        case TransportFault() as fault:
            return replace(fault, detail="")
        case other:
            return other


FAULTS: list[tuple[Effect, TransportFault]] = [
    (Http("GET", "http://x/a", timeout_s=0.2), FAULT),
    (Http("GET", "http://x/a"), replace(FAULT, kind=FaultKind.RESET)),
    (Http("GET", "http://x/a"), replace(FAULT, kind=FaultKind.PROTOCOL)),
    (WsOpen("game", "ws://x/g"), replace(FAULT, kind=FaultKind.WS_REJECTED, status=403)),
    (WsOpen("game", "ws://x/g", timeout_s=0.2), FAULT),
    (WsOpen("game", "ws://x/g"), replace(FAULT, kind=FaultKind.RESET)),
]


@pytest.mark.parametrize(("effect", "fault"), FAULTS)
def test_the_server_plays_faults_too(play: Play, effect: Effect, fault: TransportFault) -> None:
    """A recorded fault happens again, for real."""
    with ReplayServer(exchanges((effect, fault))) as server:
        (result,) = play(server.rebased(asking(effect)), allow=[server.authority])
        assert server.mistakes == ()
    assert comparable(result) == comparable(fault)


@pytest.mark.parametrize("code", [4401, 1006])
def test_the_server_closes_with_the_recorded_code(play: Play, code: int) -> None:
    """Also where the connection had just ended."""
    closed = replace(FAULT, kind=FaultKind.WS_CLOSED, close_code=code)
    effects: list[Effect] = [WsOpen("game", "ws://x/g"), WsReceive("game"), WsReceive("game")]
    results: list[Result] = [WsOpened(TIMES), WsFrame("hi", TIMES), closed]
    recording = exchanges(*zip(effects, results, strict=True))
    with ReplayServer(recording) as server:
        _, frame, fault = play(server.rebased(asking(*effects)), allow=[server.authority])
    assert (frame.text, fault.kind, fault.close_code) == ("hi", FaultKind.WS_CLOSED, code)


def test_the_server_tells_what_was_asked_otherwise(play: Play) -> None:
    """A wrong path, a wrong body, one request too many, and what was never asked."""
    ok = HttpReply(200, (), b"", TIMES)
    recording = exchanges(
        (Http("GET", "http://x/a"), ok),
        (Http("POST", "http://x/b", body=b"1"), ok),
        (WsOpen("game", "ws://x/g"), WsOpened(TIMES)),
    )
    asked = [Http("GET", "http://x/z"), Http("POST", "http://x/b", body=b"2"), Http("GET", "http://x/c")]
    with ReplayServer(recording) as server:
        results = play(server.rebased(asking(*asked)), allow=[server.authority])
        assert server.mistakes == (
            "recorded is GET /a, but GET /z came",
            "the body of POST /b is not the recorded one",
            "the recording has no further request, but GET /c came",
            "never opened: /g",
        )
    assert [result.status for result in results] == [409] * 3


def test_what_no_server_can_play_is_refused() -> None:
    """A refused connection needs nobody listening."""
    with pytest.raises(HarnessError, match="exchange 0 of the recording ended in connect_refused"):
        ReplayServer(exchanges((Http("GET", "http://x/"), replace(FAULT, kind=FaultKind.CONNECT_REFUSED))))


def test_a_recording_is_readable() -> None:
    """One exchange a line, bodies as text where they are text."""
    recording, _ = recorded()
    lines = recording.to_json().splitlines()
    assert len(lines) == len(recording.exchanges) + 2
    assert json.loads(lines[1].rstrip(","))[0]["body"] == {"is": "text", "value": "{}"}
