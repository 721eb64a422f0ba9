"""`synthetic audit`: verify the audit's chains, export their records, and ship finished segments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synthetic.audit.places import DEFAULT_FOLDER
from synthetic.audit.verify import ChainReport
from synthetic.audit.verify import verify as verify_chains
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


@app.command("verify")
def verify(*, folder: Folder = DEFAULT_FOLDER, anchors: Anchors = None, key: Key = None) -> None:
    """Walk every chain from its first record to its anchor. Exit: 0 all hold, 1 one does not (the first bad record is named)."""
    try:
        reports = verify_chains(folder, anchors=anchors, key=key_of(key))
    except OSError as error:
        raise HarnessError(f"the audit {folder} can't be read: {error.filename}: {error.strerror}") from None
    for report in reports:
        write(_line(report))
    if not reports:
        say(f"there is no audit in {folder}: nothing was verified", style="red")
    holds = bool(reports) and all(report.damage is None for report in reports)
    raise typer.Exit(ExitCode.PASS if holds else ExitCode.FAILED)


def key_of(reference: str | None) -> bytes | None:
    """The key behind a reference. Raises AuthorError where it leads nowhere."""
    if reference is None:
        return None
    try:
        return resolve(reference, Path()).encode()
    except BadReference as error:
        raise AuthorError.at(NOWHERE, f"--key: {error}") from None


def _line(report: ChainReport) -> str:
    if report.damage is not None:
        return f"{report.chain}: BROKEN at {report.damage} ({report.head.count} records before it hold)"
    segments = f"{report.segments} segment{'' if report.segments == 1 else 's'}"
    behind = f", {report.unanchored} behind the anchor" if report.unanchored else ""
    held = f"{report.chain}: {report.head.count} records in {segments} hold{behind}"
    return f"{held}, head {report.head.hash[:16]}, anchor's seal {report.seal}"
