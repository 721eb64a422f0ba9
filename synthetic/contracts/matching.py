"""Matchers of texts whose form or values are agreed on. Pact's `regex` takes the whole text: `paid` does not let `unpaid` pass."""

from __future__ import annotations

import re
from typing import Any

from pact.match.matcher import AbstractMatcher


class _Text(AbstractMatcher[str]):
    """A text of a form. Pact's `regex` by itself takes `null` and numbers for their spelling, and its own way to say two rules
    of one value loses the example.
    """

    def __init__(self, example: str, regex: str) -> None:
        self.value = example
        self._regex = regex

    def to_integration_json(self) -> dict[str, Any]:
        """As the consumer's side writes it into a body."""
        rules = [{"pact:matcher:type": "regex", "regex": self._regex}, {"pact:matcher:type": "type"}]
        return {"pact:matcher:type": rules, "value": self.value}

    def to_matching_rule(self) -> dict[str, Any]:
        """As it stands among the rules of a pact."""
        return {"combine": "AND", "matchers": [{"match": "regex", "regex": self._regex}, {"match": "type"}]}


def whole(example: str, regex: str) -> Any:
    """A text that the regular expression matches from its first to its last character; neither a number nor `null`."""
    return _Text(example, regex)


def one_of(*values: str) -> Any:
    """One of the agreed values and no other; the first is the example."""
    return whole(values[0], "|".join(re.escape(value) for value in values))
