"""A quick frozen dataclass is what it would be without: the same fields, as frozen, and checked alike."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace
from inspect import signature

import pytest

from synthetic.core.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class Quick:
    """With everything that a field may have."""

    number: int
    text: str = "t"
    items: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("too small")


@dataclass(frozen=True, slots=True)
class Usual:
    """The same without."""

    number: int
    text: str = "t"
    items: list[int] = field(default_factory=list)


def test_it_is_made_as_ever() -> None:
    """By position and by name, with its defaults, each with a list of its own."""
    assert [Quick(1), Quick(1, items=[2])] == [Quick(1, "t", []), Quick(number=1, text="t", items=[2])]
    assert Quick(1).items is not Quick(1).items
    assert type(Quick(1)) is Quick
    assert repr(Quick(1)) == repr(Usual(1)).replace("Usual", "Quick")
    assert list(signature(Quick).parameters) == list(signature(Usual).parameters)


def test_it_is_frozen() -> None:
    """The twin that it was while it was made is gone."""
    with pytest.raises(FrozenInstanceError):
        Quick(1).number = 2  # type: ignore[misc]


def test_it_is_checked_and_copied_as_ever() -> None:
    """`__post_init__` sees it whole; `replace`, `copy` and `pickle` make it again."""
    with pytest.raises(ValueError, match="too small"):
        Quick(-1)
    with pytest.raises(TypeError):
        Quick()  # type: ignore[call-arg]
    one = Quick(1, "x", [3])
    assert replace(one, number=2) == Quick(2, "x", [3])
    assert copy.deepcopy(one) == one == pickle.loads(pickle.dumps(one))  # noqa: S301 - our own bytes
