"""`python -m synthetic.reference`: a process that says when it is ready, ends when it is told to, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

# Left out of the default suite, which has to stay under three minutes; CI plays it.
pytestmark = pytest.mark.slow

WITHIN_S = 60.0


def wait_until(claim: Callable[[], bool], what: str) -> None:
    """Poll until the claim holds; fail at the deadline."""
    deadline_s = time.monotonic() + WITHIN_S
    while not claim():
        assert time.monotonic() < deadline_s, f"{what}: not within {WITHIN_S:g} s"
        time.sleep(0.02)


def command(cells_file: Path, *more: str) -> list[str]:
    """The platform's command line."""
    return [sys.executable, "-W", "error", "-m", "synthetic.reference", "--write-cells", str(cells_file), *more]


@contextmanager
def platform(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A platform that is ready, with a temporary folder of its own to look into."""
    (folder / "tmp").mkdir()
    environment = os.environ | {"TMPDIR": str(folder / "tmp")}
    process = subprocess.Popen(
        command(folder / "cells.yaml", *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    try:
        wait_until(lambda: (folder / "cells.yaml").exists() or process.poll() is not None, "cells file")
        yield process, folder / "cells.yaml"
    finally:
        process.kill()
        process.communicate()


def ports_of(cells_file: Path) -> set[int]:
    """Every port that the cells file names."""
    cells = yaml.safe_load(cells_file.read_text(encoding="utf-8"))["cells"]
    return {int(urlsplit(url).port or 0) for cell in cells.values() for url in cell["endpoints"].values()}


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_cells_file_means_that_everything_listens(tmp_path: Path) -> None:
    """Once the file is there every address in it accepts connections: cells, PSPs, providers, the identity provider."""
    with platform(tmp_path) as (_, cells_file):
        ports = ports_of(cells_file)
        assert len(ports) == 8
        assert all(listens(port) for port in ports)


def test_sigterm_ends_it_without_a_trace(tmp_path: Path) -> None:
    """SIGTERM: exit code 0, no warning printed, no temporary file left, no port open."""
    with platform(tmp_path) as (process, cells_file):
        ports = ports_of(cells_file)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=WITHIN_S)
        assert process.returncode == 0, output
        assert "Traceback" not in output, output
        assert "Warning" not in output, output
        assert list((tmp_path / "tmp").iterdir()) == []
        assert not any(listens(port) for port in ports)


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """With --exit-with-parent a platform whose starter was killed ends by itself."""
    cells_file = tmp_path / "cells.yaml"
    waits = (
        "import subprocess, sys; child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL);"
        "print(child.pid, flush=True); child.wait()"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", waits, *command(cells_file, "--exit-with-parent")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert starter.stdout is not None
    child = int(starter.stdout.readline())
    try:
        wait_until(lambda: cells_file.exists() or starter.poll() is not None, "cells file")
        ports = ports_of(cells_file)
        starter.kill()
        wait_until(lambda: not any(listens(port) for port in ports), "end of the platform")
    finally:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        starter.kill()
        starter.communicate()


def test_a_name_that_is_no_fault_is_refused(tmp_path: Path) -> None:
    """A typing error must not pass for a healthy platform: exit code 2, and the names that exist."""
    refused = subprocess.run(
        command(tmp_path / "cells.yaml", "--fault", "bin_declind"), capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2
    assert "bin_declined" in refused.stderr
    assert not (tmp_path / "cells.yaml").exists()
