"""WebSocket exchanges: open, send, wait for the frame that is meant, close. Other frames wait in the connection's inbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic.core.effects import (
    Done,
    FaultKind,
    Intent,
    Result,
    Times,
    TransportFault,
    WsClose,
    WsFrame,
    WsOpen,
    WsOpened,
    WsReceive,
    WsSend,
)
from synthetic.core.expressions import Expression, ExpressionError
from synthetic.core.machine.bodies import NotJson, encode_json, keyed_json, read_json
from synthetic.core.machine.call import Answer, Call, first_refusal
from synthetic.core.machine.evidence import tell_frame
from synthetic.core.machine.exchanges import fault_answer, remaining_s, save_values, taint_outputs
from synthetic.core.machine.state import Machine, RunState, is_tainted, trace_id
from synthetic.core.machine.views import frame_view, open_view
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import ClosePlan, OpenPlan, ReceivePlan, SendPlan
from synthetic.core.templates import render

INBOX_MAX = 1000


def open_connection(state: RunState, call: Call, plan: OpenPlan, scope: Mapping[str, Any]) -> Machine[Answer]:
    """Open a connection under its name, with the run's trace context."""
    span = state.next_span()
    try:
        url = plan.url.text(scope, state.currency)
        headers = tuple((name, template.text(scope, state.currency)) for name, template in plan.headers)
    except ExpressionError as error:
        return Answer(StepOutcome.REFUSED, code="not_sent", reason=f"the connection can't be made: {error}")
    traced = (("traceparent", f"00-{trace_id(state.spec.run_id)}-{span}-01"),)
    effect = WsOpen(plan.connection, url, headers + traced, plan.subprotocols, remaining_s(state, call, plan.timeout_s))
    result = yield effect
    assert isinstance(result, WsOpened | TransportFault), f"a driver answered WsOpen with {result!r}"
    state.observe(result.times)
    state.inboxes[plan.connection] = []
    answer = _answer(result, f"opening the WebSocket {plan.connection!r}")
    yield open_view(state, call, effect, result, answer, span)
    return answer


def send_frame(
    state: RunState,
    call: Call,
    plan: SendPlan,
    scope: Mapping[str, Any],
    intent: Intent | None,
    again: WsSend | None,
) -> Machine[Answer]:
    """Send one frame; the idempotency key of a money operation is one of its fields."""
    moves = call.operation.moves
    fields = {moves.key_name: call.key} if moves is not None and intent is not None else {}
    try:
        text = keyed_json(render(plan.body, scope, state.currency), fields).decode()
    except ExpressionError as error:
        return Answer(StepOutcome.REFUSED, code="not_sent", reason=f"the frame can't be made: {error}")
    effect = again or WsSend(plan.connection, text, remaining_s(state, call, 5.0), intent)
    result = yield effect
    assert isinstance(result, Done | TransportFault), f"a driver answered WsSend with {result!r}"
    state.observe(result.times)
    answer = _answer(result, f"sending on the WebSocket {plan.connection!r}", request=effect)
    yield frame_view(state, call, plan.connection, "ws_send", effect.text, result, answer, "")
    return answer


def receive_frame(state: RunState, call: Call, plan: ReceivePlan, scope: Mapping[str, Any]) -> Machine[Answer]:
    """Wait for the first frame that is meant, reading the inbox first."""
    deadline_ns = min(call.deadline_ns, state.now_ns + int(plan.within_s * 1e9))
    inbox = state.inboxes.setdefault(plan.connection, [])
    for index, kept in enumerate(inbox):
        if (frame := _meant(state, plan.when, scope, kept.text)) is not None:
            del inbox[index]
            return (yield from _taken(state, call, plan, scope, kept, frame))
    while True:
        result = yield WsReceive(plan.connection, max(0.0, (deadline_ns - state.now_ns) / 1e9))
        assert isinstance(result, WsFrame | TransportFault), f"a driver answered WsReceive with {result!r}"
        state.observe(result.times)
        if isinstance(result, TransportFault):
            answer = fault_answer(result, f"waiting on the WebSocket {plan.connection!r} for `{plan.when.text}`")
            yield frame_view(state, call, plan.connection, "ws_receive", "", result, answer, plan.when.text)
            return answer
        tell_frame(state, plan.connection, result)
        frame = _meant(state, plan.when, scope, result.text)
        if frame is not None:
            return (yield from _taken(state, call, plan, scope, result, frame))
        yield from _set_aside(state, plan.connection, scope, result)
        if state.now_ns >= deadline_ns:  # a flood of other frames must not keep the step alive
            return _too_late(plan, result.times)


def _taken(
    state: RunState, call: Call, plan: ReceivePlan, scope: Mapping[str, Any], came: WsFrame, frame: Any
) -> Machine[Answer]:
    """The frame that was meant, whether it came just now or lay in the inbox."""
    answer = _read_frame(state, plan, scope, frame, came.times)
    taint_outputs(state, call, {**scope, **answer.values})
    yield frame_view(state, call, plan.connection, "ws_receive", came.text, came, answer, plan.when.text)
    return answer


def _too_late(plan: ReceivePlan, times: Times) -> Answer:
    reason = f"other frames came on the WebSocket {plan.connection!r}, but none for which `{plan.when.text}`"
    kind = FaultKind.READ_TIMEOUT.value
    return Answer(StepOutcome.UNKNOWN, times, kind, reason, kind, tainted=is_tainted(times))


def close_connection(state: RunState, plan: ClosePlan) -> Machine[Answer]:
    """Close a connection; that it is closed already is no fault."""
    result = yield WsClose(plan.connection)
    assert result is not None
    state.observe(result.times)
    state.inboxes.pop(plan.connection, None)
    return Answer(StepOutcome.DONE, result.times)


def _meant(state: RunState, when: Expression, scope: Mapping[str, Any], text: str) -> Any:
    try:
        frame = read_json(text)
        return frame if frame is not None and when.holds({**scope, "frame": frame}, state.currency) else None
    except (ExpressionError, NotJson):
        return None  # a frame that the condition can't be computed on is not the one that is meant


def _read_frame(state: RunState, plan: ReceivePlan, scope: Mapping[str, Any], frame: Any, times: Times) -> Answer:
    tainted = is_tainted(times)
    answer = Answer(StepOutcome.DONE, times, values={"frame": frame, "body": frame}, tainted=tainted)
    seen = {**scope, **answer.values}
    code = first_refusal(state, plan.refused, seen)
    if code is not None:
        return Answer(StepOutcome.REFUSED, times, code, f"refused: {code}", values=answer.values, tainted=tainted)
    return save_values(state, answer, plan.save, seen)


def _set_aside(state: RunState, connection: str, scope: Mapping[str, Any], frame: WsFrame) -> Machine[None]:
    """Answer what the connection answers by itself (an application-level ping); keep every other frame."""
    for answering in state.spec.plan.platform.answering.get(connection, ()):
        heard = _meant(state, answering.when, scope, frame.text)
        if heard is not None:
            data = render(answering.body, {**scope, "frame": heard}, state.currency)
            result = yield WsSend(connection, encode_json(data).decode())
            assert result is not None
            state.observe(result.times)
            return
    inbox = state.inboxes.setdefault(connection, [])
    inbox.append(frame)
    del inbox[:-INBOX_MAX]


def _answer(result: Result, what: str, request: WsSend | None = None) -> Answer:
    if isinstance(result, TransportFault):
        return fault_answer(result, what)
    return Answer(StepOutcome.DONE, result.times, tainted=is_tainted(result.times), request=request)
