"""A project with a suite of contracts, run by pytest as its own process, with the conftest.py of `contracts/`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from synthetic.config.shipped import shipped_root

_SUITE = '''
"""Verifications that come out as their contracts are called."""
import pytest
from synthetic.contracts.interactions import Contract, Interaction
from synthetic.contracts.results import InteractionResult, Mismatch, Verification
from synthetic.contracts.sealing import Exchanged
from synthetic.contracts.suites import each_contract

ONE = Interaction("an order", (), (), None)
MORE = Interaction("an order by cash", (), (), None)
ROWS = [Contract("buyer", name, (ONE, MORE)) for name in {names!r}]
SENT = Exchanged("POST /orders?token=tok-in-the-line-1", '{{"launch_token": "tok-in-the-body-1"}}', 200, '{{"id": 7}}')
FOUND = {{
    "good": dict(),
    "bad": dict(mismatches=(Mismatch("$.id", '"o-1"', "7", "Expected a string"),)),
    "blind": dict(reason="the provider is not reachable"),
}}

@each_contract(ROWS)
def test_the_provider_keeps_the_contract(contract, verified):
    if contract.provider == "lost":
        raise RuntimeError("set SHOP_KEY: the key")
    if contract.provider == "stopped":
        raise KeyboardInterrupt
    found = InteractionResult("buyer", contract.provider, "an order", (), exchange=SENT, **FOUND[contract.provider])
    verified(Verification("buyer", contract.provider, "v1", (found,), (("an order by cash", "needs cash"),)))

def test_of_something_else():
    pass
'''


def run_suite(folder: Path, *providers: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Verify these providers: `good`, `bad`, `blind` (can't be judged), `lost` (no result), `stopped` (Ctrl-C)."""
    shutil.copy(shipped_root() / "contracts" / "conftest.py", folder / "conftest.py")
    (folder / "test_shop_contracts.py").write_text(_SUITE.format(names=providers), encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", *arguments]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=280, check=False)
