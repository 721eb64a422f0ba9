"""What steps, frames and clocks tell the judge: facts, built by the mapping's `evidence:` from what came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from synthetic.core.effects import WsFrame
from synthetic.core.expressions import ExpressionError
from synthetic.core.history import Fact, MalformedEvidence, fact, required_of
from synthetic.core.machine.call import Answer, Call
from synthetic.core.machine.ends import CallEnd
from synthetic.core.machine.origins import origin_of
from synthetic.core.machine.reading import NotJson, read_json
from synthetic.core.machine.state import RunState
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import EvidencePlan, StepPlan

_KEPT_CHARS_MAX = 512  # of what a server may say at any length: what is kept has a limit
FRAMES_TOLD_MAX = 1000
"""A flood of frames must not become a history without end."""


def step_facts(
    state: RunState, step: StepPlan, end: CallEnd, scope: Mapping[str, Any]
) -> Iterator[Fact | MalformedEvidence]:
    """The facts of a step that was done or refused, and why one of them can't be read.

    Of a refused one nobody can expect everything that an answer to a done one has: what is missing is left out.
    """
    if end.outcome is StepOutcome.UNKNOWN:
        return
    told = {"sent_ns": end.first_sent_ns, "received_ns": end.last_received_ns}
    if end.outcome is StepOutcome.REFUSED:
        told["refusal"] = end.code  # type: ignore[assignment]
    for plan in step.operation.evidence:
        try:
            yield fact(plan.kind, step.id, end.outcome, _values(state, plan, end.outcome, scope), **told)
        except (ExpressionError, MalformedEvidence) as error:
            if end.outcome is StepOutcome.DONE:
                yield MalformedEvidence(str(error))


def _values(state: RunState, plan: EvidencePlan, outcome: StepOutcome, scope: Mapping[str, Any]) -> dict[str, Any]:
    needed, values = required_of(plan.kind), {}
    for name, expression in plan.fields.items():
        try:
            values[name] = expression.value(scope, state.currency)
        except ExpressionError:
            if outcome is StepOutcome.DONE or name in needed:
                raise
    return values


def tell_duplicates(state: RunState, call: Call, answers: Sequence[Answer], scope: Mapping[str, Any]) -> None:
    """Keep what each of several answers to one request tells, that was sent more than once at the same moment.

    They are first answers: what the step finds out by polling is told when it ends, and what they have not is left out.
    """
    for answer in answers:
        seen = {**scope, **answer.values}
        seen |= {f"out.{name}": value for name, value in _outputs(state, call, seen)}
        told: dict[str, Any] = (
            {"sent_ns": answer.times.sent, "received_ns": answer.times.received} if answer.times else {}
        )
        if answer.outcome is StepOutcome.REFUSED:
            told["refusal"] = answer.code
        for plan in call.operation.evidence:
            try:
                values = _values(state, plan, StepOutcome.REFUSED, seen)
                state.facts.append(fact(plan.kind, call.step, answer.outcome, values, **told))
            except (ExpressionError, MalformedEvidence):
                continue


def _outputs(state: RunState, call: Call, seen: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, expression in call.operation.out.items():
        try:
            yield name, expression.value(seen, state.currency)
        except ExpressionError:
            continue


def tell_frame(state: RunState, connection: str, frame: WsFrame) -> None:
    """Keep what a frame tells, of the first thousand. One that has not what the mapping looks for tells nothing."""
    plans = state.spec.plan.platform.frames.get(connection, ())
    if not plans or state.frames_told >= FRAMES_TOLD_MAX:
        return
    state.frames_told += 1
    try:
        data = read_json(frame.text)
    except NotJson:
        return
    told = {"sent_ns": frame.times.sent, "received_ns": frame.times.received}
    step = state.step.id if state.step is not None else ""
    for plan in plans:
        try:
            given = {name: e.value(state.scope({"frame": data}), state.currency) for name, e in plan.fields.items()}
            state.facts.append(fact(plan.kind, step, StepOutcome.DONE, given, **told))
        except (ExpressionError, MalformedEvidence):
            continue


def read_clock(state: RunState, url: str, headers: Mapping[str, str]) -> None:
    """Keep how far the server's clock (RFC 9110, `Date`, whole seconds) is from ours.

    An answer with an `Age` comes out of a cache, and its date is of when it was made.
    """
    written = headers.get("date")
    if written is None or "age" in headers:
        return
    who, told_s = state.endpoints.get(origin_of(url)), _unix_s(written)
    if who is not None and told_s is not None:
        state.clock_skews_s[who] = told_s - state.unix_s


def _unix_s(date: str) -> int | None:
    """An HTTP date; it is the same for everything that is answered within one second."""
    return _kept_unix_s(date) if len(date) <= _KEPT_CHARS_MAX else None  # a date has some thirty characters


@lru_cache(maxsize=256)
def _kept_unix_s(date: str) -> int | None:
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None
