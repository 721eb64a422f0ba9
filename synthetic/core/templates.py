"""Text and JSON with `${{ expression }}` in it, compiled once and rendered per request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synthetic.core.errors import AuthorError, Place
from synthetic.core.expressions import Expression, ExpressionError, Kind, Vocabulary, compile_expression
from synthetic.core.money import Money

_HOLE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_DERIVING = re.compile(r"(?:totp|sha256)\(")
_MONEY_IN_TEXT = "say how it is written: .minor(), .decimal(), .units(100000) or .text()"


@dataclass(frozen=True, slots=True)
class Template:
    """A scalar with holes. One that is a single whole hole keeps the type of its value; every other one is text.

    `deriving`: the holes that compute a digest or a code, which may be as secret as what it is made of.
    """

    parts: tuple[str | Expression, ...]
    place: Place
    deriving: tuple[Expression, ...] = ()

    @property
    def kind(self) -> Kind:
        """The type of the rendered value."""
        only = self.parts[0] if len(self.parts) == 1 else ""
        return only.kind if isinstance(only, Expression) else Kind.STRING

    @property
    def literal(self) -> str | None:
        """The text where there is no hole in it, else None."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "".join(texts) if len(texts) == len(self.parts) else None

    def value(self, scope: Mapping[str, Any], currency: str) -> Any:
        """Render. Raises ExpressionError."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Expression):
            return self.parts[0].value(scope, currency)
        return self.text(scope, currency)

    def text(self, scope: Mapping[str, Any], currency: str) -> str:
        """Render as text. Raises ExpressionError where a hole holds no scalar."""
        written = []
        for part in self.parts:
            value = part if isinstance(part, str) else part.value(scope, currency)
            written.append(value if type(value) is str else _scalar_text(value, part))
        return "".join(written)


def _scalar_text(value: Any, of: str | Expression) -> str:
    source = of if isinstance(of, str) else of.text
    match value:
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case Money():
            raise ExpressionError(f"`{source}` is an amount; {_MONEY_IN_TEXT}")
        case _:
            raise ExpressionError(f"`{source}` is {type(value).__name__}, which has no text form")


def compile_template(text: str, vocabulary: Vocabulary, place: Place, *, expected: Kind | None = None) -> Template:
    """Compile a scalar's text. Raises AuthorError with the place of each hole's mistakes."""
    parts: list[str | Expression] = []
    end = 0
    for hole in _HOLE.finditer(text):
        if hole.start() > end:
            parts.append(text[end : hole.start()])
        start = hole.start(1) + len(hole[1]) - len(hole[1].lstrip())
        inner = _place_within(text, start, place)
        parts.append(compile_expression(hole[1].strip(), vocabulary, inner))
        end = hole.end()
    if end < len(text) or not parts:
        parts.append(text[end:])
    deriving = tuple(part for part in parts if isinstance(part, Expression) and _DERIVING.search(part.text))
    template = Template(tuple(parts), place, deriving)
    _check(template, place, expected)
    return template


def _place_within(text: str, start: int, place: Place) -> Place:
    """Where `text[start]` stands, if `text` begins at `place` and its lines are indented alike (as in a YAML block)."""
    line_start = text.rfind("\n", 0, start) + 1
    return Place(place.file, place.line + text.count("\n", 0, start), place.column + start - line_start)


def _check(template: Template, place: Place, expected: Kind | None) -> None:
    for part in template.parts:
        if isinstance(part, str) and "${{" in part:
            raise AuthorError.at(place, "`${{` without its `}}`")
        if isinstance(part, Expression) and len(template.parts) > 1 and part.kind is Kind.MONEY:
            raise AuthorError.at(part.place, f"`{part.text}` is an amount inside a text", _MONEY_IN_TEXT)
    if expected is not None and Kind.ANY not in (template.kind, expected) and template.kind is not expected:
        raise AuthorError.at(place, f"this is of type {template.kind}, but {expected} is expected here")


Tree = Template | Mapping[str, "Tree"] | tuple["Tree", ...] | int | bool | None
"""JSON with templates for its texts."""


def deriving_in(tree: Tree) -> Iterator[Expression]:
    """What a tree computes out of secrets, such as `totp(player.totp, now)`: it is as secret as they are."""
    match tree:
        case Template():
            yield from tree.deriving
        case Mapping():
            for item in tree.values():
                yield from deriving_in(item)
        case tuple():
            for item in tree:
                yield from deriving_in(item)
        case _:
            return


def render(tree: Tree, scope: Mapping[str, Any], currency: str) -> Any:
    """JSON data with every hole filled. Raises ExpressionError; an amount has to say how it is written."""
    match tree:
        case Template():
            value = tree.value(scope, currency)
            if isinstance(value, Money):
                raise ExpressionError(f"an amount has no JSON form of its own; {_MONEY_IN_TEXT}")
            return value
        case Mapping():
            return {key: render(item, scope, currency) for key, item in tree.items()}
        case tuple():
            return [render(item, scope, currency) for item in tree]
        case _:
            return tree
