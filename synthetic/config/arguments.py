"""Arguments of a call: the values by name, checked against the inputs of the operation that is called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from synthetic.config.fields import quotes_hint
from synthetic.config.located import Listed, Mapped, Text, describe
from synthetic.config.problems import Problems, nearest
from synthetic.core.errors import Place
from synthetic.core.expressions import Kind, Vocabulary, did_you_mean
from synthetic.core.money import Money, MoneyError
from synthetic.core.templates import Template


def nothing_given(place: Place) -> Template:
    """The value of an optional input that is left out: an empty text."""
    return Template(("",), place)


def link_arguments(
    given: Mapping[Text, Any],
    places: Mapped,
    inputs: Mapping[str, Kind],
    optional: frozenset[str],
    names: Vocabulary,
    problems: Problems,
    *,
    callee: str,
    at: Place,
) -> dict[str, Template]:
    """The argument of every input. `places` has the places of the values, `at` is where the operation is named."""
    meant = {nearest(key, inputs) for key in given if key not in inputs}
    for key in given:
        if key not in inputs:
            hint = did_you_mean(key, list(inputs)) or "it has none"
            problems.add(key.place, f"{callee} has no input '{key}'", hint)
    arguments: dict[str, Template] = {}
    for name, kind in inputs.items():
        written = next((key for key in given if key == name), None)
        if written is not None:
            arguments[name] = _argument(given[written], places.at(name), kind, names, problems)
        elif name in optional or name in meant:
            arguments[name] = nothing_given(at)
        else:
            problems.add(at, f"{callee} needs the input '{name}' ({kind})", f"write `with: {{{name}: ...}}`")
    return arguments


def _argument(value: Any, place: Place, kind: Kind, names: Vocabulary, problems: Problems) -> Template:
    match value:
        case Text():
            return _text_argument(value, kind, names, problems)
        case bool() | int():
            actual = Kind.BOOL if isinstance(value, bool) else Kind.INT
            if kind not in (actual, Kind.ANY):
                problems.add(
                    place,
                    f"expected {_wanted(kind)}, found {describe(value)}",
                    quotes_hint(value) if kind is Kind.STRING else "",
                )
            return _constant(json.dumps(value), place, problems)
        case Listed() | Mapped():
            actual = Kind.LIST if isinstance(value, Listed) else Kind.MAP
            if kind not in (actual, Kind.ANY):
                problems.add(place, f"expected {_wanted(kind)}, found {describe(value)}")
            return _constant(json.dumps(value), place, problems)
        case _:
            problems.add(place, f"expected {_wanted(kind)}, found nothing")
            return nothing_given(place)


def _text_argument(value: Text, kind: Kind, names: Vocabulary, problems: Problems) -> Template:
    if "${{" in value or kind in (Kind.STRING, Kind.ANY):
        return problems.template(value, names, kind)
    if kind is Kind.MONEY:
        try:
            Money.parse(value)
        except MoneyError as error:
            problems.add(value.place, str(error))
        return Template((str(value),), value.place)
    problems.add(value.place, f"expected {_wanted(kind)}, found '{value}'")
    return nothing_given(value.place)


def _constant(literal: str, place: Place, problems: Problems) -> Template:
    expression = problems.expression(Text(literal, place), {})
    return Template((expression,), place)


def _wanted(kind: Kind) -> str:
    return {
        Kind.MONEY: "an amount such as 1.00 EUR",
        Kind.STRING: "a text",
        Kind.INT: "a whole number",
        Kind.BOOL: "true or false",
        Kind.LIST: "a list",
        Kind.MAP: "a mapping",
    }.get(kind, "a value")


def by_name(
    inputs: Mapping[str, Kind],
    optional: frozenset[str],
    sources: Iterable[str],
    names: Vocabulary,
    problems: Problems,
    *,
    callee: str,
    at: Place,
    families: Sequence[str] = ("output", "argument"),
) -> dict[str, Template]:
    """The arguments of a call that gives none: each input from the first of `sources` (`out.id`, `args.id`, `key`) of its name."""
    known = list(sources)
    arguments: dict[str, Template] = {}
    for name, kind in inputs.items():
        source = next((source for source in known if source.rpartition(".")[2] == name), None)
        if source is not None:
            arguments[name] = Template((problems.expression(Text(source, at), names, kind),), at)
        elif name in optional:
            arguments[name] = nothing_given(at)
        else:
            message = f"{callee} needs the input '{name}', and there is no {' or '.join(families)} of that name"
            problems.add(at, message, f"write `with: {{{name}: ...}}`")
    return arguments


def literal_amount(template: Template | None) -> Money | None:
    """The amount that an argument states outright; None where it is computed or wrong."""
    if template is None or template.literal is None:
        return None
    try:
        return Money.parse(template.literal)
    except MoneyError:
        return None
