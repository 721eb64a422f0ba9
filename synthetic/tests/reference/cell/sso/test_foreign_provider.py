"""A provider that is not ours (`oidc-provider-mock`, a process of its own, RS256): the cell speaks the standard, no dialect."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from typing import Any

import httpx
import pytest

from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.sso.switches import CELL_SWITCHES_SSO
from synthetic.reference.cell.switches import CELL_SWITCHES_CORE
from synthetic.reference.ledger import open_ledger
from synthetic.reference.settings import IdpAccount
from synthetic.reference.switchboard import Switchboard
from synthetic.reference.tls import client_tls
from synthetic.tests.reference.cell.running import cell_settings
from synthetic.tests.reference.cell.sso.browsing import PLAYERS, query_of, refusal, with_query
from synthetic.tests.reference.idp.running import served

STARTED_WITHIN_S = 60.0
ADDRESS = re.compile(r"running on (http://[\d.:]+)")


@contextmanager
def foreign_provider() -> Iterator[str]:
    """The process; the address that it says it listens on."""
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", "0", "--require-nonce", "true"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        addresses: Queue[str] = Queue()

        def read() -> None:
            assert process.stderr is not None
            for line in process.stderr:  # to the end, or the process would wait for a reader
                if (found := ADDRESS.search(line)) is not None:
                    addresses.put(found[1])

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            yield addresses.get(timeout=STARTED_WITHIN_S)
        finally:
            process.terminate()
            process.wait(timeout=10)
            reader.join(timeout=10)


@pytest.fixture(scope="module")
def cell_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cell whose identity provider it is; a client id and a secret that have to be encoded on the wire."""
    db_url = f"sqlite:///{tmp_path_factory.mktemp('foreign') / 'cell.db'}"
    ledger = open_ledger(db_url)
    with foreign_provider() as issuer:

        def build(url: str) -> Any:
            account = IdpAccount(issuer, "cell/1", f"{url}/auth/sso/callback", "se cret%1")
            settings = cell_settings(db_url, players=PLAYERS, idp=account)
            return build_cell(settings, ledger, Switchboard(CELL_SWITCHES_CORE | CELL_SWITCHES_SSO))

        with served(build) as url:
            yield url
    ledger.close()


@pytest.fixture
def browser(cell_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=cell_url, timeout=30, verify=client_tls(), trust_env=False) as client:
        yield client


def come_back(browser: httpx.Client, **asked: str) -> str:
    """Begin, and sign in at the provider, whose form wants a subject; where it sends the browser to."""
    page = browser.get("/auth/sso/start").headers["location"]
    return browser.post(with_query(page, **asked), data={"sub": "subject-ada"}).headers["location"]


def test_a_sign_in_at_a_foreign_provider_opens_a_session(browser: httpx.Client) -> None:
    """Discovery, PKCE, the code's exchange and an RS256 signature, as somebody else understands them."""
    granted = browser.get(come_back(browser))
    assert granted.status_code == 200, granted.text
    bearer = {"Authorization": f"Bearer {granted.json()['token']}"}
    assert browser.get("/me", headers=bearer).json()["player_id"] == "ada"


def test_what_has_to_be_refused_is_refused_there_too(browser: httpx.Client) -> None:
    """A used code, another nonce, another state."""
    used = come_back(browser)
    assert browser.get(used).status_code == 200
    state = query_of(browser.get("/auth/sso/start").headers["location"])["state"]
    assert refusal(browser.get(with_query(used, state=state))) == (401, "code_refused")
    assert refusal(browser.get(come_back(browser, nonce="tampered"))) == (401, "nonce_mismatch")
    assert refusal(browser.get(with_query(come_back(browser), state="tampered"))) == (401, "state_mismatch")
