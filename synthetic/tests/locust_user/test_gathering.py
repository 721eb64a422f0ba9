"""Users who wait for each other, and a scenario that knows nothing of it."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import gevent

from synthetic.core.effects import Done, Sleep, Times
from synthetic.core.events import StepStarted
from synthetic.drivers.course import Scenario
from synthetic.locust_user.gathering import Gathering, gathered


def started(step: str, operation: str) -> StepStarted:
    return StepStarted("r1", step, operation, 0)


def asking(told: list[Times]) -> Scenario[str]:
    """Two steps of an exchange each."""
    for step, operation in (("login", "auth.login"), ("launch", "games.launch")):
        yield started(step, operation)
        result = yield Sleep(0)
        assert result is not None
        told.append(result.times)
    return "over"


def drive(scenario: Generator[Any, Any, str], answer_ns: list[int]) -> str:
    """Answer each effect at these instants."""
    answers = iter(answer_ns)
    try:
        step = next(scenario)
        while True:
            at = next(answers) if isinstance(step, Sleep) else None
            step = scenario.send(None if at is None else Done(Times(at - 3, at - 2, at - 1, at)))
    except StopIteration as stop:
        value: str = stop.value
        return value


def test_everybody_goes_on_at_the_same_instant() -> None:
    """Whoever came early waits, whoever comes late does not."""
    now = [0.0]
    gathering = Gathering("games.launch", 0.05, lambda: now[0])
    went_on: list[int] = []

    def play(number: int) -> None:
        gathering.wait()
        went_on.append(number)

    waiting = [gevent.spawn(play, number) for number in range(3)]
    gevent.sleep(0)
    assert went_on == []
    gevent.joinall(waiting, timeout=30)
    assert sorted(went_on) == [0, 1, 2]
    now[0] = 1.0
    assert gathering.wait() == 0


def test_the_wait_is_in_no_time_that_the_scenario_hears_of() -> None:
    """Its deadlines do not run meanwhile, and its latencies stay what they are."""

    class Held(Gathering):
        def wait(self) -> int:
            return 5_000_000_000

    told: list[Times] = []
    held = Held("games.launch", 0.0, lambda: 0.0)
    assert drive(gathered(asking(told), held), [1000, 5_000_002_000]) == "over"
    assert told == [Times(997, 998, 999, 1000), Times(1997, 1998, 1999, 2000)]


def test_a_test_that_ends_early_lets_everybody_go() -> None:
    """Nobody waits for a tournament that does not take place."""
    gathering = Gathering("games.launch", 3600.0, lambda: 0.0)
    waiting = gevent.spawn(gathering.wait)
    gevent.sleep(0)
    gathering.open()
    assert waiting.get(timeout=30) == 0
