"""Start the stand-in in a process of its own, for as long as a block lasts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READY_WITHIN_S = 60.0


@contextmanager
def broker_process(folder: Path, *, authorization: str = "") -> Iterator[str]:
    """Its base URL. `authorization`: the header without which nothing is answered."""
    url_file, log = folder / "broker.url", folder / "broker.log"
    command = [sys.executable, "-m", "synthetic.tests.contracts.broker_standin"]
    command += ["--write-url", str(url_file), "--parent", str(os.getpid())]
    environment = {**os.environ, "STANDIN_AUTHORIZATION": authorization}
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output, env=environment) as process:
        try:
            yield _await(process, url_file, log)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _await(process: subprocess.Popen[bytes], url_file: Path, log: Path) -> str:
    deadline_s = time.monotonic() + READY_WITHIN_S
    while not url_file.exists():
        assert process.poll() is None, f"the broker's stand-in did not start:\n{log.read_text()}"
        assert time.monotonic() < deadline_s, f"the broker's stand-in was not up within {READY_WITHIN_S:g} s"
        time.sleep(0.01)
    return url_file.read_text(encoding="utf-8")
