"""Structured logs: one JSON object per line on the stdlib logger `synthetic.reference.cell`."""

from __future__ import annotations

import json
import logging
from typing import Any

logger = logging.getLogger("synthetic.reference.cell")


def log_event(event: str, **fields: Any) -> None:
    """Log what happened, as `{"event": ..., **fields}`. No secrets, tokens or bodies in `fields`."""
    if logger.isEnabledFor(logging.INFO):
        logger.info("%s", json.dumps({"event": event, **fields}, default=str))


def log_failure(event: str, error: BaseException, **fields: Any) -> None:
    """Log an unexpected failure with its traceback."""
    line = json.dumps({"event": event, "error": type(error).__name__, **fields}, default=str)
    logger.error("%s", line, exc_info=error)
