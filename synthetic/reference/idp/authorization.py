"""The authorization endpoint: is this a request that a code may be given for? Then the player signs in, and goes back with it."""

from __future__ import annotations

import asyncio
import html
import re
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from synthetic.reference.idp.accounts import Accounts
from synthetic.reference.idp.clients import Clients
from synthetic.reference.idp.errors import OAuthError, RefusedByRedirect
from synthetic.reference.idp.forms import read_form
from synthetic.reference.idp.grants import CODE_TTL_S, SIGN_IN_TTL_S, AuthorizationRequest, Grant, Tickets, now_s
from synthetic.reference.idp.keys import KEPT, SigningKeys
from synthetic.reference.switchboard import Switchboard

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_PAGE = """<!doctype html><title>Sign in</title>
<form method="post" action="/login">
<input type="hidden" name="transaction" value="{transaction}">
<label>User name <input name="username"></label> <label>Password <input name="password" type="password"></label>
<button>Sign in</button></form>
"""


class Authorization:
    """`/authorize` shows the sign-in form, `/login` takes it: a synthetic player needs no human for either."""

    def __init__(self, board: Switchboard, clients: Clients, accounts: Accounts, keys: SigningKeys) -> None:
        self._board = board
        self._clients = clients
        self._accounts = accounts
        self._keys = keys
        self._sign_ins: Tickets[AuthorizationRequest] = Tickets(SIGN_IN_TTL_S)
        self.codes: Tickets[Grant] = Tickets(CODE_TTL_S)

    async def authorize(self, request: Request) -> Response:
        """GET or POST (OpenID Connect Core 3.1.2.1): the form, or back to the client with an error."""
        given = request.query_params if request.method == "GET" else await read_form(request)
        asked = self._read(given)
        await refuse_when_down(self._board, asked.client.cell)
        if given.get("prompt") == "none":
            raise RefusedByRedirect(asked.client.redirect_uri, asked.state, "login_required", "nobody is signed in")
        page = _PAGE.format(transaction=html.escape(self._sign_ins.issue(asked)))
        return HTMLResponse(page, headers={"Cache-Control": "no-store"})

    async def login(self, request: Request) -> Response:
        """The form: wrong credentials are told here, right ones send the player back with a code."""
        form = await read_form(request)
        asked = self._sign_ins.find(form.get("transaction", ""))
        if asked is None:
            raise OAuthError(400, "invalid_transaction", "this sign-in is over; start again at the client")
        await refuse_when_down(self._board, asked.client.cell)
        account = self._accounts.signed_in(form.get("username", ""), form.get("password", ""))
        if account is None:
            raise OAuthError(401, "invalid_credentials", "the user name or the password is wrong")
        self._sign_ins.take(form["transaction"])
        if (rotation := self._board.acting("rotates_jwks", cell=asked.client.cell)) is not None:
            self._keys.rotate(int(rotation.params.get("kept", KEPT)))
        code = self.codes.issue(Grant(asked, account.subject, int(now_s()), self._keys.current))
        wrong_state = self._board.is_on("answers_wrong_state", cell=asked.client.cell)
        state = secrets.token_urlsafe(16) if wrong_state else asked.state
        return back_to(asked.client.redirect_uri, {"code": code, "state": state})

    def _read(self, given: Mapping[str, str]) -> AuthorizationRequest:
        client = self._clients.named(given.get("client_id", ""))
        # Who can't be trusted with the player's browser is never redirected to (RFC 6749, 4.1.2.1).
        if client is None:
            raise OAuthError(400, "invalid_client", "there is no such client")
        if given.get("redirect_uri") != client.redirect_uri:
            raise OAuthError(400, "invalid_request", "the redirect_uri is not the registered one")
        state = given.get("state", "")

        def refuse(code: str, description: str) -> RefusedByRedirect:
            return RefusedByRedirect(client.redirect_uri, state, code, description)

        if given.get("response_type") != "code":
            raise refuse("unsupported_response_type", "response_type has to be code")
        if "openid" not in given.get("scope", "").split():
            raise refuse("invalid_scope", "the scope has to hold openid")
        if given.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(given.get("code_challenge", "")):
            raise refuse("invalid_request", "PKCE is required: code_challenge and code_challenge_method=S256")
        return AuthorizationRequest(client, state, given.get("nonce", ""), given["code_challenge"])


def back_to(redirect_uri: str, parameters: Mapping[str, str]) -> Response:
    """Send the player back to the client."""
    given = {name: value for name, value in parameters.items() if value}
    location = f"{redirect_uri}{'&' if '?' in redirect_uri else '?'}{urlencode(given)}"
    return RedirectResponse(location, 302, headers={"Cache-Control": "no-store"})


async def refuse_when_down(board: Switchboard, cell: str, switch: str = "idp_down") -> None:
    """Raise 503 where the switch acts for this cell, after as long as it says."""
    if (acting := board.acting(switch, cell=cell)) is not None:
        await asyncio.sleep(float(acting.params.get("hang_s", 0.0)))
        raise OAuthError(503, "temporarily_unavailable", "the identity provider is down")
