"""A recorded example, played again by the engine: with its own answers, with others, or with one that comes over the wire."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from synthetic.contracts.runner.examples import CALL, Examples, Linked
from synthetic.contracts.runner.playing import course, known, spec_of
from synthetic.contracts.runner.recording import Recorded, RecordedFrame, RecordedReply
from synthetic.core.effects import (
    Done,
    Effect,
    FaultKind,
    Http,
    HttpReply,
    Result,
    Sleep,
    Times,
    TransportFault,
    WsFrame,
    WsOpen,
    WsOpened,
    WsReceive,
)
from synthetic.core.errors import Place
from synthetic.core.events import Event, StepStarted
from synthetic.core.expressions import Kind, compile_expression
from synthetic.core.history import Fact
from synthetic.core.machine.state import Machine, RunState
from synthetic.core.machine.steps import StepEnd, play_step
from synthetic.core.outcome import Blame, StepOutcome
from synthetic.core.plan import CellPlan, StepPlan
from synthetic.drivers.course import Scenario

_EXCHANGE_NS = 1_000_000
_AT_ONCE_S = 0.001
_NEVER = compile_expression("false", {}, Place("contract", 1, 1), expected=Kind.BOOL)


@dataclass(frozen=True, slots=True)
class Made:
    """What the engine has made of an example's answers: nothing else of them matters to the harness.

    `out` and `saved`: values, and of lists and objects the type only, as their contents matter where somebody reads them.
    `overdue`: whom it blames, and why, where the platform takes too long after these answers.
    """

    outcome: StepOutcome
    code: str
    held: bool
    reason: str
    out: Mapping[str, Any]
    saved: Mapping[str, Any]
    facts: tuple[Fact, ...]
    overdue: tuple[Blame | None, str]

    def same(self, other: Made) -> bool:
        """Whether the harness could not tell the two apart."""
        return replace(self, reason="") == replace(other, reason="")

    def alike(self, other: Made) -> bool:
        """Whether both end in the same way, with values of the same types."""
        mine, theirs = (
            (one.outcome, one.code, one.held, _types(one.out), _types(one.saved), [type(fact) for fact in one.facts])
            for one in (self, other)
        )
        return mine == theirs


Replies = Callable[[int, RecordedReply], RecordedReply]
"""Changes the example's n-th HTTP answer (from 0)."""


class Replay:
    """One example. Everything before its call is played once."""

    def __init__(self, linked: Linked, recorded: Recorded, examples: Examples, cell: CellPlan) -> None:
        self.linked, self.recorded = linked, recorded
        self._secrets = placeholders(examples, cell)
        spec = spec_of(
            linked.plan,
            replace(cell, limits={}),
            recorded.player,
            secrets_of_cell=self._secrets,
            run_id=recorded.run_id,
            mono_ns=0,
            wall_ns=recorded.wall_ns,
        )
        self._before = RunState(spec)
        script = _Script(recorded)
        _alone(_played(course(self._before), script, until=CALL))
        self._left = script.left()
        self.step = spec.plan.steps[-1]

    def made(self, change: Replies = lambda _index, reply: reply) -> Made:
        """What the engine makes of the answers, changed or not."""
        made: Made = _alone(self._course(change, self.step))
        if not any("overdue" in rule.when.text for rule in self.step.operation.blame):
            return made
        late = replace(self.step, until=_NEVER, within_s=_AT_ONCE_S, expect=(), refused="")
        waited: Made = _alone(self._course(change, late))
        return replace(made, overdue=waited.overdue)

    def request(self, index: int) -> tuple[Http, Mapping[str, str]]:
        """The example's n-th HTTP request (from 0), as the engine makes it, and the texts that it may be made of."""
        state = _twin(self._before)
        machine = _played(play_step(state, self.step), self._script(), live=index)
        effect = next(step for step in machine if isinstance(step, Http))
        machine.close()
        return effect, known(state)

    def over_the_wire(self, index: int, url: Callable[[str], str]) -> Scenario[Made]:
        """Play it with the n-th request really sent, to the URL that is made of its own."""
        return self._course(lambda _index, reply: reply, self.step, live=index, url=url)

    def reply(self, index: int) -> RecordedReply:
        """The n-th HTTP answer to the example."""
        return [answer for answer in self._left if isinstance(answer, RecordedReply)][index]

    def _script(self, change: Replies = lambda _index, reply: reply) -> _Script:
        return _Script(replace(self.recorded, answers=tuple(self._left)), change)

    def _course(
        self, change: Replies, step: StepPlan, *, live: int = -1, url: Callable[[str], str] = str
    ) -> Scenario[Made]:
        state = _twin(self._before)
        facts, saved = len(state.facts), dict(state.session)
        end = yield from _played(play_step(state, step), self._script(change), live=live, url=url)
        assert end is not None, "nothing stops it before its end"
        new = {name: value for name, value in state.session.items() if saved.get(name) != value}
        out = {name: state.steps[f"{CALL}.{name}"] for name in step.operation.out if f"{CALL}.{name}" in state.steps}
        return Made(
            end.outcome,
            end.code,
            end.verdict.held,
            end.verdict.reason,
            _shown(out),
            _shown(new),
            tuple(state.facts[facts:]),
            (end.verdict.blame, end.verdict.reason) if step.until is _NEVER else (None, ""),
        )


