"""YAML text to located data, by the rules of YAML 1.2's core schema made stricter still.

`yes`, `no`, `on`, `off`, `12:30` and `010` are texts; decimals stay text, so money never becomes a float; a key that stands
twice is a mistake; tags and second documents are refused; size, number of nodes and depth are bounded (alias bombs).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from synthetic.config.located import Listed, Mapped, Text, describe
from synthetic.config.problems import Problems
from synthetic.core.errors import Place
from synthetic.core.expressions import did_you_mean

T = TypeVar("T")
SIZE_MAX_BYTES = 1 << 20
VALUES_MAX = 100_000
DEPTH_MAX = 40

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's is 20 times faster, where PyYAML was built with it

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLS = dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


class _TooMuch(Exception):  # noqa: N818 - it says what is the matter
    """The file costs more than it may."""


def read_file(path: Path, problems: Problems) -> tuple[str, bytes] | None:
    """The text and the bytes of a file; None (and a mistake) where it can't be read as text."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(SIZE_MAX_BYTES + 1)
    except OSError as error:
        problems.add(Place(str(path)), f"the file can't be read: {error.strerror or type(error).__name__}")
        return None
    except ValueError:  # a NUL in the path
        problems.add(Place(str(path)), "this is no file name")
        return None
    if len(raw) > SIZE_MAX_BYTES:
        problems.add(Place(str(path)), f"the file is larger than {SIZE_MAX_BYTES // 1024} KiB")
        return None
    try:
        return raw.decode("utf-8-sig"), raw
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        problems.add(Place(str(path), line, column), "this byte is not UTF-8", "save the file as UTF-8")
        return None


def parse(text: str, file: str, problems: Problems) -> Mapped | None:
    """The file's mapping; None (and a mistake) where it is none."""
    read = _read(text, file, problems, _Reading.document)
    if read is None:
        return None
    data = read[0]
    if isinstance(data, Mapped):
        return data
    if data is None:
        problems.add(Place(file), "the file is empty", "its first key is scenario, platform or allow")
    else:
        problems.add(Place(file), f"expected a mapping (key: value), found {describe(data)}")
    return None


def parse_all(text: str, file: str, problems: Problems) -> list[Any] | None:
    """The documents of a file that may have several, divided by `---`; None (and a mistake) where it can't be read."""
    read = _read(text, file, problems, _Reading.documents)
    return None if read is None else [data for data in read[0] if data is not None]


def _read(text: str, file: str, problems: Problems, how: Callable[[_Reading], T]) -> tuple[T] | None:
    if _FORBIDDEN.search(text):
        problems.add(_place_of_character(text, file), "a character that YAML forbids")
        return None
    reading = _Reading(file, text, problems)
    try:
        return (how(reading),)
    except yaml.MarkedYAMLError as error:
        _add_syntax(error, file, problems)
    except _TooMuch as error:
        problems.add(reading.place, str(error), "do its aliases (*name) multiply?")
    return None


def _add_syntax(error: yaml.MarkedYAMLError, file: str, problems: Problems) -> None:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    problem = " ".join(str(error.problem or error.context or "it can't be parsed").split())
    hint = ""
    if "\\t" in problem or "cannot start any token" in problem:
        hint = "indent with spaces, never with tabs, and quote a text that starts with @ or `"
    elif "mapping values are not allowed" in problem:
        hint = "a text with a colon and a space in it needs quotes"
    problems.add(place, f"this is not YAML: {problem}", hint)


_FORBIDDEN = re.compile("[^\x09\x0a\x0d\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _place_of_character(text: str, file: str) -> Place:
    found = _FORBIDDEN.search(text)
    assert found is not None, "it was found before"
    before = text[: found.start()]
    return Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))


