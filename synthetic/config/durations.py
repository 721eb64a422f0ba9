"""Durations as they are written: `250ms`, `15s`, `2m`, `1h`."""

from __future__ import annotations

import re

PATTERN = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$"
LATENCY_PATTERN = r"^[0-9]+(\.[0-9]+)? ?(ms|s)$"
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_S = 7 * 24 * 3600.0


def seconds(text: str) -> float:
    """The duration in seconds. Raises ValueError where it is not written as one."""
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)", text)
    if match is None:
        raise ValueError(f"expected a duration such as 250ms, 15s or 2m, found '{text}'")
    value = float(match[1]) * _SECONDS[match[2]]
    if not 0 < value <= _LONGEST_S:
        raise ValueError(f"expected a duration above 0 and up to a week, found '{text}'")
    return value


def latency_s(text: str) -> float:
    """How long an answer may take, in seconds; with or without a blank before its unit. Raises ValueError."""
    match = re.fullmatch(r"([0-9.]+) ?(ms|s)", text)
    if match is None:
        raise ValueError(f"expected a time such as 400 ms or 1.5 s, found '{text}'")
    return seconds(f"{match[1]}{match[2]}")


def shown(duration_s: float) -> str:
    """A duration for a message: `250ms`, `15s`, `90s`."""
    return f"{duration_s * 1000:g}ms" if duration_s < 1 else f"{duration_s:g}s"
