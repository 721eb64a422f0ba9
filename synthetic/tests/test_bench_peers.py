"""The comparison with other tools leaves none out silently, and holds ours against each by its CPU."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.peers import fetching
from bench.peers.__main__ import BARS, result_of
from bench.peers.fetching import NotFetched
from bench.peers.spending import Spending, spend
from bench.peers.tools import OURS, PEERS, Job, Peer, Told
from bench.server.starting import bench_server

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def spendings(ours_ms: float, **theirs: Spending) -> dict[str, Spending]:
    """Ours beside all peers with bars, at 1 ms each unless something else is said."""
    found = {OURS: Spending(OURS, ours_ms, 1000.0)}
    return found | {name: theirs.get(name, Spending(name, 1.0, 900.0)) for name in BARS}


def test_each_bar_is_met_or_missed_by_the_ratio_of_cpu() -> None:
    """0.5 ms against 1 ms is enough for k6 and for Locust, and not for the others."""
    result = result_of(spendings(0.5))
    assert [bar.met for bar in result.bars] == [True, True, False, False]
    assert all("without lease, caps and audit" in bar.text for bar in result.bars)
    assert result.figures["k6"] == {"version": fetching.K6, "cpu_ms": 1.0, "per_s": 900.0, "start_cpu_s": 0.0}
    assert result.exit_code == 1
    assert result_of(spendings(0.01)).exit_code == 0


def test_a_peer_that_is_not_there_is_told_and_misses_its_bar() -> None:
    """Its row says why; the others are compared as ever."""
    result = result_of(spendings(0.01, k6=Spending("k6", problem="not fetched: no network")))
    assert ["not fetched: no network" in row for row in result.grids[0].rows] == [False, True, False, False, False]
    assert [bar.met for bar in result.bars] == [False, True, True, True]
    assert result.figures["k6"] == {"version": fetching.K6, "problem": "not fetched: no network"}


def _none(_scratch: Path) -> Path:
    raise NotFetched("no network")


def _python(code: str) -> Peer:
    def told(_tool: Path, _job: Job) -> Told:
        return Told(["python3", "-c", code])

    return Peer("tool", lambda scratch: scratch, told, 1, 2)


def test_a_tool_that_breaks_or_does_less_is_told_of(tmp_path: Path) -> None:
    """Who can't be fetched, who ends badly, and who asked the server less often than the journeys need."""
    with bench_server(tracks=("canary",), players=1) as server:
        problems = []
        for number, peer in enumerate(
            (Peer("tool", _none, lambda *_: Told([]), 1, 2), _python("raise SystemExit('oh')"), _python("pass"))
        ):
            folder = tmp_path / str(number)
            folder.mkdir()
            problems.append(spend(peer, tmp_path, server, folder, 0).problem)
    assert problems == ["not fetched: no network", "ended with 1: oh", "asked 0 times and not 8: "]


def test_a_tool_is_told_nothing_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that stands there is none of its business; where programs are, and its job, it is told."""
    monkeypatch.setenv("SOME_TOKEN", "geheim")
    code = "import os, sys; sys.exit(' '.join(n for n in ('SOME_TOKEN', 'PATH', 'BASE') if n in os.environ))"
    with bench_server(tracks=("canary",), players=1) as server:
        assert spend(_python(code), tmp_path, server, tmp_path, 0).problem == "ended with 1: PATH BASE"


NPM = """#!/bin/sh
echo "$@" > "$HOME/asked"; echo "$SOME_TOKEN,$NPM_CONFIG_REGISTRY" > "$HOME/told"
mkdir -p "${7}/node_modules/.bin"; touch "${7}/node_modules/.bin/artillery"
"""


def test_what_is_installed_has_one_version_and_runs_no_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """npm is asked for it by number, without scripts of packages, and told no token; the folder is that version's."""
    (tmp_path / "npm").write_text(NPM)
    (tmp_path / "npm").chmod(0o700)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path), "SOME_TOKEN": "geheim"}
    for name, value in {**environment, "NPM_CONFIG_REGISTRY": "mirror"}.items():
        monkeypatch.setenv(name, value)
    command = fetching.artillery(tmp_path)
    assert command.exists()
    assert command.is_relative_to(tmp_path / f"artillery-{fetching.ARTILLERY}")
    asked = (tmp_path / "asked").read_text().split()
    assert {"--ignore-scripts", f"artillery@{fetching.ARTILLERY}"} <= set(asked)
    assert (tmp_path / "told").read_text() == ",mirror\n"


def test_scripts_have_no_hole_left(tmp_path: Path) -> None:
    """What a tool has no variables for is filled in."""
    for peer in PEERS:
        folder = tmp_path / peer.name
        folder.mkdir()
        peer.told(tmp_path, Job("http://127.0.0.1:1", tmp_path, folder, "salt", 4, 8))
        written = "".join(file.read_text() for file in folder.iterdir())
        assert not [hole for hole in ("@USERS@", "@LOOPS@", "@NUMBERS@") if hole in written]


def test_ours_plays_the_journeys_of_every_user(tmp_path: Path) -> None:
    """Eight calls each, all well, with the checks that every peer makes."""
    with bench_server(tracks=("canary",), players=3) as server:
        size = ["--users", "2", "--journeys", "4", "--cells", str(server.cells_file), "--folder", str(tmp_path)]
        command = [sys.executable, "-m", "bench.peers.ours", *size]
        played = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert (played.returncode, played.stdout, played.stderr) == (0, "", "")
        assert server.stats().answered == 4 * 8
