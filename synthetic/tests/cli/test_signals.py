"""Ctrl-C, SIGTERM and `--watch`: in processes of their own, as a user has them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from synthetic.tests.cli.test_run import QUIET

pytestmark = pytest.mark.slow

DEADLINE_S = 60.0


@contextmanager
def started(folder: Path, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """`synthetic ARGUMENTS` in a process; its outputs go to files in the folder. It is gone at the end."""
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        command = [sys.executable, "-m", "synthetic.cli", *map(str, arguments)]
        # A shell starts its background jobs with Ctrl-C ignored, and what they start inherits that.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        # Its temporary files go where the test's do: a killed demo can't take them away itself.
        process = subprocess.Popen(
            command, cwd=folder, stdout=out, stderr=err, env=os.environ | {"TMPDIR": str(folder)}
        )
        signal.signal(signal.SIGINT, before)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def await_that(holds: Callable[[], object], what: str) -> None:
    """Poll until it holds."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not holds():
        assert time.monotonic() < deadline_s, f"not within {DEADLINE_S:g} s: {what}"
        time.sleep(0.02)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_an_ended_demo_leaves_nothing_running(tmp_path: Path, number: signal.Signals) -> None:
    """Exit 130, and the platform that it started is gone with it."""
    with started(tmp_path, "demo", "--pairs", 1) as demo:
        await_that(lambda: _children(demo.pid), "the platform is started")
        (platform,) = _children(demo.pid)
        demo.send_signal(number)
        assert demo.wait(DEADLINE_S) == 130
        await_that(lambda: _is_gone(platform), "the platform has ended")
    assert b"Traceback" not in (tmp_path / "err").read_bytes()


@pytest.mark.slow
def test_a_killed_demo_takes_its_platform_along(tmp_path: Path) -> None:
    """Even where it had no chance to clean up."""
    with started(tmp_path, "demo", "--pairs", 1) as demo:
        await_that(lambda: b" runs" in (tmp_path / "err").read_bytes(), "runs are played")
        (platform,) = _children(demo.pid)
        demo.kill()
        demo.wait()
        await_that(lambda: _is_gone(platform), "the platform has ended")


def test_an_interrupted_run_finishes_what_it_began(project: Path, cells_file: Path) -> None:
    """No further run begins, those that have begun bring their money home and are kept; exit 130."""
    words = ("run", "--cells", cells_file, "--scenario", "deposit-bet-withdraw", "--repeat", 50, "--at-once", 1)
    with started(project, *words) as run:
        await_that(lambda: (project / "out").read_bytes().count(b"\n"), "a first run has ended")
        run.send_signal(signal.SIGINT)
        assert run.wait(DEADLINE_S) == 130
    *runs, closing = (project / "out").read_text().splitlines()
    assert all(line.startswith(("ok ", "tainted ")) for line in runs)  # the latter on a machine that is too busy
    assert closing.startswith(f"{len(runs)} run{'s' if len(runs) > 1 else ''}: ")
    assert "their money comes home" in (project / "err").read_text()


@pytest.mark.slow
def test_watch_plays_again_on_each_change_and_survives_a_mistake(project: Path, cells_file: Path) -> None:
    """A saved mistake is told, its mending plays again; Ctrl-C ends it with 130."""
    scenario, out, err = project / "scenarios" / "look.yaml", project / "out", project / "err"
    scenario.write_text(QUIET)
    with started(project, "run", "--cells", cells_file, "--tag", "quiet", "--cell", "canary", "--watch") as run:
        await_that(lambda: b"1 run: 1 ok" in out.read_bytes(), "it has played once")
        scenario.write_text(QUIET.replace("wallet.balance", "wallet.ballance"))
        await_that(lambda: b"wallet.ballance" in err.read_bytes(), "the mistake is told")
        scenario.write_text(QUIET + "  - start.cash == start.cash\n")
        await_that(lambda: out.read_bytes().count(b"1 run: 1 ok") == 2, "it has played again")
        run.send_signal(signal.SIGINT)
        assert run.wait(DEADLINE_S) == 130
    assert b"Traceback" not in err.read_bytes()
