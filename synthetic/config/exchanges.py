"""Links the exchanges of an operation: requests with their holes compiled, answers with their rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from synthetic.config import durations
from synthetic.config.located import Text, describe
from synthetic.config.models import (
    CloseModel,
    ConnectionModel,
    HttpModel,
    OpenModel,
    PlatformModel,
    ReceiveModel,
    RefusalModel,
    SaveModel,
    SendModel,
)
from synthetic.config.models.exchanges import SignModel
from synthetic.config.models.platform import DefaultsModel
from synthetic.config.problems import Problems
from synthetic.config.trees import link_named, link_tree
from synthetic.config.vocabularies import CLOSED, FRAME, HTTP_ANSWER
from synthetic.core.errors import Place
from synthetic.core.expressions import Expression, Kind, Vocabulary, did_you_mean
from synthetic.core.plan_exchanges import (
    ClosePlan,
    ExchangePlan,
    HttpPlan,
    NamedTemplates,
    OpenPlan,
    ReceivePlan,
    Refusal,
    Save,
    SendPlan,
    Sign,
)
from synthetic.core.templates import Template, Tree

WAIT_S = 10.0
_ANY_2XX = "status >= 200 && status < 300"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_REQUEST = re.compile(r"(\S+)\s+(\S.*)", re.DOTALL)

AnyExchange = HttpModel | OpenModel | SendModel | ReceiveModel | CloseModel


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the exchanges of a mapping share: its defaults, its connections, and the names that all expressions may use."""

    model: PlatformModel
    names: Vocabulary
    problems: Problems

    @property
    def defaults(self) -> DefaultsModel:
        """The mapping's defaults, empty where it has none."""
        return self.model.defaults or DefaultsModel()


def link_exchanges(
    exchanges: Iterable[AnyExchange], names: Vocabulary, around: Surroundings
) -> tuple[tuple[ExchangePlan, ...], dict[str, Kind]]:
    """The exchanges, and the names that may be used behind them: an answer stays readable until the operation ends."""
    seen = dict(names)
    plans: list[ExchangePlan] = []
    for exchange in exchanges:
        plans.append(_link(exchange, seen, around))
        if isinstance(exchange, HttpModel):
            seen |= HTTP_ANSWER
        if isinstance(exchange, ReceiveModel):
            seen |= FRAME
    return tuple(plans), seen


def _link(exchange: AnyExchange, names: Vocabulary, around: Surroundings) -> ExchangePlan:
    problems, place = around.problems, exchange.source.place
    match exchange:
        case HttpModel():
            return _link_http(exchange, names, around)
        case OpenModel():
            return _link_open(exchange, around)
        case SendModel():
            _connection(exchange.send, around)
            return _link_send(exchange, names, around)
        case ReceiveModel():
            _connection(exchange.receive, around)
            seen = {**names, **FRAME}
            return ReceivePlan(
                place,
                str(exchange.receive),
                problems.expression(exchange.when, seen, Kind.BOOL),
                duration_s(exchange.within, WAIT_S),
                link_refusals(exchange.refused, {**seen, **CLOSED}, problems),
                link_saves(exchange.save, seen, problems),
            )
        case CloseModel():
            _connection(exchange.close, around)
            return ClosePlan(place, str(exchange.close))


def _link_send(exchange: SendModel, names: Vocabulary, around: Surroundings) -> SendPlan:
    """A frame is JSON or a text as it stands."""
    problems, place = around.problems, exchange.source.place
    if exchange.has("json") == exchange.has("raw"):
        problems.add(place, "a frame is either `json` or `raw`")
    raw = problems.written(exchange.raw, names) if exchange.raw is not None else None
    return SendPlan(place, str(exchange.send), link_tree(exchange.json_, names, problems), raw=raw)


def _connection(name: Text, around: Surroundings) -> ConnectionModel | None:
    known = around.model.connections.get(name)
    if known is None:
        around.problems.unknown(name, "connection", around.model.connections)
    return known


def _link_open(exchange: OpenModel, around: Surroundings) -> OpenPlan:
    place, problems, names = exchange.source.place, around.problems, around.names
    timeout_s = duration_s(exchange.timeout, WAIT_S)
    connection = _connection(exchange.open, around)
    if connection is None:
        return OpenPlan(place, str(exchange.open), Template(("",), place), timeout_s=timeout_s)
    headers = link_named(connection.headers, names, problems)
    subprotocols = tuple(str(name) for name in connection.subprotocols)
    url = problems.written(connection.url, names)
    return OpenPlan(place, str(exchange.open), url, headers, subprotocols, timeout_s)


