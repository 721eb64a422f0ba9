"""A sign-in that is under way: state, nonce and PKCE verifier, in an encrypted cookie of the browser that began it.

So the state is bound to that browser (RFC 9700, 4.7), and the cell keeps nothing of sign-ins that nobody ends.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OctKey

from synthetic.reference.cell.errors import ApiError

ATTEMPT_TTL_S = 300
_HEADER = {"alg": "dir", "enc": "A256GCM"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the cell has to know again when the player comes back."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @property
    def challenge(self) -> str:
        """The S256 challenge of the verifier (RFC 7636, 4.2)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def new_attempt() -> Attempt:
    """Three texts that can't be guessed."""
    return Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(24), secrets.token_urlsafe(48))


class AttemptSeal:
    """Seals attempts into cookies and opens them again. The key comes of the client's secret: all replicas have it."""

    def __init__(self, client_secret: str) -> None:
        key = hmac.new(client_secret.encode(), b"sso attempt cookie", hashlib.sha256).digest()
        self._key = OctKey.import_key(key)

    def seal(self, attempt: Attempt) -> str:
        """The cookie's value: a JWE that expires."""
        claims: dict[str, Any] = {**asdict(attempt), "exp": _now_s() + ATTEMPT_TTL_S}
        return jwt.encode(_HEADER, claims, self._key, registry=JWERegistry())

    def open(self, cookie: str | None) -> Attempt:
        """The attempt. Raises 401 `state_mismatch` where there is none, it is not ours, or it is over."""
        try:
            claims = jwt.decode(cookie or "", self._key, registry=JWERegistry()).claims
            if claims["exp"] > _now_s():
                return Attempt(claims["state"], claims["nonce"], claims["verifier"])
        except (JoseError, ValueError, KeyError):
            pass  # answered below, as a missing one is: a forger learns nothing
        raise ApiError(401, "state_mismatch", "this browser has no sign-in under way; start again at /auth/sso/start")


def _now_s() -> int:
    return int(datetime.now(UTC).timestamp())
