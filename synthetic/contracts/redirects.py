"""Redirects, which Pact would follow, and the consumers' clients don't: it sees where they lead under another header's name."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any

_LOCATION = "location"
_SEEN_AS = "X-Redirects-To"


def not_to_be_followed(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """An answer's headers as the verifier gets them."""
    return [(_SEEN_AS if name.lower() == _LOCATION else name, value) for name, value in headers]


def seen_as(one: Mapping[str, Any]) -> Mapping[str, Any]:
    """The interaction, expecting a redirect as it is seen."""
    headers = one.get("response", {}).get("headers", {})
    if not any(name.lower() == _LOCATION for name in headers):
        return one
    seen: dict[str, Any] = copy.deepcopy(dict(one))
    response = seen["response"]
    response["headers"] = dict(not_to_be_followed(response["headers"].items()))
    rules = response.get("matchingRules", {})
    if "header" in rules:
        rules["header"] = dict(not_to_be_followed(rules["header"].items()))
    return seen
