"""`synthetic sweep`: bring home what runs have left that nobody is at any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.by_hand import Witness, witnessed
from synthetic.cli.exits import ExitCode
from synthetic.cli.playing import JOURNAL_PATH
from synthetic.cli.project import Sources, open_project
from synthetic.cli.swept import has_money, list_strays, show, show_json, tell_held
from synthetic.config.cell_secrets import cell_secrets
from synthetic.config.durations import seconds, shown
from synthetic.config.names import NOWHERE
from synthetic.config.project import Project
from synthetic.config.secret_refs import BadReference, is_reference
from synthetic.config.switch_places import database_address
from synthetic.core.errors import AuthorError
from synthetic.core.plan import CellPlan
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.of_cells import asyncio_driver
from synthetic.journal.book import Book, open_book
from synthetic.runner.compensator import Compensator, Homecoming, Patience
from synthetic.runner.first_sight import by_the_journal
from synthetic.runner.kept_leases import KeptLeases, own_name
from synthetic.runner.outside import Outside
from synthetic.runner.spec_again import SpecAgain
from synthetic.runner.sweeping import Held, Stray, Sweep, find_held, find_strays

BY_HAND = Patience(tries=1)
"""What does not come home now is stranded at once, and its account plays on: whoever swept may sweep again."""
LOOK_EVERY_S = 0.5
"""How often is looked whether the leases that are waited for are over: a run that goes on may end long before its lease."""

JournalOption = Annotated[
    str,
    typer.Option(
        help="The journal: a path, postgresql://..., or where it is (env:NAME, file:PATH).", metavar="JOURNAL"
    ),
]


def sweep(
    *,
    cells: Annotated[Path, typer.Option(help="The cells file.", metavar="FILE")] = Path("cells.yaml"),
    journal: JournalOption = str(JOURNAL_PATH),
    run: Annotated[list[str] | None, typer.Option(help="Only this run.", metavar="ID")] = None,
    older_than: Annotated[
        str, typer.Option(help="Only runs that began longer ago, such as 15m.", metavar="DURATION")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be swept, and touch nothing.")] = False,
    wait: Annotated[
        str,
        typer.Option(help="Wait so long at most, such as 45s, for leases that still hold runs.", metavar="DURATION"),
    ] = "",
    audit: Annotated[
        Path | None, typer.Option(help="Keep what is done in this audit (its chain `operators`).", metavar="DIR")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    scenarios: Annotated[Path | None, typer.Option(help="The folder of scenarios.", metavar="DIR")] = None,
    platforms: Annotated[Path | None, typer.Option(help="The folder of platform mappings.", metavar="DIR")] = None,
) -> None:
    """Bring home what unfinished runs left. Exit: 0 all is home, 2 bad input, 3 nobody answers, 4 stranded, or held by a lease."""
    asked = Asked(tuple(run or ()), read_duration(older_than, "--older-than"))
    wait_s = read_duration(wait, "--wait")
    project = open_project(Sources.found(cells=cells, scenarios=scenarios, platforms=platforms))
    journal = journal_at(journal)
    if "://" not in journal and not Path(journal).exists():
        raise AuthorError.at(NOWHERE, f"there is no journal {journal} here", "give --journal, or start in its project")
    with open_book(journal) as book:
        _wait_for_leases(book, asked, wait_s)
        strays = asked.strays(book)
        if dry_run:
            held = asked.held(book)
            list_strays(strays, json=json)
            tell_held(held, "not listed")
            raise typer.Exit(ExitCode.STRANDED if has_money((*strays, *held)) else ExitCode.PASS)
        with witnessed(audit) as witness:
            homecomings = asyncio.run(_sweep(book, project, strays, witness))
        held = asked.held(book)
    (show_json if json else show)(homecomings, held, busy=len(strays) - len(homecomings))
    raise typer.Exit(_exit_code(homecomings, held))


@dataclass(frozen=True, slots=True)
class Asked:
    """Which runs are to be swept: of these ids (all where there are none), that began longer ago than so many seconds."""

    only: tuple[str, ...]
    older_than_s: float

    def strays(self, book: Book) -> list[Stray]:
        """Those that nobody is at."""
        return find_strays(book, now_ns=time.time_ns(), only=self.only, older_than_s=self.older_than_s)

    def held(self, book: Book) -> list[Held]:
        """Those that somebody may be at."""
        return find_held(book, now_ns=time.time_ns(), only=self.only, older_than_s=self.older_than_s)


def _wait_for_leases(book: Book, asked: Asked, wait_s: float) -> None:
    """Until nobody holds a run, or so long: whoever is gone holds it to the end of its lease, and whoever lives renews it."""
    end_s, told = time.monotonic() + wait_s, False
    while (left_s := end_s - time.monotonic()) > 0 and (held := asked.held(book)):
        if not told:
            tell_held(held, f"waiting up to {shown(wait_s)}")
            told = True
        time.sleep(min(LOOK_EVERY_S, left_s))


def journal_at(written: str) -> str:
    """The journal that is meant: what a reference leads to, anything else as it stands. Raises AuthorError."""
    try:
        return database_address(written, Path()) if is_reference(written) else written
    except BadReference as error:
        raise AuthorError.at(NOWHERE, f"--journal: {error}") from None


def read_duration(text: str, option: str) -> float:
    """A duration of the command line in seconds; 0 for none. Raises BadParameter."""
    try:
        return seconds(text) if text else 0.0
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


async def opened_drivers(
    stack: AsyncExitStack, cells: Iterable[CellPlan], clock: SystemClock
) -> dict[str, AsyncDriver]:
    """A driver for each cell, closed with the stack."""
    drivers = {}
    for cell in cells:
        drivers[cell.name] = asyncio_driver(cell, clock=clock)
        stack.push_async_callback(drivers[cell.name].aclose)
    return drivers


async def _sweep(book: Book, project: Project, strays: Sequence[Stray], witness: Witness) -> list[Homecoming]:
    clock = SystemClock()
    cells = {name: project.cells[name] for name in {stray.row.run.cell for stray in strays} & project.cells.keys()}
    secrets = {name: cell_secrets(cell) for name, cell in cells.items()}
    async with AsyncExitStack() as stack:
        drivers = await opened_drivers(stack, cells.values(), clock)
        outside = Outside(book, clock, drivers.__getitem__, witness.sink, journal=witness.journal)
        compensator = Compensator(
            outside, SpecAgain(project.scenarios, cells, secrets, clock), lambda _home: None, BY_HAND, by_the_journal
        )
        return await Sweep(book, compensator, project.cells, own_name("sweep"), KeptLeases(book)).all(strays)


def _exit_code(homecomings: Sequence[Homecoming], held: Sequence[Held]) -> ExitCode:
    """Money first; nobody answers only where that is all that is wrong. What a lease holds is not home, whosever it is."""
    away = [home for home in homecomings if home.move != "closed"]
    if has_money(held):
        return ExitCode.STRANDED
    if not away:
        return ExitCode.PASS
    return ExitCode.HARNESS if all(home.recovered.unreachable for home in away) else ExitCode.STRANDED
