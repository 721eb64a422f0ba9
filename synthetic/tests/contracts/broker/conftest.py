"""A broker in a process of its own, the environment that names it, and a pact to publish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from synthetic.contracts.broker.settings import BrokerAccess
from synthetic.tests.contracts.broker.stories import pact
from synthetic.tests.contracts.broker_standin.process import broker_process

TOKEN = "t0ken-that-nobody-may-see"


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A broker that wants a token."""
    with broker_process(tmp_path_factory.mktemp("broker"), authorization=f"Bearer {TOKEN}") as url:
        yield url


@pytest.fixture
def access(broker_url: str, monkeypatch: pytest.MonkeyPatch) -> BrokerAccess:
    """The broker as new; the environment names it, the token, and a build."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    httpx.post(f"{broker_url}/_forget", headers=headers, trust_env=False).raise_for_status()
    variables = {"PACT_BROKER_BASE_URL": broker_url, "PACT_BROKER_TOKEN": TOKEN}
    for name, value in {**variables, "GIT_COMMIT": "shop-1", "GIT_BRANCH": "main"}.items():
        monkeypatch.setenv(name, value)
    return BrokerAccess(broker_url, token=TOKEN)


@pytest.fixture
def pacts(tmp_path: Path) -> Path:
    """A folder with the pact between shop and bank."""
    folder = tmp_path / "pacts"
    folder.mkdir()
    (folder / "shop-bank.json").write_text(json.dumps(pact("shop", "bank")), encoding="utf-8")
    return folder
