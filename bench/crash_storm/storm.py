"""The storm: workers are killed and replaced, at points of their journal and at random instants, until enough have died."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

from bench.crash_storm import dying
from bench.crash_storm.scene import Scene, free_port
from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.journal.book import Book

LOOK_EVERY_S = 0.05
KILLED = -9  # the exit code of a process that a SIGKILL has ended
AT_WORK_WITHIN_S = 25.0  # a worker that has no run by then is killed as it is
ALIVE_MAX_S = 12.0  # of a worker whose point does not come
RANDOM_MAX_S = 3.0
HOME_WITHIN_S = 240.0
SOUGHT_MAX = 5  # how often a point that did not come in a worker's life gets another one
IN_A_ROW_MAX = 20  # workers that end by themselves, as they may while there is no journal to begin with


@dataclass(frozen=True, slots=True)
class Fate:
    """How a worker dies: at the `number`-th time of `point`, or ("") so many seconds after it has begun to play."""

    point: str
    number: int
    after_s: float


@dataclass(slots=True)
class Life:
    """A worker that lives."""

    name: str
    fate: Fate
    process: ForkServerProcess
    began_s: float
    at_work_s: float | None = None


@dataclass(slots=True)
class Deaths:
    """How workers died: by themselves at a point, or by a SIGKILL from here; and those that ended without one.

    `idle`: those that were killed before they had a run; they count for nothing. `in_a_row`: deaths that did not count.
    """

    at_points: Counter[str] = field(default_factory=Counter)
    at_random: int = 0
    idle: int = 0
    by_themselves: list[str] = field(default_factory=list)
    in_a_row: int = 0
    sought: Counter[str] = field(default_factory=Counter)

    @property
    def kills(self) -> int:
        """All that count."""
        return sum(self.at_points.values()) + self.at_random

    @property
    def missing(self) -> list[str]:
        """The points at which nobody has died."""
        return [point for point in dying.POINTS if not self.at_points[point]]

    def once_more(self, fate: Fate, *, counted: bool) -> Fate | None:
        """What has to be tried again after a death: the fate, where that did not count; its point, which has never come."""
        if not counted:
            return fate
        if not fate.point or self.at_points[fate.point] or self.sought[fate.point] >= SOUGHT_MAX:
            return None
        self.sought[fate.point] += 1
        return Fate(fate.point, 1, fate.after_s)


def fates(kills: int, seed: int) -> list[Fate]:
    """Every point in turn, and a random instant after each; in which turn, and which time of a point it is, is drawn."""
    drawn = random.Random(seed)
    turns = _turns(drawn)
    points = [turns[number // 2 % len(turns)] if number % 2 == 0 else "" for number in range(kills)]
    return [Fate(point, drawn.randint(1, _often(point)), drawn.uniform(0, RANDOM_MAX_S)) for point in points]


def _turns(drawn: random.Random) -> list[str]:
    """One side of each call, and then the other ones, so that a short storm comes by all; calls that are rare come last."""
    first, others = dict[str, str](), list[str]()
    for point in drawn.sample(dying.POINTS, len(dying.POINTS)):
        if first.setdefault(_call(point), point) != point:
            others.append(point)
    return sorted([*first.values(), *others], key=_is_rare)


def _call(point: str) -> str:
    return point.partition(":")[0]


def _is_rare(point: str) -> bool:
    return _call(point) in dying.RARE


def _often(point: str) -> int:
    """How many times of a point may be waited for."""
    return 1 if _is_rare(point) else 6


class Storm:
    """Keeps `workers` of them alive, and replaces each one that dies by one with the next fate."""

    def __init__(self, scene: Scene, book: Book, log: Path, tell: Callable[[str], None]) -> None:
        self._scene = scene
        self._book = book
        self._log = log
        self._tell = tell
        self._numbers = 0
        self._server: ForkServerContext = multiprocessing.get_context("forkserver")
        # Imported once, and forked for each worker: else most of the storm would be imports.
        self._server.set_forkserver_preload([dying.__name__, "synthetic.cli.serving.command", "dbos"])

    def rage(self, planned: Sequence[Fate], workers: int, meanwhile: Callable[[], None]) -> Deaths:
        """Let workers live and die until all fates are fulfilled. `meanwhile` is called now and then."""
        waiting, lives, deaths = list(reversed(planned)), list[Life](), Deaths()
        try:
            while waiting or lives:
                while waiting and len(lives) < workers:
                    lives.append(self._begin(waiting.pop()))
                meanwhile()
                self._look_at_work(lives)
                for life in list(lives):
                    counted = self._death_of(life, deaths)
                    if counted is not None:
                        lives.remove(life)
                        again = deaths.once_more(life.fate, counted=counted)
                        waiting += [again] if again else []
                time.sleep(LOOK_EVERY_S)
        finally:
            for life in lives:
                life.process.kill()
        return deaths

    def bring_home(self) -> bool:
        """A last worker, which nobody kills, begins no run and brings home what all the others have left. False: it did not."""
        life = self._begin(Fate("", 0, 0.0))
        deadline_s = time.monotonic() + HOME_WITHIN_S
        while time.monotonic() < deadline_s and life.process.is_alive() and not self._is_home():
            time.sleep(LOOK_EVERY_S * 4)
        home = self._is_home()
        life.process.terminate()
        life.process.join(100)
        return home and life.process.exitcode == 0

    def _is_home(self) -> bool:
        try:
            return not self._book.open_runs() and not self._book.stranded_runs() and not self._book.open_intents()
        except JournalUnavailable:
            return False

    def _begin(self, fate: Fate) -> Life:
        self._numbers += 1
        name = f"w{self._numbers}"
        given = [str(self._scene.serve_file(free_port())), "--worker", name]
        process = self._server.Process(
            target=dying.serve, args=(given, str(self._log), fate.point, fate.number), daemon=True
        )
        process.start()
        return Life(name, fate, process, time.monotonic())

    def _look_at_work(self, lives: Sequence[Life]) -> None:
        """Note since when each one has a run."""
        if all(life.at_work_s for life in lives):
            return
        try:
            busy = {row.lease.worker for row in self._book.open_runs()}
        except JournalUnavailable:
            return
        for life in lives:
            if life.name in busy and life.at_work_s is None:
                life.at_work_s = time.monotonic()

    def _death_of(self, life: Life, deaths: Deaths) -> bool | None:
        """Whether it is dead, and that counts; None: it lives."""
        if not life.process.is_alive():
            return self._count(life, deaths)
        now_s = time.monotonic()
        limit_s = life.fate.after_s if not life.fate.point else ALIVE_MAX_S
        over = life.at_work_s is not None and now_s - life.at_work_s > limit_s
        if not over and now_s - life.began_s <= AT_WORK_WITHIN_S + limit_s:
            return None
        life.process.kill()
        life.process.join()
        if life.at_work_s is None:
            deaths.idle += 1
            self._tell(f"{life.name} had no run in {AT_WORK_WITHIN_S:g} s; its death does not count")
            self._note_in_vain(deaths)
            return False
        deaths.at_random += 1
        deaths.in_a_row = 0
        self._tell(f"{deaths.kills} killed: {life.name} at a random instant")
        return True

    def _count(self, life: Life, deaths: Deaths) -> bool:
        """A worker that was at its point had a run (`dying.Doom`)."""
        if life.process.exitcode == KILLED:
            deaths.at_points[life.fate.point] += 1
            deaths.in_a_row = 0
            self._tell(f"{deaths.kills} killed: {life.name} at {life.fate.point}, time {life.fate.number}")
            return True
        deaths.by_themselves.append(f"{life.name} (exit {life.process.exitcode})")
        self._tell(f"{life.name} ended by itself, exit {life.process.exitcode}")
        self._note_in_vain(deaths)
        return False

    def _note_in_vain(self, deaths: Deaths) -> None:
        deaths.in_a_row += 1
        if deaths.in_a_row > IN_A_ROW_MAX:
            raise HarnessError(f"workers end by themselves, or have nothing to do; see {self._log}")
