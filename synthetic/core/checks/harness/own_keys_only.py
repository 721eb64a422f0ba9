"""Invariant 49, our side of it: nothing happens under a key of ours that this run did not send.

Every key that a run sends begins with the run's id, which nobody else can know before. A frame or a posting under such a key
that the run knows nothing of is our own doing: a retry under a new id, a second copy of the harness.
"""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.history import Frame, History, Ledger
from synthetic.core.outcome import Blame

_ACKNOWLEDGED = ("bet_ack",)


def judge(history: History) -> tuple[Finding, ...] | None:
    """Look for acknowledgements and postings under keys that look like ours and are not."""
    if not history.run_id:
        return None
    told = list(_keys_told(history))
    sent = {moved.key for moved in history.moved}
    foreign = [key for key in dict.fromkeys(told) if key.startswith(history.run_id) and key not in sent]
    findings = tuple(
        Finding(f"something happened under {key}, a key of ours that this run never sent", Blame.HARNESS)
        for key in foreign
    )
    return findings if told else None


def _keys_told(history: History) -> Iterator[str]:
    yield from (frame.req_id for frame in history.of(Frame) if frame.type in _ACKNOWLEDGED and frame.req_id)
    for statement in history.of(Ledger)[-1:]:
        yield from (entry.key for entry in statement.entries if entry.key)


CHECK = Check("own-keys-only", (49,), "nothing happens under a key of ours that this run did not send", judge)
