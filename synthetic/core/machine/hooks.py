"""Operations written in Python: a generator of effects that returns its outputs, for what YAML should not say."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any

from synthetic.core.effects import Effect, Http, HttpReply, Result, Times, TransportFault, WsSend
from synthetic.core.machine.call import Call
from synthetic.core.machine.ends import CallEnd
from synthetic.core.machine.exchanges import asked, fault_answer, run_headers
from synthetic.core.machine.labels import read_hook_labels
from synthetic.core.machine.reading import UNREADABLE, NotJson, read_body
from synthetic.core.machine.state import Machine, RunState
from synthetic.core.machine.views import hook_view
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import HookContext

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Refused(Exception):  # noqa: N818 - a hook says "refused", which is an outcome and no error
    """Raised by a hook: the target said no with this code, and nothing happened."""

    def __init__(self, code: str, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code = code


class Unclear(Exception):  # noqa: N818 - likewise
    """Raised by a hook: nobody knows whether it happened."""


def run_hook(state: RunState, call: Call, times: list[Times]) -> Machine[CallEnd]:
    """Play a hook. The first request of it that is no mere GET carries the intent, so money never moves unjournaled.

    What was exchanged is shown at its end, when its secret outputs are known.
    """
    exchanged: list[tuple[Http, Result, str]] = []
    end = yield from _guarded(state, call, times, exchanged)
    for name in call.operation.secret_out & end.out.keys():
        state.redactor.taint(str(end.out[name]))
    for request, result, span in exchanged:
        yield hook_view(state, call, request, result, span)
    return end


def _guarded(
    state: RunState, call: Call, times: list[Times], exchanged: list[tuple[Http, Result, str]]
) -> Machine[CallEnd]:
    assert call.operation.hook is not None
    scenario = call.operation.hook(_context(state, call), **dict(call.args))
    try:
        out = yield from _drive(state, call, scenario, times, exchanged)
    except Refused as refusal:
        return CallEnd(StepOutcome.REFUSED, refusal.code, str(refusal), tainted=state.tainted)
    except Unclear as unclear:
        return CallEnd(StepOutcome.UNKNOWN, "unclear", str(unclear), tainted=state.tainted)
    except Exception as error:  # noqa: BLE001 - somebody else's code; the run has to go on to its compensation
        return _unanswered(state, error, exchanged) or _failed(error, times)
    return CallEnd(StepOutcome.DONE, out=dict(out))


def _failed(error: Exception, times: list[Times]) -> CallEnd:
    outcome = StepOutcome.UNKNOWN if times else StepOutcome.REFUSED
    return CallEnd(outcome, "hook_failed", f"the operation's Python code failed: {type(error).__name__}: {error}")


def _unanswered(state: RunState, error: Exception, exchanged: list[tuple[Http, Result, str]]) -> CallEnd | None:
    """A hook that broke over a missing or unreadable answer: that is the target's doing. None where it broke by itself."""
    if not exchanged:
        return None
    request, result, _ = exchanged[-1]
    if isinstance(result, TransportFault):
        answer = fault_answer(state, result, asked(state, request))
        outcome = answer.outcome if len(exchanged) == 1 else StepOutcome.UNKNOWN
        return CallEnd(outcome, answer.code, answer.reason, answer.error, tainted=answer.tainted)
    if isinstance(result, HttpReply) and isinstance(error, NotJson | json.JSONDecodeError | UnicodeDecodeError):
        reason = f"{asked(state, request)} answered HTTP {result.status} with {read_body(result)}"
        return CallEnd(StepOutcome.UNKNOWN, UNREADABLE, reason, tainted=state.tainted)
    return None


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
    state: RunState,
    call: Call,
    scenario: Generator[Effect, Result, Mapping[str, Any]],
    times: list[Times],
    exchanged: list[tuple[Http, Result, str]],
) -> Machine[Mapping[str, Any]]:
    intent = call.intent
    effect = _start(scenario)
    while not isinstance(effect, _Returned):
        if intent is not None and _may_move(effect):
            assert isinstance(effect, Http | WsSend)
            effect, intent = replace(effect, moves=intent), None
        span = state.next_span() if isinstance(effect, Http) else ""
        sent = (
            replace(effect, headers=effect.headers + run_headers(state, effect, span))
            if isinstance(effect, Http)
            else effect
        )
        result = yield sent
        assert result is not None
        state.observe(result.times)
        times.append(result.times)
        if isinstance(effect, Http):
            exchanged.append((effect, result, span))
        if isinstance(result, HttpReply):
            read_hook_labels(state, call, result)
        effect = _advance(scenario, result)
    return effect.out


def _may_move(effect: Effect) -> bool:
    return isinstance(effect, WsSend) or (isinstance(effect, Http) and effect.method not in _READS)


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
