"""The benchmark of growth: what it counts is so, and a short one plays both ways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.growth.bars import fleet, result_of
from bench.growth.journeys import Crowd
from bench.growth.probes import Configured

ROOT = Path(__file__).parents[2]


def crowds(*cpu_ms: float) -> list[Crowd]:
    """Ten, a hundred, a thousand at once, at these costs; each journey has 100 KiB."""
    return [Crowd(10**power, 100, cost, 100 + 10**power / 10.24, 0.5) for power, cost in enumerate(cpu_ms, start=1)]


def services(*cpu_ms: float, missed: int = 0) -> list[Configured]:
    """As many probes; the last service missed so many slots."""
    all_of = [Configured(10**power, 100, {}, cost, 100.0, 0.2, 1.0, 60) for power, cost in enumerate(cpu_ms, start=1)]
    all_of[-1].missed.update({"lag": missed} if missed else {})
    return all_of


@pytest.mark.parametrize(
    ("of_crowds", "of_services", "unmet"),
    [
        (crowds(5.0, 5.9, 5.5), services(9.0, 9.0, 10.7), []),
        (crowds(5.0, 5.0, 6.1), services(9.0), ["CPU of a journey flat within 20% at 10, 100, 1 000 journeys at once"]),
        (crowds(6.1, 5.0), services(9.0), ["CPU of a journey flat within 20% at 10, 100 journeys at once"]),
        (crowds(5.0), services(9.0, 11.0), ["CPU of a journey flat within 20% at 10, 100 probes"]),
        (crowds(0.0), services(9.0), ["CPU of a journey flat within 20% at 10 journeys at once"]),
        (crowds(5.0), services(9.0, 9.0, missed=2), ["every slot was played, and well"]),
    ],
)
def test_each_bar_is_missed_by_itself(of_crowds: list[Crowd], of_services: list[Configured], unmet: list[str]) -> None:
    """The most against the least, whichever has it; a cost of nothing was not measured."""
    result = result_of(of_crowds, of_services, (50.0, 10.0))
    assert [bar.text for bar in result.bars if not bar.met] == unmet


def test_the_memory_of_one_is_what_the_others_add(tmp_path: Path) -> None:
    """From the fewest to the most, in KiB."""
    kept = result_of(crowds(5.0, 5.0, 5.0), [], (50.0, 10.0)).keep(tmp_path)
    assert json.loads(kept.read_text())["figures"]["kib_a_running_journey"] == pytest.approx(100, rel=0.01)


def test_a_fleet_needs_what_its_journeys_need_and_an_idle_worker() -> None:
    """2 000 journeys a minute, from what ten a second have cost beyond nothing at all; memory with those that go on at once."""
    service = Configured(10_000, 300, {}, 23.0, 200.0, 0.23, 6.0, 500, disk_kib=6.0, rows=7.0)
    crowd = Crowd(1000, 300, 6.0, 300.0, 0.3)
    told = {row[0]: row[1] for row in fleet(crowd, service, rate=10.0, idle_share=0.03).rows}
    assert told["journeys a second"] == "33"
    assert told["cores"] == f"{0.03 + 2000 / 60 * 0.02:.2f}"
    assert told["memory MiB"] == f"{200 + 2000 / 60 * 5 * 0.1:.0f}"
    assert told["disk GiB a day"] == f"{2000 / 60 * 86_400 * 6 / 1024**2:.1f}"


def grown(folder: Path, *arguments: str) -> list[str]:
    """The first row of the only table of a short one."""
    command = [sys.executable, "-m", "bench.growth", "--out", str(folder), *arguments]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140, check=False)
    table = json.loads((folder / "growth.json").read_text())["tables"][0]
    assert table["remark"].splitlines()[-1].startswith("memory of one"), run.stdout + run.stderr
    (row,) = table["rows"]
    return list(row)


@pytest.mark.slow
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the client and the server need a core each")
def test_a_short_one_counts_the_journeys_that_are_played_at_once(tmp_path: Path) -> None:
    """Four at once, of which four begin in a second."""
    row = grown(tmp_path, "--at-once", "4", "--rate", "4", "--seconds", "2", "--probes")
    assert row[0] == "4"
    assert float(row[1]) > 0
    assert float(row[2]) > 0


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="the client and the server need a core each")
def test_a_short_one_counts_the_journeys_of_a_service(tmp_path: Path) -> None:
    """Three probes once a second each: played, or told as missed."""
    row = grown(tmp_path, "--probes", "3", "--probes-rate", "3", "--probes-seconds", "4", "--at-once")
    assert row[0] == "3"
    assert int(row[1]) + int(row[2]) > 0
