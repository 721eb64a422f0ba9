"""Which slots are due now, and which were missed and why. Pure: it is told what time it is and decides; the pacer acts.

A slot is handed out at most once, however the wall clock jumps: what the journal keeps as a probe's last slot decides. After a
pause (a restart, a stalled loop, a clock set forward) there is no burst: at most the newest slot of each probe is still played.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from synthetic.core.plan import Schedule
from synthetic.runner.grid import Grid


class Missed(StrEnum):
    """Why a slot was not played."""

    OVERLAP = "overlap"  # the run of the slot before still plays
    LAG = "lag"  # we came too late
    DOWN = "down"  # nobody was there
    KILLED = "killed"
    MAINTENANCE = "maintenance"
    BUDGET = "budget"
    NO_PLAYER = "no_player"
    POLICY = "policy"
    UNHEALTHY = "unhealthy"
    JOURNAL = "journal"  # it could not be written down, so nothing may begin


EARLY_SHARE = 20  # the reciprocal of how much of a probe's distance it may be handed out early


@dataclass(frozen=True, slots=True)
class Due:
    """A slot to play now. `extra`: one in between, of a probe that is played denser; nobody misses it."""

    probe: str
    slot_ns: int
    extra: bool = False


@dataclass(frozen=True, slots=True)
class MissedSlots:
    """Slots of a probe that were not played, in order; of a long pause there may be millions, so they are a range."""

    probe: str
    slots: range
    reason: Missed


@dataclass(slots=True)
class Tick:
    """What one look at the clock brought."""

    due: list[Due] = field(default_factory=list)
    missed: list[MissedSlots] = field(default_factory=list)


@dataclass(slots=True)
class _Entry:
    """What is remembered of a probe. `turn` tells the one valid place in the queue from stale ones."""

    name: str
    schedule: Schedule
    grid: Grid
    last_ns: int
    playing: int = 0
    factor: int = 1
    until_ns: int = 0
    turn: int = 0

    def factor_at(self, now_ns: int) -> int:
        """How many slots there are in place of one of the grid."""
        return self.factor if now_ns < self.until_ns else 1


class Timetable:
    """The slots of all probes. `last`: the last slot of each probe that the journal knows; behind it, nobody was there.

    `early_ns`: a slot is handed out so long before its instant, that all may be ready by then; of a fast probe, less.
    """

    def __init__(
        self, schedules: Mapping[str, Schedule], last: Mapping[str, int], now_ns: int, *, early_ns: int = 0
    ) -> None:
        self._early_ns = early_ns
        self._entries: dict[str, _Entry] = {}
        self._queue: list[tuple[int, str, int]] = []
        self._since_ns = now_ns
        for name, schedule in schedules.items():
            self._add(name, schedule, last.get(name, now_ns))

    def replace(self, schedules: Mapping[str, Schedule], last: Mapping[str, int], now_ns: int) -> Tick:
        """Take other probes in. One that stays keeps its slots and its grid; a new one begins now and has missed nothing.

        Answers what was due and missed before.
        """
        before = self.tick(now_ns)
        for name in self._entries.keys() - schedules.keys():
            del self._entries[name]
        for name, schedule in schedules.items():
            known = self._entries.get(name)
            if known is None:
                self._add(name, schedule, max(last.get(name, now_ns), now_ns))
            elif known.schedule != schedule:
                known.schedule, known.grid = schedule, Grid.of(name, schedule)
                known.last_ns = max(known.last_ns, now_ns + self._early(known))  # no slot of both grids at once
                self._queue_up(known, known.grid.next_slot(known.last_ns, known.factor_at(now_ns)))
        return before

    def tick(self, now_ns: int) -> Tick:
        """What is due and what was missed, up to and at `now_ns`."""
        tick = Tick()
        while self._queue and self._queue[0][0] <= now_ns:
            _, name, turn = heapq.heappop(self._queue)
            entry = self._entries.get(name)
            if entry is not None and entry.turn == turn:
                self._settle(entry, now_ns + self._early(entry), tick)
        return tick

    def next_ns(self) -> int | None:
        """When the next slot is handed out; None where there is no probe."""
        while self._queue and not self._is_valid(*self._queue[0][1:]):
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def started(self, probe: str) -> None:
        """A run of the probe plays: until it has ended, its slots are missed (`overlap`)."""
        if probe in self._entries:
            self._entries[probe].playing += 1

    def ended(self, probe: str) -> None:
        """A run of the probe has ended."""
        if probe in self._entries:
            self._entries[probe].playing = max(0, self._entries[probe].playing - 1)

    def densify(self, probe: str, factor: int, until_ns: int, now_ns: int) -> None:
        """Play a probe `factor` times denser until an instant. Its own slots stay where they are, and it ends by itself."""
        entry = self._entries.get(probe)
        if entry is None:
            return
        goes_on = entry.factor == max(1, factor) and entry.until_ns > now_ns
        entry.factor, entry.until_ns = max(1, factor), until_ns
        if goes_on:
            return  # its next slot stays where it is: a suspicion that is told every second must not fill the queue
        denser = entry.grid.next_slot(max(entry.last_ns, now_ns), entry.factor_at(now_ns))
        self._queue_up(entry, min(entry.grid.next_slot(entry.last_ns), denser))

    def ahead_ns(self, now_ns: int) -> int:
        """How far the clock has gone back behind the slots that were played: so long nothing is."""
        return max((entry.last_ns - now_ns for entry in self._entries.values()), default=0)

    def _add(self, name: str, schedule: Schedule, last_ns: int) -> None:
        entry = _Entry(name, schedule, Grid.of(name, schedule), last_ns)
        self._entries[name] = entry
        self._queue_up(entry, entry.grid.next_slot(last_ns))

    def _settle(self, entry: _Entry, now_ns: int, tick: Tick) -> None:
        """Decide on every slot of a probe that has passed since its last one."""
        factor = entry.factor_at(now_ns)
        newest = entry.grid.latest(now_ns, factor)
        if newest > entry.last_ns:
            self._hand_out(entry, newest, now_ns, tick)
            entry.last_ns = newest
        self._queue_up(entry, entry.grid.next_slot(entry.last_ns, factor))

    def _hand_out(self, entry: _Entry, newest: int, now_ns: int, tick: Tick) -> None:
        passed = entry.grid.slots_between(entry.last_ns, newest)
        in_time = now_ns - newest <= entry.grid.late_max_ns
        extra = not entry.grid.holds(newest)
        lost = passed if extra or not in_time else passed[:-1]
        tick.missed += self._lost(entry, lost)
        if in_time and not entry.playing:
            tick.due.append(Due(entry.name, newest, extra))
        elif in_time and not extra:
            tick.missed.append(MissedSlots(entry.name, passed[-1:], Missed.OVERLAP))

    def _lost(self, entry: _Entry, lost: range) -> Iterator[MissedSlots]:
        """Slots that passed: before we were there, and since."""
        before = len(range(lost.start, min(self._since_ns + 1, lost.stop), lost.step))
        for slots, reason in ((lost[:before], Missed.DOWN), (lost[before:], Missed.LAG)):
            if slots:
                yield MissedSlots(entry.name, slots, reason)

    def _queue_up(self, entry: _Entry, slot_ns: int) -> None:
        entry.turn += 1
        heapq.heappush(self._queue, (slot_ns - self._early(entry), entry.name, entry.turn))

    def _early(self, entry: _Entry) -> int:
        """Early, but not so much that the run before would often still play."""
        return min(self._early_ns, entry.grid.every_ns // (EARLY_SHARE * entry.factor))

    def _is_valid(self, name: str, turn: int) -> bool:
        return name in self._entries and self._entries[name].turn == turn
