"""The base of the models: each knows the mapping that it was read from, and tells its mistakes with their places.

A mistake in one field does not end the reading of the others: the field is left out (or stands in) and reading goes on, so that
one pass over a file finds all there is to find.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self, get_origin

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError, ValidationInfo, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from synthetic.config.located import Listed, Mapped, Text, describe
from synthetic.config.problems import Problems, nearest
from synthetic.core.errors import Place
from synthetic.core.expressions import did_you_mean

_ROUNDS_MAX = 4
_BROKEN = "broken"
_EXPECTED = {
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "int_type": "a whole number",
    "bool_type": "true or false",
}
_SCALARS = frozenset(("int_type", "bool_type"))
_BOUNDS = {"less_than_equal": "at most", "greater_than_equal": "at least"}


class Node(BaseModel):
    """A mapping of a file. `noun` names it in messages; `source` has the places."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
    noun: ClassVar[str] = "this mapping"
    _source: Mapped = PrivateAttr(default_factory=lambda: Mapped({}, Place(), {}))
    _as_written: Mapped = PrivateAttr(default_factory=lambda: Mapped({}, Place(), {}))

    @property
    def source(self) -> Mapped:
        """The mapping in its long form."""
        return self._source

    @property
    def as_written(self) -> Mapped:
        """The mapping as it was written."""
        return self._as_written

    def at(self, key: str) -> Place:
        """Where the value of a key stands."""
        return self._source.at(key)

    def has(self, key: str) -> bool:
        """Whether the author wrote the key."""
        return key in self._source

    @classmethod
    def known_keys(cls) -> dict[str, FieldInfo]:
        """The keys that may be written, with their fields."""
        return {field.alias or name: field for name, field in cls.model_fields.items()}

    @classmethod
    def suggested_keys(cls) -> list[str]:
        """The keys that a misspelt one may have been meant as."""
        return list(cls.known_keys())

    @classmethod
    def hint_for(cls, key: str) -> str:
        """What may have been meant by a key that there is not."""
        return did_you_mean(key, cls.suggested_keys())

    @classmethod
    def widened(cls, value: Mapped, problems: Problems) -> Mapped:  # noqa: ARG003 - for those that override it
        """The long form of what was written, where there is a shorter one."""
        return value

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, value: Any, handler: Any, info: ValidationInfo) -> Self:
        problems = info.context
        if not isinstance(value, Mapped) or not isinstance(problems, Problems):
            return handler(value)  # type: ignore[no-any-return]
        source = cls.widened(value, problems)
        _report_unknown(cls, source, problems)
        _report_missing(cls, source, problems)
        node: Self = _validated(cls, source, handler, problems)
        node._source, node._as_written = source, value
        return node


def read_model(model: type[Node], data: Mapped, problems: Problems) -> Any:
    """The model of a file; None where nothing could be made of it."""
    try:
        return model.model_validate(data, context=problems)
    except ValidationError as error:
        for details in error.errors():
            _report(details, data, problems)
        return None


def _report_unknown(cls: type[Node], source: Mapped, problems: Problems) -> None:
    known = cls.known_keys()
    for key in source:
        if key not in known:
            problems.add(key.place, f"unknown key '{key}' in {cls.noun}", cls.hint_for(key))


def _report_missing(cls: type[Node], source: Mapped, problems: Problems) -> None:
    meant = {nearest(key, cls.suggested_keys()) for key in source if key not in cls.known_keys()}
    for key, field in cls.known_keys().items():
        if field.is_required() and key not in source and key not in meant:
            problems.add(source.place, f"{cls.noun} has no `{key}`", _in_a_sentence(field.description or ""))


def _in_a_sentence(description: str) -> str:
    return description[:1].lower() + description[1:].removesuffix(".")


