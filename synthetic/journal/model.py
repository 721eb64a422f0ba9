"""What the journal keeps beside the effects: runs, leases with their fencing epochs, budgets, slots and the kill switch.

All times are nanoseconds since the Unix epoch: several machines read them. Account: one player's wallet, `wallet/player`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from synthetic.core.money import Money


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one worker to play on one account. Whoever takes it over raises `epoch`; the earlier holder is fenced off."""

    account: str
    worker: str
    run_id: str
    epoch: int
    expires_ns: int


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that wants to begin: everything that another process needs to bring its money home.

    `row` is the matrix row, `slot_ns` the instant of its schedule (0: by hand), `number` what its ids were made of.
    """

    run_id: str
    probe: str
    scenario: str
    digest: str
    cell: str
    row: Mapping[str, str]
    seed: int
    number: int
    slot_ns: int
    pair: str = ""


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the journal keeps it. `outcome` is "" while it is open; `tries` counts its recoveries.

    The next recovery is not begun before `next_try_ns`.
    """

    run: NewRun
    player: str
    lease: Lease
    started_ns: int
    ended_ns: int = 0
    outcome: str = ""
    reason: str = ""
    tries: int = 0
    next_try_ns: int = 0


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that may go into wallets: by one run, into one account a day, in all a day, and at any moment unsettled.

    A day is a UTC day. None: no cap. Amounts of another currency than the cap's are not covered by it, so there is one
    `Caps` for each currency.
    """

    run: Money | None = None
    account_day: Money | None = None
    day: Money | None = None
    outstanding: Money | None = None


@dataclass(frozen=True, slots=True)
class Kill:
    """The kill switch is on: who threw it, why, and when."""

    by: str
    reason: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Left:
    """Money that nobody has settled: how many effects, the amount of each currency (minor units), and since when."""

    effects: int = 0
    minor: Mapping[str, int] = field(default_factory=dict)
    oldest_ns: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """An instant of a probe's schedule: who took it, and how it ended ("" while it is played, `missed` with its reason)."""

    probe: str
    slot_ns: int
    worker: str
    claimed_ns: int
    ended_ns: int = 0
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The slot is the worker's that asked for it, and nobody else's."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The slot was taken, or counted as missed, before."""


@dataclass(frozen=True, slots=True)
class Busy:
    """The slot was left alone, as this worker is still at one before it."""

    worker: str


Claim = Claimed | Taken | Busy
