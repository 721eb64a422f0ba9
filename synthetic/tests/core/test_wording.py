"""Texts of a target on their way to a person."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from synthetic.core.wording import brief, json_escaped, one_line, printable

HOSTILE = "bad\nok  fake line\r\x1b[2J \u202e\x9b\ud800"


def test_a_text_can_not_forge_a_line_or_reach_the_terminal() -> None:
    """Line breaks are folded; escape sequences, direction overrides and half characters are shown as what they are not."""
    assert one_line(HOSTILE) == "bad ok fake line \ufffd[2J \ufffd\ufffd\ufffd"
    assert printable("a\tb\nc") == "a\tb\nc"


@given(st.text(st.characters(codec=None)), st.integers(1, 60))
def test_a_brief_text_is_short_and_can_be_written_anywhere(text: str, chars_max: int) -> None:
    """At most so many characters, on one line, all of which UTF-8 can hold."""
    shown = brief(text, chars_max)
    assert len(shown) <= chars_max
    assert len(shown.splitlines()) <= 1
    shown.encode()


def test_what_is_left_out_shows() -> None:
    """By an ellipsis, and only where something is left out."""
    assert brief("abc", 3) == "abc"
    assert brief("abcd", 3) == "ab\u2026"


@given(st.dictionaries(st.text(), st.text()))
def test_an_escaped_document_is_the_same_document(value: dict[str, str]) -> None:
    """A reader gets the texts as they were; a terminal gets no control character."""
    document = json_escaped(json.dumps(value, ensure_ascii=False, indent=1))
    assert json.loads(document) == value
    assert printable(document) == document
