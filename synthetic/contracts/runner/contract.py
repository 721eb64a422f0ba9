"""The contract of the harness with a platform: made of its mapping, its examples, and a recording of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from pact.interaction import HttpInteraction

from synthetic.contracts.errors import ContractError
from synthetic.contracts.holes import from_state, texts_of
from synthetic.contracts.interactions import Contract, Exercise, Interaction, State
from synthetic.contracts.matching import whole
from synthetic.contracts.runner.examples import Example, Examples, Linked, link
from synthetic.contracts.runner.reading import Read, read_of
from synthetic.contracts.runner.recording import Recording
from synthetic.contracts.runner.replaying import Replay
from synthetic.core.effects import Http
from synthetic.core.plan import CellPlan, PlatformPlan
from synthetic.core.plan_exchanges import HttpPlan
from synthetic.drivers.blocking_driver import BlockingDriver
from synthetic.drivers.tls import client_context
from synthetic.journal.memory import MemoryJournal

CONSUMER = "synthetic-runner"
_OUR_OWN = frozenset({"traceparent"})  # goes with every request; no platform has to know it
_SIGNATURE = "a-signature-of-the-body"
_VALUE_CHARS_MIN = 6  # shorter texts of a state are found where they are not meant


@dataclass(frozen=True)
class Source:
    """Where a contract comes from. `platform` and `cell` are loaded when they are needed."""

    examples: Examples
    recording: Recording
    load_platform: Callable[[], PlatformPlan]
    load_cell: Callable[[], CellPlan]
    _linked: dict[str, Linked] = field(default_factory=dict)
    _replays: dict[str, Replay] = field(default_factory=dict)
    _read: dict[tuple[str, int], Read] = field(default_factory=dict)

    @cached_property
    def platform(self) -> PlatformPlan:
        """The mapping."""
        return self.load_platform()

    @cached_property
    def cell(self) -> CellPlan:
        """The cell whose addresses stand in the recording."""
        return self.load_cell()

    def linked(self, example: Example) -> Linked:
        """An example as a scenario."""
        if example.title not in self._linked:
            self._linked[example.title] = link(self.examples, example, self.platform)
        return self._linked[example.title]

    def replay(self, example: Example) -> Replay:
        """An example, ready to be played."""
        if example.title not in self._replays:
            linked = link(self.examples, example, self.platform)
            self._replays[example.title] = Replay(linked, self.recording.of(example.title), self.examples, self.cell)
        return self._replays[example.title]

    def read(self, example: Example, index: int) -> Read:
        """What is read of the n-th answer to the example."""
        if (example.title, index) not in self._read:
            replay = self.replay(example)
            self._read[example.title, index] = read_of(replay, index, replay.reply(index))
        return self._read[example.title, index]


def contract_of(source: Source, provider: str = "platform") -> Contract:
    """One interaction for each request of each example that goes to the platform itself."""
    return Contract(CONSUMER, provider, tuple(_interactions(source)))


def _interactions(source: Source) -> Iterator[Interaction]:
    for example in source.examples.examples:
        own = source.recording.of(example.title).own
        for number, index in enumerate(own, 1):
            which = f" ({number} of {len(own)})" if len(own) > 1 else ""
            state = State(example.state, _params(source.examples, example, index))
            yield Interaction(f"{example.title}{which}", (state,), (), _declared(source, example, index))


def _params(examples: Examples, example: Example, index: int) -> dict[str, Any]:
    """What brings the state about. `steps`: of a scenario, for whoever verifies with the harness or by hand."""
    steps = [dict(step) for step in examples.steps_before(example)]
    return {"example": example.title, "request": index, "pool": examples.pool_of(example), "steps": steps}


def _declared(source: Source, example: Example, index: int) -> Callable[[HttpInteraction], Exercise]:
    def declare(upon: HttpInteraction) -> Exercise:
        replay = source.replay(example)
        request, known = replay.request(index)
        _asks(upon, request, _signature_headers(replay), known)
        _answers(upon, source.read(example, index))
        return lambda url: _exercise(replay, index, url)

    return declare


def _exercise(replay: Replay, index: int, base: str) -> None:
    """Play the example with this one request sent: the contract's answer has to be as good as the recorded one."""
    driver = BlockingDriver(allow=["127.0.0.1:*"], tls=client_context())

    def at_the_mock(url: str) -> str:
        parts = urlsplit(url)
        return base + parts.path + (f"?{parts.query}" if parts.query else "")

    try:
        sink: Callable[[Any], None] = lambda _event: None  # noqa: E731
        made = driver.run(replay.over_the_wire(index, at_the_mock), sink=sink, journal=MemoryJournal())
    finally:
        driver.close()
    expected = replay.made()
    assert made.held, made.reason
    assert made.alike(expected), f"the engine made {made} of the contract's answer, and {expected} of the recorded one"


