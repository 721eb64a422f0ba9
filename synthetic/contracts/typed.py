"""A text that is agreed by a regular expression is a text: Pact's `regex` by itself takes `null` and numbers for their spelling."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


def with_texts(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part of a pact's interaction, such as its answer, in whose body what has to match a regular expression is a text."""
    typed: dict[str, Any] = copy.deepcopy(dict(part))
    for rule in typed.get("matchingRules", {}).get("body", {}).values():
        if all(matcher["match"] == "regex" for matcher in rule["matchers"]):
            rule["matchers"].append({"match": "type"})
    return typed
