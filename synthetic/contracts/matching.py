"""Matchers of texts whose form or values are agreed on. Pact's `regex` takes the whole text: `paid` does not let `unpaid` pass."""

from __future__ import annotations

import re
from typing import Any

from pact import match


def whole(example: str, regex: str) -> Any:
    """A text that the regular expression matches from its first to its last character."""
    return match.regex(example, regex=regex)


def one_of(*values: str) -> Any:
    """One of the agreed values and no other; the first is the example."""
    return whole(values[0], "|".join(re.escape(value) for value in values))
