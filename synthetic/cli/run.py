"""`synthetic run`: play scenarios on cells, once or again on every change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.exits import ExitCode, exit_code_of
from synthetic.cli.playing import play_turns
from synthetic.cli.project import Sources, chosen_cells, chosen_scenarios, open_project
from synthetic.cli.screen import put, say, write
from synthetic.cli.telling import tell_error
from synthetic.cli.watching import changes
from synthetic.core.errors import SyntheticError
from synthetic.report.jsonlines import json_array
from synthetic.report.junit import junit_xml
from synthetic.report.records import RunRecord
from synthetic.report.text import closing_line, run_line
from synthetic.runner.identity import fresh_seed
from synthetic.runner.specs import Turn
from synthetic.runner.turns import single_turns


class Format(StrEnum):
    """How the runs are told."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


_RENDERERS: dict[Format, Callable[[Sequence[RunRecord]], str]] = {
    Format.TEXT: lambda records: "\n".join([*map(run_line, records), closing_line(records)]),
    Format.JSON: json_array,
    Format.JUNIT: junit_xml,
}


def run(
    *,
    cells: Annotated[Path, typer.Option(help="The cells file.", metavar="FILE")] = Path("cells.yaml"),
    cell: Annotated[
        list[str] | None, typer.Option(help="Play on this cell (default: on all of them).", metavar="NAME")
    ] = None,
    scenario: Annotated[
        list[str] | None, typer.Option(help="Play this scenario (default: all of them).", metavar="NAME")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Play the scenarios with this tag.", metavar="TAG")] = None,
    row: Annotated[
        list[str] | None,
        typer.Option(help="Play only the rows with this value, such as psp=psp-a.", metavar="NAME=VALUE"),
    ] = None,
    format: Annotated[Format, typer.Option(help="How the runs are told.")] = Format.TEXT,  # noqa: A002 - the option's name
    output: Annotated[
        Path | None, typer.Option(help="Write there instead of to standard output.", metavar="FILE")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Play with the ids and keys of this seed (default: a fresh one).")
    ] = None,
    repeat: Annotated[int, typer.Option(min=1, max=1000, help="Play everything so many times.")] = 1,
    at_once: Annotated[int, typer.Option(min=1, max=64, help="How many runs at a time.")] = 4,
    watch: Annotated[bool, typer.Option("--watch", help="Play again whenever a file changes, until Ctrl-C.")] = False,
    scenarios: Annotated[Path | None, typer.Option(help="The folder of scenarios.", metavar="DIR")] = None,
    platforms: Annotated[Path | None, typer.Option(help="The folder of platform mappings.", metavar="DIR")] = None,
) -> None:
    """Play scenarios on cells. Exit: 0 pass, 1 failed, 2 bad input, 3 harness or target, 4 money stranded, 5 nothing ran."""
    sources = Sources.found(cells=cells, scenarios=scenarios, platforms=platforms)
    only = _row(row or [])

    def once() -> ExitCode:
        project = open_project(sources)
        own_seed = fresh_seed() if seed is None else seed
        plans = chosen_scenarios(project, scenario or [], tag or [])
        turns = [
            turn
            for on in chosen_cells(project, cell or [])
            for turn in single_turns(plans, on, repeat=repeat, only=only)
        ]
        say(f"seed {own_seed}, {len(turns)} {'run' if len(turns) == 1 else 'runs'}", style="dim")
        return _play_and_tell(turns, own_seed, at_once, format, output)

    if not watch:
        raise typer.Exit(once())
    for _ in changes(sources.watched):
        _again(once)


def _again(once: Callable[[], ExitCode]) -> None:
    """Play, and stay: a mistake in a file is told, and mended by the next change."""
    try:
        ended = once()
    except (SyntheticError, BaseExceptionGroup) as error:
        tell_error(error)
        return
    if ended is ExitCode.INTERRUPTED:
        raise typer.Exit(ended)


def _row(given: list[str]) -> dict[str, str]:
    pairs = [item.partition("=") for item in given]
    for name, equals, value in pairs:
        if not (name and equals and value):
            raise typer.BadParameter(
                f"{name + equals + value!r} is not NAME=VALUE, such as psp=psp-a", param_hint="--row"
            )
    return {name: value for name, _, value in pairs}


def _play_and_tell(turns: Sequence[Turn], seed: int, at_once: int, form: Format, output: Path | None) -> ExitCode:
    """Lines come as the runs end, to standard error where standard output is for the document."""
    if not turns:
        say("nothing ran: no scenario has such a row on such a cell")
    streamed = form is Format.TEXT and output is None
    show = write if streamed else say
    played = play_turns(turns, seed=seed, at_once=at_once, tell=lambda record: show(run_line(record)))
    show(closing_line(played.records))
    if not streamed:
        put(_RENDERERS[form](played.records), output)
    return exit_code_of(played.records, interrupted=played.interrupted, left_open=bool(played.left_open))
