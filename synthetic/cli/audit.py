"""`synthetic audit`: verify the audit's chains, export their records, and ship finished segments."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from synthetic.audit.export import COLUMNS, as_json, as_row, records, row
from synthetic.audit.places import DEFAULT_FOLDER
from synthetic.audit.ship import ship_by, ship_to
from synthetic.audit.verify import ChainReport
from synthetic.audit.verify import verify as verify_chains
from synthetic.audit.walk import Damage
from synthetic.cli.exits import ExitCode
from synthetic.cli.screen import say, write
from synthetic.config.names import NOWHERE
from synthetic.config.secret_refs import BadReference, resolve
from synthetic.core.errors import AuthorError, HarnessError

app = typer.Typer(
    no_args_is_help=True, help="Verify, export and ship the audit: who did what with money, when and where."
)

Folder = Annotated[Path, typer.Argument(help="The folder of the audit.", metavar="DIR")]
Anchors = Annotated[
    Path | None, typer.Option(help="Where the anchors are, if not in the audit's own folder.", metavar="DIR")
]
Key = Annotated[
    str | None, typer.Option(help="The key of the anchors' seals: env:NAME or file:PATH.", metavar="REFERENCE")
]

Shipped = Annotated[
    Path | None, typer.Option(help="Hold the segments against the copies that were shipped there.", metavar="DIR")
]


class Form(StrEnum):
    """How records are written out."""

    JSONL = "jsonl"
    CSV = "csv"


@app.command("verify")
def verify(
    *, folder: Folder = DEFAULT_FOLDER, anchors: Anchors = None, key: Key = None, shipped: Shipped = None
) -> None:
    """Walk every chain from its first record to its anchor. Exit: 0 all hold, 1 one does not (the first bad record is named)."""
    try:
        reports = verify_chains(folder, anchors=anchors, key=key_of(key), shipped=shipped)
    except OSError as error:
        raise HarnessError(f"the audit {folder} can't be read: {error.filename}: {error.strerror}") from None
    for report in reports:
        write(_line(report))
    if not reports:
        say(f"there is no audit in {folder}: nothing was verified", style="red")
    holds = bool(reports) and all(report.damage is None for report in reports)
    raise typer.Exit(ExitCode.PASS if holds else ExitCode.FAILED)


@app.command("export")
def export(
    *,
    folder: Folder = DEFAULT_FOLDER,
    since: Annotated[
        str | None,
        typer.Option(help="From this instant on (UTC), such as 2026-01-31 or 2026-01-31T08:00:00.", metavar="TIME"),
    ] = None,
    run: Annotated[list[str] | None, typer.Option(help="Only what belongs to this run.", metavar="ID")] = None,
    format: Annotated[Form, typer.Option(help="JSON lines as they stand, or a table.")] = Form.JSONL,  # noqa: A002 - the option's name
    output: Annotated[
        Path | None, typer.Option(help="Write there instead of to standard output.", metavar="FILE")
    ] = None,
) -> None:
    """Write out the records of all chains, in the order of their time. Exit: 0, or 1 where a chain is broken (told up to there)."""
    damages: list[Damage] = []
    found = records(folder, damages, since_ns=_instant(since), runs=run or [])
    lines = map(as_json, found) if format is Form.JSONL else chain([row(COLUMNS)], map(as_row, found))
    try:
        _put_out(lines, output)
    except OSError as error:
        raise HarnessError(f"the audit {folder} can't be exported: {error.filename or ''}: {error.strerror}") from None
    for damage in damages:
        say(f"BROKEN at {damage}; what is behind it is not told", style="red")
    raise typer.Exit(ExitCode.FAILED if damages else ExitCode.PASS)


@app.command("ship")
def ship(
    *,
    folder: Folder = DEFAULT_FOLDER,
    to: Annotated[Path | None, typer.Option(help="Copy to this folder, read-only.", metavar="DIR")] = None,
    command: Annotated[
        str | None,
        typer.Option(
            help="Run this for each segment; {file} {manifest} {chain} {name} {sha256} are filled in, no shell reads it.",
            metavar="COMMAND",
        ),
    ] = None,
) -> None:
    """Ship finished segments, each once, with a manifest of its hashes. Exit: 0 shipped, 3 not (nothing is lost; try again)."""
    if (to is None) is (command is None):
        raise AuthorError.at(NOWHERE, "where to?", "give either --to DIR or --command COMMAND")
    shipped = ship_to(folder, to) if to is not None else ship_by(folder, command or "")
    for one in shipped:
        it = one.manifest
        write(f"{it.chain}/{it.segment}  {it.count - it.first} records  sha256 {it.sha256}")
    say(f"{len(shipped)} segment{'' if len(shipped) == 1 else 's'} shipped")


def key_of(reference: str | None) -> bytes | None:
    """The key behind a reference. Raises AuthorError where it leads nowhere."""
    if reference is None:
        return None
    try:
        return resolve(reference, Path()).encode()
    except BadReference as error:
        raise AuthorError.at(NOWHERE, f"--key: {error}") from None


def _instant(text: str | None) -> int:
    if text is None:
        return 0
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise AuthorError.at(
            NOWHERE, f"--since {text!r} is no time", "write 2026-01-31 or 2026-01-31T08:00:00"
        ) from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return int(at.timestamp()) * 10**9


def _put_out(lines: Iterable[str], output: Path | None) -> None:
    if output is None:
        for line in lines:
            write(line)
        return
    with output.open("w", encoding="utf-8") as stream:
        stream.writelines(f"{line}\n" for line in lines)


def _line(report: ChainReport) -> str:
    if report.damage is not None:
        return f"{report.chain}: BROKEN at {report.damage} ({report.head.count} records before it hold)"
    segments = f"{report.segments} segment{'' if report.segments == 1 else 's'}"
    behind = f", {report.unanchored} behind the anchor" if report.unanchored else ""
    held = f"{report.chain}: {report.head.count} records in {segments} hold{behind}"
    return f"{held}, head {report.head.hash[:16]}, anchor's seal {report.seal}"
