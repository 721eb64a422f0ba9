"""What the audit keeps of one fact: its kind, who did it, where, how much money, and what else there is to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from synthetic.core.money import Money

Detail = str | int | bool


class Kind(StrEnum):
    """What kind of fact a record tells."""

    INTENT = "intent"  # money is about to move; the journal has it durably
    RESOLUTION = "resolution"  # what became of it, in the journal's words
    RUN_STARTED = "run_started"
    COMPENSATION = "compensation"
    FINDING = "finding"  # an invariant or check that did not hold
    RUN_ENDED = "run_ended"
    VERDICT = "verdict"  # what a gate decided
    TAKEOVER = "takeover"
    CONFIG = "config"
    KILL = "kill"
    RESUME = "resume"
    OPENED = "opened"  # the first record of a segment
    RECOVERED = "recovered"  # what stood here before was cut off by a crash; it is named, not hidden
    LOST = "lost"  # facts that could not be kept while the disk refused, and how many
    SEAL = "seal"  # the last record of a finished segment


OWN_KINDS = frozenset({Kind.OPENED, Kind.RECOVERED, Kind.SEAL})
"""What a chain writes of itself; everything else was noted by somebody."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One fact. `who`: `worker:NAME` or `user:NAME`; `run`, `cell` and `key` say where, "" where there is none."""

    kind: Kind
    who: str
    cell: str = ""
    run: str = ""
    key: str = ""
    amount: Money | None = None
    data: Mapping[str, Detail] = field(default_factory=dict)