def placeholders(examples: Examples, cell: CellPlan) -> dict[str, str]:
    """What stands for the cell's secrets: the contract has none of them."""
    given = {name: examples.placeholders.get(name, f"{name}-of-the-cell") for name in cell.secrets}
    return {name: throwaway_key() if value == "rsa" else value for name, value in given.items()}


_KEYS: list[str] = []


def throwaway_key() -> str:
    """A private key (PEM) that signs, and is good for nothing else."""
    if not _KEYS:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        form = serialization.PrivateFormat.PKCS8
        _KEYS.append(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode())
    return _KEYS[0]


class _Script:
    """The recorded answers in their order, and a time of their own."""

    def __init__(self, recorded: Recorded, change: Replies = lambda _index, reply: reply) -> None:
        self._replies = [answer for answer in recorded.answers if isinstance(answer, RecordedReply)]
        self._frames = [answer for answer in recorded.answers if isinstance(answer, RecordedFrame)]
        self._change = change
        self._index = 0
        self._now_ns = 0

    def left(self) -> list[RecordedReply | RecordedFrame]:
        """What has not been asked for."""
        return [*self._replies[self._index :], *self._frames]

    @property
    def index(self) -> int:
        """Which HTTP answer is next."""
        return self._index

    def times(self, seconds: float = 0.0) -> Times:
        """Let time pass."""
        before = self._now_ns
        self._now_ns += _EXCHANGE_NS + round(seconds * 1e9)
        return Times(before, before, self._now_ns, self._now_ns)

    def skip(self) -> None:
        """The next HTTP answer comes from elsewhere."""
        self._index += 1

    def answer(self, effect: Effect) -> Result:
        """The result of an effect."""
        match effect:
            case Http() if self._index < len(self._replies):
                reply = self._change(self._index, self._replies[self._index])
                self._index += 1
                return HttpReply(reply.status, reply.headers, reply.body.encode(), self.times())
            case WsOpen():
                return WsOpened(self.times())
            case WsReceive() if self._frames:
                return WsFrame(self._frames.pop(0).text, self.times())
            case Http() | WsReceive():
                fault = FaultKind.READ_TIMEOUT
                return TransportFault(fault, "nothing more was recorded", True, self.times(effect.timeout_s))  # noqa: FBT003
            case Sleep():
                return Done(self.times(effect.seconds))
        return Done(self.times())


def _played(
    machine: Machine[StepEnd], script: _Script, *, live: int = -1, url: Callable[[str], str] = str, until: str = ""
) -> Machine[StepEnd | None]:
    """Answer all effects from the script but the live request. `until`: stop where this step begins."""
    try:
        step = machine.send(None)
        while True:
            given: Result | None = None
            if isinstance(step, Event):
                if isinstance(step, StepStarted) and step.step == until:
                    machine.close()
                    return None
                yield step
            elif isinstance(step, Http) and script.index == live:
                script.skip()
                came = yield replace(step, url=url(step.url))
                assert came is not None, "a driver answers every effect"
                given = replace(came, times=script.times())
            else:
                given = script.answer(step)
            step = machine.send(given)
    except StopIteration as stop:
        end: StepEnd = stop.value
        return end


def _alone(machine: Scenario[Any]) -> Any:
    """Run what needs no driver."""
    try:
        step = machine.send(None)
        while True:
            assert isinstance(step, Event), f"{step!r} has to be answered from the recording"
            step = machine.send(None)
    except StopIteration as stop:
        return stop.value


def _twin(state: RunState) -> RunState:
    """The same state, to play on from more than once."""
    twin = copy.copy(state)
    twin.session, twin.steps = dict(state.session), dict(state.steps)
    twin.facts, twin.movements = list(state.facts), list(state.movements)
    twin.inboxes = {name: list(frames) for name, frames in state.inboxes.items()}
    twin.cookies = copy.deepcopy(state.cookies)
    return twin


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: type(value) if isinstance(value, list | dict) else value for name, value in values.items()}


def _types(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, type) else type(value) for name, value in values.items()}
