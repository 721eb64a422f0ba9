"""`synthetic explain RUN`: one run as a waterfall."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.screen import answers, write
from synthetic.report.jsonlines import json_line
from synthetic.report.records import RunRecord
from synthetic.report.store import DEFAULT_PATH, NoSuchRun, RunStore
from synthetic.report.waterfall import Waterfall

LATEST = "latest"
LATEST_FAILED = "latest-failed"


def explain(
    run: Annotated[
        str, typer.Argument(help=f"A run id or the start of one, `{LATEST}` or `{LATEST_FAILED}`.", metavar="RUN")
    ] = LATEST,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Show every request and answer, not only the failing one.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the run record instead.")] = False,
    store: Annotated[Path, typer.Option(help="The store of run records.", metavar="FILE")] = DEFAULT_PATH,
) -> None:
    """Show one run: each exchange, what was expected, what came, whom to blame, money moved, checks, trace id."""
    record = _find(run, store)
    if json:
        write(json_line(record))
        return
    answers().print(Waterfall(record, full=full))


def _find(run: str, path: Path) -> RunRecord:
    if not path.exists():
        raise NoSuchRun(
            f"there is no run store {path}; `synthetic run`, `serve` and `demo` write one where they are started"
        )
    with RunStore(path) as store:
        if run not in (LATEST, LATEST_FAILED):
            return store.find(run)
        newest = store.latest(1, outcome="failed" if run == LATEST_FAILED else "")
        if not newest:
            raise NoSuchRun(f"no run in {path} has failed" if run == LATEST_FAILED else f"no run in {path} yet")
        return newest[0]
