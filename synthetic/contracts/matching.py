"""Matchers that take the whole value: Pact's `regex` is content with a part, so that `pending` lets `pending_review` pass."""

from __future__ import annotations

import re
from typing import Any

from pact import match


def whole(example: str, regex: str) -> Any:
    """A text that the regular expression matches from its first to its last character."""
    return match.regex(example, regex=f"^(?:{regex})$")


def one_of(*values: str) -> Any:
    """One of the agreed values and no other; the first is the example."""
    return whole(values[0], "|".join(re.escape(value) for value in values))
