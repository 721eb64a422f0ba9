"""The benchmarks' server: its wallet can be judged, and it tells the truth about its delays."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bench.server.answers import TOKEN, Bank
from bench.server.cells import PASSWORD
from bench.server.starting import TRUE_DELAY, BenchServer, bench_server

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DELAYS_MS = (20.0, 60.0)


@pytest.fixture(scope="module")
def server() -> Iterator[BenchServer]:
    with bench_server(delay_ms=DELAYS_MS, players=4) as server:
        yield server


def test_the_journey_passes_every_check(server: BenchServer, tmp_path: Path) -> None:
    """What the benchmarks play is judged, and holds, on both cells."""
    shutil.copy(ROOT / "bench" / "journey.yaml", tmp_path)
    command = [sys.executable, "-m", "synthetic.cli", "run", "--cells", str(server.cells_file), "--repeat", "2"]
    run = subprocess.run(
        [*command, "--scenarios", str(tmp_path)], capture_output=True, text=True, timeout=140, check=False
    )
    assert "4 runs: 4 ok" in run.stdout, run.stdout + run.stderr


def test_the_told_delay_is_within_what_the_client_waited(server: BenchServer) -> None:
    """From the arrival to the send: the client can only have waited longer, and the delays take turns."""
    told_ms = []
    with httpx.Client(trust_env=False, timeout=60) as client:
        for _ in range(4):
            began_ns = time.monotonic_ns()
            answer = client.get(f"{server.url}/ping")
            waited_ns = time.monotonic_ns() - began_ns
            assert int(answer.headers[TRUE_DELAY]) <= waited_ns
            told_ms.append(int(answer.headers[TRUE_DELAY]) / 1e6)
    shorter, longer = sorted((told_ms[0::2], told_ms[1::2]))
    assert min(shorter) > DELAYS_MS[0] - 2
    assert min(longer) > DELAYS_MS[1] - 2


def test_the_server_says_how_exact_it_is(server: BenchServer) -> None:
    """As many sends are timed as requests were answered."""
    before = server.stats()
    httpx.get(f"{server.url}/ping", trust_env=False, timeout=60)
    after = server.stats()
    assert after.answered == before.answered + 1
    assert len(after.sends_us) == after.answered
    assert all(send > 0 for send in after.sends_us)
    assert len(after.doubtful) == sum(send > 250 for send in after.sends_us)


def signed_in(bank: Bank, player: str = "canary-1") -> dict[str, str]:
    """The headers of a player who has signed in."""
    status, _ = bank.answer("POST", "/auth/login", {}, json.dumps({"username": player, "password": PASSWORD}).encode())
    assert status == 200
    return {"authorization": f"Bearer {TOKEN}{player}"}


def paid(bank: Bank, headers: dict[str, str], path: str, key: str, amount_minor: int) -> tuple[int, dict[str, object]]:
    """A payment asked for under a key."""
    body = json.dumps({"amount_minor": amount_minor, "psp": "psp-a"}).encode()
    status, answer = bank.answer("POST", path, headers | {"idempotency-key": key}, body)
    return status, json.loads(answer)


def cash_and_ledger(bank: Bank, headers: dict[str, str]) -> tuple[int, int, int]:
    """The cash by the balance and by the ledger, and how many postings there are."""
    cash = json.loads(bank.answer("GET", "/wallet/balance", headers, b"")[1])["cash_minor"]
    rows = json.loads(bank.answer("GET", "/wallet/ledger", headers, b"")[1])["entries"]
    return cash, sum(row["amount_minor"] for row in rows if row["bucket"] == "cash"), len(rows)


def test_a_key_moves_money_once_and_the_ledger_says_so() -> None:
    """Twice the same key is one effect."""
    bank = Bank(2)
    headers = signed_in(bank)
    start, *_ = cash_and_ledger(bank, headers)
    first = paid(bank, headers, "/cashier/deposits", "k", 70)
    assert paid(bank, headers, "/cashier/deposits", "k", 70) == first
    assert paid(bank, headers, "/cashier/withdrawals", "w", 10)[0] == 202
    assert cash_and_ledger(bank, headers)[:2] == (start + 60, start + 60)
    assert json.loads(bank.answer("GET", "/cashier/deposits?key=k", headers, b"")[1])["deposit"] == first[1]


def test_a_ledger_does_not_grow_from_journey_to_journey() -> None:
    """So a benchmark costs the same at its end; the balance keeps what was earned."""
    bank = Bank(2)
    sizes = []
    for number in range(5):
        headers = signed_in(bank)
        cash, by_ledger, rows = cash_and_ledger(bank, headers)
        assert cash == by_ledger == 3000 + number * 5
        sizes.append(rows)
        paid(bank, headers, "/cashier/deposits", f"k{number}", 5)
    assert sizes == [30, 31, 31, 31, 31]


@pytest.mark.parametrize(
    ("path", "amount_minor", "status"), [("/cashier/withdrawals", 99_999, 409), ("/cashier/nothing", 1, 404)]
)
def test_what_can_not_be_is_refused(path: str, amount_minor: int, status: int) -> None:
    """More than there is, and what is not there."""
    bank = Bank(1)
    assert paid(bank, signed_in(bank, "canary-0"), path, "k", amount_minor)[0] == status
    assert bank.answer("GET", "/wallet/balance", {}, b"")[0] == 401
