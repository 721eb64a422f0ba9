"""Invariant 38: a request with a bad, missing or stale signature changes nothing."""

from __future__ import annotations

from synthetic.core.checks.access.unsigned import changes_by
from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import History

_BAD = ("bad", "missing", "stale")


def judge(history: History) -> tuple[Finding, ...] | None:
    """Nothing may be posted for a request that nobody signed, whatever it was answered."""
    return changes_by(history, _BAD, "a request with a {signature} signature")


CHECK = Check("bad-signature-changes-nothing", (38,), "a bad signature changes nothing", judge)
