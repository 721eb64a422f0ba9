"""The machine that a benchmark ran on: what it is, which cores a benchmark may have, and who else is made to want them."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from synthetic.core.errors import HarnessError

_SPIN = """
import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(1000000): pass
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """What figures belong to. `load`: how many processes wanted a core in the last minute, ours among them."""

    processor: str
    cores: int
    kernel: str
    python: str
    load: float

    @classmethod
    def here(cls) -> Machine:
        """This one, now."""
        return cls(
            _processor(),
            len(os.sched_getaffinity(0)),
            platform.release(),
            platform.python_version(),
            round(os.getloadavg()[0], 2),
        )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def two_cores() -> tuple[int, int]:
    """The client's core and the server's. Raises HarnessError where there is only one: then nothing can be told apart."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise HarnessError("this benchmark needs two cores: one for the client, one for the server")
    return cores[0], cores[1]


@contextmanager
def hogs(number: int, core: int) -> Iterator[None]:
    """So many processes that do nothing but use a core, until the end of the block."""
    spinning = [subprocess.Popen([sys.executable, "-c", _SPIN, str(core)]) for _ in range(number)]  # noqa: S603 - our own loop
    try:
        yield
    finally:
        for one in spinning:
            one.send_signal(signal.SIGKILL)
            one.wait()


def pinned(core: int, command: list[str]) -> list[str]:
    """The command, kept on one core from its first instruction on."""
    return ["taskset", "-c", str(core), *command]


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started in this block stays on one core, with every thread and process that it starts itself."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, mine)
