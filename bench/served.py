"""`synthetic serve` as a process of its own, for benchmarks that ask it and kill it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.machine import pinned
from synthetic.core.errors import HarnessError

UP_WITHIN_S = 60.0
ENDED_WITHIN_S = 200.0


@dataclass(frozen=True, slots=True)
class Served:
    """One worker. `log`: where it writes its JSON lines."""

    process: subprocess.Popen[bytes]
    log: Path

    def events(self, name: str) -> list[dict[str, Any]]:
        """The lines of its log of one kind, those that are complete."""
        whole = self.log.read_bytes().rpartition(b"\n")[0].splitlines()
        lines = [json.loads(line) for line in whole if line.startswith(b"{")]
        return [line for line in lines if line.get("event") == name]

    @property
    def address(self) -> str:
        """Where it listens."""
        return str(self.events("started")[-1]["listen"])

    def terminate(self) -> int:
        """Ask it to end, and wait; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(ENDED_WITHIN_S)


@contextmanager
def served(
    file: Path,
    worker: str,
    environment: Mapping[str, str] | None = None,
    *,
    core: int | None = None,
    up_within_s: float = UP_WITHIN_S,
) -> Iterator[Served]:
    """Start a worker in the folder of its serve file; it is up when this yields. Raises HarnessError where it does not come up.

    `core`: the one that it is kept on.
    """
    log = file.with_name(f"{worker}.log")
    command = [sys.executable, "-m", "synthetic.cli", "serve", file.name, "--worker", worker]
    command = command if core is None else pinned(core, command)
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603 - our own interpreter and our own module
            command, stderr=output, cwd=file.parent, env={**os.environ, **(environment or {})}
        ) as process,
    ):
        one = Served(process, log)
        try:
            _await(one, up_within_s)
            yield one
        finally:
            process.kill()


def _await(one: Served, within_s: float) -> None:
    deadline_s = time.monotonic() + within_s
    while not one.events("started"):
        if time.monotonic() > deadline_s or one.process.poll() is not None:
            said = one.log.read_text(encoding="utf-8")[-500:]
            raise HarnessError(f"synthetic serve was not up within {within_s:g} s: {said}")
        time.sleep(0.05)
