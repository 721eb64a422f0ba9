"""Slots that nobody has played or counted: no worker was there. They are looked for behind a pause in which one may still come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from synthetic.core.plan import Schedule
from synthetic.journal.model import Slot
from synthetic.runner.grid import SECOND_NS, Grid

LOOK_BACK_NS = 24 * 3600 * SECOND_NS  # a probe that was taken out for a month, and is back, has not missed a month
SLOTS_AT_ONCE_MAX = 1_000
LOOKED = "looked"
"""How the slot of a look ends that came to its end; that of a look whose worker was killed is aborted."""


@dataclass(slots=True)
class _Looked:
    """Up to when the slots of one probe were looked through, by the schedule that it had."""

    schedule: Schedule
    grid: Grid
    until_ns: int


@dataclass(slots=True)
class GapFinder:
    """Remembers up to when each probe's slots were looked through. A probe that is new, or whose grid has changed, begins then."""

    _looked: dict[str, _Looked] = field(default_factory=dict)

    def begin(self, probe: str, schedule: Schedule, since_ns: int) -> None:
        """A worker begins: what is behind this instant has to be looked through."""
        self._looked[probe] = _Looked(schedule, Grid.of(probe, schedule), since_ns)

    def since(self, probe: str, schedule: Schedule, until_ns: int) -> int:
        """From where on the slots of a probe have to be looked through."""
        return self._known(probe, schedule, until_ns).until_ns

    def find(self, probe: str, schedule: Schedule, until_ns: int, known: Iterable[int]) -> list[int]:
        """The slots up to and at `until_ns` that are not known; the latest ones of very many."""
        looked = self._known(probe, schedule, until_ns)
        passed = looked.grid.slots_between(looked.until_ns, until_ns)
        if not passed:
            return []
        there = set(known)
        return [slot for slot in passed[-SLOTS_AT_ONCE_MAX:] if slot not in there]

    def looked(self, probe: str, schedule: Schedule, until_ns: int) -> None:
        """What was found up to there is written down. A worker that has begun behind it looks from its beginning on."""
        known = self._known(probe, schedule, until_ns)
        known.until_ns = max(until_ns, known.until_ns)

    def _known(self, probe: str, schedule: Schedule, until_ns: int) -> _Looked:
        """What is known of a probe; its grid is made once, as making it costs more than all the rest."""
        known = self._looked.get(probe)
        if known is not None and known.schedule == schedule:
            return known
        grid = Grid.of(probe, schedule)
        if known is None or known.grid != grid:
            known = self._looked[probe] = _Looked(schedule, grid, until_ns)
        known.schedule = schedule
        return known


def looked_until(looks: Iterable[Slot]) -> int | None:
    """Up to when somebody has looked for gaps to the end, by the slots of the looks themselves; None: nobody has."""
    return max((look.slot_ns for look in looks if look.outcome == LOOKED), default=None)


def begins_at(known: Iterable[Slot], last_ns: int | None, looked_ns: int | None, now_ns: int) -> int:
    """From where on a probe's slots have to be looked through by a worker that begins.

    `known`: its slots of the last day; `last_ns`: its last one ever; `looked_ns`: up to when somebody has looked. What a worker
    that died had played is no proof that it had counted what was missed before it came.
    """
    if last_ns is None:
        return now_ns
    first_ns = min((slot.slot_ns for slot in known), default=last_ns)
    return max(looked_ns if looked_ns is not None else first_ns, now_ns - LOOK_BACK_NS)