class _Reading:
    """One file being turned into located data, event by event, with what it may still cost.

    Events, since composing whole trees recurses in C without a bound.
    """

    def __init__(self, file: str, text: str, problems: Problems) -> None:
        self._file = file
        self._lines = text.split("\n")
        self._problems = problems
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
        self._values_left = VALUES_MAX
        self._anchors: dict[str, tuple[Any, int]] = {}
        self.place = Place(file)

    def document(self) -> Any:
        """The data of the only document; None for an empty file. Raises YAMLError, _TooMuch."""
        documents = list(self._documents(only=True))
        return documents[0] if documents else None

    def documents(self) -> list[Any]:
        """The data of all documents. Raises YAMLError, _TooMuch."""
        return list(self._documents(only=False))

    def _documents(self, *, only: bool) -> Iterator[Any]:
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if only and documents > 1:
                    self._problems.add(self._at(event), "a second document", "one file holds one; remove the `---`")
            elif isinstance(event, yaml.NodeEvent):
                yield self._value(event, 0)

    def _at(self, event: yaml.Event) -> Place:
        mark = event.start_mark
        assert mark is not None, "the parser marks every event"
        self.place = Place(self._file, mark.line + 1, mark.column + 1)
        return self.place

    def _value(self, event: yaml.NodeEvent, depth: int) -> Any:
        place = self._at(event)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, place)
        left = self._values_left
        self._spend(1)
        if depth > DEPTH_MAX:
            raise _TooMuch(f"it is nested more than {DEPTH_MAX} deep")
        if getattr(event, "tag", None):
            self._problems.add(place, f"tags such as {_shown_tag(event)} are not used here")
        match event:
            case yaml.ScalarEvent():
                value: Any = self._scalar(event, place)
            case yaml.SequenceStartEvent():
                value = self._sequence(place, depth)
            case _:
                value = self._mapping(place, depth)
        if event.anchor:
            self._anchors[event.anchor] = (value, left - self._values_left)
        return value

    def _spend(self, values: int) -> None:
        self._values_left -= values
        if self._values_left < 0:
            raise _TooMuch(f"it has over {VALUES_MAX} values")

    def _alias(self, event: yaml.AliasEvent, place: Place) -> Any:
        value, size = self._anchors.get(event.anchor or "", (None, -1))
        if size < 0:
            known = did_you_mean(str(event.anchor), list(self._anchors))
            self._problems.add(place, f"the alias *{event.anchor} has no anchor &{event.anchor} before it", known)
            return None
        self._spend(size)
        return value

    def _sequence(self, place: Place, depth: int) -> Listed:
        items: list[Any] = []
        places: list[Place] = []
        for event in self._events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            assert isinstance(event, yaml.NodeEvent)
            places.append(self._at(event))
            items.append(self._value(event, depth + 1))
        return Listed(items, place, places)

    def _mapping(self, place: Place, depth: int) -> Mapped:
        items: dict[Text, Any] = {}
        places: dict[str, Place] = {}
        for event in self._events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            assert isinstance(event, yaml.NodeEvent)
            key = self._key(event, depth)
            value_event = next(self._events)
            assert isinstance(value_event, yaml.NodeEvent)
            value_place = self._at(value_event)
            value = self._value(value_event, depth + 1)
            if key is not None and self._is_new(key, items):
                items[key], places[key] = value, value_place
        return Mapped(items, place, places)

    def _is_new(self, key: Text, items: Mapping[Text, Any]) -> bool:
        first = next((known for known in items if known == key), None)
        if first is not None:
            self._problems.add(key.place, f"the key '{key}' stands twice", f"first at line {first.place.line}")
        return first is None

    def _key(self, event: yaml.NodeEvent, depth: int) -> Text | None:
        place = self._at(event)
        if isinstance(event, yaml.ScalarEvent):
            self._value(event, depth + 1)
            return self._text(event, place)
        self._value(event, depth + 1)
        self._problems.add(place, "a key has to be a text", "a hole `${{ }}` needs quotes around it")
        return None

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> Text | int | bool | None:
        if event.style in ("", None, ":"):
            if event.value in _NULLS:
                return None
            if event.value in _BOOLS:
                return _BOOLS[event.value]
            if _INT.fullmatch(event.value):
                return int(event.value)
        return self._text(event, place)

    def _text(self, event: yaml.ScalarEvent, place: Place) -> Text:
        inner = place
        if event.style in ("'", '"'):
            inner = Place(place.file, place.line, place.column + 1)
        elif event.style in ("|", ">"):
            inner = self._first_line_of_block(place)
        return Text(self._holdable(event.value, place), place, inner)

    def _holdable(self, value: str, place: Place) -> str:
        """An escape may write what the file itself may not hold: NUL, which cuts texts short, or half a character."""
        if _FORBIDDEN.search(value) is None:
            return value
        self._problems.add(place, "this text escapes to a character that YAML forbids")
        return _FORBIDDEN.sub("\ufffd", value)

    def _first_line_of_block(self, place: Place) -> Place:
        for number in range(place.line, len(self._lines)):
            line = self._lines[number]
            if line.strip():
                return Place(place.file, number + 1, len(line) - len(line.lstrip()) + 1)
        return place


def _shown_tag(event: yaml.NodeEvent) -> str:
    return str(getattr(event, "tag", "")).replace("tag:yaml.org,2002:", "!!")
