"""The in-memory driver: virtual time, and the same rules as over sockets."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest

from synthetic.core.effects import (
    Done,
    FaultKind,
    Http,
    HttpReply,
    Resolve,
    Result,
    Sleep,
    WsClose,
    WsFrame,
    WsOpen,
    WsOpened,
    WsReceive,
    WsSend,
)
from synthetic.core.events import Event, StepStarted
from synthetic.core.outcome import IntentState
from synthetic.drivers.course import Scenario
from synthetic.drivers.memory import (
    Accept,
    Answer,
    Break,
    Frame,
    InMemoryTransport,
    MemoryDriver,
    Reply,
    VirtualClock,
    Wire,
)
from synthetic.journal.memory import MemoryJournal
from synthetic.tests.drivers.scenarios import asking, deposit, ignore

SECOND = 1_000_000_000


def platform(effect: Wire) -> Answer:
    """Answers everything well."""
    match effect:
        case Http():
            return Reply(201, b"{}", (("X-Cell", "canary"),), latency_s=0.2)
        case WsReceive():
            return Frame("hello")
        case _:
            return Accept()


def play(
    scenario: Scenario[Any], answer: Callable[[Wire], Answer] = platform, journal: MemoryJournal | None = None
) -> tuple[Any, VirtualClock]:
    clock = VirtualClock()
    driver = MemoryDriver(InMemoryTransport(answer, clock), clock)
    return driver.run(scenario, sink=ignore, journal=journal or MemoryJournal()), clock


def test_time_is_what_effects_take() -> None:
    """Latencies and sleeps add up, exactly, and no real time passes."""
    (reply, slept), clock = play(asking(Http("GET", "http://x/"), Sleep(3600)))
    assert isinstance(reply, HttpReply)
    assert (reply.status, reply.headers) == (201, (("x-cell", "canary"),))
    assert reply.times.latency_ns == SECOND // 5
    assert slept.times.started == reply.times.handled
    assert clock.monotonic_ns() == SECOND // 5 + 3600 * SECOND
    assert clock.wall_ns() - clock.monotonic_ns() == VirtualClock().wall_ns()


def test_an_answer_after_the_timeout_is_none() -> None:
    """It ends at the deadline, and the effect is unknown."""
    (fault,), clock = play(asking(Http("GET", "http://x/", timeout_s=0.1)))
    assert (fault.kind, fault.maybe_sent, clock.monotonic_ns()) == (FaultKind.READ_TIMEOUT, True, SECOND // 10)


def test_a_break_is_the_fault_that_it_names() -> None:
    """A refusal costs the transport's latency, a read time-out the effect's."""

    def broken(effect: Wire) -> Answer:
        kind = FaultKind.READ_TIMEOUT if isinstance(effect, Http) else FaultKind.WS_REJECTED
        return Break(kind, status=None if isinstance(effect, Http) else 403)

    (late, rejected, unopened), clock = play(
        asking(Http("GET", "http://x/", timeout_s=2), WsOpen("game", "ws://x/"), WsSend("game", "x")), broken
    )
    assert (late.kind, rejected.kind, rejected.status) == (FaultKind.READ_TIMEOUT, FaultKind.WS_REJECTED, 403)
    assert (unopened.kind, unopened.maybe_sent) == (FaultKind.WS_CLOSED, False)
    assert clock.monotonic_ns() == 2 * SECOND + SECOND // 1000


def test_websockets_go_by_name_until_they_are_closed() -> None:
    """By the scenario or by the platform."""
    answers: Iterator[Answer] = iter([Accept(), Accept(), Frame("hello"), Break(FaultKind.WS_CLOSED, close_code=4401)])
    results, _ = play(
        asking(
            WsOpen("game", "ws://x/"),
            WsSend("game", "x"),
            *[WsReceive("game")] * 3,
            WsClose("game"),
        ),
        lambda _: next(answers),
    )
    opened, sent, frame, closed, gone, done = results
    assert [type(result) for result in (opened, sent, frame, done)] == [WsOpened, Done, WsFrame, Done]
    assert (closed.kind, closed.close_code) == (FaultKind.WS_CLOSED, 4401)
    assert (gone.kind, gone.close_code) == (FaultKind.WS_CLOSED, None)


def test_an_intent_comes_before_its_request_here_too() -> None:
    """The platform finds it in the journal; another effect under the key is not sent."""
    journal = MemoryJournal()
    seen: list[int] = []

    def look(_effect: Wire) -> Answer:
        seen.append(len(journal.open_intents()))
        return Reply()

    (_, _, _, fault), _ = play(
        asking(
            Http("POST", "http://x/", moves=deposit("a")),
            Resolve("a", IntentState.DONE),
            Resolve("b", IntentState.DONE),
            Http("POST", "http://x/", moves=deposit("a", 999)),
        ),
        look,
        journal,
    )
    assert seen == [1]
    assert fault.kind is FaultKind.NOT_JOURNALED


def test_a_wrong_kind_of_answer_is_told_at_once() -> None:
    """It is a mistake in the simulation, not a fault of the platform."""
    with pytest.raises(TypeError, match="Http is answered by Reply or Break, not by Frame"):
        play(asking(Http("GET", "http://x/")), lambda _: Frame("hello"))


def test_events_go_to_the_sink_in_their_order_and_answer_nothing() -> None:
    """The generator gets None for an event and goes on."""
    events: list[Event] = []
    answers: list[Result | None] = []

    def scenario() -> Generator[Any, Any, str]:
        answers.append((yield StepStarted("run", "a", "op", 0)))
        answers.append((yield StepStarted("run", "b", "op", 0)))
        yield Sleep(1)
        answers.append((yield StepStarted("run", "c", "op", 0)))
        return "ended"

    clock = VirtualClock()
    driver = MemoryDriver(InMemoryTransport(platform, clock), clock)
    assert driver.run(scenario(), sink=events.append, journal=MemoryJournal()) == "ended"
    assert [event.step for event in events if isinstance(event, StepStarted)] == ["a", "b", "c"]
    assert answers == [None] * 3
