"""Data that CEL holds as it is, known to be so: whoever evaluates over it need not look through all of it each time.

CEL's runtime cuts a text at NUL, knows no half characters and no integer beyond 64 bits (see `expressions`). JSON without any of
them goes in and comes out unchanged. It is marked by the type of its outermost container, and must not be changed afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Any

INT64 = 2**63
UNHOLDABLE = re.compile(r"[\x00\ud800-\udfff]")
_ODD_ESCAPE = re.compile(r"\\u0000|\\u[dD][89a-fA-F]")
_DIGITS = bytes.maketrans(b"123456789", b"000000000")
_LONG = b"0" * 19  # 2**63 has 19 digits


class HeldObject(dict[str, Any]):
    """A JSON object."""

    __slots__ = ()


class HeldList(list[Any]):
    """A JSON array."""

    __slots__ = ()


def is_holdable(text: str) -> bool:
    """Whether CEL can hold the text."""
    return text.isprintable() or UNHOLDABLE.search(text) is None


class JsonText:
    """A JSON text. Its `outline` has no blanks and 0 for each digit: what `held_json` and whoever counts keys look at."""

    __slots__ = ("escaped", "outline", "raw")

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.outline = raw.encode("utf-8", "surrogatepass").translate(_DIGITS, b" \t\n\r")
        self.escaped = "\\" in raw


def held_json(data: Any, text: JsonText) -> Any:
    """The data of a JSON text, marked where nothing in it is more than CEL can hold; else, and where it is a scalar, as it is."""
    if not isinstance(data, dict | list) or _LONG in text.outline:
        return data
    if not (text.raw.isascii() or is_holdable(text.raw)) or (text.escaped and _ODD_ESCAPE.search(text.raw)):
        return data
    return HeldObject(data) if isinstance(data, dict) else HeldList(data)


def held_texts(texts: Mapping[str, str]) -> Mapping[str, str]:
    """A mapping of texts, marked where CEL can hold them all."""
    return HeldObject(texts) if _all_holdable(texts) and _all_holdable(texts.values()) else texts


def held_headers(headers: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The headers of an answer by their names, of which the last of several alike counts; marked likewise."""
    together = "".join(chain.from_iterable(headers))
    return HeldObject(headers) if is_holdable(together) else dict(headers)


def _all_holdable(values: Collection[str]) -> bool:
    return set(map(type, values)) <= {str} and is_holdable("".join(values))
