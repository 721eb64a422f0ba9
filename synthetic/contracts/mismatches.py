"""Pact's mismatches, each with the place where the answer is not as agreed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from synthetic.contracts.results import Mismatch

_MISSING = re.compile(r"missing the following keys: ")
_PLACES = {"StatusMismatch": "status", "BodyTypeMismatch": "content type"}


def mismatches_of(judged: Mapping[str, Any]) -> list[Mismatch]:
    """All mismatches of one interaction, as Pact's verifier has judged it."""
    found = judged.get("mismatch") or {}
    return [told for one in found.get("mismatches", ()) for told in _told(one)]


def _told(one: Mapping[str, Any]) -> Iterator[Mismatch]:
    """Pact's own; where keys are missing it names the object that they are missing of, so each of them gets its own."""
    kind = str(one.get("type", ""))
    path = _PLACES.get(kind) or str(one.get("path") or one.get("key") or one.get("parameter") or kind)
    expected, actual = str(one.get("expected", "")), str(one.get("actual", ""))
    text = str(one.get("mismatch", ""))
    missing = _missing(expected, actual) if _MISSING.search(text) else []
    if not missing:
        yield Mismatch(path, expected, actual, text)
    for key in missing:
        yield Mismatch(f"{path}.{key}", "a value", "", f"{key!r} is missing of {path}")


def _missing(expected: str, actual: str) -> list[str]:
    try:
        wanted, there = json.loads(expected), json.loads(actual)
    except ValueError:
        return []
    return [str(key) for key in wanted if key not in there]
