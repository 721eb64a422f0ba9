"""The reference platform in a process of its own, so that its work never shows as our lag. It ends with us, always."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from synthetic.core.errors import HarnessError

READY_WITHIN_S = 60.0
STOPPED_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.05


@contextmanager
def reference_platform(
    *, fault: Sequence[str] = (), defect: Sequence[str] = (), seed: int = 0, cells: int = 2, players: int = 12
) -> Iterator[Path]:
    """Start the platform; yields its cells file once everything listens. Raises HarnessError where it does not come up.

    Its extra has to be installed (`cli.reference.reference_module` says so where it is not).
    """
    with tempfile.TemporaryDirectory(prefix="synthetic-demo-") as folder:
        cells_file, log = Path(folder) / "cells.yaml", Path(folder) / "reference.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
                _command(cells_file, fault, defect, seed, cells, players),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is ours: we end the platform after the last run has brought its money home
            )
        try:
            _await(process, cells_file, log)
            yield cells_file
        finally:
            end_process(process)


def _command(
    cells_file: Path, fault: Sequence[str], defect: Sequence[str], seed: int, cells: int, players: int
) -> list[str]:
    command = [sys.executable, "-m", "synthetic.reference", "--cells", str(cells), "--write-cells", str(cells_file)]
    command += ["--exit-with-parent", str(os.getpid()), "--seed", str(seed), "--players", str(players)]
    for option, names in (("--fault", fault), ("--defect", defect)):
        for name in names:
            command += [option, name]
    return command


def _await(process: subprocess.Popen[bytes], cells: Path, log: Path) -> None:
    deadline_s = time.monotonic() + READY_WITHIN_S
    while not cells.exists():
        if process.poll() is not None:
            raise HarnessError(
                f"the reference platform ended at its start (exit {process.returncode}){_last_words(log)}"
            )
        if time.monotonic() > deadline_s:
            raise HarnessError(f"the reference platform was not up within {READY_WITHIN_S:g} s{_last_words(log)}")
        time.sleep(_LOOK_EVERY_S)


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f": {lines[-1]}" if lines else ""


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Ask it to end, then make it; waits until it is gone."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
