"""JSON bodies, changed at a path: pure functions from bytes to bytes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bench.mutations.agreed import Path

Rewrite = Callable[[dict[str, Any], str], None]
"""Changes one member of an object in place; it is there."""


def rewritten(raw: bytes, path: Path, rewrite: Rewrite) -> bytes:
    """The body with the member at `path` changed, everywhere where it is. As it was, byte for byte, where it is nowhere."""
    body = parsed(raw)
    found = _members(body, path)
    before = json.dumps(body)
    for owner, name in found:
        rewrite(owner, name)
    return json.dumps(body).encode() if found and json.dumps(body) != before else raw


def values_at(raw: bytes, path: Path) -> list[Any]:
    """What is at a path of a body."""
    return values_in(parsed(raw), path)


def values_in(body: Any, path: Path) -> list[Any]:
    """What is at a path of parsed JSON."""
    return [owner[name] for owner, name in _members(body, path)]


def whole(raw: bytes, change: Callable[[Any], Any]) -> bytes:
    """The body changed as a whole; as it was where it is no JSON."""
    body = parsed(raw)
    return raw if body is None else json.dumps(change(body)).encode()


def everywhere(body: Any, change: Callable[[Any], Any]) -> Any:
    """Every value of a body changed, from the inside out."""
    if isinstance(body, dict):
        body = {name: everywhere(inner, change) for name, inner in body.items()}
    elif isinstance(body, list):
        body = [everywhere(inner, change) for inner in body]
    return change(body)


def parsed(raw: bytes) -> Any:
    """A JSON body; None where it is none."""
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _members(body: Any, path: Path) -> list[tuple[dict[str, Any], str]]:
    """The objects that own the member at a path, with its name. An element of a list is changed through its own members only."""
    owners = [body]
    for step in path[:-1]:
        if step is None:
            owners = [inner for owner in owners if isinstance(owner, list) for inner in owner]
        else:
            owners = [owner[step] for owner in owners if isinstance(owner, dict) and step in owner]
    name = path[-1]
    return [(owner, name) for owner in owners if name is not None and isinstance(owner, dict) and name in owner]
