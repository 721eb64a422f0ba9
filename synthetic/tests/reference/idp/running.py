"""An identity provider on a real socket, and a browser that signs in there; for the tests of this folder and of the cell's."""

from __future__ import annotations

import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import uvicorn
from starlette.applications import Starlette

from synthetic.reference.idp import IDP_SWITCHES, Account, IdpClient, build_idp
from synthetic.reference.idp.tokens import challenge_of
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.reference.tls import client_tls
from synthetic.reference.world.serving import bound
from synthetic.tests.reference.psp.serving import wait_until

REDIRECT_URI = "http://127.0.0.1:1/auth/sso/callback"
CLIENTS = (
    IdpClient("client-canary", "canary", REDIRECT_URI, "canary:secret/1"),
    IdpClient("client-baseline", "baseline", "http://127.0.0.1:2/auth/sso/callback", "baseline-secret"),
)
ACCOUNTS = tuple(
    Account(f"{name}@idp.example", f"subject-{name}", f"{name}-idp-password")
    for name in ("ada", "bob", "tess", "eve", "stranger")
)


@contextmanager
def served(build: Callable[[str], Starlette]) -> Iterator[str]:
    """Serve an app that has to know its own address before it is built; the address."""
    with bound(["app"]) as listeners:
        url = listeners["app"].url
        server = uvicorn.Server(uvicorn.Config(build(url), log_config=None, access_log=False, ws="none", lifespan="on"))
        sockets = {"sockets": [listeners["app"].sock]}
        thread = threading.Thread(target=server.run, kwargs=sockets, daemon=True)
        thread.start()
        wait_until(lambda: server.started, within_s=15.0)
        try:
            yield url
        finally:
            server.should_exit = True
            thread.join(timeout=10)
    assert not thread.is_alive()


@dataclass
class RunningIdp:
    """An identity provider that listens, its board, and a client without cookies to it."""

    url: str
    board: Switchboard
    http: httpx.Client

    def throw(self, switch: str, *, cell: str | None = None, **params: Any) -> None:
        """Throw a switch of the provider."""
        self.board.throw(Switch(switch, cell=cell, params=params))

    def kids(self) -> list[str]:
        """The ids of the published keys."""
        return [key["kid"] for key in self.http.get("/jwks").json()["keys"]]

    def sign_in(self, authorize_url: str, name: str) -> str:
        """What a person does: open the page, fill in the form; where the browser is sent then."""
        page = self.http.get(authorize_url)
        assert page.status_code == 200, page.text
        answer = self.post_form(page.text, f"{name}@idp.example", f"{name}-idp-password")
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def post_form(self, page: str, username: str, password: str) -> httpx.Response:
        """Send the page's form."""
        found = re.search(r'name="transaction" value="([^"]+)"', page)
        assert found is not None, page
        form = {"transaction": found[1], "username": username, "password": password}
        return self.http.post("/login", data=form)


@contextmanager
def running_idp() -> Iterator[RunningIdp]:
    """Serve an identity provider with two clients and a few accounts."""
    board = Switchboard(IDP_SWITCHES)
    with (
        served(lambda url: build_idp(url, board, clients=CLIENTS, accounts=ACCOUNTS)) as url,
        httpx.Client(base_url=url, timeout=30, verify=client_tls(), trust_env=False) as http,
    ):
        yield RunningIdp(url, board, http)


class RelyingParty:
    """One sign-in as a client of the provider makes it, by the standard's words and with nothing of the platform's code."""

    def __init__(self, idp: RunningIdp, client: IdpClient = CLIENTS[0]) -> None:
        self._idp = idp
        self._client = client
        self.state, self.nonce, self.verifier = (secrets.token_urlsafe(32) for _ in range(3))

    def authorize_url(self, **changes: str | None) -> str:
        """The authorization request, with parameters changed (or left out: None)."""
        asked: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.redirect_uri,
            "scope": "openid",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }
        asked |= changes
        return "/authorize?" + urlencode({name: value for name, value in asked.items() if value is not None})

    def code(self, name: str = "ada", **changes: str | None) -> str:
        """The code that a person's sign-in brings."""
        answered = query_of(self._idp.sign_in(self.authorize_url(**changes), name))
        assert answered["state"] == self.state
        return answered["code"]

    def redeem(self, code: str, **changes: str) -> httpx.Response:
        """Ask the token endpoint; `client_id` and `secret` change the authentication, anything else the form."""
        client_id = changes.pop("client_id", self._client.client_id)
        secret = changes.pop("secret", self._client.secret)
        form: dict[str, str] = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.redirect_uri,
            "code_verifier": self.verifier,
        }
        form |= changes
        encoded = urlencode({client_id: secret}).split("=")  # RFC 6749, 2.3.1
        return self._idp.http.post("/token", data=form, auth=(encoded[0], encoded[1]))


def query_of(url: str) -> dict[str, str]:
    """The parameters of a URL."""
    return dict(parse_qsl(urlsplit(url).query))
