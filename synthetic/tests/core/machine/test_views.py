"""What a person sees of an exchange and of a step: secrets masked, one line each, whatever stands beside them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.events import ExchangeDone, StepEnded
from synthetic.core.machine.state import SHOWN_MAX
from synthetic.drivers.memory import Reply
from synthetic.tests.core.machine.playing import HEALTHY, SECRET, answers, ok, played

VALUE = st.lists(
    st.sampled_from([SECRET, SECRET[:8], SECRET[8:], "a", " ", "  ", "\x1b[2J", "\u202e", "x" * 3000]), max_size=4
).map("".join)


def shown(*headers: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """The headers of an answer, as its event has them."""
    reply = Reply(200, b'{"entries": []}', headers)
    run = played("\n  - {id: read, call: ledger}", answers(HEALTHY | {"GET /ledger": reply}))
    return run.of(ExchangeDone)[0].answer_headers


def alone(header: tuple[str, str]) -> tuple[str, str]:
    """The same header where it is the only one."""
    return shown(header)[0]


@given(st.lists(st.tuples(st.sampled_from(["x-a", "set-cookie", "Authorization", SECRET]), VALUE), max_size=4))
def test_a_header_is_shown_alike_beside_any_others(headers: list[tuple[str, str]]) -> None:
    """Headers are looked at together where all are plain; what one of them is like decides of no other one."""
    seen = shown(*headers)
    assert seen == tuple(alone(header) for header in headers)
    assert SECRET not in str(seen)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (f"Basic {SECRET}!", "Basic ***!"),
        ("a\x1b[2J", "a\ufffd[2J"),
        (" a  b ", "a b"),
        ("y" * 3000, "y" * 2047 + "\u2026"),
    ],
)
def test_a_header_is_masked_on_one_line_and_not_too_long(value: str, told: str) -> None:
    """Beside one that is fine, which stays as it is."""
    assert shown(("x-fine", "fine"), ("x-odd", value)) == (("x-fine", "fine"), ("x-odd", told))


def test_what_says_who_we_are_is_masked_whatever_it_is() -> None:
    """Also where nobody has told us that it is a secret."""
    assert shown(("set-cookie", "sid=unknown"), ("x-api-key", "unknown"))[1:] == (("x-api-key", "***"),)


@given(VALUE, VALUE)
def test_an_output_is_shown_alike_beside_any_other(one: str, other: str) -> None:
    """Outputs, too, are looked at together where all are plain."""

    def out(name: str, state: str) -> Mapping[str, str]:
        look = "\n  - {id: read, call: look, with: {id: d-1}}"
        run = played(look, answers(HEALTHY | {"GET /deposits/d-1": ok(id=name, state=state)}))
        return run.of(StepEnded)[0].out

    both = out(one, other)
    assert both == {"id": out(one, "")["id"], "state": out("", other)["state"]}
    assert SECRET not in str(both)
    assert str(both["id"]).isprintable()
    assert len(both["id"]) <= SHOWN_MAX
