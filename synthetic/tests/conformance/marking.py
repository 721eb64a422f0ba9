"""Which tests of a table of defects the default suite plays: for each law the first defect that breaks it; the others are slow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import pytest

L = TypeVar("L")


def one_a_law(breaks: Mapping[str, Collection[L]]) -> list[Any]:
    """A parameter for each name that breaks something; those that add no law are marked slow."""
    seen: set[L] = set()
    params = []
    for name, laws in breaks.items():
        if laws:
            params.append(pytest.param(name, marks=[pytest.mark.slow] if seen.issuperset(laws) else []))
            seen.update(laws)
    return params
