"""Mutations of one agreed value of an answer: dropped, renamed, of another type, in another unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from bench.mutations.agreed import Operation, Place, told
from bench.mutations.bodies import Rewrite, rewritten
from bench.mutations.hop import Answer
from bench.mutations.mutants import Kind, Mutant, Rig, on_answers

_MONEY = re.compile(r"amount|balance|payout|stake|_minor|total", re.IGNORECASE)
_DECIMAL = re.compile(r"-?\d+\.\d{2}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_ABSURD = "not_in_the_contract"
_OF_ANOTHER_KIND = "?*!"  # no id has such characters


@dataclass(frozen=True, slots=True)
class FieldKind:
    """`suits`: whether it means anything for a value; `rewrite`: what it does to it."""

    kind: Kind
    suits: Callable[[Place], bool]
    rewrite: Rewrite


def field_mutants(boundary: str, operation: Operation) -> Iterator[Mutant]:
    """Every kind at every agreed value of the operation's answers that it suits."""
    for place in operation.answered():
        for one in FIELD_KINDS:
            if place.name and one.suits(place):
                yield _mutant(boundary, operation, place, one)


def _mutant(boundary: str, operation: Operation, place: Place, one: FieldKind) -> Mutant:
    def change(answer: Answer) -> Answer:
        return replace(answer, body=rewritten(answer.body, place.path, one.rewrite))

    where = f"{operation.name} {told(place.path)}"
    rig = Rig(on_answers(operation, change), answers_only=True)
    is_loose = one.suits in (_is_money, _is_currency) and (not _is_bound(place) or _takes(place, _changed(place, one)))
    return Mutant(one.kind, boundary, where, operation.seen_by, rig, is_loose)


def _changed(place: Place, one: FieldKind) -> str:
    """What becomes of the example."""
    owner = {place.name: place.value}
    one.rewrite(owner, place.name)
    return str(owner[place.name])


def _drop(owner: dict[str, Any], name: str) -> None:
    del owner[name]


def _rename(owner: dict[str, Any], name: str) -> None:
    owner[f"{name}_renamed"] = owner.pop(name)


def _recase(owner: dict[str, Any], name: str) -> None:
    owner[_other_case(name)] = owner.pop(name)


def _other_case(name: str) -> str:
    if "_" in name:
        return re.sub(r"_(\w)", lambda found: found[1].upper(), name)
    return name[0].swapcase() + name[1:]


def _to(change: Callable[[Any], Any]) -> Rewrite:
    """A rewrite that changes the value and leaves it where it is."""

    def rewrite(owner: dict[str, Any], name: str) -> None:
        owner[name] = change(owner[name])

    return rewrite


