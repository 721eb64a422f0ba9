"""HTTP exchanges: from a plan to the exact request, and from the answer (or its absence) to done, refused or unknown."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from synthetic.core.altered import altered
from synthetic.core.effects import Answers, FaultKind, Headers, Http, HttpReply, Intent, Together, TransportFault
from synthetic.core.expressions import ExpressionError
from synthetic.core.held import held_headers
from synthetic.core.machine.bodies import render_body
from synthetic.core.machine.call import Answer, Call, first_refusal
from synthetic.core.machine.evidence import read_clock, tell_duplicates
from synthetic.core.machine.labels import read_labels
from synthetic.core.machine.reading import UNREADABLE, Body, lacking, read_body
from synthetic.core.machine.state import Machine, RunState, is_tainted, trace_id
from synthetic.core.machine.views import http_view
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan_exchanges import HttpPlan, Save
from synthetic.core.signing import BadKey, sign

TIMEOUT_FLOOR_S = 0.05
_REDIRECTS = {301, 302, 303, 307, 308}
_KEEPS_METHOD = {307, 308}
_SUCCESS = (200, 299)
_OURS = (FaultKind.NOT_JOURNALED, FaultKind.FENCED_OFF, FaultKind.PROXY_FAILED, FaultKind.OUR_CERTIFICATE)


def send_http(
    state: RunState,
    call: Call,
    plan: HttpPlan,
    scope: Mapping[str, Any],
    intent: Intent | None,
    again: Http | None,
) -> Machine[Answer]:
    """Send one request (following the redirects that the plan allows), and say what the answer means."""
    try:
        timeout_s = remaining_s(state, call, plan.timeout_s)
        if again is None:
            request = build_request(state, call, plan, scope, intent, timeout_s)
        else:
            request = altered(again, timeout_s=timeout_s)
    except ExpressionError as error:
        return Answer(StepOutcome.REFUSED, code="not_sent", reason=f"the request can't be made: {error}")
    except BadKey as error:
        return Answer(StepOutcome.REFUSED, code="bad_key", reason=f"the request can't be signed: {error}")
    first = request
    for hop in range(plan.redirects + 1):
        answer, reply = yield from _one_hop(state, call, plan, scope, request)
        following = _redirected(request, reply) if reply is not None and plan.redirects else None
        if following is None:
            answer = _after_hops(state, answer, first, hop)
            return answer if answer.request is first else altered(answer, request=first)
        request = replace(following, timeout_s=remaining_s(state, call, plan.timeout_s))
    reason = (
        f"{asked(state, first)}: more than {plan.redirects} redirects, the last one to {state.told(request.url, 100)}"
    )
    return replace(answer, outcome=StepOutcome.UNKNOWN, reason=reason, request=first)


def _after_hops(state: RunState, answer: Answer, first: Http, hop: int) -> Answer:
    """A refusal behind a redirect says nothing of the money that the first request may have moved."""
    if hop == 0 or answer.outcome is StepOutcome.DONE:
        return answer
    if first.moves is None or answer.outcome is not StepOutcome.REFUSED:
        return replace(answer, reason=f"{asked(state, first)} redirected, and then: {answer.reason}")
    reason = f"{asked(state, first)} redirected after the request had left, and then: {answer.reason}"
    return replace(answer, outcome=StepOutcome.UNKNOWN, reason=reason)


def remaining_s(state: RunState, call: Call, timeout_s: float) -> float:
    """The time-out of an exchange: its own, but never past the deadline of its step."""
    return max(TIMEOUT_FLOOR_S, min(timeout_s, (call.deadline_ns - state.now_ns) / 1e9))


def build_request(
    state: RunState, call: Call, plan: HttpPlan, scope: Mapping[str, Any], intent: Intent | None, timeout_s: float
) -> Http:
    """The request as it will go out. Raises ExpressionError where a hole has no value, BadKey where it can't be signed."""
    moves = call.operation.moves
    carried = {moves.key_name: call.key} if moves is not None and intent is not None else {}
    in_header = moves is not None and moves.key_in == "header"
    for secret in plan.deriving:
        state.redactor.taint(str(secret.value(scope, state.currency)))
    body = render_body(plan, scope, state.currency, {} if in_header else carried)
    url = plan.url.text(scope, state.currency)
    if plan.query:
        pairs = [(name, template.text(scope, state.currency)) for name, template in plan.query]
        url += ("&" if urlsplit(url).query else "?") + urlencode(pairs)
    headers = [(name, template.text(scope, state.currency)) for name, template in plan.headers]
    if plan.content_type:
        headers.append(("Content-Type", plan.content_type))
    headers += _auth_headers(state, plan, scope)
    headers += list(carried.items()) if in_header else []
    if plan.sign is not None:
        headers.append((plan.sign.header, sign(plan.sign.method, plan.sign.key.text(scope, state.currency), body)))
    return Http(plan.method, url, tuple(headers), body, timeout_s, intent)


