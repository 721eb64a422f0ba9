"""What a person may see of an exchange: the same request and answer, with every secret masked and long bodies cut."""

from __future__ import annotations

from itertools import chain

from synthetic.core.effects import Headers, Http, HttpReply, Result, TransportFault, WsOpen, WsOpened
from synthetic.core.events import ExchangeDone
from synthetic.core.machine.call import Answer, Call
from synthetic.core.machine.reading import UNREADABLE
from synthetic.core.machine.state import RunState
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan_exchanges import HttpPlan
from synthetic.core.secrets import MASK

_ALWAYS_MASKED = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"})
_SHOWN_MAX = 8192  # characters of a body
_LINE_MAX = 2048  # characters of a URL or of a header
_HEADERS_MAX = 100


def http_view(
    state: RunState, call: Call, plan: HttpPlan, request: Http, result: Result, answer: Answer, span: str
) -> ExchangeDone:
    """One HTTP exchange."""
    expected = f"{plan.ok.text}, and what can be read" if answer.code == UNREADABLE else plan.ok.text
    return _http_view(state, call, request, result, answer, span, expected)


def _http_view(
    state: RunState, call: Call, request: Http, result: Result, answer: Answer, span: str, expected: str
) -> ExchangeDone:
    reply = result if isinstance(result, HttpReply) else None
    line, asked, answered = _head(
        state, f"{request.method} {request.url}", request.headers, reply.headers if reply else ()
    )
    return ExchangeDone(
        run_id=state.spec.run_id,
        step=call.step,
        operation=call.operation.name,
        purpose=call.purpose,
        kind="http",
        request_line=line,
        request_headers=asked,
        request_body=_text(state, request.body),
        answer_status=reply.status if reply else None,
        answer_headers=answered,
        answer_body=_text(state, reply.body) if reply else "",
        fault=_fault(state, result),
        expected=expected,
        held=answer.outcome is not StepOutcome.UNKNOWN and not answer.error,
        times=result.times,
        span_id=span,
        key=call.key if request.moves is not None else "",
    )


def hook_view(state: RunState, call: Call, request: Http, result: Result, span: str) -> ExchangeDone:
    """One HTTP exchange of a Python operation, which judges its answers itself."""
    done = StepOutcome.DONE if isinstance(result, HttpReply) else StepOutcome.UNKNOWN
    return _http_view(state, call, request, result, Answer(done), span, "as the operation's Python code wants it")


def open_view(state: RunState, call: Call, effect: WsOpen, result: Result, answer: Answer, span: str) -> ExchangeDone:
    """The opening of a WebSocket."""
    headers = result.headers if isinstance(result, WsOpened) else ()
    line, asked, answered = _head(state, f"WS {effect.url}", effect.headers, headers)
    return ExchangeDone(
        run_id=state.spec.run_id,
        step=call.step,
        operation=call.operation.name,
        purpose=call.purpose,
        kind="ws_open",
        request_line=line,
        request_headers=asked,
        request_body="",
        answer_status=101 if isinstance(result, WsOpened) else getattr(result, "status", None),
        answer_headers=answered,
        answer_body="",
        fault=_fault(state, result),
        expected="101 Switching Protocols",
        held=answer.outcome is StepOutcome.DONE,
        times=result.times,
        span_id=span,
    )


def frame_view(
    state: RunState, call: Call, connection: str, kind: str, text: str, result: Result, answer: Answer, expected: str
) -> ExchangeDone:
    """One frame, sent or received (`kind`: `ws_send`, `ws_receive`); of one that never came, what came instead."""
    return ExchangeDone(
        run_id=state.spec.run_id,
        step=call.step,
        operation=call.operation.name,
        purpose=call.purpose,
        kind=kind,
        request_line=f"{'->' if kind == 'ws_send' else '<-'} {connection}",
        request_headers=(),
        request_body=_text(state, text.encode()) if kind == "ws_send" else "",
        answer_status=None,
        answer_headers=(),
        answer_body=_text(state, text.encode()) if kind == "ws_receive" else "",
        fault=_fault(state, result),
        expected=expected,
        held=answer.outcome is not StepOutcome.UNKNOWN and not answer.error,
        times=result.times,
        key=call.key if kind == "ws_send" and call.intent is not None else "",
    )


def _head(state: RunState, line: str, asked: Headers, answered: Headers) -> tuple[str, Headers, Headers]:
    """The request's line and the headers of both sides.

    Looked at together, as what is odd in one of them is odd in all of it; where nothing is, each is shown as it is.
    """
    asked, answered = _masked(asked), _masked(answered)
    together = " ".join((line, *chain.from_iterable(asked), *chain.from_iterable(answered)))
    if state.told(together, _LINE_MAX) == together:
        return line, asked, answered
    return state.told(line, _LINE_MAX), _told(state, asked), _told(state, answered)


def _masked(headers: Headers) -> Headers:
    shown = tuple(
        [(header[0], MASK) if header[0].lower() in _ALWAYS_MASKED else header for header in headers[:_HEADERS_MAX]]
    )
    left_out = len(headers) - len(shown)
    return (*shown, ("...", f"{left_out} more headers")) if left_out else shown


def _told(state: RunState, headers: Headers) -> Headers:
    return tuple((state.told(name, _LINE_MAX), state.told(value, _LINE_MAX)) for name, value in headers)


def _text(state: RunState, body: bytes) -> str:
    if not body:
        return ""
    text, whole = state.redactor.beginning(body.decode("utf-8", errors="replace"), _SHOWN_MAX)
    return text if whole else f"{text}... ({len(body)} bytes)"


def _fault(state: RunState, result: Result) -> str:
    return state.told(f"{result.kind}: {result.detail}") if isinstance(result, TransportFault) else ""
