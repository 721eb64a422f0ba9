"""Invariant 51: what synthetic players do is in none of the sinks that count real ones (GGR, AML, CRM, tax)."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import History, SinkRows


def judge(history: History) -> tuple[Finding, ...] | None:
    """Every such sink has no row of the player, as it was last read."""
    sinks = {fact.sink: fact for fact in history.of(SinkRows)}
    if not sinks:
        return None
    return tuple(
        platform(f"the sink {name} has {len(fact.entries)} rows of a synthetic player")
        for name, fact in sinks.items()
        if fact.entries
    )


CHECK = Check("no-synthetic-row-in-sinks", (51,), "no sink that counts players has a synthetic one", judge)