def _asks(upon: HttpInteraction, request: Http, signed: frozenset[str], known: Mapping[str, str]) -> None:
    parts = urlsplit(request.url)
    upon.with_request(request.method, unquote(parts.path))
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        upon.with_query_parameter(name, value)
    headers = [(name, value) for name, value in request.headers if name.lower() not in _OUR_OWN]
    for name, value in headers:
        upon.with_header(name, whole(_SIGNATURE, r"\S+") if name.lower() in signed else value)
    if request.body:
        upon.with_body(request.body.decode(), _content_type(request))
    generators = _generators(unquote(parts.path), dict(headers), request.body, known)
    if generators:
        upon.with_generators(generators, "Request")


def _content_type(request: Http) -> str:
    """What the body says that it is. Raises ContractError where it does not: nobody could compare it then."""
    for name, value in request.headers:
        if name.lower() == "content-type":
            return value
    raise ContractError(
        f"{request.method} {request.url} has a body without a Content-Type: name it in the mapping's headers"
    )


def _answers(upon: HttpInteraction, read: Read) -> None:
    upon.will_respond_with(read.status)
    for name, value in read.headers.items():
        upon.with_header(name, value)
    if read.text:
        rule = {"combine": "AND", "matchers": [{"match": "regex", "regex": read.text}]}
        upon.with_body(read.page, read.content_type).with_matching_rules({"body": {"$": rule}})
    elif read.body is not None:
        upon.with_body(read.body, "application/json")


def _signature_headers(replay: Replay) -> frozenset[str]:
    """The headers that hold signatures: another one for each key, each body and each time."""
    plans = [plan for plan in replay.step.operation.exchanges if isinstance(plan, HttpPlan)]
    return frozenset(plan.sign.header.lower() for plan in plans if plan.sign is not None)


def _generators(path: str, headers: Mapping[str, str], body: bytes, known: Mapping[str, str]) -> dict[str, Any]:
    """ProviderState generators for all that comes from the state: a platform's own verifier fills them in."""
    found: dict[str, Any] = {}
    if (expression := _with_holes(path, known)) != path:
        found["path"] = from_state(expression)
    headed = {name: _with_holes(value, known) for name, value in headers.items()}
    filled = {name: from_state(expression) for name, expression in headed.items() if expression != headers[name]}
    if filled:
        found["header"] = filled
    try:
        document = json.loads(body)
    except ValueError:
        return found
    fields = {
        where: from_state(expression)
        for where, text in texts_of(document)
        if (expression := _with_holes(text, known)) != text
    }
    return found | ({"body": fields} if fields else {})


def _with_holes(text: str, known: Mapping[str, str]) -> str:
    """The text with what the state has given replaced by its names, the longest first, and the first name of each."""
    names = {value: name for name, value in reversed(list(known.items())) if len(value) >= _VALUE_CHARS_MIN}
    if not names:
        return text
    values = sorted(names, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, values)), lambda found: f"${{{names[found[0]]}}}", text)
