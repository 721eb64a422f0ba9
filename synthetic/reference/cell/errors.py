"""The refusal of a player-API call, answered as `{"error": code, "message": ...}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic.reference.refusal import RequestRefused


class ApiError(RequestRefused):
    """Raise it in a handler: the app answers `status` with `code`, `message` and any `extra` fields."""

    def __init__(self, status: int, code: str, message: str, *, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(status, {"error": code, "message": message, **(extra or {})}, f"{status} {code}: {message}")
