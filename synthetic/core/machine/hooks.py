"""Operations written in Python: a generator of effects that returns its outputs, for what YAML should not say."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from synthetic.core.effects import Effect, Http, HttpReply, Result, Times, TransportFault, WsSend
from synthetic.core.machine.call import Call
from synthetic.core.machine.ends import CallEnd
from synthetic.core.machine.state import Machine, RunState
from synthetic.core.machine.views import hook_view
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import HookContext


class Refused(Exception):  # noqa: N818 - a hook says "refused", which is an outcome and no error
    """Raised by a hook: the target said no with this code, and nothing happened."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code = code


class Unclear(Exception):  # noqa: N818 - likewise
    """Raised by a hook: nobody knows whether it happened."""


def run_hook(state: RunState, call: Call, times: list[Times]) -> Machine[CallEnd]:
    """Play a hook. The first request it sends carries the intent, so money never moves unjournaled."""
    assert call.operation.hook is not None
    scenario = call.operation.hook(_context(state, call), **dict(call.args))
    try:
        out = yield from _drive(state, call, scenario, times)
    except Refused as refusal:
        return CallEnd(StepOutcome.REFUSED, refusal.code, str(refusal), tainted=state.tainted)
    except Unclear as unclear:
        return CallEnd(StepOutcome.UNKNOWN, "unclear", str(unclear), tainted=state.tainted)
    for name in call.operation.secret_out & out.keys():
        state.redactor.taint(str(out[name]))
    return CallEnd(StepOutcome.DONE, out=dict(out))


def _context(state: RunState, call: Call) -> HookContext:
    return HookContext(
        cell=state.spec.cell,
        player=state.spec.player,
        secrets=state.spec.secrets,
        session=state.session,
        run_id=state.spec.run_id,
        key=call.key,
        unix_s=state.unix_s,
    )


def _drive(
    state: RunState, call: Call, scenario: Generator[Effect, Result, Mapping[str, Any]], times: list[Times]
) -> Machine[Mapping[str, Any]]:
    intent = call.intent
    effect = _start(scenario)
    while not isinstance(effect, _Returned):
        if intent is not None and isinstance(effect, Http | WsSend):
            effect, intent = replace(effect, moves=intent), None
        result = yield effect
        assert result is not None
        state.observe(result.times)
        times.append(result.times)
        if isinstance(effect, Http) and isinstance(result, HttpReply | TransportFault):
            yield hook_view(state, call, effect, result)
        effect = _advance(scenario, result)
    return effect.out


class _Returned:
    """A hook came to its end, with these outputs."""

    def __init__(self, out: Mapping[str, Any]) -> None:
        self.out = out


def _start(scenario: Generator[Effect, Result, Mapping[str, Any]]) -> Effect | _Returned:
    try:
        return next(scenario)
    except StopIteration as stop:
        return _Returned(stop.value)


def _advance(scenario: Generator[Effect, Result, Mapping[str, Any]], result: Result) -> Effect | _Returned:
    try:
        return scenario.send(result)
    except StopIteration as stop:
        return _Returned(stop.value)
