"""The cell as a client of its identity provider: discovery, keys with a cache, and codes for id tokens.

What the provider does wrong is told as 503 `idp_unavailable`, so that nobody takes it for the player's fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.sso.attempt import Attempt
from synthetic.reference.settings import IdpAccount
from synthetic.reference.tls import client_tls

KEYS_FRESH_S = 300.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the discovery document says."""

    authorization: str
    token: str
    jwks: str


class IdpClient:
    """One identity provider. Its methods raise ApiError 503 `idp_unavailable`."""

    def __init__(self, account: IdpAccount) -> None:
        self._account = account
        self._http = httpx.AsyncClient(timeout=account.timeout_s, verify=client_tls(), trust_env=False)
        self._endpoints: Endpoints | None = None
        self._keys: KeySet | None = None
        self._keys_from_s = 0.0

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def endpoints(self) -> Endpoints:
        """Where to send whom; read once (OpenID Connect Discovery 1.0, 4)."""
        if self._endpoints is None:
            document = await self._read(f"{self._account.issuer}/.well-known/openid-configuration")
            if document.get("issuer") != self._account.issuer:
                raise idp_unavailable("its discovery document speaks of another issuer")
            try:
                self._endpoints = Endpoints(
                    str(document["authorization_endpoint"]), str(document["token_endpoint"]), str(document["jwks_uri"])
                )
            except KeyError as error:
                raise idp_unavailable(f"its discovery document lacks {error}") from None
        return self._endpoints

    async def keys(self) -> tuple[KeySet, bool]:
        """The keys, and whether they come from the cache: then a key that is missing may be there by now."""
        if self._keys is not None and _now_s() - self._keys_from_s < KEYS_FRESH_S:
            return self._keys, True
        return await self.fetch_keys(), False

    async def fetch_keys(self) -> KeySet:
        """The keys as they are published now."""
        document = await self._read((await self.endpoints()).jwks)
        try:
            self._keys = KeySet.import_key_set({"keys": document["keys"]})
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise idp_unavailable(f"its key set can't be read: {error!r}") from None
        self._keys_from_s = _now_s()
        return self._keys

    async def id_token(self, code: str, attempt: Attempt) -> str:
        """Exchange a code. Raises 401 `code_refused` where it is used, expired, or not this sign-in's."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._account.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        # Both halves are form-encoded before they are joined (RFC 6749, 2.3.1).
        basic = httpx.BasicAuth(quote_plus(self._account.client_id), quote_plus(self._account.client_secret))
        answer = await self._send("POST", (await self.endpoints()).token, data=form, auth=basic)
        body = _json(answer)
        if answer.status_code == 400 and body.get("error") == "invalid_grant":
            raise ApiError(401, "code_refused", "the identity provider does not accept this code; start again")
        if answer.status_code != 200 or not isinstance(body.get("id_token"), str):
            raise idp_unavailable(f"its token endpoint answers {answer.status_code} {body.get('error', '')}".rstrip())
        return str(body["id_token"])

    async def _read(self, url: str) -> Mapping[str, Any]:
        answer = await self._send("GET", url)
        if answer.status_code != 200:
            raise idp_unavailable(f"it answers {answer.status_code} at {answer.url.path}")
        return _json(answer)

    async def _send(self, method: str, url: str, **given: Any) -> httpx.Response:
        try:
            return await self._http.request(method, url, **given)
        except httpx.HTTPError as error:
            raise idp_unavailable(f"it does not answer ({type(error).__name__})") from None


def idp_unavailable(why: str) -> ApiError:
    """503 `idp_unavailable`."""
    return ApiError(503, "idp_unavailable", f"the identity provider is of no use now: {why}")


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        raise idp_unavailable(f"what it answers at {answer.url.path} is not JSON") from None
    if not isinstance(body, dict):
        raise idp_unavailable(f"what it answers at {answer.url.path} is no JSON object")
    return body


def _now_s() -> float:
    return datetime.now(UTC).timestamp()
