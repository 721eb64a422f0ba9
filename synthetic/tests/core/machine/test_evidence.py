"""What frames and clocks tell the judge."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from sys import getrefcount

import pytest

from synthetic.config.platforms import load_platform
from synthetic.core.effects import Headers, Times, WsFrame
from synthetic.core.history import Frame
from synthetic.core.machine.evidence import FRAMES_TOLD_MAX, read_clock, tell_frame
from synthetic.core.machine.state import RunState
from synthetic.tests.core.machine.playing import make_spec

MAPPING = """
platform: p
connections:
  game:
    url: wss://cell.test/game
    evidence: {frame: {seq: frame.seq, type: frame.type, req_id: "has(frame.req_id) ? frame.req_id : ''"}}
operations:
  login: {http: GET https://cell.test/}
"""
TIMES = Times(1, 2, 3, 4)


@pytest.fixture
def state() -> RunState:
    """A run whose game connection tells of its frames."""
    spec = make_spec("  - {id: login, call: login}\n")
    platform = load_platform(Path("p.yaml"), text=MAPPING)
    return RunState(replace(spec, plan=replace(spec.plan, platform=platform)))


def told(state: RunState, text: str) -> list[tuple[int, str, str]]:
    """What the state knows after one frame more."""
    tell_frame(state, "game", WsFrame(text, TIMES))
    return [(fact.seq, fact.type, fact.req_id) for fact in state.facts if isinstance(fact, Frame)]


def test_a_frame_tells_what_the_mapping_finds_in_it(state: RunState) -> None:
    """Its times, too; optional fields may be missing."""
    assert told(state, '{"seq": 1, "type": "pong"}') == [(1, "pong", "")]
    assert told(state, '{"seq": 2, "type": "bet_ack", "req_id": "r"}')[1:] == [(2, "bet_ack", "r")]
    assert (state.facts[0].sent_ns, state.facts[0].received_ns) == (2, 3)


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "7", '{"type": "pong"}', '{"seq": "1", "type": "pong"}'])
def test_a_frame_without_what_is_looked_for_tells_nothing(state: RunState, text: str) -> None:
    """It may be one of another protocol; what a step needs of it is the step's business."""
    assert told(state, text) == []


def test_a_flood_of_frames_is_no_endless_history(state: RunState) -> None:
    """The first thousand are enough."""
    for number in range(FRAMES_TOLD_MAX + 10):
        tell_frame(state, "game", WsFrame(json.dumps({"seq": number, "type": "x"}), TIMES))
    assert len(state.facts) == FRAMES_TOLD_MAX


@pytest.mark.parametrize(
    ("date", "age", "skew_s"),
    [
        ("Thu, 01 Jan 1970 00:00:00 GMT", (), 0),
        ("Thu, 01 Jan 1970 00:06:00 GMT", (), 360),
        ("Thu, 01 Jan 1970 00:06:00 GMT", (("age", "0"),), None),
        ("yesterday", (), None),
        ("", (), None),
    ],
)
def test_a_servers_clock_is_read_from_its_answers(state: RunState, date: str, age: Headers, skew_s: int | None) -> None:
    """Against ours at that moment, by endpoint. A date that is none tells nothing; neither does a cache or a server of nobody's."""
    name, address = next(iter(state.spec.cell.endpoints.items()))
    headers = dict((("date", date), *age))
    state.now_ns = state.spec.mono_ns - state.spec.wall_ns  # so that our wall clock shows 1970
    read_clock(state, f"{address}/anything", headers)
    read_clock(state, "https://elsewhere.test/", headers)
    assert state.clock_skews_s == ({} if skew_s is None else {name: skew_s})


def test_what_a_server_says_at_any_length_is_not_kept(state: RunState) -> None:
    """A date, or a URL that it redirects to, of a hundred kilobytes is gone with the run; its clock is read all the same."""
    name, address = next(iter(state.spec.cell.endpoints.items()))
    date, long_date, url = "Thu, 01 Jan 1970 00:00:00 GMT", "Thu, " + "0" * 100_000, f"{address}/{'x' * 100_000}"
    counts = [getrefcount(text) for text in (long_date, url)]
    state.now_ns = state.spec.mono_ns - state.spec.wall_ns
    read_clock(state, url, {"date": date})
    read_clock(state, address, {"date": long_date})
    assert state.clock_skews_s == {name: 0}
    assert [getrefcount(text) for text in (long_date, url)] == counts
