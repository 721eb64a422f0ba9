"""Idempotency keys of pacts: a pact has fixed ones, but a provider remembers what it has seen, so each verification has its own."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace

from synthetic.contracts.sealing import Outgoing

_KEY = re.compile(r"\bpact-key-[a-z0-9]+(?:-[a-z0-9]+)*")


class Salt:
    """The salt of the verification that is going on; `renew` begins another one."""

    def __init__(self) -> None:
        self.text = fresh_salt()

    def renew(self) -> None:
        """The keys that were used stay used: further ones are new."""
        self.text = fresh_salt()

    def own(self, text: str) -> str:
        """The text with its keys made this verification's own."""
        return salted(text, self.text)


def fresh_salt() -> str:
    """What tells the keys of one verification from those of any other."""
    return secrets.token_hex(4)


def salted(text: str, salt: str) -> str:
    """The text with all of its keys (`pact-key-...`) made this verification's own, by a salt behind.

    Where a client makes further ids of its own by suffixes, the salt has to be in front: `providers.wallet_states.with_salt`.
    """
    return _KEY.sub(lambda found: f"{found[0]}-{salt}", text)


def with_salted_keys(request: Outgoing, salt: str) -> Outgoing:
    """The request with the keys in its path, headers and body made this verification's own."""
    return replace(
        request,
        path=salted(request.path, salt),
        headers={name: salted(value, salt) for name, value in request.headers.items()},
        body=salted(request.body.decode("utf-8"), salt).encode(),
    )
