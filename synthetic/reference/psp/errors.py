"""How style A refuses: Stripe's error object (https://docs.stripe.com/api/errors)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic.reference.refusal import RequestRefused


class ApiError(RequestRefused):
    """A refusal. `executed` tells whether the operation had begun: only then is the answer stored under the idempotency key."""

    def __init__(
        self,
        status: int,
        kind: str,
        code: str,
        message: str,
        *,
        executed: bool = True,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        error = {"type": kind, "code": code, "message": message, **(extra or {})}
        super().__init__(status, {"error": error}, f"{status} {code}: {message}")
        self.executed = executed


def invalid(code: str, message: str) -> ApiError:
    """A validation failure: nothing was executed, nothing is stored."""
    return ApiError(400, "invalid_request_error", code, message, executed=False)


def unexpected_state(what: str, state: str) -> ApiError:
    """The object's state does not allow the operation."""
    return ApiError(400, "invalid_request_error", f"{what}_unexpected_state", f"the {what} is {state}")
