"""Who may sign in at the identity provider: a user name, a password, and the subject that tokens speak of."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Account:
    """One person at the identity provider. `subject` is the `sub` claim: never the user name, which may change hands."""

    username: str
    subject: str
    password: str = field(repr=False)


class Accounts:
    """The accounts by user name."""

    def __init__(self, accounts: Iterable[Account]) -> None:
        self._by_username = {account.username: account for account in accounts}

    def signed_in(self, username: str, password: str) -> Account | None:
        """The account, or None where the name or the password is wrong."""
        account = self._by_username.get(username)
        known = account.password if account is not None else secrets.token_hex(16)
        correct = secrets.compare_digest(known.encode(), password.encode())
        return account if correct else None