def _link_http(exchange: HttpModel, names: Vocabulary, around: Surroundings) -> HttpPlan:
    problems, defaults = around.problems, around.defaults
    answer = {**names, **HTTP_ANSWER}
    method, url = _link_target(exchange.http, names, around)
    body_kind, body = _link_body(exchange, names, problems)
    own = link_refusals(exchange.refused, answer, problems)
    basic = exchange.basic
    return HttpPlan(
        place=exchange.source.place,
        method=method,
        url=url,
        ok=_link_ok(exchange, answer, around),
        query=link_named(exchange.query, names, problems),
        headers=_link_headers(exchange, names, around),
        body_kind=body_kind,
        body=body,
        basic=(problems.written(basic.username, names), problems.written(basic.password, names)) if basic else None,
        bearer=problems.written(exchange.bearer, names) if exchange.bearer is not None else None,
        sign=_link_sign(exchange.sign, names, problems),
        refused=own + link_refusals(defaults.refused, answer, problems),
        save=link_saves(exchange.save, answer, problems),
        timeout_s=duration_s(exchange.timeout, duration_s(defaults.timeout, WAIT_S)),
        redirects=exchange.redirects,
    )


def _link_ok(exchange: HttpModel, answer: Vocabulary, around: Surroundings) -> Expression:
    written = exchange.ok if exchange.ok is not None else around.defaults.ok
    text = written if written is not None else Text(_ANY_2XX, exchange.source.place)
    return around.problems.expression(text, answer, Kind.BOOL)


def _link_headers(exchange: HttpModel, names: Vocabulary, around: Surroundings) -> NamedTemplates:
    own = {name.lower() for name in exchange.headers}
    defaults = {name: value for name, value in around.defaults.headers.items() if name.lower() not in own}
    return link_named({**defaults, **exchange.headers}, names, around.problems)


def _link_target(text: Text, names: Vocabulary, around: Surroundings) -> tuple[str, Template]:
    """`POST /path` as the method and the whole URL; no method where it is not understood."""
    problems = around.problems
    nothing = Template(("",), text.place)
    match = _REQUEST.fullmatch(text.strip())
    if match is None:
        if not text.stands_in:
            problems.add(text.place, f"expected `METHOD /path` or `METHOD https://...`, found '{text}'")
        return "", nothing
    method, rest = match[1], match[2]
    if method not in _METHODS:
        problems.add(text.inner, f"unknown HTTP method '{method}'", did_you_mean(method.upper(), list(_METHODS)))
        method = ""
    start = Place(text.inner.file, text.inner.line, text.inner.column + text.index(rest))
    target = problems.written(Text(rest, start), names)
    if not rest.startswith("/"):
        if not rest.startswith(("http://", "https://", "${{")):
            problems.add(start, f"expected a /path, an http or https URL or a hole, found '{rest}'")
        return method, target
    if around.model.base is None:
        problems.add(start, "a path needs a `base`", 'write `base: "${{ cell.endpoints.api }}"` into the mapping')
        return method, target
    base = problems.written(around.model.base, around.names)
    return method, Template(base.parts + target.parts, target.place)


def _link_body(
    exchange: HttpModel, names: Vocabulary, problems: Problems
) -> tuple[Literal["json", "form", "raw", "none"], Tree]:
    written = [key for key in ("json", "form", "raw") if exchange.has(key)]
    if len(written) > 1:
        other = " and ".join(f"`{key}`" for key in written)
        problems.add(exchange.source.key_at(written[1]), f"a request has one body, not {other}")
    if exchange.has("json"):
        return "json", link_tree(exchange.json_, names, problems)
    if exchange.form is not None:
        return "form", _link_form(exchange.form, names, problems)
    if exchange.raw is not None:
        return "raw", problems.written(exchange.raw, names)
    return "none", None


def _link_form(form: Mapping[Text, Any], names: Vocabulary, problems: Problems) -> Tree:
    for name, value in form.items():
        if isinstance(value, dict | list):
            problems.add(name.place, f"the form field '{name}' holds {describe(value)}", "a form has texts only")
    return {str(name): link_tree(value, names, problems) for name, value in form.items()}


def _link_sign(sign: SignModel | None, names: Vocabulary, problems: Problems) -> Sign | None:
    if sign is None:
        return None
    return Sign(str(sign.method), problems.written(sign.key, names), str(sign.header))


def link_refusals(rules: Iterable[RefusalModel], names: Vocabulary, problems: Problems) -> tuple[Refusal, ...]:
    """Compile rules of refusal."""
    return tuple(
        Refusal(problems.expression(rule.when, names, Kind.BOOL), problems.expression(rule.code, names))
        for rule in rules
    )


def link_saves(saves: Mapping[Text, SaveModel], names: Vocabulary, problems: Problems) -> tuple[Save, ...]:
    """Compile what is kept of an answer."""
    return tuple(Save(str(name), problems.expression(save.value, names), save.secret) for name, save in saves.items())


def duration_s(written: Text | None, default_s: float) -> float:
    """A written duration in seconds."""
    return default_s if written is None or written.stands_in else durations.seconds(written)
