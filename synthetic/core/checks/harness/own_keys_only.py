"""Invariant 49, our side of it: nothing happens under a key of ours that this run did not send.

Every key that a run sends begins with the run's id, which nobody else can know before. A frame or a posting under such a key
that the run knows nothing of is our own doing: a retry under a new id, a second copy of the harness.
"""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.harness.keys import keys_told, lost_keys
from synthetic.core.history import History
from synthetic.core.outcome import Blame


def judge(history: History) -> tuple[Finding, ...] | None:
    """Look for acknowledgements and postings under keys that look like ours and are not."""
    if not history.run_id or not keys_told(history):
        return None
    return tuple(
        Finding(f"something happened under {key}, a key of ours that this run never sent", Blame.HARNESS)
        for key in lost_keys(history)
    )


CHECK = Check("own-keys-only", (49,), "nothing happens under a key of ours that this run did not send", judge, own=True)