def _auth_headers(state: RunState, plan: HttpPlan, scope: Mapping[str, Any]) -> list[tuple[str, str]]:
    if plan.bearer is not None:
        token = state.redactor.taint(plan.bearer.text(scope, state.currency))
        return [("Authorization", f"Bearer {token}")]
    if plan.basic is not None:
        user, password = (template.text(scope, state.currency) for template in plan.basic)
        pair = state.redactor.taint(base64.b64encode(f"{user}:{password}".encode()).decode())
        return [("Authorization", f"Basic {pair}")]
    return []


def _one_hop(
    state: RunState, call: Call, plan: HttpPlan, scope: Mapping[str, Any], request: Http
) -> Machine[tuple[Answer, HttpReply | None]]:
    span = state.next_span()
    sent = altered(request, headers=request.headers + run_headers(state, request, span))
    if call.at_once > 1 and request.moves is not None:
        return (yield from _many_at_once(state, call, plan, scope, sent, span)), None
    result = yield sent
    assert isinstance(result, HttpReply | TransportFault), f"a driver answered Http with {result!r}"
    state.observe(result.times)
    answer = _read_result(state, call, plan, scope, request, result)
    yield http_view(state, call, plan, request, result, answer, span)
    return answer, result if isinstance(result, HttpReply) else None


def _many_at_once(
    state: RunState, call: Call, plan: HttpPlan, scope: Mapping[str, Any], sent: Http, span: str
) -> Machine[Answer]:
    """Send one request several times at the same moment. Done: at least one is, and none is unknown."""
    result = yield Together((sent,) * call.at_once)
    assert isinstance(result, Answers | TransportFault), f"a driver answered Together with {result!r}"
    state.observe(result.times)
    answers = []
    for one in result.results if isinstance(result, Answers) else (result,):
        answers.append(_read_result(state, call, plan, scope, sent, one))
        yield http_view(state, call, plan, sent, one, answers[-1], span)
    tell_duplicates(state, call, answers, scope)
    order = (StepOutcome.UNKNOWN, StepOutcome.DONE, StepOutcome.REFUSED)
    return min(answers, key=lambda answer: order.index(answer.outcome))


def _read_result(
    state: RunState,
    call: Call,
    plan: HttpPlan,
    scope: Mapping[str, Any],
    request: Http,
    result: HttpReply | TransportFault,
) -> Answer:
    if isinstance(result, TransportFault):
        return fault_answer(state, result, asked(state, request))
    headers = held_headers(result.headers)
    if "set-cookie" in headers:
        _take_cookies(state, request.url, result)
    read_clock(state, request.url, headers)
    answer = _read_reply(state, call, plan, scope, request, result, headers)
    if call.operation.secret_out:
        taint_outputs(state, call, {**scope, **answer.values})
    return answer


def run_headers(state: RunState, request: Http, span: str) -> Headers:
    """What goes with every request and is not part of the mapping: trace context (W3C) and the run's cookies."""
    cookies = state.cookies.header(request.url)
    traced: Headers = (("traceparent", f"00-{trace_id(state.spec.run_id)}-{span}-01"),)
    return traced + ((("Cookie", cookies),) if cookies else ())


def _take_cookies(state: RunState, url: str, reply: HttpReply) -> None:
    for value in state.cookies.take(url, [value for name, value in reply.headers if name == "set-cookie"]):
        state.redactor.taint(value)


def _redirected(request: Http, reply: HttpReply) -> Http | None:
    location = dict(reply.headers).get("location")
    if reply.status not in _REDIRECTS or location is None:
        return None
    try:
        url = urljoin(request.url, location)
        same_origin = urlsplit(url)[:2] == urlsplit(request.url)[:2]
    except ValueError:
        return None  # nobody can go there; the answer stays what it is, a redirect
    headers = tuple(h for h in request.headers if same_origin or h[0].lower() != "authorization")
    if reply.status in _KEEPS_METHOD:
        return replace(request, url=url, headers=headers)
    bodiless = tuple(h for h in headers if h[0].lower() != "content-type")
    return replace(request, method="GET", url=url, headers=bodiless, body=b"", moves=None)


