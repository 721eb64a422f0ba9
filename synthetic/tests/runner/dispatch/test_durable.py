"""Ticks through DBOS: each is played once, whoever starts it, and a dead worker's are continued."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from synthetic.core.errors import HarnessError
from synthetic.runner.dispatch.durable import DurableDispatch

TICKER = "synthetic.tests.runner.dispatch.ticker"


def ticker(url: str, worker: str, log: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", TICKER, url, worker, str(log), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def killed_in_the_middle(url: str, worker: str, log: Path, tick: str) -> None:
    process = ticker(url, worker, log, "hang", tick)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.kill()
    process.wait()
    process.stdout.close()


def ended(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=30)
    return process.returncode


@pytest.mark.slow
def test_the_same_tick_is_played_once_by_two_workers(tmp_path: Path) -> None:
    """Both start it; one of them plays it."""
    url, log = f"sqlite:///{tmp_path}/dbos.db", tmp_path / "log"
    assert ended(ticker(url, "w1", log, "play", "a@1")) == 0
    workers = [ticker(url, name, log, "play", "a@1", "b@2", "c@3") for name in ("w2", "w3")]
    assert [ended(worker) for worker in workers] == [0, 0]
    assert sorted(line.split()[1] for line in log.read_text().splitlines()) == ["a@1", "b@2", "c@3"]


@pytest.mark.slow
def test_as_many_ticks_are_played_at_once_as_there_are(tmp_path: Path) -> None:
    """None of them waits for another one's end; `limits.at_once` is what holds them up, and it is asked in each."""
    url, log = f"sqlite:///{tmp_path}/dbos.db", tmp_path / "log"
    ticks = [f"probe-{number}@{number}" for number in range(40)]
    assert ended(ticker(url, "w1", log, "meet", *ticks)) == 0
    assert sorted(log.read_text().split()[1::2]) == sorted(ticks)


@pytest.mark.slow
def test_a_killed_workers_tick_is_entered_again_by_itself(tmp_path: Path) -> None:
    """Under the same name, when it comes back."""
    url, log = f"sqlite:///{tmp_path}/dbos.db", tmp_path / "log"
    killed_in_the_middle(url, "w1", log, "a@1")
    assert ended(ticker(url, "w1", log, "return")) == 0
    assert log.read_text().splitlines() == ["w1 a@1", "w1 a@1"]


@pytest.mark.slow
def test_a_killed_workers_tick_is_continued_by_a_survivor(tmp_path: Path) -> None:
    """Under another name, which takes over what the dead one had started."""
    url, log = f"sqlite:///{tmp_path}/dbos.db", tmp_path / "log"
    killed_in_the_middle(url, "w1", log, "a@1")
    assert ended(ticker(url, "w2", log, "adopt", "w1")) == 0
    assert log.read_text().splitlines() == ["w1 a@1", "w2 a@1"]


def test_a_database_that_can_not_be_used_is_said_without_its_password() -> None:
    """Before anything is scheduled."""

    async def play(_probe: str, _slot_ns: int) -> str:
        return ""

    async def launch() -> None:
        DurableDispatch("postgresql://someone:hunter2@127.0.0.1:1/nothing", "w1", play)

    with pytest.raises(HarnessError) as caught:
        asyncio.run(launch())
    assert "hunter2" not in str(caught.value)


@pytest.mark.slow
def test_ticks_of_long_ago_are_forgotten(tmp_path: Path) -> None:
    """What has ended goes, what is going stays, and a tick of today is still played once."""
    url = f"sqlite:///{tmp_path}/dbos.db"
    hanging = asyncio.Event()

    async def play(probe: str, _slot_ns: int) -> str:
        if probe == "hangs":
            await hanging.wait()
        return "ok"

    async def story() -> list[int]:
        dispatch = DurableDispatch(url, "w1", play)
        for probe in ("a", "b", "hangs"):
            await dispatch.start(probe, 1)
        forgotten = [await dispatch.forget(1)]
        async with asyncio.timeout(10):
            while sum(forgotten) < 2:
                forgotten.append(await dispatch.forget(time.time_ns() + 10**9))
        forgotten.append(await dispatch.forget(time.time_ns() + 10**9))
        hanging.set()
        assert await dispatch.drain(10)
        return forgotten

    forgotten = asyncio.run(story())
    assert (forgotten[0], sum(forgotten), forgotten[-1]) == (0, 2, 0)


@pytest.mark.slow
def test_a_file_of_ticks_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    """Without one, ticks that begin together wait for each other's locks for a tenth of a second and more."""

    async def play(_probe: str, _slot_ns: int) -> str:
        return "ok"

    async def story() -> None:
        assert await DurableDispatch(f"sqlite:///{tmp_path}/dbos.db", "w1", play).drain(10)

    asyncio.run(story())
    with closing(sqlite3.connect(tmp_path / "dbos.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.slow
def test_ticks_that_wait_for_their_start_do_not_keep_an_end_up(tmp_path: Path) -> None:
    """A worker that is overloaded has many of them; none is started when nobody plays it any more, and the process ends."""
    played: list[str] = []

    async def play(probe: str, _slot_ns: int) -> str:
        played.append(probe)
        return "ok"

    async def story() -> int:
        dispatch = DurableDispatch(f"sqlite:///{tmp_path}/dbos.db", "w1", play)
        waiting = [asyncio.ensure_future(dispatch.start(f"p{number}", 1)) for number in range(2000)]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert await dispatch.drain(20)
        so_far = len(played)
        await asyncio.gather(*waiting, return_exceptions=True)
        return so_far

    assert 0 < asyncio.run(story()) == len(played) < 2000
