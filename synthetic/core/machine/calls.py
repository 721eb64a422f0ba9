"""One call of an operation: its exchanges in order, what they mean (done, refused, unknown), and its outputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from synthetic.core.altered import altered
from synthetic.core.effects import Http, Times, WsSend
from synthetic.core.expressions import ExpressionError
from synthetic.core.machine.call import Answer, Call, first_refusal
from synthetic.core.machine.ends import CallEnd
from synthetic.core.machine.exchanges import send_http
from synthetic.core.machine.frames import close_connection, open_connection, receive_frame, send_frame
from synthetic.core.machine.hooks import run_hook
from synthetic.core.machine.reading import UNREADABLE, lacking
from synthetic.core.machine.state import Machine, RunState, dotted
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import OperationPlan
from synthetic.core.plan_exchanges import ClosePlan, ExchangePlan, HttpPlan, OpenPlan, ReceivePlan, SendPlan

_NOTHING_YET = CallEnd(StepOutcome.DONE)


def perform(state: RunState, call: Call) -> Machine[CallEnd]:
    """Play the exchanges of one call until one is not done, then compute the outputs."""
    if call.operation.hook is not None:
        return (yield from _perform_hook(state, call))
    end, seen = _NOTHING_YET, state.scope(call.scope())
    money_exchange = _money_exchange(call.operation)
    for index, plan in enumerate(call.operation.exchanges):
        carries = index == money_exchange
        if call.again is not None and index < money_exchange:
            continue  # the way there (a launch, a challenge) was gone when the request went out first
        answer = yield from _exchange(state, call, plan, seen, carries_money=carries)
        if 0 <= money_exchange < index:
            answer = _behind_the_money(plan, answer)
        end = _after(end, answer)
        if end.outcome is not StepOutcome.DONE:
            return end
        state.bring_up_to_date(seen)
        seen.update(answer.values)
    return _with_outputs(state, call, end, seen)


def _money_exchange(operation: OperationPlan) -> int:
    """The index of the exchange that moves the money; -1 where the operation moves none."""
    if operation.moves is None:
        return -1
    marked = [i for i, plan in enumerate(operation.exchanges) if isinstance(plan, HttpPlan | SendPlan) and plan.money]
    assert len(marked) == 1, f"config marks the one exchange of {operation.name} that moves its money"
    return marked[0]


def _exchange(
    state: RunState, call: Call, plan: ExchangePlan, scope: Mapping[str, Any], *, carries_money: bool
) -> Machine[Answer]:
    """The one exchange; what expressions see of the run, the call and its earlier answers is in `scope`."""
    intent = call.intent if carries_money else None
    match plan:
        case HttpPlan():
            again = call.again if carries_money and isinstance(call.again, Http) else None
            return send_http(state, call, plan, scope, intent, again)
        case OpenPlan():
            return open_connection(state, call, plan, scope)
        case SendPlan():
            again_frame = call.again if carries_money and isinstance(call.again, WsSend) else None
            return send_frame(state, call, plan, scope, intent, again_frame)
        case ReceivePlan():
            return receive_frame(state, call, plan, scope)
        case ClosePlan():
            return close_connection(state, plan)


def _behind_the_money(plan: ExchangePlan, answer: Answer) -> Answer:
    """What comes behind the money is none to repeat, and its refusal doesn't say that nothing happened.

    Only a frame that was waited for does: it is the answer to the frame that moved the money.
    """
    answered = isinstance(plan, ReceivePlan) and not answer.error
    if answer.outcome is not StepOutcome.REFUSED or answered:
        return replace(answer, request=None)
    reason = f"the money had left, and then: {answer.reason}"
    return replace(answer, request=None, outcome=StepOutcome.UNKNOWN, reason=reason)


def _after(end: CallEnd, answer: Answer) -> CallEnd:
    times = answer.times
    return CallEnd(
        outcome=answer.outcome,
        code=answer.code,
        reason=answer.reason,
        error=answer.error,
        out=end.out,
        values={**end.values, **answer.values},
        first_sent_ns=end.first_sent_ns or (times.sent if times else 0),
        last_received_ns=times.received if times else end.last_received_ns,
        tainted=end.tainted or answer.tainted,
        late_by_us=answer.tainted,
        lag_ns=end.lag_ns + (times.harness_lag_ns if times else 0),
        request=answer.request or end.request,
        flaw=answer.flaw,
    )


def _with_outputs(state: RunState, call: Call, end: CallEnd, scope: Mapping[str, Any]) -> CallEnd:
    if not call.operation.out and not call.operation.declined:
        return end
    try:
        out = {name: expression.value(scope, state.currency) for name, expression in call.operation.out.items()}
    except ExpressionError as error:
        return replace(end, outcome=StepOutcome.UNKNOWN, code=UNREADABLE, reason=lacking(end.flaw, error))
    for name in call.operation.secret_out & out.keys():
        state.redactor.taint(str(out[name]))
    declined = call.operation.declined
    refusal = first_refusal(state, declined, {**scope, **dotted("out", out)}) if declined else None
    if refusal is not None:
        return replace(end, outcome=StepOutcome.REFUSED, code=refusal, reason=f"declined: {refusal}", out=out)
    return altered(end, out=out)


def _perform_hook(state: RunState, call: Call) -> Machine[CallEnd]:
    times: list[Times] = []
    end: CallEnd = yield from run_hook(state, call, times)
    if not times:
        return end
    return replace(end, first_sent_ns=times[0].sent, last_received_ns=times[-1].received)
