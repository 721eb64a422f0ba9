"""The mistakes of one file, gathered while reading goes on, and the few ways to compile what an author wrote."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from synthetic.config.located import Text
from synthetic.core.errors import AuthorError, Mistake, Place
from synthetic.core.expressions import Expression, Kind, Vocabulary, compile_expression, did_you_mean
from synthetic.core.templates import Template, compile_template

_UNKNOWN_NAME = re.compile(r"unknown name '([\w.]+)'")


class Problems:
    """Gathers mistakes; reading goes on with stand-ins, which never leave, since `raise_any` comes before any result."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def add(self, place: Place, message: str, hint: str = "") -> None:
        """One mistake."""
        self.mistakes.append(Mistake(place, message, hint))

    def unknown(self, name: Text, noun: str, known: Iterable[str]) -> None:
        """A name that is not known, with the nearest one that is."""
        if not name.stands_in:
            self.add(name.place, f"unknown {noun} '{name}'", did_you_mean(name, sorted(known)))

    def raise_any(self) -> None:
        """Raises AuthorError with all mistakes, if there are any."""
        if self.mistakes:
            raise AuthorError(self.mistakes)

    def expression(self, text: Text, vocabulary: Vocabulary, expected: Kind | None = None) -> Expression:
        """Compile a CEL expression."""
        if text.stands_in:
            return stand_in(text)
        try:
            return compile_expression(text.rstrip(), vocabulary, text.inner, expected=expected)
        except AuthorError as error:
            self._add_all(error)
            return stand_in(text)

    @contextmanager
    def explaining(self, explain: Callable[[str], str]) -> Iterator[None]:
        """Give the unknown names that are found meanwhile a better hint, where `explain` has one for a name."""
        before = len(self.mistakes)
        yield
        for index in range(before, len(self.mistakes)):
            unknown = _UNKNOWN_NAME.search(self.mistakes[index].message)
            if unknown is not None and (hint := explain(unknown[1])):
                self.mistakes[index] = replace(self.mistakes[index], hint=hint)

    def _add_all(self, error: AuthorError) -> None:
        """The complaints about one expression; of syntax errors only the first, since it brings the others about."""
        syntax = [mistake for mistake in error.mistakes if "Syntax error" in mistake.message]
        self.mistakes += map(_worded, syntax[:1] or error.mistakes)

    def template(self, text: Text, vocabulary: Vocabulary, expected: Kind | None = None) -> Template:
        """Compile a text with holes."""
        if text.stands_in:
            return Template((stand_in(text),), text.inner)
        try:
            return compile_template(str(text), vocabulary, text.inner, expected=expected)
        except AuthorError as error:
            self._add_all(error)
            return Template((stand_in(text),), text.inner)

    def written(self, text: Text, vocabulary: Vocabulary) -> Template:
        """Compile a text with holes that goes over a wire, where an amount has to say how it is written."""
        template = self.template(text, vocabulary)
        if template.kind is Kind.MONEY:
            self.add(
                text.place,
                f"`{text}` is an amount, which has no form of its own on a wire",
                "say how it is written: .minor(), .decimal(), .units(100000) or .text()",
            )
        return template


def stand_in(text: Text) -> Expression:
    """An expression in the place of one that could not be compiled; it is of any type."""
    return Expression(str(text), text.inner, Kind.ANY, frozenset(), None)


def nearest(wrong: str, known: Iterable[str]) -> str | None:
    """The known name that a wrong one was probably meant as."""
    return next(iter(difflib.get_close_matches(wrong, list(known), n=1, cutoff=0.6)), None)


def _worded(mistake: Mistake) -> Mistake:
    """On one line, and with what to do about an amount beside a number."""
    if "\n" in mistake.message:
        mistake = replace(mistake, message=" ".join(mistake.message.split()))
    if mistake.hint or "no matching overload" not in mistake.message or "money" not in mistake.message:
        return mistake
    return replace(mistake, hint="an amount goes with amounts only; written in an expression it is money('1.00 EUR')")
