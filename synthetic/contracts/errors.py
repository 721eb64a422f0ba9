"""What keeps a contract from being verified as it was asked for."""

from __future__ import annotations


class ContractError(Exception):
    """A contract can't be verified as it was asked for; the message says what to do."""
