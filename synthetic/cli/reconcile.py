"""`synthetic reconcile`: hold the journal against the platform's ledger and the PSPs' reports."""

from __future__ import annotations

import asyncio
import json as json_text
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from synthetic.cli.exits import ExitCode
from synthetic.cli.playing import JOURNAL_PATH
from synthetic.cli.project import Sources, chosen_cells, open_project
from synthetic.cli.screen import write
from synthetic.cli.sweep import JournalOption, journal_at, opened_drivers, read_duration
from synthetic.config.cell_secrets import cell_secrets
from synthetic.config.names import NOWHERE
from synthetic.config.project import Project
from synthetic.core.errors import AuthorError
from synthetic.core.money import Money
from synthetic.core.plan import CellPlan
from synthetic.drivers.clocks import SystemClock
from synthetic.journal.book import Book, open_book
from synthetic.runner.comparing import Difference
from synthetic.runner.kept_leases import KeptLeases, own_name
from synthetic.runner.outside import Outside
from synthetic.runner.reconcile import WAIT_S, Account, Reconciler, Reconciliation, Unread, accounts_of, left_out_of
from synthetic.runner.spec_again import SpecAgain


def reconcile(
    *,
    cells: Annotated[Path, typer.Option(help="The cells file.", metavar="FILE")] = Path("cells.yaml"),
    cell: Annotated[
        list[str] | None, typer.Option(help="Only this cell (default: all of them).", metavar="NAME")
    ] = None,
    player: Annotated[list[str] | None, typer.Option(help="Only this player.", metavar="ID")] = None,
    journal: JournalOption = str(JOURNAL_PATH),
    since: Annotated[
        str,
        typer.Option(help="Judge what happened in so long; what is older only explains.", metavar="DURATION"),
    ] = "24h",
    wait: Annotated[
        str, typer.Option(help="For how long an account may be busy before it is left out.", metavar="DURATION")
    ] = f"{WAIT_S:g}s",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    scenarios: Annotated[Path | None, typer.Option(help="The folder of scenarios.", metavar="DIR")] = None,
    platforms: Annotated[Path | None, typer.Option(help="The folder of platform mappings.", metavar="DIR")] = None,
) -> None:
    """Compare journal, platform ledger and PSP reports. Exit: 0 they agree, 1 they differ, 2 bad input, 3 can't be read."""
    since_s, wait_s = read_duration(since, "--since"), read_duration(wait, "--wait")
    project = open_project(Sources.found(cells=cells, scenarios=scenarios, platforms=platforms))
    on = chosen_cells(project, cell or [])
    _require_mapped(project, on)
    journal = journal_at(journal)
    if "://" not in journal and not Path(journal).exists():
        raise AuthorError.at(NOWHERE, f"there is no journal {journal} here", "give --journal, or start in its project")
    with open_book(journal) as book:
        known = {one.name: one for one in on}
        entries, since_ns = book.entries(), time.time_ns() - int(since_s * 1e9)
        accounts = [one for one in accounts_of(known, entries) if not player or one.player.id in player]
        left_out = [
            one
            for one in left_out_of(project.cells, entries, since_ns)
            if (not cell or one.cell in cell) and (not player or one.player in player)
        ]
        told = asyncio.run(_reconcile(book, project, on, (accounts, left_out), since_ns, wait_s))
    (_show_json if json else _show)(told)
    raise typer.Exit(exit_code(told))


def _require_mapped(project: Project, cells: Sequence[CellPlan]) -> None:
    for name in {cell.platform for cell in cells}:
        if project.platforms[name].reconcile is None:
            message = f"the mapping of the platform '{name}' does not say which statements to compare"
            raise AuthorError.at(NOWHERE, message, "write `reconcile:` into it (docs/mapping.md)")


async def _reconcile(
    book: Book,
    project: Project,
    cells: Sequence[CellPlan],
    accounts: tuple[Sequence[Account], Sequence[Unread]],
    since_ns: int,
    wait_s: float,
) -> Reconciliation:
    clock, leases = SystemClock(), KeptLeases(book)
    secrets = {cell.name: cell_secrets(cell) for cell in cells}
    async with AsyncExitStack() as stack:
        drivers = await opened_drivers(stack, cells, clock)
        outside = Outside(book, clock, drivers.__getitem__, lambda _event: None)
        spec_again = SpecAgain(project.scenarios, {cell.name: cell for cell in cells}, secrets, clock)
        await stack.enter_async_context(leases.kept())
        reconciler = Reconciler(outside, spec_again, own_name("reconcile"), leases, since_ns, wait_s)
        return await reconciler.reconcile(*accounts)


def exit_code(told: Reconciliation) -> ExitCode:
    """A difference is a failure; what can't be read says nothing, unless the journal has nothing of it either."""
    if told.differences:
        return ExitCode.FAILED
    return ExitCode.PASS if told.holds else ExitCode.HARNESS


def _show(told: Reconciliation) -> None:
    for difference in told.differences:
        write(f"DIFFERENCE  {difference.sentence}")
    for unread in told.unread:
        if unread.effects:
            write(f"UNREAD      {unread.player} on {unread.cell} ({unread.effects} effects): {unread.reason}")
    quiet = sum(not unread.effects for unread in told.unread)
    skipped = f", {quiet} without effects not read" if quiet else ""
    read = f"{told.accounts} accounts, {told.effects} effects, {told.entries} entries of ledgers and PSP reports"
    verdict = f"{len(told.differences)} differences" if told.differences else "no difference"
    write(f"{read}{skipped}: {verdict}")


def _show_json(told: Reconciliation) -> None:
    document = {
        "holds": told.holds,
        "accounts": told.accounts,
        "effects": told.effects,
        "entries": told.entries,
        "differences": [_described(difference) for difference in told.differences],
        "unread": [
            {"cell": one.cell, "player": one.player, "effects": one.effects, "reason": one.reason}
            for one in told.unread
        ],
    }
    write(json_text.dumps(document, indent=2))


def _described(difference: Difference) -> dict[str, Any]:
    return {
        "kind": difference.kind.name.lower(),
        "cell": difference.cell,
        "player": difference.player,
        "effect": difference.effect,
        "key": difference.key,
        "reference": difference.reference,
        "journal": _amount(difference.journal),
        "ledger": _amount(difference.ledger),
        "psp": _amount(difference.psp),
    }


def _amount(amount: Money | None) -> dict[str, Any] | None:
    return None if amount is None else {"minor": amount.minor, "currency": amount.currency}
