"""A provider that runs by itself is verified at its URL: it passes as it is, and fails with the exact path where it has changed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from synthetic.tests.representative import combination

ROOT = Path(__file__).resolve().parents[3]
ENDED_WITHIN_S = 250.0


@contextmanager
def served(*mutation: str) -> Iterator[tuple[str, dict[str, str]]]:
    """psp-a in a process of its own, as a newcomer starts it: its URL, and the environment that it says is needed."""
    command = [sys.executable, "-m", "bench.mutations", "--serve", "psp-a", *mutation]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = [process.stdout.readline().strip() for _ in range(4)]
            variable, _, key = told[2].removeprefix("export ").partition("=")
            yield told[1].removeprefix("URL="), environment() | {variable: key}
        finally:
            process.terminate()
            assert process.wait(ENDED_WITHIN_S) == 0


def environment() -> dict[str, str]:
    """Ours, with this project first."""
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""}


def verify(url: str, env: dict[str, str], states: str) -> subprocess.CompletedProcess[str]:
    """`pytest contracts --provider psp-a=URL`, as a newcomer types it."""
    command = [sys.executable, "-m", "pytest", "contracts", "--provider", f"psp-a={url}", "--provider-states", states]
    command += ["-n", "0", "-q", "-p", "no:randomly"]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=ENDED_WITHIN_S, check=False
    )


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("states", [combination("api", played=True), combination("none", played=False)])
def test_a_simulator_that_was_started_by_itself_passes(states: str) -> None:
    """With all of its interactions, and with those alone that need no state."""
    with served() as (url, env):
        verified = verify(url, env, states)
        assert verified.returncode == 0, verified.stdout
        assert "1 passed" in verified.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_mutated_one_fails_with_the_exact_path() -> None:
    """Also where nobody may change its states: then it is verified for less, and not for nothing."""
    with served("--mutation", "drop-field POST /v1/payouts 200 $.currency") as (url, env):
        for states in ("api", "none"):
            verified = verify(url, env, states)
            assert verified.returncode == 1, verified.stdout
            assert "psp-a breaks cashier, a payout: $.currency is missing" in verified.stdout
