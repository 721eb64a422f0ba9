"""Invariant 39: the signature is over the raw bytes: right for the same JSON in other bytes, it is a bad one."""

from __future__ import annotations

from synthetic.core.checks.access.unsigned import changes_by
from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import History


def judge(history: History) -> tuple[Finding, ...] | None:
    """A body that was written anew after it was signed is refused, though it means the same."""
    return changes_by(history, ("reformatted",), "a request that was written anew after it was signed")


CHECK = Check("raw-bytes-are-signed", (39,), "a signature is over the raw bytes of the body", judge)
