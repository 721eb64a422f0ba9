"""What a journal keeps of one money effect."""

from __future__ import annotations

from dataclasses import dataclass, fields

from synthetic.core.effects import Intent
from synthetic.core.errors import HarnessError
from synthetic.core.outcome import IntentState

OPEN_STATES = frozenset({IntentState.INTENT, IntentState.DONE, IntentState.UNKNOWN, IntentState.STUCK})
"""The states in which money may have moved and nobody has settled it, also that of an effect whose run still goes on."""

REOPENED_STATES = frozenset({IntentState.REFUSED, IntentState.COMPENSATED, IntentState.SETTLED})
"""The states that another attempt under the same key opens again: it may have an effect that nobody has settled yet."""


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """An intent, its state, and when it was written and last changed (nanoseconds since the Unix epoch).

    `epoch`: of the lease under which it was last intended (0: without a lease).
    """

    intent: Intent
    state: IntentState
    created_ns: int
    updated_ns: int
    epoch: int = 0


def require_same(known: Intent, intent: Intent) -> None:
    """A key means one effect for ever. Raises HarnessError where it is used for another one, naming the fields.

    An intent that was written before its arguments were kept is compared by the rest.
    """
    differing = [
        f"{field.name} {getattr(known, field.name)} is now {getattr(intent, field.name)}"
        for field in fields(Intent)
        if getattr(known, field.name) != getattr(intent, field.name) and (known.args or field.name != "args")
    ]
    if differing:
        raise HarnessError(f"the idempotency key {intent.key!r} stands for another effect: {'; '.join(differing)}")
