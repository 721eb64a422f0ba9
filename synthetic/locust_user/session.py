"""What the users of one process share: the journal, the players, the numbers of runs, and what they have shown so far."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import gevent

from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.core.events import Event, RunEnded
from synthetic.core.machine import play
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.plan import PlayerPlan, RunSpec, ScenarioPlan
from synthetic.core.ports import EventSink
from synthetic.drivers.blocking_driver import BlockingDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.guard import Limits
from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Lease
from synthetic.locust_user.asked import Asked, Played
from synthetic.locust_user.carrier import GeventCarrier, SharedClients
from synthetic.locust_user.figures import NO_BUDGET, NO_PLAYER, Figures
from synthetic.locust_user.gathering import Gathering, gathered
from synthetic.locust_user.hard_stops import HardStop
from synthetic.locust_user.hub import HubStalls, OffHub, OffHubJournal
from synthetic.runner.identity import fresh_seed
from synthetic.runner.kept_leases import RENEWALS_PER_LEASE
from synthetic.runner.kept_runs import KeptRuns
from synthetic.runner.mistakes import own_mistake
from synthetic.runner.quiet import quiet_service
from synthetic.runner.specs import Part, Turn, make_spec, pool_name
from synthetic.runner.worker import player_of
from synthetic.sli.samples import SampleFold

CANDIDATES = 8
"""So many free players are offered to the journal at a time: another process may be on some of them."""
LOOK_EVERY_S = 1.0


class NothingToPlay(Exception):  # noqa: N818 - a value for the user that asks, not an error
    """A run can't begin now: why. `ends_test`: a sentence, where none will begin later either."""

    def __init__(self, why: str, *, ends_test: str = "") -> None:
        super().__init__(why)
        self.ends_test = ends_test


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is played next: a scenario with a row of its matrix, under a number that no other run of this process has."""

    part: Part
    turn: Turn


class LoadSession:
    """Plays runs for the users of one process, and tells `hard_stop` what has to end the test.

    `seed` makes ids and keys, and no other process has it.
    """

    def __init__(self, asked: Asked, journal: str, hard_stop: HardStop) -> None:
        self.asked = asked
        self.seed = fresh_seed()
        self.figures = Figures()
        self.clock = SystemClock()
        self.limits = Limits()
        self.hard_stop = hard_stop
        self.stalls = HubStalls(self.clock)
        self._off_hub = OffHub()
        self._book = self._off_hub(_opened, journal)
        self._kept = KeptRuns(self._book, self.seed)
        self._random = random.Random(self.seed)  # noqa: S311 - a choice, not a secret
        self._numbers: Counter[str] = Counter()
        self._players: dict[str, deque[PlayerPlan]] = {}
        self._fold = SampleFold()
        self._left_minor: int | None = None
        self._keeping: Any = None
        self._quiet = ExitStack()

    def start(self) -> None:
        """Begin to keep leases, to look after the budget, and to note stalls."""
        self._off_hub(self._kept.free_what_is_gone)
        self._look_after_budget()
        self._quiet.enter_context(quiet_service())()
        self.stalls.start()
        self._keeping = gevent.spawn(self._keep)

    def close(self) -> None:
        """End all of that, and let go of the journal."""
        if self._keeping is not None:
            self._keeping.kill()
            self._keeping = None
        self.stalls.stop()
        self._quiet.close()
        self._off_hub(self._book.close)
        self._off_hub.close()

    def driver(self, clients: SharedClients) -> BlockingDriver:
        """A driver for one user, over its own connections."""
        carrier = GeventCarrier(clients, self.limits)
        cell = self.asked.cell
        return BlockingDriver(
            allow=cell.allow,
            tls=self.asked.tls,
            limits=self.limits,
            clock=self.clock,
            carrier=carrier,
            stalls=self.stalls,
        )

    def choose(self, among: Sequence[Played]) -> Chosen:
        """A scenario by its weight, and its next row."""
        played = self._random.choices(among, [one.weight for one in among])[0]
        name = played.plan.name
        number = self._numbers[name]
        self._numbers[name] += 1
        part = Part(played.plan, self.asked.cell)
        return Chosen(part, Turn((part,), played.rows[number % len(played.rows)], number))

    def take(self, event: Event, /) -> None:
        """The sink that counts."""
        sample = self._fold.take(event)
        if sample is not None:
            self.figures.take(sample)

    def taken(self) -> Figures:
        """What was counted since the last time."""
        figures, self.figures = self.figures, Figures()
        return figures

    def play(
        self,
        chosen: Chosen,
        driver: BlockingDriver,
        *,
        due_ns: int | None,
        sink: EventSink,
        gathering: Gathering | None = None,
    ) -> RunEnded:
        """Play one run, which was due at `due_ns` (None: now). Raises NothingToPlay where it can't begin.

        A run that breaks on our side has ended so, and spoils no other one.
        """
        part, turn = chosen.part, chosen.turn
        with self._paid(part.plan), self._leased(part, turn) as (player, lease):
            ended: RunEnded | None = None
            try:
                spec = self._spec(part, turn, player, due_ns)
                journal = OffHubJournal(
                    self._kept.journal(lease, (self.asked.caps,)), self._off_hub, self.hard_stop.refused
                )
                try:
                    machine = play(spec) if gathering is None else gathered(play(spec), gathering)
                    ended = driver.run(machine, sink=sink, journal=journal)
                except Exception as error:  # noqa: BLE001 - the other runs have money under way
                    reason, at_ns = own_mistake(error), self.clock.monotonic_ns()
                    ended = RunEnded(spec.run_id, RunOutcome.ABORTED, Blame.HARNESS, reason, "", "", (), at_ns)
                    sink(ended)
                self.hard_stop.ended(ended)
                return ended
            finally:
                if lease is not None:
                    how = (ended.outcome, ended.reason) if ended else (RunOutcome.ABORTED, "it was cut off")
                    self._off_hub(self._kept.finish, lease, player, *how, ended)

    def _spec(self, part: Part, turn: Turn, player: PlayerPlan, due_ns: int | None) -> RunSpec:
        scheduled_ns = self.clock.monotonic_ns() if due_ns is None else due_ns
        secrets = self.asked.secrets
        return make_spec(part, turn, player, secrets, seed=self.seed, clock=self.clock, scheduled_ns=scheduled_ns)

    @contextmanager
    def _leased(self, part: Part, turn: Turn) -> Iterator[tuple[PlayerPlan, Lease | None]]:
        """A player whom nobody else plays, in this process or in another one that has this journal.

        Several are offered, and stay on offer for the next user meanwhile: the journal gives each account once.
        """
        free = self._pool(pool_name(part.plan, part.cell))
        for _ in range(0, len(free), CANDIDATES):
            offered = list(islice(free, CANDIDATES))
            free.rotate(-1)  # users who come at the same time are offered others first
            begun = self._begun(part, turn, offered)
            if begun is not None:
                break
            free.rotate(1 - len(offered))  # other processes play on all of them
        else:
            raise NothingToPlay(NO_PLAYER)
        player, lease = begun
        with suppress(ValueError):  # who had him before has given back his account, and not himself yet
            free.remove(player)
        try:
            yield player, lease
        finally:
            if player not in free:
                free.append(player)

    def _begun(self, part: Part, turn: Turn, offered: Sequence[PlayerPlan]) -> tuple[PlayerPlan, Lease | None] | None:
        """The run, opened on one of these players; None where all of them are played by others."""
        if not self._kept.needs_row(part.plan):
            return offered[0], None
        try:
            lease = self._off_hub(self._kept.begin, part, turn, offered)
        except HarnessError as error:  # killed, or the disk is full
            raise NothingToPlay(str(error), ends_test=f"no run could begin any more: {error}") from None
        return None if lease is None else (next(one for one in offered if one.id == player_of(lease.account)), lease)

    def _pool(self, name: str) -> deque[PlayerPlan]:
        if name not in self._players:
            members = [player for player in self.asked.cell.players if player.pool == name]
            self._random.shuffle(members)  # processes do not begin with the same ones
            self._players[name] = deque(members)
        return self._players[name]

    @contextmanager
    def _paid(self, plan: ScenarioPlan) -> Iterator[None]:
        """The journal reserves each amount by itself; this spares a run that could not pay. Raises NothingToPlay.

        A run that does not begin then, for want of a player, gives back what it was to cost.
        """
        cost = self.asked.cost(plan).minor
        if self._left_minor is not None and cost > self._left_minor:
            left = f"of the cap {self.asked.caps.day} a day too little is left for another run"
            raise NothingToPlay(NO_BUDGET, ends_test=f"{NO_BUDGET}: {left}")
        if self._left_minor is not None:
            self._left_minor -= cost
        try:
            yield
        except NothingToPlay:
            if self._left_minor is not None:
                self._left_minor += cost
            raise

    def _keep(self) -> None:
        beats = 0
        while True:
            gevent.sleep(LOOK_EVERY_S)
            beats += 1
            with suppress(JournalUnavailable):  # whoever wants to begin a run is told
                self._look_after_budget()
                self.hard_stop.killed(self._off_hub(self._book.killed))
                if beats % int(self._kept.leases.lease_s / RENEWALS_PER_LEASE / LOOK_EVERY_S) == 0:
                    self._off_hub(self._kept.leases.renew, self._kept.leases.held)

    def _look_after_budget(self) -> None:
        left = self._off_hub(self._book.remaining, self.asked.caps).get("day")
        self._left_minor = None if left is None else left.minor


def _opened(journal: str) -> Book:
    if "://" not in journal:
        Path(journal).parent.mkdir(parents=True, exist_ok=True)
    return open_book(journal)
