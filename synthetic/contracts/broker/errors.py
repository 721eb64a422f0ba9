"""What the broker may say to us that is no answer."""

from __future__ import annotations

from synthetic.core.errors import SyntheticError


class BrokerRefused(SyntheticError):  # noqa: N818 - the sentence reads "the broker refused"
    """The broker understood, and does not do it: a changed pact under a version that has one, a name that it doesn't know."""

    exit_code = 1


class BrokerLacks(BrokerRefused):
    """The broker has no such thing (404)."""