def _read_reply(
    state: RunState,
    call: Call,
    plan: HttpPlan,
    scope: Mapping[str, Any],
    request: Http,
    reply: HttpReply,
    headers: Mapping[str, str],
) -> Answer:
    body = read_body(reply, headers)
    values = {"status": reply.status, "body": body.value, "headers": headers}
    read_labels(state, call, reply, body.value, headers)
    seen = {**scope, **values}

    def answered() -> str:
        return f"{asked(state, request)} answered HTTP {reply.status}"

    def flaw() -> str:
        return f"{answered()} with {body}"

    tainted = is_tainted(reply.times)
    answer = Answer(StepOutcome.DONE, reply.times, values=values, tainted=tainted, request=request, flaw=flaw)
    unclear = ""
    try:
        done = plan.ok.holds(seen, state.currency)
    except ExpressionError as error:
        done, unclear = False, lacking(flaw, error)
    if done and _is_no_answer(call, request, reply, body):
        return replace(answer, outcome=StepOutcome.UNKNOWN, code=UNREADABLE, reason=flaw())
    if done:
        return save_values(state, answer, plan.save, seen)
    code = first_refusal(state, plan.refused, seen)
    if code is not None:
        return replace(answer, outcome=StepOutcome.REFUSED, code=code, reason=f"HTTP {reply.status} {code}")
    if unclear and _SUCCESS[0] <= reply.status <= _SUCCESS[1]:
        return replace(answer, outcome=StepOutcome.UNKNOWN, code=UNREADABLE, reason=unclear)
    came = f"{answered()} with {body.shown}" if body.flaw else answered()
    told = f"{came}, expected `{plan.ok.text}`{_pointing(state, reply)}"
    return replace(answer, outcome=StepOutcome.UNKNOWN, code=f"http_{reply.status}", reason=told)


def _is_no_answer(call: Call, request: Http, reply: HttpReply, body: Body) -> bool:
    """Whether a success is none: a page of a proxy, JSON that its sender broke, or a look-up's text in place of data.

    An operation that reads pages says so by its `Accept` header; on others a page with 200 must not count as a refund.
    """
    if not body.flaw or not _SUCCESS[0] <= reply.status <= _SUCCESS[1]:
        return False
    wanted = next((value for name, value in request.headers if name.lower() == "accept"), "")
    if "text/" in wanted and not body.claims_json:
        return False
    return body.claims_json or body.flaw == "HTML" or call.purpose == "lookup"


def _pointing(state: RunState, reply: HttpReply) -> str:
    location = dict(reply.headers).get("location", "")
    return f"; it points to {state.told(location, 100)}" if reply.status in _REDIRECTS and location else ""


def save_values(state: RunState, answer: Answer, saves: tuple[Save, ...], scope: Mapping[str, Any]) -> Answer:
    """Keep what later operations need; without it the answer is of no use, whatever its status says."""
    for save in saves:
        try:
            value = save.value.value(scope, state.currency)
        except ExpressionError as error:
            return replace(answer, outcome=StepOutcome.UNKNOWN, code=UNREADABLE, reason=lacking(answer.flaw, error))
        state.session[save.name] = state.redactor.taint(str(value)) if save.secret else value
    return answer


def taint_outputs(state: RunState, call: Call, scope: Mapping[str, Any]) -> None:
    """Taint the operation's secret outputs before the answer that holds them is shown to anybody."""
    for name in call.operation.secret_out & call.operation.out.keys():
        try:
            state.redactor.taint(str(call.operation.out[name].value(scope, state.currency)))
        except ExpressionError:
            continue  # it does not stand in this answer


def fault_answer(state: RunState, fault: TransportFault, what: str) -> Answer:
    """No answer: nothing happened if the request never left, otherwise nobody knows."""
    outcome = StepOutcome.UNKNOWN if fault.maybe_sent else StepOutcome.REFUSED
    values: dict[str, Any] = {} if fault.status is None else {"status": fault.status}
    kind = fault.kind
    if kind is FaultKind.CERTIFICATE_REFUSED and state.spec.cell.connection.mtls is None:
        kind = FaultKind.OUR_CERTIFICATE  # none was shown, so that is what is wrong with it
    return Answer(
        outcome,
        fault.times,
        code=kind.value,
        reason=f"{what}: {fault.detail or kind.value}",
        error=kind.value,
        values=values,
        tainted=is_tainted(fault.times) or kind in _OURS,
    )


def asked(state: RunState, request: Http) -> str:
    """`GET /wallet/balance`."""
    return f"{request.method} {state.told(urlsplit(request.url).path or '/', 100)}"
