"""Texts on their way to a person: a target's on one line, without controls, and not longer than anyone reads."""

from __future__ import annotations

import re

from synthetic.core.held import HeldList

REASON_MAX = 400
"""Characters of one reason; the sentence of a run may hold two of them."""
CODE_MAX = 100

_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def counted(count: int, noun: str) -> str:
    """So many of them: `1 run`, `2 runs`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def printable(text: str) -> str:
    """The text with every control character shown as U+FFFD: an answer's escape sequence must not reach a terminal."""
    return text if text.isprintable() else _CONTROLS.sub("\ufffd", text)


def json_escaped(document: str) -> str:
    """The same JSON with every control character in its texts escaped: a terminal may show it, and readers get it as it was."""
    return _CONTROLS.sub(lambda control: f"\\u{ord(control[0]):04x}", document)


def beginning(value: object, chars_min: int) -> str:
    """`str(value)`, or so many characters of its beginning at least: a statement may be a list of thousands of rows."""
    if type(value) is not list and not isinstance(value, HeldList):
        return str(value)
    pieces, written = [], 0
    for item in value:
        pieces.append(repr(item))
        written += len(pieces[-1])
        if written > chars_min:
            return "[" + ", ".join(pieces)
    return f"[{', '.join(pieces)}]"


def one_line(text: str) -> str:
    """The text without line breaks and controls: what a target answers must not forge a line of ours."""
    return printable(" ".join(text.split()))


def brief(text: str, chars_max: int = REASON_MAX) -> str:
    """The text on one line of at most so many characters; what is left out is shown as an ellipsis.

    Mask secrets before: a cut through the middle of one would show its first half.
    """
    line = text if text.isprintable() and "  " not in text and text == text.strip() else one_line(text)
    return line if len(line) <= chars_max else f"{line[: chars_max - 1]}\u2026"
