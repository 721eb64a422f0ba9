"""Executes a style A request once per idempotency key, and answers every repetition as the first one was answered."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from synthetic.reference.psp.errors import ApiError, invalid
from synthetic.reference.psp.idempotency import KEY_LENGTH_MAX, IdempotencyStore, KeyInUse, KeyMismatch, StoredAnswer
from synthetic.reference.psp.intent_requests import json_object
from synthetic.reference.psp.merchants import Merchant

Operation = Callable[[Merchant, str, Mapping[str, Any]], Mapping[str, Any]]  # merchant, key, body -> answer


class OnceExecutor:
    """The idempotency of one PSP's API."""

    def __init__(self) -> None:
        self._answers = IdempotencyStore()

    async def execute(
        self,
        request: Request,
        merchant: Merchant,
        operation: Operation,
        *,
        hang_s: float | None = None,
        forgets: Callable[[], bool] = lambda: False,
    ) -> Response:
        """Answer the request. With `hang_s` the operation is executed, and then the edge in front of us times out.

        The origin keeps the true answer: whoever asks under the key again gets it, unless the PSP `forgets` it just then.
        """
        raw, key = await request.body(), request.headers.get("idempotency-key", "")
        if len(key) > KEY_LENGTH_MAX:
            raise invalid("idempotency_key_too_long", f"an idempotency key has at most {KEY_LENGTH_MAX} characters")
        body = json_object(raw)
        stored = self._claim(merchant, key, _fingerprint(request, body)) if key else None
        if stored is not None and forgets():
            self._answers.release(merchant.name, key)
            stored = self._claim(merchant, key, _fingerprint(request, body))
        if stored is not None:
            return _response(stored, replayed=True)
        answer, executed = _execute(operation, merchant, key, body)
        try:
            if hang_s is not None and executed:
                await asyncio.sleep(hang_s)
                return Response("upstream request timeout", 504, media_type="text/plain")
        finally:
            if key:
                self._keep(merchant, key, answer, executed=executed)
        return _response(answer)

    def _claim(self, merchant: Merchant, key: str, fingerprint: str) -> StoredAnswer | None:
        try:
            return self._answers.claim(merchant.name, key, fingerprint)
        except KeyMismatch:
            message = "the key was used with other parameters"
            raise ApiError(400, "idempotency_error", "idempotency_error", message) from None
        except KeyInUse:
            message = "another request with this key is in progress"
            raise ApiError(409, "invalid_request_error", "idempotency_key_in_use", message) from None

    def _keep(self, merchant: Merchant, key: str, answer: StoredAnswer, *, executed: bool) -> None:
        if executed:
            self._answers.store(merchant.name, key, answer)
        else:
            self._answers.release(merchant.name, key)


def _execute(operation: Operation, merchant: Merchant, key: str, body: Mapping[str, Any]) -> tuple[StoredAnswer, bool]:
    """The answer, and whether the operation was executed (a validation failure is not)."""
    try:
        return StoredAnswer(200, json.dumps(operation(merchant, key, body)).encode()), True
    except ApiError as error:
        return StoredAnswer(error.status, json.dumps(error.body).encode()), error.executed


def _fingerprint(request: Request, body: Mapping[str, Any]) -> str:
    parameters = json.dumps([request.method, request.url.path, body], sort_keys=True)
    return hashlib.sha256(parameters.encode()).hexdigest()


def _response(answer: StoredAnswer, *, replayed: bool = False) -> Response:
    headers = {"Idempotent-Replayed": "true"} if replayed else None
    return Response(answer.body, answer.status, headers, media_type="application/json")
