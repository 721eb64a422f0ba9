"""The codes that the harness gives by itself; a negative path that waited for one would be green on a dead platform."""

from __future__ import annotations

import re

from synthetic.core.effects import FaultKind

_OWN = frozenset(FaultKind) | {
    "not_sent",
    "over_limit",
    "not_journaled",
    "hook_failed",
    "bad_key",
    "unclear",
    "unreadable",
}
_STATUS = re.compile(r"http_\d+")


def is_own_code(code: str) -> bool:
    """Whether a step may end with this code without the platform ever having said so."""
    return code in _OWN or _STATUS.fullmatch(code) is not None