def _validated(cls: type[Node], source: Mapped, handler: Any, problems: Problems) -> Any:
    usable = source.without({key for key in source if key not in cls.known_keys()})
    for _ in range(_ROUNDS_MAX):
        usable = _completed(cls, usable)
        try:
            return handler(usable)
        except ValidationError as error:
            errors = error.errors()
            for details in errors:
                _report(details, usable, problems)
            usable = _pruned(usable, [details["loc"] for details in errors])
    raise PydanticCustomError(_BROKEN, "told already")


def _completed(cls: type[Node], usable: Mapped) -> Mapped:
    """With stand-ins for what is required and not there."""
    for key, field in cls.known_keys().items():
        if field.is_required() and key not in usable and (stand_in := _stand_in(field, usable.place)) is not None:
            usable = usable.with_value(Text(key, usable.place), stand_in, usable.place)
    return usable


def _stand_in(field: FieldInfo, place: Place) -> Any:
    if field.annotation is Text:
        return Text("", place, stands_in=True)
    match get_origin(field.annotation):
        case origin if origin is list:
            return Listed([], place, [])
        case origin if origin is dict:
            return Mapped({}, place, {})
        case _:
            return None


def _pruned(value: Any, locations: Sequence[tuple[int | str, ...]]) -> Any:
    """A copy without what the locations point at."""
    heads = {location[0] for location in locations if location}
    for head in sorted(heads, key=lambda step: step if isinstance(step, int) else 0, reverse=True):  # last item first
        below = [location[1:] for location in locations if location and location[0] == head]
        value = _pruned_at(value, head, below)
    return value


def _pruned_at(value: Any, head: int | str, below: list[tuple[int | str, ...]]) -> Any:
    if isinstance(value, Mapped) and head in value:
        key = next(known for known in value if known == head)
        if _goes_deeper(value[key], below):
            return value.with_value(key, _pruned(value[key], below), value.at(key))
        return value.without({key})
    if isinstance(value, Listed) and isinstance(head, int) and head < len(value):
        if _goes_deeper(value[head], below):
            items = [*value]
            items[head] = _pruned(value[head], below)
            return Listed(items, value.place, value.item_places)
        return value.without({head})
    return value


def _goes_deeper(value: Any, below: list[tuple[int | str, ...]]) -> bool:
    return all(location and _holds(value, location[0]) for location in below)


def _holds(value: Any, step: int | str) -> bool:
    return (isinstance(value, Mapped) and step in value) or (
        isinstance(value, Listed) and isinstance(step, int) and step < len(value)
    )


def _report(details: ErrorDetails, root: Mapped, problems: Problems) -> None:
    if details["type"] in (_BROKEN, "missing", "extra_forbidden"):
        return  # told where it was found
    place, value = _find(root, details["loc"])
    context = details.get("ctx", {})
    expected = _EXPECTED.get(details["type"])
    if details["type"] in _BOUNDS:
        bound = f"{_BOUNDS[details['type']]} {context.get('le', context.get('ge'))}"
        problems.add(place, f"expected {bound}, found {describe(value)}")
    elif expected is not None:
        # What stands where a list or a mapping belongs may be a secret of the mapping that it was meant for.
        found = "a text" if isinstance(value, Text) and details["type"] not in _SCALARS else describe(value)
        problems.add(place, f"expected {expected}, found {found}")
    else:
        problems.add(place, str(context.get("message", details["msg"])), str(context.get("hint", "")))


def _find(root: Mapped, location: tuple[int | str, ...]) -> tuple[Place, Any]:
    """The place and the value at a location, as deep as it goes; what pydantic adds to a location is passed over."""
    place, value = root.place, root
    for step, _ in _steps(root, location):
        if location[-1] == "[key]" and step == location[-2]:
            return value.key_at(str(step)), step
        place, value = value.at(step), value[step]
    return place, value


def _steps(root: Any, location: tuple[int | str, ...]) -> Iterator[tuple[Any, Any]]:
    value = root
    for step in location:
        if _holds(value, step):
            yield step, value
            value = value[step]
