"""Templates with holes (`${deposit}`): the same JSON is an example for the consumer, and is filled from a state at verification."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

HOLE = re.compile(r"\$\{(\w+)\}")


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its holes filled. Raises KeyError for a hole that has no value."""
    match template:
        case str():
            return HOLE.sub(lambda hole: str(values[hole[1]]), template)
        case Mapping():
            return {name: filled(value, values) for name, value in template.items()}
        case list():
            return [filled(value, values) for value in template]
    return template


def from_state(expression: str) -> dict[str, str]:
    """Pact's generator of a value that is filled, hole by hole, from what the interaction's states answer."""
    return {"type": "ProviderState", "expression": expression}


def body_from_state(expressions: Mapping[str, str]) -> dict[str, Any]:
    """The generators of a body, by JSON path: `{"$.id": "${payment}"}`."""
    return {"body": {path: from_state(expression) for path, expression in expressions.items()}}


def generators_of(template: Any) -> dict[str, dict[str, str]]:
    """The generators for the holes of a template, by JSON path."""
    return {path: from_state(text) for path, text in texts_of(template) if HOLE.search(text)}


def texts_of(value: Any, path: str = "$") -> Iterator[tuple[str, str]]:
    """Every text in a JSON value, with its path."""
    match value:
        case str():
            yield path, value
        case Mapping():
            for name, inner in value.items():
                yield from texts_of(inner, f"{path}.{name}")
        case list():
            for number, inner in enumerate(value):
                yield from texts_of(inner, f"{path}[{number}]")
