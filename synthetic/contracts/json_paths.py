"""JSON paths of names and numbers, as Pact writes them: `$.data[0].id`."""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")


def found_at(body: Any, path: str) -> Any:
    """What is at the path; None where nothing is."""
    for step in _steps(path):
        try:
            body = body[step]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def put_at(body: Any, path: str, value: Any) -> None:
    """Put the value where the path leads, in place. Raises KeyError, IndexError or TypeError where it leads nowhere."""
    *steps, last = _steps(path)
    for step in steps:
        body = body[step]
    body[last] = value


def _steps(path: str) -> list[str | int]:
    return [name or int(number) for name, number in _STEP.findall(path)]
