"""A run as the list of its effects and their results: written down, read back, and replayed exactly.

A recording holds all that went over the wire, credentials included. Record test players, and keep the files as one keeps secrets.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from itertools import zip_longest
from typing import Any, TypeVar, get_args

from synthetic.core import effects
from synthetic.core.effects import Effect, Result
from synthetic.core.errors import HarnessError
from synthetic.core.events import Event
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.core.ports import EventSink
from synthetic.drivers.course import Course, Scenario

T = TypeVar("T")
Exchange = tuple[Effect, Result]

_FORMAT = "synthetic-recording/1"
_RECORDED: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        *get_args(Effect),
        *get_args(Result),
        effects.Times,
        effects.Phases,
        effects.Intent,
        effects.FaultKind,
        IntentState,
        Money,
    )
}


class ReplayMismatch(HarnessError):  # noqa: N818 - the sentence reads "replay mismatch"
    """A scenario did not ask for what the recording holds: at `index` it wanted `actual` where `expected` was recorded."""

    def __init__(self, index: int, expected: Effect | None, actual: Effect | None) -> None:
        self.index = index
        self.expected = expected
        self.actual = actual
        super().__init__(f"the replay parts from its recording at effect {index}: {_difference(expected, actual)}")


@dataclass(frozen=True, slots=True)
class Recording:
    """The effects of one run, each with its result, in order."""

    exchanges: tuple[Exchange, ...]

    def to_json(self) -> str:
        """As JSON text, an exchange a line."""
        lines = ",\n".join(json.dumps(_encoded(exchange), ensure_ascii=False) for exchange in self.exchanges)
        return f'{{"format": "{_FORMAT}", "exchanges": [\n{lines}\n]}}\n'

    @classmethod
    def from_json(cls, text: str) -> Recording:
        """Read what `to_json` wrote. Raises HarnessError where it is something else."""
        try:
            document = json.loads(text)
            if document["format"] != _FORMAT:
                raise HarnessError(f"this recording has the format {document['format']!r}, known is {_FORMAT!r}")
            return cls(tuple(_exchange(exchange) for exchange in document["exchanges"]))
        except (ValueError, TypeError, KeyError, binascii.Error) as error:
            raise HarnessError(f"this is no recording of a run: {type(error).__name__}: {error}") from error


class Recorder:
    """Listens in on a scenario while a driver plays it."""

    def __init__(self) -> None:
        self._exchanges: list[Exchange] = []

    def listen(self, scenario: Scenario[T]) -> Scenario[T]:
        """The same scenario, every effect and result of which is recorded."""
        answer: Result | None = None
        try:
            while True:
                try:
                    step = scenario.send(answer)
                except StopIteration as stop:
                    ended: T = stop.value
                    return ended
                answer = yield step
                if not isinstance(step, Event):
                    assert answer is not None, "an effect is answered with its result"
                    self._exchanges.append((step, answer))
        finally:
            scenario.close()

    def recording(self) -> Recording:
        """What was recorded so far."""
        return Recording(tuple(self._exchanges))


def replay(scenario: Scenario[T], recording: Recording, sink: EventSink = lambda _: None) -> T:
    """Feed a scenario the recorded results, without any I/O; returns what it returns.

    Raises ReplayMismatch at the first effect that is not the recorded one, and where the scenario ends early.
    """
    course = Course(scenario, sink)
    try:
        actual = course.advance()
        for index, exchange in enumerate((*recording.exchanges, None)):
            expected = None if exchange is None else exchange[0]
            if actual != expected:
                raise ReplayMismatch(index, expected, actual)
            if exchange is not None:
                actual = course.advance(exchange[1])
        return course.value
    finally:
        course.close()


def _difference(expected: Effect | None, actual: Effect | None) -> str:
    if expected is None:
        return f"it ends there, but the scenario goes on with {actual!r}"
    if actual is None:
        return f"the scenario ended, but {expected!r} is recorded"
    if type(expected) is not type(actual):
        return f"recorded is {expected!r}, the scenario wants {actual!r}"
    parts = (
        _field_difference(field.name, getattr(expected, field.name), getattr(actual, field.name), shown=field.repr)
        for field in fields(expected)
    )
    return f"{type(expected).__name__} {'; '.join(part for part in parts if part)}"


def _field_difference(name: str, expected: Any, actual: Any, *, shown: bool) -> str:
    """What is not shown in a repr may hold credentials, so only the place of the difference is told."""
    if expected == actual:
        return ""
    if shown:
        return f"{name}: recorded {expected!r}, wanted {actual!r}"
    if isinstance(expected, tuple):
        names = sorted({str(header[0]) for header in set(expected) ^ set(actual)})
        return f"{name} differ: {', '.join(names) or 'in their order'}"
    place = next(at for at, (left, right) in enumerate(zip_longest(expected, actual)) if left != right)
    return f"{name} differs from position {place} on (recorded {len(expected)}, wanted {len(actual)} long)"


def _exchange(value: Any) -> Exchange:
    effect, result = _decoded(value)
    if not isinstance(effect, Effect) or not isinstance(result, Result):
        raise TypeError("an exchange is an effect and its result")
    return effect, result


def _encoded(value: Any) -> Any:
    match value:
        case Enum():
            return {"is": type(value).__name__, "value": value.value}
        case bytes():
            try:
                return {"is": "text", "value": value.decode()}
            except UnicodeDecodeError:
                return {"is": "base64", "value": base64.b64encode(value).decode()}
        case tuple():
            return [_encoded(item) for item in value]
        case _ if is_dataclass(value):
            named = {field.name: _encoded(getattr(value, field.name)) for field in fields(value)}
            return {"is": type(value).__name__, **named}
        case _:
            return value


def _decoded(value: Any) -> Any:
    match value:
        case {"is": "text", "value": str(text)}:
            return text.encode()
        case {"is": "base64", "value": str(text)}:
            return base64.b64decode(text, validate=True)
        case {"is": str(name), **named}:
            return _RECORDED[name](**{str(key): _decoded(item) for key, item in named.items()})
        case list():
            return tuple(_decoded(item) for item in value)
        case _:
            return value
