"""`synthetic kill` and `synthetic resume`: no new run begins, and runs begin again. Both work where the serve file is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.by_hand import own_name
from synthetic.cli.screen import say, write
from synthetic.cli.switching import Doors
from synthetic.config.names import NOWHERE
from synthetic.core.errors import AuthorError, HarnessError

ServeFile = Annotated[Path, typer.Argument(help="The serve file of the runner.", metavar="FILE")]
By = Annotated[str | None, typer.Option(help="Who you are (default: your name on this machine).", metavar="NAME")]
Database = Annotated[
    str | None, typer.Option(help="This database instead: a path, or env:NAME or file:PATH.", metavar="DATABASE")
]
KillFile = Annotated[Path | None, typer.Option("--file", help="This kill file instead.", metavar="PATH")]


def kill(
    *,
    serve_file: ServeFile = Path("runner.yaml"),
    reason: Annotated[str, typer.Option(help="Why; everybody who asks reads it.", metavar="TEXT")] = "",
    by: By = None,
    database: Database = None,
    file: KillFile = None,
    status: Annotated[bool, typer.Option("--status", help="Only say whether it is on.")] = False,
) -> None:
    """Stop new runs of all workers within a second; what is under way is finished and its money brought home.

    Exit: 0 it is on (with --status: it was read), 2 bad input, 3 it could be thrown nowhere (or not be read).
    """
    with Doors.of(serve_file, database, file) as doors:
        if status:
            write(_status(doors))
            return
        if not reason.strip():
            raise AuthorError.at(NOWHERE, "kill needs a reason", "say why, as in --reason 'psp-a pays twice'")
        before = doors.killed()
        if before:
            say(f"it was on already, {before[0]}", style="yellow")
        doors.throw(by or own_name(), reason.strip())
        write(_status(doors))


def resume(
    *,
    serve_file: ServeFile = Path("runner.yaml"),
    by: By = None,
    database: Database = None,
    file: KillFile = None,
) -> None:
    """Let runs begin again: take back the kill row, and remove the kill file. Exit: 0 it is off, 3 something still stops them."""
    with Doors.of(serve_file, database, file) as doors:
        before = doors.killed()
        for one in before:
            say(f"was on, {one}")
        doors.release(by or own_name())
        left = doors.killed()
        if left:
            raise HarnessError(f"runs are still stopped: on, {'; on, '.join(left)}")
        write("off: runs may begin" + ("" if before else " (it was not on)"))


def _status(doors: Doors) -> str:
    stopped = doors.killed()
    lines = [f"on, {one}" for one in stopped] or ["off: runs may begin"]
    return "\n".join([*lines, *doors.under_way()])
