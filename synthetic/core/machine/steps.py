"""One step of a scenario: call its operation, poll until it is fulfilled, and judge it against what the scenario wants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from synthetic.core.altered import altered
from synthetic.core.effects import FaultKind, Intent, Resolve, Sleep
from synthetic.core.events import StepEnded, StepStarted
from synthetic.core.expressions import ExpressionError, Kind
from synthetic.core.history import MalformedEvidence
from synthetic.core.machine.call import Call, first_refusal
from synthetic.core.machine.calls import perform
from synthetic.core.machine.ends import CallEnd
from synthetic.core.machine.evidence import step_facts
from synthetic.core.machine.journaled import written_args
from synthetic.core.machine.money import limit_refusal, money_moved, note_cash, payouts_shown, reads_cash
from synthetic.core.machine.reading import UNREADABLE
from synthetic.core.machine.state import Machine, Movement, RunState, dotted
from synthetic.core.machine.verdicts import Verdict, judge, seen_of
from synthetic.core.money import Money, MoneyError
from synthetic.core.outcome import IntentState, StepOutcome
from synthetic.core.plan import CallPlan, OperationPlan, StepPlan
from synthetic.core.quick import quick
from synthetic.core.templates import Template
from synthetic.core.wording import CODE_MAX

_JOURNAL_STATE = {
    StepOutcome.DONE: IntentState.DONE,
    StepOutcome.REFUSED: IntentState.REFUSED,
    StepOutcome.UNKNOWN: IntentState.UNKNOWN,
}


@quick
@dataclass(frozen=True, slots=True)
class StepEnd:
    """What became of a step, for the run that plays it."""

    verdict: Verdict
    outcome: StepOutcome
    code: str = ""
    tainted: bool = False


def play_step(state: RunState, step: StepPlan, *, purpose: str = "step") -> Machine[StepEnd]:
    """Play one step to its end and emit what happened."""
    yield StepStarted(state.spec.run_id, step.id, step.operation.name, state.now_ns, purpose)
    began_ns = state.now_ns
    deadline_ns = began_ns + int(step.within_s * 1e9)
    try:
        args = bind_arguments(state, step.operation, step.arguments, {})
    except (ExpressionError, MoneyError) as error:
        return (yield from _end(state, step, {}, CallEnd(StepOutcome.REFUSED, "not_sent", str(error)), purpose, 0))
    end, movement = yield from _first_call(state, step, args, deadline_ns)
    end, polls, overdue = yield from _poll_until(state, step, args, end, deadline_ns)
    if movement is not None:
        movement.outcome, movement.out = end.outcome, {**movement.out, **end.out}
        yield Resolve(movement.key, _JOURNAL_STATE[end.outcome], awaited=False)
        yield money_moved(state, movement)
    return (yield from _end(state, step, args, end, purpose, polls, overdue=overdue))


def bind_arguments(
    state: RunState, operation: OperationPlan, templates: Mapping[str, Template], scope: Mapping[str, Any]
) -> dict[str, Any]:
    """The arguments' values, amounts as Money. Raises ExpressionError, MoneyError."""
    args: dict[str, Any] = {}
    if not operation.inputs:
        return args
    seen = state.scope(scope)
    for name, kind in operation.inputs.items():
        template = templates.get(name)
        if template is None:
            args[name] = ""
            continue
        for secret in template.deriving:
            state.redactor.taint(str(secret.value(seen, state.currency)))
        value = template.value(seen, state.currency)
        args[name] = Money.parse(value) if kind is Kind.MONEY and isinstance(value, str) and value else value
    return args


def _first_call(
    state: RunState, step: StepPlan, args: Mapping[str, Any], deadline_ns: int
) -> Machine[tuple[CallEnd, Movement | None]]:
    call = Call(step.id, step.operation, args, state.key(step.id), deadline_ns, at_once=step.at_once)
    if step.repeat:
        original = next((m for m in state.movements if m.step == step.repeat), None)
        if original is None or original.request is None:
            return CallEnd(
                StepOutcome.REFUSED, "not_sent", f"step {step.repeat!r} sent nothing that could be repeated"
            ), None
        again = replace(call, purpose="repeat", again=original.request, key=original.key, intent=original.request.moves)
        end = yield from perform(state, again)
        return end, (None if original.outcome is StepOutcome.DONE else original)
    if step.operation.moves is None:
        return (yield from perform(state, call)), None
    return (yield from _move_money(state, step, call))


