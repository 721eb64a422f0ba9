"""Verifications made by hand: what the report is made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from synthetic.contracts.report.document import Results, pair_of
from synthetic.contracts.report.impact import Impacts
from synthetic.contracts.results import InteractionResult, Mismatch, Verification
from synthetic.contracts.sealing import Exchanged

STARTED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
IMPACTS = Impacts.model_validate(
    {
        "boundaries": [
            {
                "consumer": "buyer",
                "provider": "shop",
                "flow": "orders of the shop",
                "hits": "orders fail",
                "retry": "a retry does not help",
                "call": "the shop's team",
                "docs": "docs/contracts.md",
                "interactions": [
                    {"when": "a look-up*", "hits": "orders can no longer be looked up"},
                    {"when": "a repeat*", "hits": "orders are paid twice", "retry": "do not order again"},
                ],
            }
        ]
    }
)


def exchange(body: str = '{"id":"o-1"}', sent: str = '{"item":7}', line: str = "POST /orders") -> Exchanged:
    """One that came to pass."""
    return Exchanged(line, sent, 200, body)


def result(
    description: str = "an order", *mismatches: Mismatch, reason: str = "", over: Exchanged | None = None
) -> InteractionResult:
    """Of the shop, for the buyer."""
    return InteractionResult("buyer", "shop", description, (), mismatches, reason, over)


def verification(*results: InteractionResult, version: str = "v1", left_out: str = "") -> Verification:
    """Of the shop. `left_out`: an interaction that was not asked for."""
    left = ((left_out, "needs a provider state"),) if left_out else ()
    return Verification("buyer", "shop", version, results, left)


def wrong(path: str = "$.id", expected: str = '"o-1"', actual: str = "null") -> Mismatch:
    """One way to be wrong."""
    return Mismatch(path, expected, actual, f"Expected {expected} but got {actual}")


def results_of(
    *verifications: Verification,
    incomplete: tuple[str, ...] = (),
    not_asked: tuple[str, ...] = (),
    minutes: int = 1,
) -> Results:
    """A run that found these."""
    return Results(
        started_at=STARTED_AT,
        finished_at=STARTED_AT + timedelta(minutes=minutes),
        incomplete=incomplete,
        not_asked=not_asked,
        pairs=tuple(pair_of(one, IMPACTS) for one in verifications),
    )
