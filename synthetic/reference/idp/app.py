"""The identity provider, assembled: discovery, keys, authorization, tokens, and its switchboard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.reference.idp.accounts import Account, Accounts
from synthetic.reference.idp.authorization import Authorization, back_to
from synthetic.reference.idp.clients import Clients, IdpClient, client_routes
from synthetic.reference.idp.errors import OAuthError, RefusedByRedirect
from synthetic.reference.idp.keys import ALGORITHM, SigningKeys
from synthetic.reference.idp.tokens import Tokens
from synthetic.reference.refusal import answer_refusal
from synthetic.reference.switchboard import Switchboard, switchboard_routes


def build_idp(
    issuer: str, board: Switchboard, *, clients: Iterable[IdpClient] = (), accounts: Iterable[Account] = ()
) -> Starlette:
    """An OpenID Connect provider as an ASGI app. `issuer` is the address it is served at; `board` knows `IDP_SWITCHES`."""
    keys, registered = SigningKeys(), Clients(clients)
    authorization = Authorization(board, registered, Accounts(accounts), keys)
    tokens = Tokens(board, registered, authorization.codes, keys, issuer)

    async def discovery(_request: Request) -> Response:
        return JSONResponse(discovery_document(issuer))

    async def jwks(_request: Request) -> Response:
        return JSONResponse(keys.jwks())

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", discovery, methods=["GET"]),
            Route("/jwks", jwks, methods=["GET"]),
            Route("/authorize", authorization.authorize, methods=["GET", "POST"]),
            Route("/login", authorization.login, methods=["POST"]),
            Route("/token", tokens.token, methods=["POST"]),
            Route("/userinfo", tokens.userinfo, methods=["GET", "POST"]),
            *client_routes(registered),
            *switchboard_routes(board),
        ],
        exception_handlers={OAuthError: answer_refusal, RefusedByRedirect: _redirect},
    )


def discovery_document(issuer: str) -> dict[str, Any]:
    """What OpenID Connect Discovery 1.0, 3 wants to be told."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "scopes_supported": ["openid"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce"],
    }


async def _redirect(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedByRedirect)
    return back_to(error.redirect_uri, error.parameters)