def _move_money(state: RunState, step: StepPlan, call: Call) -> Machine[tuple[CallEnd, Movement | None]]:
    moves = step.operation.moves
    assert moves is not None
    scope = state.scope(call.scope())
    try:
        amount = moves.amount.value(scope, state.currency)
        key = moves.key_value.text(scope, state.currency) if moves.key_value is not None else call.key
    except (ExpressionError, MoneyError) as error:
        return CallEnd(StepOutcome.REFUSED, "not_sent", str(error)), None
    if isinstance(amount, Money) and amount.minor <= 0:  # computed from what the target answered
        return CallEnd(StepOutcome.REFUSED, "not_sent", f"{amount} is not a positive amount"), None
    refusal = limit_refusal(state, moves.kind, amount)
    if refusal:
        return CallEnd(StepOutcome.REFUSED, "over_limit", refusal), None
    spec = state.spec
    intent = Intent(
        spec.run_id, step.id, call.operation.name, moves.kind, amount, key, moves.source, moves.target,
        spec.cell.name, spec.player.get("id", ""), written_args(call.args, state.redactor),
    )  # fmt: skip
    movement = Movement(step.id, call.operation, moves, key, amount, call.args, until=step.until, refused=step.refused)
    state.movements.append(movement)
    state.cash = None
    end = yield from perform(state, altered(call, key=key, intent=intent))
    movement.request, movement.outcome, movement.out = end.request, end.outcome, end.out
    return end, movement


def _poll_until(
    state: RunState, step: StepPlan, args: Mapping[str, Any], end: CallEnd, deadline_ns: int
) -> Machine[tuple[CallEnd, int, bool]]:
    """Poll with a deadline that returns as soon as `until` holds. Answers (end, polls, overdue)."""
    polls = 0
    while end.outcome is StepOutcome.DONE and not _fulfilled(state, step, args, end):
        poll = step.operation.poll
        if poll is None or state.now_ns + int(poll.every_s * 1e9) >= deadline_ns:
            return end, polls, True
        result = yield Sleep(poll.every_s)
        assert result is not None
        state.observe(result.times)
        polled = yield from _poll_once(state, step, args, end, poll, deadline_ns)
        polls += 1
        end = _merged(state, step, args, end, polled)
    return end, polls, False


def _fulfilled(state: RunState, step: StepPlan, args: Mapping[str, Any], end: CallEnd) -> bool:
    if step.until is None:
        return True
    try:
        return step.until.holds(state.scope(seen_of(args, end)), state.currency)
    except ExpressionError:
        return False


def _poll_once(
    state: RunState, step: StepPlan, args: Mapping[str, Any], end: CallEnd, poll: CallPlan, deadline_ns: int
) -> Machine[CallEnd]:
    operation = state.spec.plan.platform.operations[poll.operation]
    try:
        polled_args = bind_arguments(state, operation, poll.arguments, seen_of(args, end) | {"key": state.key(step.id)})
    except (ExpressionError, MoneyError) as error:
        return CallEnd(StepOutcome.UNKNOWN, "not_sent", str(error))
    call = Call(step.id, operation, polled_args, state.key(step.id), deadline_ns, purpose="poll")
    return (yield from perform(state, call))


def _merged(state: RunState, step: StepPlan, args: Mapping[str, Any], end: CallEnd, polled: CallEnd) -> CallEnd:
    """A poll's outputs replace the step's; a poll without an answer changes nothing: the next one may have one."""
    end = altered(end, tainted=end.tainted or polled.tainted, lag_ns=max(end.lag_ns, polled.lag_ns))
    if polled.outcome is not StepOutcome.DONE:
        # A poll that was cut off by the step's own deadline says nothing; one that was answered, or broke, does.
        said = polled.error != FaultKind.READ_TIMEOUT
        code, error = (polled.code, polled.error) if said else ("", "")
        return replace(end, reason=polled.reason, code=code, error=error)
    merged = altered(
        end,
        reason="",
        code="",
        error="",
        out={**end.out, **polled.out},
        values=polled.values,
        last_received_ns=polled.last_received_ns or end.last_received_ns,
    )
    return _declined(state, step, args, merged)


