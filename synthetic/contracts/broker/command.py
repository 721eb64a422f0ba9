"""The `pact` binary of PyPI's `pact-python-cli`: found beside our interpreter, and run with the broker's variables."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from synthetic.contracts.broker.settings import BrokerAccess
from synthetic.core.errors import HarnessError

EXTRA = 'the `pact` binary is not installed; add its extra: pip install "igaming-synthetic[contracts]"'
TIMEOUT_S = 120.0
RETRIES = "2"  # of requests that the broker answers with 5xx; by itself the binary tries for four minutes
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True, slots=True)
class Finished:
    """What a command left: its exit code and its words, without colours and without our secrets."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> str:
        """All it said."""
        return "\n".join(text for text in (self.out.strip(), self.err.strip()) if text)

    @property
    def complaint(self) -> str:
        """What went wrong, on one line: it says things twice, and with crosses before them."""
        lines = (line.lstrip("❌ ").strip() for line in self.told.splitlines())
        return "; ".join(dict.fromkeys(line for line in lines if line))


def pact_binary() -> Path:
    """The binary that belongs to this interpreter. Raises HarnessError where it is not installed, saying what is missing."""
    found = shutil.which("pact", path=str(Path(sys.executable).parent))
    if found is None:
        raise HarnessError(EXTRA)
    return Path(found)


def pact_broker(access: BrokerAccess, *arguments: str, timeout_s: float = TIMEOUT_S) -> Finished:
    """Run `pact broker ...`. Raises HarnessError where it can't be run or does not end."""
    variables = {"PACT_BROKER_HTTP_RETRIES": RETRIES, **os.environ, **access.variables, "PACT_DO_NOT_TRACK": "true"}
    try:
        done = subprocess.run(  # noqa: S603 - a binary of our own environment
            [str(pact_binary()), "broker", *arguments],
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired:
        raise HarnessError(f"`pact broker {arguments[0]}` did not end within {timeout_s:g} s") from None
    redact = access.redactor.redact
    return Finished(done.returncode, redact(_COLOUR.sub("", done.stdout)), redact(_COLOUR.sub("", done.stderr)))
