"""Which combinations CI plays: one of each kind; the others are `exhaustive`, and `make exhaustive` plays them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

EXHAUSTIVE = (pytest.mark.slow, pytest.mark.exhaustive)


def combination(*values: object, played: bool, id: str | None = None) -> Any:  # noqa: A002 - as pytest.param has it
    """A set of parameters that CI plays, or leaves to the exhaustive suite since another one stands for it."""
    return pytest.param(*values, marks=() if played else EXHAUSTIVE, id=id)


def one_in(count: int, values: Iterable[object], *, always: Iterable[object] = ()) -> list[Any]:
    """Each of these values as a parameter: CI plays the first of every so many, and those of `always`."""
    kept = list(always)
    return [combination(value, played=not index % count or value in kept) for index, value in enumerate(values)]
