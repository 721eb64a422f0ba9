"""Is this id token good, and whose is it? (OpenID Connect Core 3.1.3.7). Pure: keys and time are arguments."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from synthetic.reference.cell.errors import ApiError

ALGORITHMS = ["ES256", "RS256"]  # never what the token's own header says
CLOCK_SKEW_S = 5


class UnknownKey(Exception):  # noqa: N818 - the caller may fetch the keys again
    """The token names a key that is not among those at hand."""

    def __init__(self, kid: str) -> None:
        super().__init__(f"no key has the id {kid!r}")
        self.kid = kid


@dataclass(frozen=True, slots=True)
class Expected:
    """What an id token has to say: who issued it, for whom, and for which sign-in. `nonce` None: any."""

    issuer: str
    audience: str
    nonce: str | None


def subject_of(token: str, keys: KeySet, expected: Expected, now_s: int) -> str:
    """The subject of a good token. Raises UnknownKey, or ApiError 401 `invalid_id_token` or `nonce_mismatch`."""
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        _registry(expected, now_s).validate(claims)
    except InvalidKeyIdError:
        raise UnknownKey(_kid_of(token)) from None
    except (JoseError, ValueError) as error:
        raise refused_token(f"the id token is not good: {error}") from None
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != expected.audience:
        raise refused_token("the id token has several audiences, and the authorized party is not this client")
    if expected.nonce is not None and not _is_nonce(claims.get("nonce"), expected.nonce):
        raise ApiError(401, "nonce_mismatch", "the id token was made for another sign-in; start again")
    return str(claims["sub"])


def refused_token(why: str, **extra: Any) -> ApiError:
    """401 `invalid_id_token`."""
    return ApiError(401, "invalid_id_token", why, extra=extra)


def _registry(expected: Expected, now_s: int) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=now_s,
        leeway=CLOCK_SKEW_S,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.audience},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )


def _kid_of(token: str) -> str:
    return str(extract_compact(token.encode()).headers().get("kid", ""))


def _is_nonce(given: object, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), wanted.encode())
