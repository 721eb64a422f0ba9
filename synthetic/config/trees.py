"""Bodies: JSON as written in YAML, to JSON with compiled holes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic.config.located import Listed, Mapped, Text
from synthetic.config.problems import Problems
from synthetic.core.expressions import Vocabulary
from synthetic.core.plan_exchanges import NamedTemplates
from synthetic.core.templates import Template, Tree


def link_tree(value: Any, vocabulary: Vocabulary, problems: Problems) -> Tree:
    """Compile the holes of a body."""
    match value:
        case Text():
            return problems.written(value, vocabulary)
        case Mapped():
            return {str(key): link_tree(item, vocabulary, problems) for key, item in value.items()}
        case Listed():
            return tuple(link_tree(item, vocabulary, problems) for item in value)
        case _:
            scalar: int | bool | None = value
            return scalar


def link_named(values: Mapping[Text, Any], vocabulary: Vocabulary, problems: Problems) -> NamedTemplates:
    """Compile headers or query parameters; numbers and truth values are their texts."""
    return tuple((str(name), link_scalar(name, value, vocabulary, problems)) for name, value in values.items())


def link_scalar(name: Text, value: Any, vocabulary: Vocabulary, problems: Problems) -> Template:
    """Compile one text; a number or a truth value is its text."""
    match value:
        case Text():
            return problems.written(value, vocabulary)
        case bool():
            return Template(("true" if value else "false",), name.place)
        case int():
            return Template((str(value),), name.place)
        case _:
            problems.add(name.place, f"`{name}` has to be a text or a number")
            return Template(("",), name.place)