def _other_type(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return float(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else 7


def _major(value: Any) -> Any:
    """The same amount in the other unit: minor units become whole ones, decimals become minor units."""
    if isinstance(value, str):
        return value.replace(".", "").lstrip("0") or "0" if _DECIMAL.fullmatch(value) else str(int(value) // 100)
    return value / 100 if value % 100 else value // 100


def _one_off(value: Any) -> Any:
    if isinstance(value, str):
        return f"{float(value) + 0.01:.2f}" if _DECIMAL.fullmatch(value) else str(int(value) + 1)
    return value + 1


def _negated(value: Any) -> Any:
    return f"-{value}" if isinstance(value, str) else -value


def _other_date(value: Any) -> Any:
    if isinstance(value, str):
        day = value[:10].split("-")
        return f"{day[2]}/{day[1]}/{day[0]} {value[11:16]}".strip()
    return "25/11/2026 10:00"


def _is_leaf(place: Place) -> bool:
    return not isinstance(place.value, dict | list)


def _is_text(place: Place) -> bool:
    return isinstance(place.value, str)


def _is_bound(place: Place) -> bool:
    """Whether not every value of its type is as good."""
    return place.promised or place.rule in ("equality", "regex")


def _is_money(place: Place) -> bool:
    if not _MONEY.search(place.name) or isinstance(place.value, bool):
        return False
    number = isinstance(place.value, int) or (_is_text(place) and _NUMBER.fullmatch(place.value) is not None)
    return number and float(place.value) != 0


def _is_currency(place: Place) -> bool:
    return "currency" in place.name.lower() and _is_text(place)


def _is_date(place: Place) -> bool:
    return _is_text(place) and _DATE.fullmatch(place.value) is not None


def _is_word(place: Place) -> bool:
    """One of a few agreed words, or the only one."""
    if not _is_text(place) or not _is_bound(place) or place.promised or _is_money(place) or _is_date(place):
        return False
    return place.rule == "equality" or re.fullmatch(r"[\w.|()?:-]+", place.pattern) is not None


def _has_letters(place: Place) -> bool:
    return _is_word(place) and place.value.swapcase() != place.value and not _takes(place, place.value.swapcase())


def _takes(place: Place, value: str) -> bool:
    return place.rule == "regex" and re.fullmatch(place.pattern, value) is not None


FIELD_KINDS: tuple[FieldKind, ...] = (
    FieldKind(Kind("drop-field", "a field is not answered any more", listed=True), lambda _: True, _drop),
    FieldKind(Kind("rename-field", "a field has another name", listed=True), lambda _: True, _rename),
    FieldKind(Kind("change-type", "a number is a string, a string a number", listed=True), _is_leaf, _to(_other_type)),
    FieldKind(
        Kind("unknown-enum-value", "a word that is not in the contract", listed=True), _is_word, _to(lambda _: _ABSURD)
    ),
    FieldKind(
        Kind("major-units", "an amount in major instead of minor units, or the reverse", listed=True),
        _is_money,
        _to(_major),
    ),
    FieldKind(
        Kind("other-currency", "an amount in another currency", listed=True),
        _is_currency,
        _to(lambda _: "SEK"),
    ),
    FieldKind(Kind("null-for-value", "null instead of a value", listed=True), lambda _: True, _to(lambda _: None)),
    FieldKind(
        Kind("array-for-object", "a list instead of an object", listed=True),
        lambda place: isinstance(place.value, dict),
        _to(lambda value: [value]),
    ),
    FieldKind(
        Kind("object-for-array", "an object instead of a list"),
        lambda place: isinstance(place.value, list),
        _to(lambda value: value[0] if value else {}),
    ),
    FieldKind(
        Kind("date-format", "a time in another format", listed=True),
        lambda place: _is_date(place) and _is_bound(place),
        _to(_other_date),
    ),
    FieldKind(Kind("recase-field", "camelCase for snake_case, or the reverse"), lambda _: True, _recase),
    FieldKind(Kind("recase-value", "an agreed word in other case"), _has_letters, _to(lambda value: value.swapcase())),
    FieldKind(
        Kind("longer-word", "an agreed word with something behind it"),
        lambda place: _is_word(place) and not _takes(place, f"{place.value}_review"),
        _to(lambda value: f"{value}_review"),
    ),
    FieldKind(
        Kind("padded-value", "white space around an agreed value"),
        lambda place: _is_text(place) and _is_bound(place) and not _takes(place, f" {place.value} "),
        _to(lambda value: f" {value} "),
    ),
    FieldKind(
        Kind("empty-value", "an empty string instead of a value"),
        lambda place: _is_text(place) and _is_bound(place) and place.value != "" and not _takes(place, ""),
        _to(lambda _: ""),
    ),
    FieldKind(
        Kind("other-id-format", "an id or a text that does not match its format"),
        lambda place: _is_text(place) and _is_bound(place) and not _takes(place, _OF_ANOTHER_KIND),
        _to(lambda _: _OF_ANOTHER_KIND),
    ),
    FieldKind(Kind("amount-one-off", "an amount is one minor unit more"), _is_money, _to(_one_off)),
    FieldKind(Kind("amount-negated", "an amount with the other sign"), _is_money, _to(_negated)),
    FieldKind(
        Kind("flag-flipped", "a flag says the contrary"),
        lambda place: isinstance(place.value, bool) and _is_bound(place),
        _to(lambda value: not value),
    ),
    FieldKind(
        Kind("emptied-list", "a list has lost what was in it"),
        lambda place: isinstance(place.value, list) and bool(place.value),
        _to(lambda _: []),
    ),
    FieldKind(
        Kind("wrapped-value", "a value is wrapped into an object, as for translations"),
        _is_leaf,
        _to(lambda value: {"value": value}),
    ),
)
