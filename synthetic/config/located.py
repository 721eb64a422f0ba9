"""What is read of a YAML file: texts, lists and mappings that know where they stand, so that every mistake can say where."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from synthetic.core.errors import Place


class Text(str):
    """A text with its place. `inner` is where its content starts, behind a quote or on the line below a `|`.

    `stands_in`: a substitute for one that is missing, so that reading can go on; the mistake is on record already.
    """

    __slots__ = ("inner", "place", "stands_in")

    place: Place
    inner: Place
    stands_in: bool

    def __new__(cls, text: str, place: Place, inner: Place | None = None, *, stands_in: bool = False) -> Text:
        """A text at a place; without `inner` its content starts there, too."""
        made = super().__new__(cls, text)
        made.place = place
        made.inner = inner or place
        made.stands_in = stands_in
        return made


class Listed(list[Any]):
    """A list with its place and the places of its items."""

    __slots__ = ("item_places", "place")

    def __init__(self, items: list[Any], place: Place, item_places: list[Place]) -> None:
        super().__init__(items)
        self.place = place
        self.item_places = item_places

    def at(self, index: int) -> Place:
        """Where the item stands."""
        return self.item_places[index] if 0 <= index < len(self.item_places) else self.place

    def without(self, indexes: Collection[int]) -> Listed:
        """A copy that lacks some items."""
        kept = [index for index in range(len(self)) if index not in indexes]
        return Listed([self[index] for index in kept], self.place, [self.at(index) for index in kept])


class Mapped(dict[Text, Any]):
    """A mapping with its place, the places of its keys (texts) and of its values."""

    __slots__ = ("place", "value_places")

    def __init__(self, items: Mapping[Text, Any], place: Place, value_places: Mapping[str, Place]) -> None:
        super().__init__(items)
        self.place = place
        self.value_places = dict(value_places)

    @classmethod
    def single(cls, key: str, value: Text) -> Mapped:
        """The long form of a shorthand: a mapping with one key, standing where the value stands."""
        return cls({Text(key, value.place): value}, value.place, {key: value.place})

    def value(self, key: str) -> Any:
        """The value of a key; None where there is no such key."""
        return next((item for known, item in self.items() if known == key), None)

    def get_mapped(self, key: str) -> Mapped:
        """The mapping under a key; an empty one where there is none."""
        value = self.value(key)
        return value if isinstance(value, Mapped) else Mapped({}, self.at(key), {})

    def at(self, key: str) -> Place:
        """Where the value of a key stands; the mapping's own place where there is no such key."""
        return self.value_places.get(key, self.place)

    def key_at(self, key: str) -> Place:
        """Where a key stands."""
        return next((known.place for known in self if known == key), self.place)

    def with_value(self, key: Text, value: Any, place: Place) -> Mapped:
        """A copy with one more value."""
        return Mapped({**self, key: value}, self.place, {**self.value_places, key: place})

    def without(self, keys: Collection[str]) -> Mapped:
        """A copy that lacks some keys."""
        return Mapped({k: v for k, v in self.items() if k not in keys}, self.place, self.value_places)


def describe(value: Any) -> str:
    """A value in words, for "expected ..., found ..."."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int():
            return f"the number {value}"
        case Mapping():
            return "a mapping"
        case list():
            return "a list"
        case _:
            shown = str(value)
            return f"'{shown[:40]}...'" if len(shown) > 40 else f"'{shown}'"
