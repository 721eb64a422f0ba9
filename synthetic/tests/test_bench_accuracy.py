"""The benchmark of accuracy: what it counts is so, and a short one plays with every client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.accuracy.bars import Case, Measured, result_of
from bench.accuracy.by_hand import calls
from bench.accuracy.sampling import Told
from bench.server.answers import Bank

QUIET = Case(50, 0)
ROOT = Path(__file__).parents[2]


def measured(
    errors_ms: list[float], *, case: Case = QUIET, tainted_ms: list[float] | None = None, failed: int = 0
) -> Measured:
    """What ours measured, as its process tells it."""
    ns = [[(1, int(error * 1e6)) for error in some] for some in (errors_ms, tainted_ms or [])]
    return Measured("ours", case, Told.read(f"noise\n{json.dumps([*ns, 10, failed, 1.5])}\n"), (20.0,), 0.1)


@pytest.mark.parametrize(
    ("one", "unmet"),
    [
        (measured([0.2] * 198 + [0.9, -0.9]), []),
        (measured([0.2] * 196 + [1.1] * 4), ["error p99 below 1 ms", "every sample beyond 1 ms is tainted"]),
        (measured([0.2] * 299 + [-1.1]), ["every sample beyond 1 ms is tainted"]),
        (measured([0.2] * 200, tainted_ms=[9.0]), []),
        (measured([0.2] * 200, tainted_ms=[9.0] * 12), ["at most 5% tainted"]),
        (measured([0.2] * 200, tainted_ms=[9.0] * 200, case=Case(50, 2)), []),
        (measured([0.2] * 199, tainted_ms=[9.0] * 999, case=Case(50, 2)), ["at least 200 samples are untainted"]),
        (measured([1.9] * 200, case=Case(200, 2)), []),
        (measured([0.2] * 200, failed=1), ["no journey failed"]),
        (measured([9.0], case=Case(1, 0)), []),
    ],
)
def test_each_bar_is_missed_by_itself(one: Measured, unmet: list[str]) -> None:
    """p99 and every single sample, too early as well as too late; what is tainted counts only as a share."""
    bars = result_of([one], [50.0]).bars
    assert [bar.text.partition(": ")[2] for bar in bars if not bar.met] == unmet


def test_what_a_client_takes_back_is_shown_beside() -> None:
    """The p99 over all samples stands in the row: tainting hides nothing."""
    (grid,) = result_of([measured([0.2] * 300, tainted_ms=[9.0] * 30, case=Case(50, 2))], [50.0]).grids
    row = dict(zip(grid.columns, grid.rows[0], strict=True))
    assert (row["p99 ms"], row["p99 all"], row["tainted"]) == ("0.20", "9.00", "9.1%")


def test_what_the_server_does_not_know_proves_nothing() -> None:
    """An answer whose send was interrupted is left out, and counted."""
    told = Told.read(json.dumps([[(1, 200_000), (2, 9_000_000)], [(3, 9_000_000)], 1, 0, 1.5]), frozenset({2, 3}))
    assert (told.errors_ms, told.tainted_ms, told.doubtful) == ([0.2], [], 2)


def test_a_client_that_takes_all_back_has_no_percentile(tmp_path: Path) -> None:
    """Where nothing is left the bar is missed, with hogs, too; the chart stands, and the JSON has no number that is none."""
    result = result_of([measured([], tainted_ms=[9.0], case=Case(50, 2)), measured([], tainted_ms=[9.0])], [50.0])
    unmet = [(bar.text.partition(", ")[2], bar.measured) for bar in result.bars if not bar.met]
    assert unmet == [
        ("2 hogs: at least 200 samples are untainted", "0"),
        ("2 hogs: error p99 below 1 ms", "no sample is left"),
        ("quiet: at least 200 samples are untainted", "0"),
        ("quiet: error p99 below 1 ms", "no sample is left"),
        ("quiet: at most 5% tainted", "100.0%"),
    ]
    assert json.loads(result.keep(tmp_path).read_text())["figures"]["ours, 50 journeys, quiet"]["tainted_share"] == 1.0


def test_the_journey_by_hand_is_the_eight_calls_and_looks_at_the_money() -> None:
    """As many requests as the scenario has steps, and a wallet that is wrong is seen."""
    bank = Bank(1)
    journey = calls(0, "r1")
    call = next(journey)
    for sent in range(1, 9):
        headers = {name.lower(): value for name, value in call.headers.items()}
        told = json.loads(bank.answer(call.method, call.path, headers, json.dumps(call.body).encode())[1])
        if sent < 8:
            call = journey.send(told)
    with pytest.raises(StopIteration):
        journey.send(told)
    journey = calls(0, "r2")
    next(journey)
    answers = [{"cash_minor": 5}, {}, {"state": "succeeded"}, {"cash_minor": 105}, {"state": "paid"}, {"cash_minor": 6}]
    journey.send({"token": "t"})
    for answer in answers:
        journey.send(answer)
    with pytest.raises(ValueError, match="did not move as it has to"):
        journey.send({"entries": []})


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the client and the server need a core each")
@pytest.mark.parametrize(
    "clients", [("ours", "Locust Fast"), pytest.param(("aiohttp", "httpx"), marks=pytest.mark.exhaustive)]
)
def test_a_short_one_measures_with_every_client(clients: tuple[str, ...], tmp_path: Path) -> None:
    """Two journeys at once for a second: each client has samples, and none of its journeys fails."""
    command = [sys.executable, "-m", "bench.accuracy", "--at-once", "2", "--delay-ms", "20", "--seconds", "1"]
    command += ["--hogs", "0", "--out", str(tmp_path), *(word for client in clients for word in ("--client", client))]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (table,) = json.loads((tmp_path / "accuracy.json").read_text())["tables"]
    assert [row[0] for row in table["rows"]] == list(clients)
    assert all(int(row[2]) > 0 and row[-1] == "0" for row in table["rows"])
