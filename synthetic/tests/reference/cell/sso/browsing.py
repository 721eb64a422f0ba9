"""A cell with its identity provider, both on real sockets, and browsers that sign in; for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx

from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.sso.switches import CELL_SWITCHES_SSO
from synthetic.reference.cell.switches import CELL_SWITCHES_CORE
from synthetic.reference.ledger import Ledger, open_ledger
from synthetic.reference.settings import IdpAccount
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.reference.tls import client_tls
from synthetic.tests.reference.cell.running import cell_settings, fresh_database, player
from synthetic.tests.reference.idp.running import CLIENTS, RunningIdp, query_of, running_idp, served

PLAYERS = (
    player("ada", sso_subject="subject-ada"),
    player("bob", sso_subject="subject-bob"),
    player("eve", sso_subject="subject-eve", self_excluded=True),
)


@dataclass
class SsoCell:
    """A cell that listens, its board and ledger, and its identity provider."""

    url: str
    board: Switchboard
    ledger: Ledger
    idp: RunningIdp
    _open: list[httpx.Client] = field(default_factory=list)

    def throw(self, switch: str) -> None:
        """Throw a switch of the cell."""
        self.board.throw(Switch(switch))

    def browser(self) -> Browser:
        """A browser with no cookies."""
        client = httpx.Client(base_url=self.url, timeout=30, verify=client_tls(), trust_env=False)
        self._open.append(client)
        return Browser(client, self.idp)

    def close(self) -> None:
        """Close the browsers."""
        for client in self._open:
            client.close()


@dataclass
class Browser:
    """One browser: its cookies live in `http`."""

    http: httpx.Client
    idp: RunningIdp

    def start(self) -> str:
        """Begin a sign-in; the identity provider's page that the cell sends the browser to."""
        answer = self.http.get("/auth/sso/start")
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]

    def come_back(self, name: str = "ada", **asked: str) -> str:
        """Begin and sign in; the address at the cell that the provider sends the browser to. `asked` tampers with the request."""
        return self.idp.sign_in(with_query(self.start(), **asked), name)

    def open(self, callback: str) -> httpx.Response:
        """Open the callback."""
        return self.http.get(callback)

    def sign_in(self, name: str = "ada") -> httpx.Response:
        """The whole way; the callback's answer."""
        return self.open(self.come_back(name))


@contextmanager
def running_sso(folder: Path, *, timeout_s: float = 3.0) -> Iterator[SsoCell]:
    """Serve a cell and an identity provider that knows it."""
    db_url = fresh_database(folder)
    ledger, board = open_ledger(db_url), Switchboard(CELL_SWITCHES_CORE | CELL_SWITCHES_SSO)
    with running_idp() as idp:

        def build(url: str) -> Any:
            client = {"cell": "canary", "secret": CLIENTS[0].secret, "redirect_uri": f"{url}/auth/sso/callback"}
            assert idp.http.put("/_clients/client-canary", json=client).status_code == 200
            account = IdpAccount(idp.url, "client-canary", client["redirect_uri"], client["secret"], timeout_s)
            return build_cell(cell_settings(db_url, players=PLAYERS, idp=account), ledger, board)

        with served(build) as url:
            cell = SsoCell(url, board, ledger, idp)
            yield cell
            cell.close()
    ledger.close()


def with_query(url: str, **changes: str) -> str:
    """The URL with parameters changed."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | changes)))


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal, which brings no token."""
    assert "token" not in answer.json()
    return answer.status_code, answer.json()["error"]


__all__ = ["Browser", "SsoCell", "query_of", "refusal", "running_sso", "with_query"]
