"""Buf, the protobuf tool, as functions. Nothing here needs the network: the schema has no remote plugins and no dependencies."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_PROBLEMS_FOUND = 100  # the exit code of `buf lint` and `buf breaking`, told apart from "can't do it"
_COMPILE = "COMPILE"  # the "rule" of what can't be judged at all
_TIMEOUT_S = 60.0


class BufFailed(Exception):  # noqa: N818 - whose fault it is stands in the message
    """Buf is not there, or can't read the schema: a file that does not compile, a wrong buf.yaml."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What Buf holds against a schema. `path` is relative to the schema's folder; line and column are 0 for a whole file."""

    path: str
    line: int
    column: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}: {self.message} ({self.rule})"


def lint(schema: Path) -> list[Problem]:
    """What is against the rules of the folder's buf.yaml. Raises BufFailed."""
    return _problems(["lint", "--error-format=json"], schema)


def breaking(schema: Path, former: Path) -> list[Problem]:
    """What the schema breaks of its former version, by the rules of its own buf.yaml. Raises BufFailed."""
    return _problems(["breaking", "--error-format=json", "--against", str(former.resolve())], schema)


def build(schema: Path) -> bytes:
    """The compiled schema: a serialized google.protobuf.FileDescriptorSet, with everything that it imports. Raises BufFailed."""
    done = _run(["build", "--as-file-descriptor-set", "-o", "-#format=binpb"], schema)
    if done.returncode:
        raise BufFailed(f"buf can't compile {schema}:\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def _problems(arguments: Sequence[str], schema: Path) -> list[Problem]:
    done = _run(arguments, schema)
    if done.returncode not in {0, _PROBLEMS_FOUND}:
        raise BufFailed(f"buf {arguments[0]} can't judge {schema}:\n{done.stderr.decode(errors='replace')}")
    problems = [_problem(json.loads(line)) for line in done.stdout.splitlines() if line.strip()]
    uncompiled = [str(problem) for problem in problems if problem.rule == _COMPILE]
    if uncompiled:
        raise BufFailed(f"buf can't compile {schema}:\n" + "\n".join(uncompiled))
    if bool(problems) != (done.returncode == _PROBLEMS_FOUND):
        raise BufFailed(f"buf {arguments[0]} ended with {done.returncode} and told of {len(problems)} problems")
    return problems


def _problem(said: dict[str, object]) -> Problem:
    return Problem(
        path=str(said.get("path", "")),
        line=int(str(said.get("start_line", 0))),
        column=int(str(said.get("start_column", 0))),
        rule=str(said.get("type", "")),
        message=str(said.get("message", "")),
    )


def _run(arguments: Sequence[str], schema: Path) -> subprocess.CompletedProcess[bytes]:
    command = [_binary(), *arguments]
    return subprocess.run(command, cwd=schema, capture_output=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603 - Buf


def _binary() -> str:
    """Beside our own interpreter, where `pip install buf-bin` puts it, or on the PATH."""
    beside = Path(sys.executable).parent
    found = shutil.which("buf", path=str(beside)) or shutil.which("buf")
    if found is None:
        raise BufFailed("there is no `buf`: install the package buf-bin")
    return found
