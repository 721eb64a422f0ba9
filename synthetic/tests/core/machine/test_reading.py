"""Reading what nobody trusts: strict JSON, words for everything else, and no bytes that break the machine."""

from __future__ import annotations

import json
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic.core.effects import HttpReply, Times, WsReceive
from synthetic.core.machine.reading import NotJson, read_body, read_json
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.wording import brief
from synthetic.drivers.memory import Frame, Reply
from synthetic.tests.core.machine.playing import HEALTHY, Wire, answers, played
from synthetic.tests.core.machine.test_frames import BET, WELCOME, gateway

TIMES = Times(0, 0, 0, 0)
DEPOSIT = """
  - {id: login, call: login}
  - {id: deposit, call: deposit, with: {amount: 1.00 EUR}, until: "out.state == 'succeeded'", within: 3s}
  - {id: end, call: balance}
"""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "state", "error", "found", "x"]), inner),
)
BEHIND_QUOTES = '["\\"]\\"",' * 100 + "1" + ',"\\"[\\""]' * 100
"""Deep, and each bracket stands beside one of the other kind in a text whose quotes are escaped."""
LOOKING_LIKE_JSON = VALUES.map(lambda value: json.dumps(value).encode())
BODIES = st.binary(max_size=200) | LOOKING_LIKE_JSON | LOOKING_LIKE_JSON.map(lambda body: body[: len(body) // 2])
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "content-encoding", "location", "set-cookie", "date", "x-any"]),
        st.text(st.characters(max_codepoint=255), max_size=40),
    ),
    max_size=4,
).map(tuple)
REPLIES = st.builds(Reply, st.integers(200, 599), BODIES, HEADERS)


def body(text: str | bytes, content_type: str = "application/json") -> Any:
    """A body as it is read."""
    raw = text if isinstance(text, bytes) else text.encode()
    return read_body(HttpReply(200, (("content-type", content_type),), raw, TIMES))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        ('{"a": [1, 2.5, null, "\\u00e9"]}', {"a": [1, 2.5, None, "é"]}),
        ('"\\ud83d\\ude00"', "😀"),
        (f'{{"id": {2**70}}}', {"id": 2**70}),
        ("[" * 64 + "]" * 64, None),
    ],
)
def test_what_every_reader_reads_alike_is_json(text: str, value: Any) -> None:
    """Whole surrogate pairs, long integers and 64 levels are fine."""
    read = body(text)
    assert read.flaw == ""
    assert value is None or read.value == value


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ('{"a": 1', "JSON that is cut short"),
        ('{"a": "b', "JSON that is cut short"),
        ('{"a": tru', "JSON that is cut short"),
        ('[1, 2, {"a"', "JSON that is cut short"),
        ("{'a': 1}", "JSON that is broken at line 1, column 2"),
        ('{"a": 1}\n{"a": 2}', "JSON that is broken at line 2, column 1"),
        ('{"a": 1, "a": 1}', "JSON that has the key 'a' twice in one object"),
        ('{"' + "k" * 50 + '": 1, "' + "k" * 50 + '": 2}', "JSON that has a key twice in one object"),
        ("[" * 65 + "]" * 65, "JSON that is nested over 64 levels deep"),
        (BEHIND_QUOTES, "JSON that is nested over 64 levels deep"),
        ('{"a": 1e400}', "JSON that holds a number too large for 64 bits"),
        ('["\\udc00"]', "JSON that holds half a surrogate pair, which is no character"),
    ],
)
def test_what_two_readers_would_read_differently_is_said(text: str, flaw: str) -> None:
    """Each in words that tell a cut from a mistake."""
    assert body(text).flaw == flaw


def test_a_value_that_could_be_a_secret_is_not_cut_into_the_message() -> None:
    """What is cut before it is masked would show the first half of a secret."""
    assert "kkk" not in str(body('{"' + "k" * 50 + '": 1, "' + "k" * 50 + '": 2}'))
    assert str(body("<html>", "text/html; token=" + "s" * 100)).startswith("HTML (text/html, 6 bytes)")
    assert str(body("<html>", "s" * 100)).startswith("HTML (an odd content type, 6 bytes)")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300) | LOOKING_LIKE_JSON, st.text(max_size=30))
def test_any_bytes_are_read_or_named(raw: bytes, content_type: str) -> None:
    """Nothing is raised, and what is said is short."""
    read = body(raw, content_type)
    assert len(brief(str(read))) < 250


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_a_frame_is_read_or_is_not_json(value: Any) -> None:
    """Nothing else is raised, and what is read has no half characters."""
    try:
        read = read_json(json.dumps(value))
    except NotJson:
        return
    json.dumps(read, ensure_ascii=False).encode()


@settings(max_examples=100, deadline=None)
@given(
    REPLIES,
    st.sampled_from(["POST /deposits", "GET /deposits", "GET /find", "POST /refunds", "GET /balance", "POST /login"]),
)
def test_no_answer_breaks_the_machine(reply: Reply, route: str) -> None:
    """Whatever comes where: the run ends green or red, never because of an exception of our own."""
    run = played(DEPOSIT, answers(HEALTHY | {"POST /deposits": HEALTHY["POST /deposits"], route: reply}))
    assert run.ended.outcome in (RunOutcome.OK, RunOutcome.FAILED)
    assert run.ended.blame is not Blame.HARNESS, run.ended.reason


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "replace")) | VALUES.map(json.dumps), max_size=5
    )
)
def test_no_frame_breaks_the_machine(texts: list[str]) -> None:
    """The same for what comes on a WebSocket after the bet."""
    queue = list(texts)
    welcome = gateway(WELCOME)
    welcomed: list[int] = []

    def answer(effect: Wire) -> Any:
        if isinstance(effect, WsReceive) and welcomed and queue:
            return Frame(queue.pop(0))
        welcomed.extend([1] if isinstance(effect, WsReceive) else [])
        return welcome(effect)

    run = played(BET, answer)
    assert (run.ended.outcome, run.ended.failed_step) == (RunOutcome.FAILED, "bet")
    assert run.ended.blame is not Blame.HARNESS, run.ended.reason


@given(
    st.lists(
        st.tuples(st.sampled_from(['"a"', '"b"', '"c:{"', '"d\\""']), st.sampled_from(["", " ", "\n "])), max_size=4
    )
)
def test_a_key_that_comes_twice_is_found_however_it_is_written(keys: list[tuple[str, str]]) -> None:
    """With blanks before the colon, with brackets and quotes in it, deep inside."""
    inner = ", ".join(f'{key}{blank}:{blank}" :{{"' for key, blank in keys)
    text = f'{{"rows" :[{{"x": 1}},{{{inner}}}], "last":"a\\tb"}}'.replace("\\t" if len(keys) % 2 else "\x00", "t")
    twice = len({key for key, _ in keys}) < len(keys)
    with pytest.raises(NotJson, match="twice in one object") if twice else nullcontext():
        read_json(text)
