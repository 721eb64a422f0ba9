"""Calling the command line as a shell would, in this process: exit code, standard output, standard error."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

from synthetic.cli.main import main


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str


def call(*arguments: object) -> Answer:
    """Run `synthetic ARGUMENTS`."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Answer(code, out.getvalue(), err.getvalue())
