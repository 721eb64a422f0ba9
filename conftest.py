"""The tests of this repository play their scenarios against the embedded reference platform, one per test process.

And where a run of them may try a failed test once more (`--reruns 1`, as CI does), that is so for tests of real time only.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from synthetic.tests.real_time import may_be_run_again

READY_WITHIN_S = 120.0

# An example that takes half a second does so since another process has the core: no law says how long arithmetic takes.
settings.register_profile("shared cores", deadline=None)
settings.load_profile("shared cores")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say of each test that waits for nobody that its first failure is its last."""
    if config.getoption("--reruns"):
        for item in items:
            if not may_be_run_again(item.path.relative_to(config.rootpath)):
                item.add_marker(pytest.mark.flaky(reruns=0))


def pytest_collection_finish() -> None:
    """Thousands of collected tests live as long as their process: the garbage collector need not walk them each time."""
    gc.freeze()


@pytest.fixture(scope="session")
def synthetic_cells_file(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cells file of a running reference platform, or the one of `--synthetic-cells`."""
    given = pytestconfig.getoption("--synthetic-cells")
    if given:
        yield Path(given)
        return
    folder = tmp_path_factory.mktemp("reference")
    cells_file, log = folder / "cells.yaml", folder / "platform.log"
    own_pid = str(os.getpid())
    command = [
        sys.executable,
        "-m",
        "synthetic.reference",
        "--exit-with-parent",
        own_pid,
        "--write-cells",
        str(cells_file),
    ]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as platform:  # noqa: S603
        try:
            _wait_until_ready(platform, cells_file, log)
            yield cells_file
        finally:
            platform.terminate()
            platform.wait(timeout=60)


def _wait_until_ready(platform: subprocess.Popen[bytes], cells_file: Path, log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while not cells_file.exists():
        if platform.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the reference platform did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.05)
