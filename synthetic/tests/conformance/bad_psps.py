"""PSPs that are wrong in one way each: the reference PSP behind a gateway that changes what goes in or what comes out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

Next = Callable[[Request], Awaitable[Response]]
Dispatch = Callable[[Request, Next], Awaitable[Response]]


@dataclass(frozen=True)
class Mutation:
    """One way to be wrong: a gateway (made anew for each PSP, for some remember), and exactly the laws that it breaks."""

    dispatch: Callable[[], Dispatch]
    breaks: frozenset[str]


async def _json(response: Any) -> dict[str, Any]:
    raw = b"".join([chunk async for chunk in response.body_iterator])
    return dict(json.loads(raw or b"{}"))


def _answer(status: int, body: Mapping[str, Any]) -> Response:
    return Response(json.dumps(body), status, media_type="application/json")


def _with_header(request: Request, name: str, value: str | None) -> Request:
    headers = [(key, old) for key, old in request.scope["headers"] if key.decode() != name]
    request.scope["headers"] = headers + ([] if value is None else [(name.encode(), value.encode())])
    return request


def forgets_keys() -> Dispatch:
    """Every request is a new one."""

    async def dispatch(request: Request, forward: Next) -> Response:
        return await forward(_with_header(request, "idempotency-key", None))

    return dispatch


def keeps_every_answer() -> Dispatch:
    """The first answer under a key is the answer, whatever is asked for then."""
    kept: dict[str, tuple[int, dict[str, Any]]] = {}

    async def dispatch(request: Request, forward: Next) -> Response:
        key = request.headers.get("idempotency-key", "")
        if key not in kept:
            response = await forward(request)
            answer = response.status_code, await _json(response)
            if not key or response.status_code == 409:
                return _answer(*answer)
            kept[key] = answer
        return _answer(*kept[key])

    return dispatch


def trusts_anyone() -> Dispatch:
    """A wrong API key is as good as the right one."""
    known: list[str] = []

    async def dispatch(request: Request, forward: Next) -> Response:
        if request.method == "PUT":
            known.append((await request.json())["api_key"])
            return await forward(request)
        return await forward(_with_header(request, "authorization", f"Bearer {known[-1]}"))

    return dispatch


def _rewrites(
    method: str, path_part: str, rewrite: Callable[[int, dict[str, Any]], tuple[int, dict[str, Any]]]
) -> Callable[[], Dispatch]:
    """A gateway that rewrites the answers of some requests."""

    async def dispatch(request: Request, forward: Next) -> Response:
        response = await forward(request)
        asked = f"{request.url.path}?{request.url.query}"
        if request.method != method or path_part not in asked:
            return response
        return _answer(*rewrite(response.status_code, await _json(response)))

    return lambda: dispatch


def pays_canceled_payouts() -> Dispatch:
    """The cancel of a payout is answered, and nothing is done."""

    async def dispatch(request: Request, forward: Next) -> Response:
        if "/payouts/" in request.url.path and request.url.path.endswith("/cancel"):
            return _answer(200, {"id": "po", "object": "payout", "status": "canceled"})
        return await forward(request)

    return dispatch


def _as_400(status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return (400 if status == 402 else status), body


def _as_done(status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return (200, {"id": "made-up", "status": "succeeded"}) if status == 400 else (status, body)


def _in_state(state: str) -> Callable[[int, dict[str, Any]], tuple[int, dict[str, Any]]]:
    return lambda status, body: (status, body | {"status": state} if status == 200 else body)


def _without_error(status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return status, body | {"last_payment_error": None}


def _without_refunds(status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return status, {"entries": [entry for entry in body["entries"] if entry["kind"] != "refund"]}


def _amounts_as_texts(status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return status, {"entries": [entry | {"amount": f"{entry['amount'] / 100:.2f}"} for entry in body["entries"]]}


def _nothing_found(status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    return status, body | {"data": []}


MUTATIONS: dict[str, Mutation] = {
    "forgets keys": Mutation(
        forgets_keys,
        frozenset(
            {
                "same-key-pays-once",
                "refusal-is-stored",
                "changed-parameters",
                "concurrent-key",
                "refund-at-most-paid",
                "look-up-by-key",
            }
        ),
    ),
    "keeps every answer": Mutation(keeps_every_answer, frozenset({"changed-parameters", "invalid-is-not-stored"})),
    "trusts anyone": Mutation(trusts_anyone, frozenset({"api-key"})),
    "declines with 400": Mutation(_rewrites("POST", "/payment_intents", _as_400), frozenset({"decline-returns"})),
    "confirms what is canceled": Mutation(_rewrites("POST", "/confirm", _as_done), frozenset({"ends-stay"})),
    "refunds any amount": Mutation(_rewrites("POST", "/refunds", _as_done), frozenset({"refund-at-most-paid"})),
    "invents a state of a payment": Mutation(
        _rewrites("POST", "/confirm", _in_state("started")), frozenset({"intent-life"})
    ),
    "forgets why it failed": Mutation(
        _rewrites("GET", "/payment_intents/", _without_error), frozenset({"decline-returns", "late-failure-returns"})
    ),
    "invents a state of a payout": Mutation(
        _rewrites("POST", "/payouts?", _in_state("queued")), frozenset({"payout-life"})
    ),
    "pays canceled payouts": Mutation(pays_canceled_payouts, frozenset({"canceled-payout-stays"})),
    "reports no refunds": Mutation(_rewrites("GET", "/report", _without_refunds), frozenset({"report-equals-done"})),
    "reports amounts as texts": Mutation(
        _rewrites("GET", "/report", _amounts_as_texts), frozenset({"report-equals-done"})
    ),
    "finds nothing by key": Mutation(
        _rewrites("GET", "/payment_intents?", _nothing_found), frozenset({"look-up-by-key"})
    ),
}