def _declined(state: RunState, step: StepPlan, args: Mapping[str, Any], end: CallEnd) -> CallEnd:
    declined = step.operation.declined
    code = first_refusal(state, declined, state.scope(seen_of(args, end))) if declined else None
    return end if code is None else replace(end, outcome=StepOutcome.REFUSED, code=code, reason=f"declined: {code}")


def _end(
    state: RunState,
    step: StepPlan,
    args: Mapping[str, Any],
    end: CallEnd,
    purpose: str,
    polls: int,
    *,
    overdue: bool = False,
) -> Machine[StepEnd]:
    verdict = judge(state, step, args, end, overdue=overdue)
    if reads_cash(state, step.operation):
        note_cash(state, seen_of(args, end), end)
    verdict = yield from _record(state, step, args, end, verdict)
    operation = step.operation
    # Our own lag spoils a measurement and may make an answer late; it never makes a wrong answer of a right one.
    tainted = end.tainted if verdict.held else _late_by_us(step, end, verdict)
    yield StepEnded(
        run_id=state.spec.run_id,
        step=step.id,
        operation=operation.name,
        outcome=end.outcome,
        held=verdict.held,
        code=state.told(end.code, CODE_MAX),
        reason=state.told(verdict.reason),
        blame=verdict.blame,
        latency_ns=max(0, end.last_received_ns - end.first_sent_ns),
        tainted=tainted,
        attempts=1,
        polls=polls,
        at_ns=state.now_ns,
        sli=operation.sli.name if operation.sli and purpose == "step" and not step.repeat else "",
        labels={name: state.told(str(args.get(name, "")), CODE_MAX) for name in operation.sli.by}
        if operation.sli
        else {},
        out=state.all_shown(end.out),
        purpose=purpose,
        expected_refusal=step.refused,
        refusal_class=step.refusal_class or "",
    )
    return StepEnd(verdict, end.outcome, end.code, tainted)


def _late_by_us(step: StepPlan, end: CallEnd, verdict: Verdict) -> bool:
    """Whether our own lag was long enough to have made a step late: above 5 % of the time that it had."""
    if verdict.overdue:
        return end.lag_ns > step.within_s * 1e9 / 20
    silent = (
        end.error == FaultKind.READ_TIMEOUT and end.code != UNREADABLE
    )  # what came in time and can't be read is not late
    return silent and end.late_by_us


def _record(
    state: RunState, step: StepPlan, args: Mapping[str, Any], end: CallEnd, verdict: Verdict
) -> Machine[Verdict]:
    """Let later steps see the outputs, and keep what the step tells the judge."""
    sent = step.repeat or step.id  # a repetition goes out under the key of what it repeats
    key = next((m.key for m in state.movements if m.step == sent), state.key(sent))
    state.steps |= dotted(step.id, {**args, **end.out, "key": key, "code": end.code})
    if not step.operation.evidence:
        return verdict
    for known in step_facts(state, step, end, state.scope(seen_of(args, end), {"key": key})):
        if isinstance(known, MalformedEvidence):
            verdict = verdict if step.refused else _unreadable(state, step, args, end, verdict, str(known))
            continue
        state.facts.append(known)
        if not step.repeat:  # it pays nothing more than what it repeats
            yield from payouts_shown(state, known)
    return verdict


def _unreadable(
    state: RunState, step: StepPlan, args: Mapping[str, Any], end: CallEnd, verdict: Verdict, why: str
) -> Verdict:
    """A statement that can't be read fails its step, and is the fault of whoever the mapping says sends it."""
    unread = replace(end, outcome=StepOutcome.UNKNOWN, code=UNREADABLE, reason=why)
    return judge(state, step, args, unread, overdue=False) if verdict.held else verdict
