"""What the identity provider remembers between two requests: sign-ins that wait for a password, codes, access tokens."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from joserfc.jwk import ECKey

from synthetic.reference.idp.clients import IdpClient

SIGN_IN_TTL_S = 300.0
CODE_TTL_S = 60.0
TOKEN_TTL_S = 300.0
_KEPT_MAX = 10_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a client asked for at the authorization endpoint (OpenID Connect Core 3.1.2.1, RFC 7636 4.3)."""

    client: IdpClient
    state: str
    nonce: str
    code_challenge: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What a code stands for: the request, who signed in when, and the key that is to sign the id token."""

    asked: AuthorizationRequest
    subject: str
    signed_in_s: int
    key: ECKey


@dataclass(slots=True)
class _Kept(Generic[T]):
    value: T
    until_s: float


class Tickets(Generic[T]):
    """Values under names that can't be guessed, each for a while; the oldest go first when there are too many."""

    def __init__(self, ttl_s: float) -> None:
        self._ttl_s = ttl_s
        self._kept: OrderedDict[str, _Kept[T]] = OrderedDict()

    def issue(self, value: T) -> str:
        """Keep a value; answers its name."""
        while len(self._kept) >= _KEPT_MAX:
            self._kept.popitem(last=False)
        name = secrets.token_urlsafe(24)
        self._kept[name] = _Kept(value, now_s() + self._ttl_s)
        return name

    def find(self, name: str) -> T | None:
        """The value, or None where there is none (any more)."""
        kept = self._kept.get(name)
        return kept.value if kept is not None and now_s() < kept.until_s else None

    def take(self, name: str) -> T | None:
        """The value, once: the next one who asks gets None."""
        value = self.find(name)
        self._kept.pop(name, None)
        return value


class UsedCodes:
    """The access token of each code that was used: a second use takes it back (RFC 6749, 4.1.2)."""

    def __init__(self, access_tokens: Tickets[str]) -> None:
        self._access_tokens = access_tokens
        self._token_of: OrderedDict[str, str] = OrderedDict()

    def note(self, code: str, access_token: str) -> None:
        """A code was exchanged for this token."""
        while len(self._token_of) >= _KEPT_MAX:
            self._token_of.popitem(last=False)
        self._token_of[code] = access_token

    def revoke(self, code: str) -> None:
        """A code came that is not good: if it was used before, its token is dead."""
        token = self._token_of.pop(code, None)
        if token is not None:
            self._access_tokens.take(token)


def now_s() -> float:
    """The wall clock, in Unix seconds."""
    return datetime.now(UTC).timestamp()
