"""Percentages as they are written: `99.9 %`, `1%`."""

from __future__ import annotations

import re
from decimal import Decimal

PATTERN = r"^[0-9]{1,3}(\.[0-9]{1,9})? ?%$"
_WRITTEN = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?) ?%")
_BARE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,9})?")


def share(text: str) -> float:
    """The part of 1 that is meant: 0.999 for `99.9 %`. Raises ValueError where it is not written as a percentage."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected a percentage such as 99.9 %, found '{text}'{_hint(text)}")
    percents = Decimal(match[1])
    if percents > 100:
        raise ValueError(f"expected a percentage of at most 100 %, found '{text}'")
    return float(percents / 100)


def shown(part: float) -> str:
    """A part of 1 as a percentage, as short as it goes: `99.9 %`. Its `share` is the part again, up to eleven digits."""
    return f"{(Decimal(repr(part)) * 100).quantize(Decimal('1e-9')).normalize():f} %"


def _hint(text: str) -> str:
    if _BARE.fullmatch(text) is None:
        return ""
    number = Decimal(text)
    meant = number * 100 if number <= 1 else number
    return f"\nwrite {meant.normalize():f} %" if meant <= 100 else ""
