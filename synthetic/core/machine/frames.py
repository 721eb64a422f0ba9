"""WebSocket exchanges: open, send, wait for the frame that is meant, close. Other frames wait in the connection's inbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
from synthetic.core.machine.bodies import encode_json, keyed_json, with_key
from synthetic.core.machine.call import Answer, Call, first_refusal
from synthetic.core.machine.evidence import tell_frame
from synthetic.core.machine.exchanges import TIMEOUT_FLOOR_S, fault_answer, remaining_s, save_values, taint_outputs
from synthetic.core.machine.labels import read_labels
from synthetic.core.machine.reading import UNREADABLE, NotJson, read_json
from synthetic.core.machine.state import Machine, RunState, is_tainted, trace_id
from synthetic.core.machine.views import frame_view, open_view
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import Answering
from synthetic.core.plan_exchanges import ClosePlan, OpenPlan, ReceivePlan, SendPlan
from synthetic.core.templates import render

INBOX_MAX = 1000  # frames that wait for whoever means them; the oldest go first
INBOX_CHARS_MAX = 4 << 20
SEND_S = 5.0


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
    if isinstance(result, WsOpened):
        read_labels(state, call, result)
    answer = _answer(state, result, f"opening the WebSocket {plan.connection!r}")
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
        if plan.raw is not None:
            text = with_key(plan.raw.text(scope, state.currency).encode(), fields).decode()
        else:
            text = keyed_json(render(plan.body, scope, state.currency), fields).decode()
    except ExpressionError as error:
        return Answer(StepOutcome.REFUSED, code="not_sent", reason=f"the frame can't be made: {error}")
    effect = again or WsSend(plan.connection, text, remaining_s(state, call, SEND_S), intent)
    result = yield effect
    assert isinstance(result, Done | TransportFault), f"a driver answered WsSend with {result!r}"
    state.observe(result.times)
    answer = _answer(state, result, f"sending on the WebSocket {plan.connection!r}", request=effect)
    yield frame_view(state, call, plan.connection, "ws_send", effect.text, result, answer, "")
    return answer


def receive_frame(state: RunState, call: Call, plan: ReceivePlan, scope: Mapping[str, Any]) -> Machine[Answer]:
    """Wait for the first frame that is meant, reading the inbox first."""
    began_ns = state.now_ns
    deadline_ns = min(call.deadline_ns, began_ns + int(plan.within_s * 1e9))
    others = _Others(f"waiting on the WebSocket {plan.connection!r} for `{plan.when.text}`")
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
            waited = others.behind(fault_answer(state, result, others.waiting), (state.now_ns - began_ns) / 1e9)
            answer = _closed(state, plan, scope, result, waited)
            yield frame_view(state, call, plan.connection, "ws_receive", others.telling, result, answer, plan.when.text)
            return answer
        tell_frame(state, plan.connection, result)
        frame = _meant(state, plan.when, scope, result.text)
        if frame is not None:
            return (yield from _taken(state, call, plan, scope, result, frame))
        others.see(result.text)
        if others.are_a_flood:
            return others.too_many(result.times)
        yield from _set_aside(state, plan.connection, scope, result, deadline_ns)
        if state.now_ns >= deadline_ns:  # a flood of other frames must not keep the step alive
            return others.too_late(result.times, (state.now_ns - began_ns) / 1e9)


def _taken(
    state: RunState, call: Call, plan: ReceivePlan, scope: Mapping[str, Any], came: WsFrame, frame: Any
) -> Machine[Answer]:
    """The frame that was meant, whether it came just now or lay in the inbox."""
    answer = _read_frame(state, plan, scope, frame, came.times)
    taint_outputs(state, call, {**scope, **answer.values})
    yield frame_view(state, call, plan.connection, "ws_receive", came.text, came, answer, plan.when.text)
    return answer


class _Others:
    """The frames that came while another was waited for: they are the reason to tell where it never comes."""

    def __init__(self, waiting: str) -> None:
        self.waiting = waiting
        self._count = 0
        self._chars = 0
        self._flaw = ""
        self.telling = ""  # the last of them that can't be read

    def see(self, text: str) -> None:
        """One that was not meant."""
        self._count += 1
        self._chars += len(text)
        try:
            read_json(text)
        except NotJson as error:
            told = str(error) if text[:200].lstrip().startswith(("{", "[")) else "text that is not JSON"
            self._flaw = f", one of them {told} ({len(text)} characters)"
            self.telling = text

    @property
    def are_a_flood(self) -> bool:
        """Whether more has come than anybody would keep; to read on would only make us slow, and then look like our own fault."""
        return self._chars > INBOX_CHARS_MAX

    def too_many(self, times: Times) -> Answer:
        """The wait ends here."""
        kind = FaultKind.PROTOCOL.value
        reason = f"{self.waiting}: it did not come, but over {INBOX_CHARS_MAX} characters of {self._count} other frames"
        return Answer(StepOutcome.UNKNOWN, times, kind, reason, kind, tainted=is_tainted(times))

    def behind(self, answer: Answer, waited_s: float) -> Answer:
        """The answer of a wait that ended without its frame, with what came instead."""
        if answer.error == FaultKind.READ_TIMEOUT:
            answer = replace(answer, reason=f"{self.waiting}: it did not come within {waited_s:.2f} s")
        if not self._count:
            return answer
        came = "1 other frame" if self._count == 1 else f"{self._count} other frames"
        code = UNREADABLE if self._flaw and answer.error == FaultKind.READ_TIMEOUT else answer.code
        return replace(answer, code=code, reason=f"{answer.reason}; {came} had come{self._flaw}")

    def too_late(self, times: Times, waited_s: float) -> Answer:
        """The time is over while frames still come."""
        kind = FaultKind.READ_TIMEOUT.value
        return self.behind(Answer(StepOutcome.UNKNOWN, times, kind, "", kind, tainted=is_tainted(times)), waited_s)


def _closed(
    state: RunState, plan: ReceivePlan, scope: Mapping[str, Any], fault: TransportFault, answer: Answer
) -> Answer:
    """The end of a connection. Its close code may be a refusal, such as of a second socket or of a used token."""
    if fault.close_code is None:
        return answer
    values = {"close_code": fault.close_code}
    code = first_refusal(state, plan.refused, {**scope, **values})
    if code is None:
        return answer
    return Answer(StepOutcome.REFUSED, fault.times, code, f"refused: {code}", values=values)


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


def _set_aside(
    state: RunState, connection: str, scope: Mapping[str, Any], frame: WsFrame, deadline_ns: int
) -> Machine[None]:
    """Answer what the connection answers by itself (an application-level ping); keep every other frame."""
    for answering in state.spec.plan.platform.answering.get(connection, ()):
        heard = _meant(state, answering.when, scope, frame.text)
        if heard is not None:
            text = _reply_to(state, answering, {**scope, "frame": heard})
            if text:
                left_s = max(TIMEOUT_FLOOR_S, (deadline_ns - state.now_ns) / 1e9)
                result = yield WsSend(connection, text, min(SEND_S, left_s))
                assert result is not None
                state.observe(result.times)
            return
    inbox = state.inboxes.setdefault(connection, [])
    inbox.append(frame)
    while len(inbox) > INBOX_MAX or sum(len(kept.text) for kept in inbox) > INBOX_CHARS_MAX:
        del inbox[0]


def _reply_to(state: RunState, answering: Answering, scope: Mapping[str, Any]) -> str:
    """The frame that answers by itself; empty where the one that came lacks what it takes from it."""
    try:
        return encode_json(render(answering.body, scope, state.currency)).decode()
    except ExpressionError:
        return ""


def _answer(state: RunState, result: Result, what: str, request: WsSend | None = None) -> Answer:
    if isinstance(result, TransportFault):
        return fault_answer(state, result, what)
    return Answer(StepOutcome.DONE, result.times, tainted=is_tainted(result.times), request=request)
