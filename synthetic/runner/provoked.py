"""Faults of the harness itself, provoked on purpose (domain reference 7, 33-36): what a gate must never hold against a release.

A provocation stands between a run and its driver: it may change what the run is given, and what reaches the target.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from typing import TypeVar

from synthetic.core.effects import Effect, Http, Result, WsSend
from synthetic.core.events import Event
from synthetic.core.machine import Machine
from synthetic.core.plan import RunSpec

T = TypeVar("T")
Performed = Generator[Effect | Event, Result | None, Result | None]
"""Performs one effect (and maybe others); returns the result that the run gets to see."""


class ProvokedCrash(RuntimeError):  # noqa: N818 - it is what it says
    """The harness ends in the middle of a run, without a chance to bring anything home."""


@dataclass(frozen=True, slots=True)
class Provocation:
    """One way to be a bad harness. `prepare` changes what the run is given, `perform` what becomes of its effects."""

    name: str
    title: str
    prepare: Callable[[RunSpec], RunSpec] = lambda spec: spec
    perform: Callable[[Effect, Iterator[int]], Performed] | None = None

    def provoke(self, machine: Machine[T]) -> Machine[T]:
        """The same run with every effect performed this way."""
        return machine if self.perform is None else _performed(machine, self.perform)


def _performed(machine: Machine[T], perform: Callable[[Effect, Iterator[int]], Performed]) -> Machine[T]:
    moved = count(1)  # numbers the money effects
    result: Result | None = None
    with closing(machine):
        while True:
            try:
                step = machine.send(result)
            except StopIteration as stop:
                value: T = stop.value
                return value
            result = (yield step) if isinstance(step, Event) else (yield from perform(step, moved))


def _send_stakes_twice(effect: Effect, _moved: Iterator[int]) -> Performed:
    """Send every stake once more under a key that the run knows nothing of."""
    result = yield effect
    if isinstance(effect, Http | WsSend) and effect.moves is not None and effect.moves.kind == "stake":
        yield _under_new_key(effect)
    return result


def _under_new_key(effect: Http | WsSend) -> Http | WsSend:
    assert effect.moves is not None
    key = effect.moves.key
    again = replace(effect.moves, key=f"{key}-again")
    if isinstance(effect, WsSend):
        return replace(effect, text=effect.text.replace(key, again.key), moves=again)
    headers = tuple((name, value.replace(key, again.key)) for name, value in effect.headers)
    return replace(effect, headers=headers, body=effect.body.replace(key.encode(), again.key.encode()), moves=again)


def _crash_after_money(effect: Effect, moved: Iterator[int]) -> Performed:
    """End with the first money effect's answer in hand, before anybody was told of it."""
    result = yield effect
    if isinstance(effect, Http | WsSend) and effect.moves is not None and next(moved) == 1:
        raise ProvokedCrash(f"the harness ended after {effect.moves.operation} under {effect.moves.key}")
    return result


def _exhausted_card(spec: RunSpec) -> RunSpec:
    return replace(spec, player={**spec.player, "instrument": "card_exhausted"})


PROVOCATIONS: dict[str, Provocation] = {
    one.name: one
    for one in (
        Provocation("pays_with_an_exhausted_card", "the harness pays with a card that is used up", _exhausted_card),
        Provocation("crashes_after_money", "the harness ends with money under way", perform=_crash_after_money),
        Provocation("bets_under_a_second_key", "the harness bets once more under a new id", perform=_send_stakes_twice),
    )
}
