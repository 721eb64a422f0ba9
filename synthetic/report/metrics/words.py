"""The words of the metrics: label names, the values that a label may have, buckets. Everything here is bounded.

A run id, a URL or the text of an error never becomes a label: each new value would be a new series for ever.
"""

from __future__ import annotations

from functools import lru_cache

from synthetic.core.effects import FaultKind
from synthetic.core.events import RELEASE_LABELS, StepEnded
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome

PROBE_LABELS = ("scenario", "cell", "track", "market", "brand", "psp")
RUN_LABELS = PROBE_LABELS + RELEASE_LABELS

NONE = "none"
OTHER = "other"
VALUE_MAX = 64  # characters of a label's value

RUN_RESULTS: tuple[tuple[str, str], ...] = (
    (RunOutcome.OK, NONE),
    *((RunOutcome.FAILED, blame) for blame in Blame if blame is not Blame.HARNESS),
    (RunOutcome.TAINTED, Blame.HARNESS),
    (RunOutcome.ABORTED, Blame.HARNESS),
)
"""Every outcome with every blame that it can have: what we broke ourselves is never `failed`, and only that is tainted."""

HELD, RETRIED, FAILED, LEFT_OUT = "ok", "ok_after_retry", "failed", "left_out"
"""The outcomes of a step as a metric: held at once, held after a retry, failed; and what says nothing of the target."""

COMPENSATIONS = ("undone", "nothing_to_undo", "stuck")

BUCKETS_S = (0.025, 0.05, 0.12, 0.25, 0.4, 0.8, 1.5, 3.0, 6.0, 15.0, 30.0, 60.0)
"""Upper bounds of durations. 120 ms (a socket's round trip) and 400 ms (a payment) are bounds of the SLOs, so that the
share of answers within them is exact and no interpolation."""

LAG_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)

_FAULTS = {
    FaultKind.CONNECT_REFUSED: "connect",
    FaultKind.CONNECT_TIMEOUT: "connect",
    FaultKind.NAME_UNKNOWN: "connect",
    FaultKind.TLS_FAILED: "connect",
    FaultKind.CERTIFICATE_REFUSED: "connect",
    FaultKind.READ_TIMEOUT: "timeout",
    FaultKind.RESET: "broken",
    FaultKind.PROTOCOL: "broken",
    FaultKind.WS_REJECTED: "broken",
    FaultKind.WS_CLOSED: "broken",
}

ERROR_CLASSES = (*dict.fromkeys(_FAULTS.values()), "http_4xx", "http_5xx", "unreadable", "refused", "wrong")
"""Of which kind a failure is: no connection, no answer in time, a broken exchange, a status, a body that can't be read; a refusal
that the scenario does not want; and all that was answered well and is not what the scenario wants."""

STEP_RESULTS = ((HELD, NONE), (RETRIED, NONE), *((FAILED, kind) for kind in ERROR_CLASSES))
"""The outcomes of a step that are in ratios, with their error classes."""

MISSED = (
    "overlap", "lag", "down", "killed", "maintenance", "budget", "no_player", "policy", "unhealthy", "journal",
)  # fmt: skip
"""The runner's words for why a slot was not played."""


def error_class(step: StepEnded) -> str:
    """Of which kind a step's failure is: one of `ERROR_CLASSES`, never the code that the target chose."""
    code = step.code
    if code in _FAULTS:
        return _FAULTS[FaultKind(code)]
    if code.startswith("http_"):
        return "http_5xx" if code[5:6] == "5" else "http_4xx"
    if code == "unreadable":
        return code
    return "refused" if step.outcome is StepOutcome.REFUSED else "wrong"


@lru_cache(maxsize=1024)
def bounded(value: str) -> str:
    """A label's value that is not ours: printable, without the characters that need escaping, not too long."""
    plain = "".join(char if char.isprintable() and char not in '\\"' else "_" for char in value.strip())
    return plain[:VALUE_MAX]
