"""A load test in one process of Locust: what it plays, where it has users, and what it adds up, where it is the one that judges."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from synthetic.core.errors import HarnessError
from synthetic.locust_user.arrivals import Arrivals
from synthetic.locust_user.asked import Asked
from synthetic.locust_user.figures import Figures
from synthetic.locust_user.gathering import Gathering
from synthetic.locust_user.hard_stops import HardStop
from synthetic.locust_user.session import LoadSession

NOT_ATTACHED = (
    "this locustfile does not say `attach(events)`, so nothing is known of the cell to play on"
    " (`from synthetic.locust_user.user import attach`)"
)


@dataclass(slots=True, eq=False)
class Command:
    """`began_ns`: when the test began (Unix). `say`: tells the process that judges why the test has to end early.

    `limit`: what a step to failure has found, `unclear`: why it could say nothing in the end;
    `gathering`: where users wait for each other, if anywhere.
    `workers` played in it, where there are any, and `finished` are those that have told how their runs ended.
    `total`: all figures; `interrupted`: that a signal ended the test before its time; `has_begun`: whether there was a test yet;
    `lasted_s`: for how long runs began.
    """

    asked: Asked
    journal: str
    say: Callable[[str], None]
    now_s: Callable[[], float]
    arrivals: Arrivals | None = None
    gathering: Gathering | None = None
    total: Figures = field(default_factory=Figures)
    cut_short: str = ""
    interrupted: str = ""
    lasted_s: float = 0.0
    has_begun: bool = False
    workers: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    limit: str = ""
    unclear: str = ""
    began_ns: int = field(default_factory=time.time_ns)
    hard_stop: HardStop = field(default_factory=HardStop)
    _session: LoadSession | None = None
    _noted: str = ""
    _opened: bool = False
    _playing: bool = False
    _leaving: bool = False
    _began_s: float = 0.0
    _lately: Figures = field(default_factory=Figures)

    @property
    def session(self) -> LoadSession:
        """What the users of this process share; opened where the first one comes."""
        if self._session is None:
            session = LoadSession(self.asked, self.journal, self.hard_stop)
            session.start()
            self._session, self._opened = session, True
        return self._session

    @property
    def may_have_played(self) -> bool:
        """Whether any process had its journal open: else no money was moved."""
        return self._opened or bool(self.workers)

    def note(self, why: str) -> None:
        """Something has to end the test early; it is said once."""
        if why and not self._noted:
            self._noted = why
            self.say(why)

    def must_end(self) -> bool:
        """Whether something has to end the test: until Locust has stopped its users, none of them begins a run.

        What came while all users waited, such as a kill switch, is said here: whoever wants to play next notices it.
        """
        self.note(self.hard_stop.taken())
        return bool(self._noted) or self._leaving

    def interrupt(self, planned_s: float | None) -> None:
        """A signal ends the test, which was to last so long: 0 is until a signal, None is as long as its shape.

        Nothing to tell where it was over already, or where a signal is how it is ended.
        """
        if not self._playing or planned_s == 0:
            return
        planned = "" if planned_s is None else f" of {planned_s:.0f}"
        self.stopping()
        self.interrupted = f"the test was interrupted after {self.lasted_s:.0f}{planned} s"

    def leave(self) -> None:
        """This process ends. Where it is a worker, a master that does not know of it yet may send it users: they begin nothing."""
        self._leaving = True

    def stopping(self) -> None:
        """No user begins a run any more."""
        if self._playing:
            self._playing, self.lasted_s = False, self.now_s() - self._began_s

    @property
    def lost(self) -> int:
        """How many workers have not told how their runs ended."""
        return len(self.workers - self.finished)

    def taken(self) -> Figures:
        """What the users of this process have shown since the last time."""
        return self._session.taken() if self._session is not None else Figures()

    def add(self, figures: Figures) -> None:
        """Add what a process has shown."""
        self.total.merge(figures)
        self._lately.merge(figures)

    def lately(self) -> Figures:
        """What was shown since somebody looked last, or since the test began."""
        shown, self._lately = self._lately, Figures()
        return shown

    def forget(self) -> None:
        """A new test begins."""
        self.taken()
        self.hard_stop.taken()
        self.total, self.cut_short, self._noted, self.limit, self.began_ns = Figures(), "", "", "", time.time_ns()
        self._lately, self.unclear, self.interrupted = Figures(), "", ""
        self.has_begun = self._playing = True
        self._began_s = self.now_s()
        self.workers.clear()
        self.finished.clear()

    def close(self) -> None:
        """Let go of the journal."""
        if self._session is not None:
            self._session.close()
            self._session = None


_COMMANDS: WeakKeyDictionary[Any, Command] = WeakKeyDictionary()


def keep_command(environment: Any, command: Command) -> None:
    """Keep the load test of a Locust environment, which has no place of its own for what is not Locust's."""
    _COMMANDS[environment] = command


def has_command(environment: Any) -> bool:
    """Whether the checks of an environment are over."""
    return environment in _COMMANDS


def command_of(environment: Any) -> Command:
    """The load test of an environment. Raises HarnessError where the locustfile did not `attach` it."""
    command = _COMMANDS.get(environment)
    if command is None:
        raise HarnessError(NOT_ATTACHED)
    return command
