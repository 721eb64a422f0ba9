"""The refusal of a player-API call, answered as `{"error": code, "message": ...}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """Raise it in a handler: the app answers `status` with `code`, `message` and any `extra` fields."""

    def __init__(self, status: int, code: str, message: str, *, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.body = {"error": code, "message": message, **(extra or {})}
