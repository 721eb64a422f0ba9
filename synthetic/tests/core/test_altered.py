"""A copy with other values is what `dataclasses.replace` makes."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from synthetic.core.altered import altered
from synthetic.core.effects import Done, Http, HttpReply, Intent, Times
from synthetic.core.money import Money, MoneyError
from synthetic.tests.distinct import distinct

TIMES = Times(1, 2, 3, 4)


@pytest.mark.parametrize(
    ("thing", "changes"),
    [
        (TIMES, {"handled": 9, "lag_ns": 7}),
        (TIMES, {}),
        (Done(TIMES), {"times": Times(5, 6, 7, 8)}),
        (HttpReply(200, (), b"{}", TIMES), {"status": 404}),
    ],
)
def test_a_copy_is_the_one_that_replace_makes(thing: object, changes: dict[str, object]) -> None:
    """Also of a class with one field, and without any change."""
    assert altered(thing, **changes) == replace(thing, **changes)  # type: ignore[type-var]


@pytest.mark.parametrize("kind", [Http, HttpReply, Intent, Times])
def test_a_copy_keeps_every_other_field(kind: Any) -> None:
    """Whichever is another one in it, and however many of the others are of its type."""
    thing = distinct(kind)
    for field in fields(kind):
        assert altered(thing, **{field.name: "another"}) == replace(thing, **{field.name: "another"})


def test_a_copy_is_checked_like_any_other() -> None:
    """What a class refuses, it refuses here, and so is a field that it has not."""
    with pytest.raises(MoneyError):
        altered(Money(1, "EUR"), currency="euro")
    with pytest.raises(KeyError):
        altered(Money(1, "EUR"), amount=2)
