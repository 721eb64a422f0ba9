"""gevent's event loop, the hub: what would block it goes to a thread of its own, and how long it stalls is noted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

import gevent
from gevent.threadpool import ThreadPool

from synthetic.core.effects import Intent
from synthetic.core.errors import HarnessError
from synthetic.core.outcome import IntentState
from synthetic.core.ports import Clock, Journal
from synthetic.drivers.lag import Stalls

TO_ITS_END_S = 90.0

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    """What a call came to. gevent would print an error that is raised in its thread or greenlet, where it is told anyway."""

    values: tuple[T, ...] = ()
    error: BaseException | None = None

    def value(self) -> T:
        if self.error is not None:
            raise self.error
        return self.values[0]


def _do(call: Callable[[], T]) -> _Done[T]:
    try:
        return _Done((call(),))
    except BaseException as error:  # noqa: BLE001 - raised in the greenlet that asked
        return _Done(error=error)


class OffHub:
    """Makes calls that block in one native thread. The calling greenlet waits, all others go on.

    One thread, since gevent makes locks of Python's own that know nothing of threads: nobody ever waits for one in it.
    """

    def __init__(self) -> None:
        self._threads = ThreadPool(1)

    def __call__(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What the call returns; what it raises is raised here."""
        done: _Done[T] = self._threads.apply(_do, (partial(call, *args, **kwargs),))
        return done.value()

    def close(self) -> None:
        """End the thread, once it is idle."""
        self._threads.kill()


def to_its_end(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Make a call in a greenlet of its own. Where ours is killed, that one goes on to its end first: it has money under way.

    Locust kills a user who thinks, and one who has just begun a run dies of it, too.
    """
    playing = gevent.spawn(_do, partial(call, *args, **kwargs))
    try:
        playing.join()
    except gevent.GreenletExit:
        playing.join(TO_ITS_END_S)
        raise
    done: _Done[T] = playing.get()
    return done.value()


class OffHubJournal:
    """`core.ports.Journal`: each call is durable when it returns, and no other user waits for the disk meanwhile.

    `hear` is told what the journal refuses: the driver makes a fault of it, which tells nobody beyond its run.
    """

    def __init__(self, journal: Journal, off_hub: OffHub, hear: Callable[[HarnessError], None]) -> None:
        self._journal = journal
        self._off_hub = off_hub
        self._hear = hear

    def intend(self, intent: Intent) -> None:
        """Raises what the journal raises."""
        self._do(self._journal.intend, intent)

    def resolve(self, key: str, state: IntentState) -> None:
        """Raises what the journal raises."""
        self._do(self._journal.resolve, key, state)

    def _do(self, call: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            self._off_hub(call, *args, **kwargs)
        except HarnessError as error:
            self._hear(error)
            raise


class HubStalls(Stalls):
    """The heartbeat of a hub."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._heart: Any = None

    def start(self) -> None:
        """Begin to beat; it is no mistake to call it again."""
        if self._heart is None:
            self.begin()
            self._heart = gevent.spawn(self._beat)

    def stop(self) -> None:
        """End the heartbeat."""
        if self._heart is not None:
            self._heart.kill()
            self._heart = None
            self.end()

    def _beat(self) -> None:
        while True:
            gevent.sleep(self.every_s)
            self.beat()
