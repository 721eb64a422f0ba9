"""The outcomes of steps and runs, and whom a failure is blamed on (the words of DESIGN, used everywhere)."""

from __future__ import annotations

from enum import StrEnum


class StepOutcome(StrEnum):
    """What is known of a step's effect. `unknown` is a value (Jepsen's `:info`): it may or may not have happened."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class RunOutcome(StrEnum):
    """How a run ended. `tainted`: our own lag or fault, never in a pass rate. `aborted`: stopped before its end."""

    OK = "ok"
    FAILED = "failed"
    TAINTED = "tainted"
    ABORTED = "aborted"


class Blame(StrEnum):
    """Whom a failure is attributed to."""

    USER = "user"
    PSP = "psp"
    PROVIDER = "provider"
    PLATFORM = "platform"
    POLICY = "policy"
    HARNESS = "harness"
    UNKNOWN = "unknown"


class IntentState(StrEnum):
    """What the journal knows of one money effect."""

    INTENT = "intent"  # written, the request may have left
    DONE = "done"  # it has happened, and its run goes on: after a crash this is money in the wrong place
    REFUSED = "refused"
    UNKNOWN = "unknown"
    COMPENSATED = "compensated"
    SETTLED = "settled"  # the run came to its end and its money is where it belongs
    STUCK = "stuck"  # could not be undone: money is stranded


CLOSED_STATES = frozenset({IntentState.REFUSED, IntentState.COMPENSATED, IntentState.SETTLED})
"""The states in which an effect is over, and its money where it belongs."""
