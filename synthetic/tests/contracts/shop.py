"""A small provider with a pact of its own: what a verification does can be seen at it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from synthetic.contracts.pacts import PactFile
from synthetic.contracts.serving import answering

Answer = Callable[[str, Mapping[str, str], bytes], tuple[int, Any]]
"""Path, headers and body of a request to status and JSON."""


def shop(answer: Answer) -> AbstractContextManager[str]:
    """Serve it; the value is its URL."""

    def serve(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        status, answered = answer(path, headers, body)
        return status, json.dumps(answered).encode()

    return answering(serve)


def pact(*interactions: Mapping[str, Any]) -> PactFile:
    """A pact of these."""
    return PactFile("buyer", "shop", interactions)


def order(
    description: str = "an order", *states: str, answer: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """An order, and what comes of it."""
    body = {"id": "o-1", "total": 100} if answer is None else answer
    rules = {"$.id": {"combine": "AND", "matchers": [{"match": "type"}]}}
    made: dict[str, Any] = {
        "type": "Synchronous/HTTP",
        "description": description,
        "providerStates": [{"name": name, "params": more.get("params", {})} for name in states],
        "request": {
            "method": "POST",
            "path": "/orders",
            "headers": {"Content-Type": ["application/json"], "Idempotency-Key": ["pact-key-order"]},
            "body": {"content": {"key": "pact-key-order"}, "contentType": "application/json", "encoded": False},
        },
        "response": {
            "status": 201,
            "headers": {"Content-Type": ["application/json"]},
            "body": {"content": body, "contentType": "application/json", "encoded": False},
            "matchingRules": {"body": rules},
        },
    }
    if "needs" in more:
        made["comments"] = {"needs": more["needs"]}
    if "promised" in more:
        made["response"]["generators"] = {
            "body": {path: {"type": "ProviderState", "expression": e} for path, e in more["promised"].items()}
        }
    return made


def good(_path: str, _headers: Mapping[str, str], _body: bytes) -> tuple[int, Any]:
    """Answers as agreed, and more."""
    return 201, {"total": 100, "id": "o-77", "new": True}
