"""The token endpoint: a code and its verifier become an id token and an access token, once; and `userinfo` for the latter."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

from joserfc import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from synthetic.reference.idp.authorization import refuse_when_down
from synthetic.reference.idp.clients import Clients, IdpClient
from synthetic.reference.idp.errors import OAuthError
from synthetic.reference.idp.forms import read_form
from synthetic.reference.idp.grants import TOKEN_TTL_S, Grant, Tickets, UsedCodes, now_s
from synthetic.reference.idp.keys import ALGORITHM, SigningKeys
from synthetic.reference.switchboard import Switchboard


class Tokens:
    """Codes for tokens. `issuer` is the identity provider's own address, as its discovery document says it."""

    def __init__(
        self, board: Switchboard, clients: Clients, codes: Tickets[Grant], keys: SigningKeys, issuer: str
    ) -> None:
        self._board = board
        self._clients = clients
        self._codes = codes
        self._keys = keys
        self._issuer = issuer
        self._access_tokens: Tickets[str] = Tickets(TOKEN_TTL_S)
        self._used = UsedCodes(self._access_tokens)

    async def token(self, request: Request) -> Response:
        """POST, form-encoded, with `client_secret_basic` (RFC 6749, 4.1.3; RFC 7636, 4.5)."""
        client = self._clients.authenticated(request)
        if client is None:
            raise OAuthError(401, "invalid_client", "authenticate with client_secret_basic")
        await refuse_when_down(self._board, client.cell)
        await refuse_when_down(self._board, client.cell, "token_endpoint_down")
        form = await read_form(request)
        if form.get("grant_type") != "authorization_code":
            raise OAuthError(400, "unsupported_grant_type", "grant_type has to be authorization_code")
        code = form.get("code", "")
        grant = self._granted(client, code, form.get("redirect_uri", ""), form.get("code_verifier", ""))
        access_token = self._access_tokens.issue(grant.subject)
        self._used.note(code, access_token)
        answer = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": int(TOKEN_TTL_S),
            "scope": "openid",
            "id_token": self._id_token(client, grant),
        }
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def userinfo(self, request: Request) -> Response:
        """Whose access token this is."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        subject = self._access_tokens.find(token) if scheme.lower() == "bearer" else None
        if subject is None:
            raise OAuthError(401, "invalid_token", "the access token is unknown, expired or revoked")
        return JSONResponse({"sub": subject})

    def _granted(self, client: IdpClient, code: str, redirect_uri: str, verifier: str) -> Grant:
        grant = self._codes.take(code)
        if grant is None:
            self._used.revoke(code)
            raise OAuthError(400, "invalid_grant", "the code is unknown, expired or used")
        asked = grant.asked
        if asked.client.client_id != client.client_id or asked.client.redirect_uri != redirect_uri:
            raise OAuthError(400, "invalid_grant", "the code was given to another client or redirect_uri")
        if not secrets.compare_digest(challenge_of(verifier).encode(), asked.code_challenge.encode()):
            raise OAuthError(400, "invalid_grant", "the code_verifier does not fit the code_challenge")
        return grant

    def _id_token(self, client: IdpClient, grant: Grant) -> str:
        def acts(switch: str) -> bool:
            return self._board.is_on(switch, cell=client.cell)

        issued_s = int(now_s()) - (3600 + int(TOKEN_TTL_S) if acts("answers_expired_token") else 0)
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "sub": grant.subject,
            "aud": "somebody-else" if acts("answers_wrong_audience") else client.client_id,
            "iat": issued_s,
            "exp": issued_s + int(TOKEN_TTL_S),
            "auth_time": grant.signed_in_s,
        }
        if grant.asked.nonce:
            claims["nonce"] = secrets.token_urlsafe(16) if acts("answers_wrong_nonce") else grant.asked.nonce
        if acts("answers_unsigned_token"):
            return _unsigned(claims)
        key = self._keys.unpublished if acts("signs_with_unpublished_key") else grant.key
        return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636, 4.2)."""
    return _base64url(hashlib.sha256(verifier.encode()).digest())


def _unsigned(claims: dict[str, Any]) -> str:
    # The library makes no such token without a warning, and rightly so.
    header = _base64url(json.dumps({"alg": "none", "typ": "JWT"}).encode())
    return f"{header}.{_base64url(json.dumps(claims).encode())}."


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
