"""Templates with holes (`${deposit}`): the same JSON is an example for the consumer, and is filled from a state at verification."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_HOLE = re.compile(r"\$\{(\w+)\}")


def filled(template: Any, values: Mapping[str, Any]) -> Any:
    """The template with its holes filled. Raises KeyError for a hole that has no value."""
    match template:
        case str():
            return _HOLE.sub(lambda hole: str(values[hole[1]]), template)
        case Mapping():
            return {name: filled(value, values) for name, value in template.items()}
        case list():
            return [filled(value, values) for value in template]
    return template


def generators_of(template: Any) -> dict[str, dict[str, str]]:
    """Pact's ProviderState generators for the holes, by JSON path: they fill a request from what its states answer."""
    return {path: {"type": "ProviderState", "expression": text} for path, text in _holes(template, "$")}


def _holes(template: Any, path: str) -> Iterator[tuple[str, str]]:
    match template:
        case str() if _HOLE.search(template):
            yield path, template
        case Mapping():
            for name, value in template.items():
                yield from _holes(value, f"{path}.{name}")
        case list():
            for number, value in enumerate(template):
                yield from _holes(value, f"{path}[{number}]")
