"""Data is marked as held only where CEL would give it back unchanged."""

from __future__ import annotations

import json
from typing import Any

import pytest

from synthetic.core.held import HeldList, HeldObject, JsonText, held_headers, held_json, held_texts


@pytest.mark.parametrize(
    "data",
    [
        {"id": "a\x00"},
        [{"id": "\ud800"}],
        {"id": 2**63},
        {"ids": [-(2**63) - 1]},
        "a text",
        7,
        None,
        {"deep": [[10**30]]},
    ],
)
def test_what_cel_would_change_is_not_marked(data: Any) -> None:
    """A NUL, half a character, an integer beyond 64 bits anywhere in it; and scalars need no mark."""
    written = json.dumps(data)
    assert type(held_json(data, JsonText(written))) is type(data)


@pytest.mark.parametrize("data", [{"id": '\u00fc "\\'}, {"n": 2**59, "e": [None, True, 0.5]}])
def test_other_json_is_marked_by_its_outermost_container(data: Any) -> None:
    """The mark changes nothing: it is the same data for whoever does not ask."""
    for written in (json.dumps(data), json.dumps(data, ensure_ascii=False)):
        held = held_json(data, JsonText(written))
        assert (type(held), held) == (HeldObject, data)
    assert type(held_json([data], JsonText(json.dumps([data])))) is HeldList


def test_the_outline_of_a_text_has_neither_blanks_nor_its_digits() -> None:
    """Also of a text with half a character, which is no UTF-8."""
    text = JsonText('{ "id" :\t[17,\r\n"\ud800 9"]}')
    assert (text.outline, text.escaped) == (b'{"id":[00,"\xed\xa0\x800"]}', False)
    assert JsonText('"\\n"').escaped


def test_texts_are_marked_unless_one_can_not_be_held() -> None:
    """Headers, attributes and endpoints: names and values alike."""
    assert type(held_texts({"x-cell-version": "2.4.0"})) is HeldObject
    assert type(held_texts({"x": "a\x00"})) is dict
    assert type(held_texts({"a\x00": "x"})) is dict


def test_headers_are_marked_unless_one_can_not_be_held() -> None:
    """Of several alike the last one counts, marked or not."""
    plain = held_headers((("date", "x"), ("via", "a"), ("via", "b")))
    assert (type(plain), plain) == (HeldObject, {"date": "x", "via": "b"})
    odd = held_headers((("via", "a"), ("via", "b\x00")))
    assert (type(odd), odd) == (dict, {"via": "b\x00"})
