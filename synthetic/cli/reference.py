"""`synthetic reference up | faults | defects`: the reference platform, where its extra is installed."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from synthetic.cli.screen import answers, say, write
from synthetic.config.cells import load_cells
from synthetic.config.names import NOWHERE, pick
from synthetic.core.errors import AuthorError, HarnessError, TargetUnreachable

if TYPE_CHECKING:
    from synthetic.reference.catalogue import Fault

app = typer.Typer(help="The reference platform: a small, real gaming platform to try things on.", no_args_is_help=True)
EXTRA = 'the reference platform is not installed; add its extra: pip install "igaming-synthetic[reference]"'


def reference_module(name: str) -> Any:
    """A module of the reference platform. Raises HarnessError where its extra is missing, saying which."""
    try:
        return importlib.import_module(f"synthetic.reference.{name}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing == "synthetic":
            raise
        raise HarnessError(f"{EXTRA} (there is no {missing})") from None


def catalogue(kind: str) -> Mapping[str, Fault]:
    """The faults or the defects by name."""
    module = reference_module(kind)
    return module.FAULTS if kind == "faults" else module.DEFECTS  # type: ignore[no-any-return]


def chosen(kind: str, names: list[str]) -> tuple[Fault, ...]:
    """The faults or defects of these names. Raises AuthorError with a did-you-mean for one that does not exist."""
    known = catalogue(kind) if names else {}
    return tuple(pick(known, name, kind.removesuffix("s")) for name in names)


@app.command()
def up(
    *,
    cells: Annotated[int, typer.Option(min=1, max=20, help="How many cells: canary, baseline, and more.")] = 2,
    players: Annotated[
        int, typer.Option(min=1, max=5000, help="How many players each cell has in its pool `standard`.")
    ] = 12,
    db: Annotated[str | None, typer.Option(help="A Postgres URL (default: SQLite files that go at the end).")] = None,
    seed: Annotated[int, typer.Option(help="The seed of keys, rounds and players.")] = 0,
    fault: Annotated[
        list[str] | None, typer.Option(help="Throw this fault; see `reference faults`.", metavar="NAME")
    ] = None,
    defect: Annotated[
        list[str] | None, typer.Option(help="Plant this defect; see `reference defects`.", metavar="NAME")
    ] = None,
    write_cells: Annotated[Path | None, typer.Option(help="Write a ready cells file there.", metavar="FILE")] = None,
) -> None:
    """Start cells, PSPs and game providers on free loopback ports, until Ctrl-C."""
    thrown = chosen("faults", fault or []) + chosen("defects", defect or [])
    world, serving = reference_module("world"), reference_module("up")
    settings = world.WorldSettings(cells=cells, db_url=db, seed=seed, faults=thrown, players=players)
    raise typer.Exit(serving.serve(serving.UpSettings(settings, write_cells), write))


CellsFile = Annotated[Path, typer.Option("--cells", help="What `reference up --write-cells` wrote.", metavar="FILE")]
AimedAt = Annotated[str, typer.Option("--cell", help="The cell that it is aimed at.")]
Place = Annotated[str, typer.Option("--place", help="Only at this PSP or game provider (default: at all of them).")]


@app.command()
def throw(
    fault: Annotated[str, typer.Argument(help="A fault or defect; see `reference faults`, `reference defects`.")],
    *,
    cells: CellsFile,
    cell: AimedAt = "canary",
    place: Place = "",
    market: Annotated[str | None, typer.Option(help="Only in this market.")] = None,
    rate: Annotated[float, typer.Option(min=0.0, max=1.0, help="How often it acts.")] = 1.0,
    for_s: Annotated[float | None, typer.Option("--for", help="For so many seconds (default: until reset).")] = None,
) -> None:
    """Throw a fault at one cell of a running platform."""
    one = _known(fault, place)

    async def switching(switches: Any) -> None:
        await switches.throw(one, place, rate=rate, market=market, for_s=for_s)

    _switch(cells, cell, switching)
    narrowed = f"{f', market {market}' if market else ''}{f', for {for_s:g} s' if for_s else ''}"
    say(f"thrown at {_where(one, cell, place)}, rate {rate:g}{narrowed}: {one.name} ({one.title})")


@app.command()
def reset(
    fault: Annotated[str, typer.Argument(help="The fault or defect that was thrown.")],
    *,
    cells: CellsFile,
    cell: AimedAt = "canary",
    place: Place = "",
) -> None:
    """Reset a fault, and tell how often it has acted on the cell."""
    one, times = _known(fault, place), 0

    async def switching(switches: Any) -> None:
        nonlocal times
        await switches.reset(one, place)
        times = await switches.acted(one, place)

    _switch(cells, cell, switching)
    say(f"reset at {_where(one, cell, place)}: {one.name}; it has acted {times} times")


def _where(fault: Fault, cell: str, place: str) -> str:
    places = (place,) if place else fault.where()
    return cell if places == ("",) else f"{cell} with {', '.join(places)}"


def _known(name: str, place: str) -> Fault:
    """The fault or defect of this name. Raises AuthorError, also where no platform or not this place can show it."""
    one = pick({**catalogue("faults"), **catalogue("defects")}, name, "fault")
    if one.provoke:
        message = f"{name!r} is a fault of the harness itself; no platform can show it"
        raise AuthorError.at(NOWHERE, message, f"try `synthetic demo --fault {name}`")
    if place:
        pick({known: None for known in one.where() if known} or {"(no place)": None}, place, f"place of {name}:")
    return one


def _switch(cells_file: Path, cell: str, switching: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    """Do something with the switchboards of a cell. Raises AuthorError, TargetUnreachable."""
    throwing = reference_module("throwing")
    endpoints = pick(load_cells(cells_file), cell, "cell").endpoints

    async def run() -> None:
        async with throwing.Switches(cell, endpoints) as switches:
            await switching(switches)

    try:
        asyncio.run(run())
    except throwing.SwitchboardError as error:
        raise TargetUnreachable(str(error)) from None


@app.command()
def faults() -> None:
    """List the faults that `--fault` can throw."""
    _show(catalogue("faults"))


@app.command()
def defects() -> None:
    """List the planted defects of the cell's own code that `--defect` can switch on."""
    _show(catalogue("defects"))


def _show(known: Mapping[str, Fault]) -> None:
    """A table on a terminal; elsewhere one tab-separated line each, name first."""
    console = answers()
    if not console.is_terminal:
        write("\n".join("\t".join((f.name, f.blame, f.scenario, f.caught_by, f.title)) for f in known.values()))
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in ("name", "blame", "seen by", "caught by", "what happens"):
        table.add_column(column)
    for one in known.values():
        table.add_row(one.name, one.blame, one.scenario, one.caught_by, one.title)
    console.print(table)
