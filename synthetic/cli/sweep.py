"""`synthetic sweep`: bring home what runs have left that nobody is at any more."""

from __future__ import annotations

import asyncio
import json as json_text
import time
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import typer

from synthetic.cli.by_hand import Witness, witnessed
from synthetic.cli.exits import ExitCode
from synthetic.cli.open_money import sums
from synthetic.cli.playing import JOURNAL_PATH
from synthetic.cli.project import Sources, open_project
from synthetic.cli.screen import say, write
from synthetic.config.cell_secrets import cell_secrets
from synthetic.config.durations import seconds
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
from synthetic.journal.entry import OPEN_STATES
from synthetic.runner.compensator import Compensator, Homecoming, Patience
from synthetic.runner.first_sight import by_the_journal
from synthetic.runner.kept_leases import KeptLeases, own_name
from synthetic.runner.outside import Outside
from synthetic.runner.spec_again import SpecAgain
from synthetic.runner.sweeping import Stray, Sweep, find_strays

BY_HAND = Patience(tries=1)
"""What does not come home now is stranded at once, and its account plays on: whoever swept may sweep again."""

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
    audit: Annotated[
        Path | None, typer.Option(help="Keep what is done in this audit (its chain `operators`).", metavar="DIR")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    scenarios: Annotated[Path | None, typer.Option(help="The folder of scenarios.", metavar="DIR")] = None,
    platforms: Annotated[Path | None, typer.Option(help="The folder of platform mappings.", metavar="DIR")] = None,
) -> None:
    """Bring home the money that unfinished runs have left. Exit: 0 all is home, 2 bad input, 3 nobody answers, 4 money stranded."""
    older_than_s = read_duration(older_than, "--older-than")
    project = open_project(Sources.found(cells=cells, scenarios=scenarios, platforms=platforms))
    journal = journal_at(journal)
    if "://" not in journal and not Path(journal).exists():
        raise AuthorError.at(NOWHERE, f"there is no journal {journal} here", "give --journal, or start in its project")
    with open_book(journal) as book:
        strays = find_strays(book, now_ns=time.time_ns(), only=run or (), older_than_s=older_than_s)
        if dry_run:
            _list(strays, json=json)
            _tell_held(book)
            raise typer.Exit(ExitCode.STRANDED if any(stray.effects for stray in strays) else ExitCode.PASS)
        with witnessed(audit) as witness:
            homecomings = asyncio.run(_sweep(book, project, strays, witness))
    (_show_json if json else _show)(homecomings, busy=len(strays) - len(homecomings))
    raise typer.Exit(_exit_code(homecomings))


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


def _list(strays: Sequence[Stray], *, json: bool) -> None:
    now_ns = time.time_ns()
    if json:
        write(json_text.dumps([_listed(stray, now_ns) for stray in strays], indent=2))
        return
    for stray in strays:
        row = stray.row
        write(f"run {row.run.run_id}  player {row.player} on {row.run.cell}  {stray.age_s(now_ns):.0f} s old")
        for effect in stray.effects:
            write(f"  {effect.intent.amount}  step {effect.intent.step}  {effect.state}")
    open_effects = [effect for stray in strays for effect in stray.effects]
    left = f"{sums(e.intent.amount for e in open_effects)} in {len(open_effects)}" if open_effects else "0"
    write(f"{_count(len(strays), 'run')} to sweep, {left} open {'effect' if len(open_effects) == 1 else 'effects'}")


def _tell_held(book: Book) -> None:
    """Runs that a worker still holds are none to sweep, but they are not home either."""
    now_ns = time.time_ns()
    held = [row for row in book.open_runs() if row.lease.expires_ns > now_ns]
    if held:
        effects = [effect for row in held for effect in book.effects_of(row.run.run_id) if effect.state in OPEN_STATES]
        workers = ", ".join(sorted({row.lease.worker for row in held}))
        over_s = (max(row.lease.expires_ns for row in held) - now_ns) / 1e9
        amount = f"{sums(effect.intent.amount for effect in effects)} open" if effects else "nothing open yet"
        say(
            f"not listed: {_count(len(held), 'run')} held by {workers}, {amount}; the last lease is over in {over_s:.0f} s"
        )


def _listed(stray: Stray, now_ns: int) -> dict[str, Any]:
    row = stray.row
    return {
        "run": row.run.run_id,
        "scenario": row.run.scenario,
        "cell": row.run.cell,
        "player": row.player,
        "age_s": round(stray.age_s(now_ns), 1),
        "tries": row.tries,
        "effects": [
            {
                "key": effect.intent.key,
                "step": effect.intent.step,
                "operation": effect.intent.operation,
                "amount_minor": effect.intent.amount.minor,
                "currency": effect.intent.amount.currency,
                "state": effect.state.value,
            }
            for effect in stray.effects
        ],
    }


def _show(homecomings: Sequence[Homecoming], *, busy: int) -> None:
    for home in homecomings:
        write(f"run {home.run_id}  player {home.player} on {home.cell}  {_word(home)}")
        for end in home.recovered.effects:
            write(f"  {end.amount}  step {end.step}  {end.result.replace('_', ' ')}  {end.reason}")
        if home.move != "closed":
            write(f"  {home.reason}")
    closed = sum(home.move == "closed" for home in homecomings)
    amounts = [amount for home in homecomings for amount in home.amounts]
    left = f", {sums(amounts)} stranded" if amounts else ""
    others = f", {busy} in other hands" if busy else ""
    write(f"{_count(len(homecomings), 'run')} swept: {closed} home, {len(homecomings) - closed} not{left}{others}")


def _show_json(homecomings: Sequence[Homecoming], *, busy: int) -> None:
    told = {"runs": [_swept(home) for home in homecomings], "in_other_hands": busy}
    write(json_text.dumps(told, indent=2))


def _swept(home: Homecoming) -> dict[str, Any]:
    return {
        "run": home.run_id,
        "cell": home.cell,
        "player": home.player,
        "move": home.move,
        "reason": home.reason,
        "effects": [
            {
                "key": end.key,
                "step": end.step,
                "amount_minor": end.amount.minor,
                "currency": end.amount.currency,
                "result": end.result,
                "reason": end.reason,
                "state": end.state.value,
            }
            for end in home.recovered.effects
        ],
    }


def _word(home: Homecoming) -> str:
    return {"closed": "home", "postponed": "not home yet", "stranded": "STRANDED", "lost": "in other hands"}[home.move]


def _count(number: int, what: str) -> str:
    return f"{number} {what if number == 1 else what + 's'}"


def _exit_code(homecomings: Sequence[Homecoming]) -> ExitCode:
    """Money first; nobody answers only where that is all that is wrong."""
    away = [home for home in homecomings if home.move != "closed"]
    if not away:
        return ExitCode.PASS
    return ExitCode.HARNESS if all(home.recovered.unreachable for home in away) else ExitCode.STRANDED
