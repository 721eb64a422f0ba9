"""Choosing by name, with a did-you-mean for a name that there is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from synthetic.core.errors import AuthorError, Place
from synthetic.core.expressions import did_you_mean

T = TypeVar("T")
NOWHERE = Place("")
"""The place of a name that was given on the command line."""


def pick(known: Mapping[str, T], name: str, noun: str, *, place: Place = NOWHERE) -> T:
    """The one of that name. Raises AuthorError."""
    if name in known:
        return known[name]
    raise AuthorError.at(
        place, f"there is no {noun} '{name}'", did_you_mean(name, list(known)) or f"there is no {noun} at all"
    )
