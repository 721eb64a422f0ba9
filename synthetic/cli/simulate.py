"""`synthetic simulate`: the runner, its journal and its recovery on a virtual clock, with everything going wrong that can."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from synthetic.cli.exits import ExitCode
from synthetic.cli.screen import say, write
from synthetic.simulation.many import Tally, play_many
from synthetic.simulation.playing import Story

FIRST_SEED = 1
SEEDS = 1_000
TOLD_EVERY = 1_000
VIOLATED_TOLD_MAX = 3


def simulate(
    *,
    seeds: Annotated[int | None, typer.Option(min=1, help="How many seeds to play (1000; with --seed: 1).")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The first seed (1). Alone, it is played by itself.")] = None,
    workers: Annotated[
        int, typer.Option(min=0, max=5, help="How many workers each seed has (0: the seed decides).")
    ] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="How many processes to play in (0: one a core).")] = 0,
) -> None:
    """Play whole workers on a virtual clock, with faults, crashes, wrong clocks and doubles, and judge the laws of money.

    Exit: 1 where a law was broken; the seed's replay command and its last events are printed.
    """
    first = FIRST_SEED if seed is None else seed
    number = seeds or (SEEDS if seed is None else 1)
    began_s = time.monotonic()
    tally = Tally()
    processes = min(jobs or os.cpu_count() or 1, number)
    for story in play_many(range(first, first + number), jobs=processes, workers=workers):
        tally.add(story)
        if story.violations and len(tally.violated) <= VIOLATED_TOLD_MAX:
            write("\n".join(violated(story, workers)))
        if tally.seeds % TOLD_EVERY == 0:
            say(f"{tally.seeds} seeds, {tally.violations} violations, {time.monotonic() - began_s:.0f} s")
    write("\n".join(summary(tally, first, time.monotonic() - began_s)))
    if tally.violated:
        raise typer.Exit(ExitCode.FAILED)


def violated(story: Story, workers: int = 0) -> list[str]:
    """A seed in which a law was broken: its last events, the laws, and how to play it again."""
    broken = [
        f"  {violation.law}: {violation.what} (at {violation.at_ns / 1e9:.3f} s)" for violation in story.violations
    ]
    option = f" --workers {workers}" if workers else ""
    return [
        f"seed {story.seed}: the last {len(story.lines)} events",
        *(f"  {line}" for line in story.lines),
        f"seed {story.seed} broke {len({violation.law for violation in story.violations})} law(s):",
        *broken,
        f"play it again: synthetic simulate --seed {story.seed}{option}",
    ]


def summary(tally: Tally, first: int, took_s: float) -> list[str]:
    """What all seeds add up to."""
    last = first + tally.seeds - 1
    which = f"seed {first}" if last == first else f"{tally.seeds} seeds ({first} to {last})"
    counted = {"runs": tally.runs, **dict(sorted(tally.counts.items()))}
    rate = tally.seeds / took_s if took_s > 0 else 0.0
    return [
        f"{which} in {took_s:.0f} s, {rate:.1f} a second",
        ", ".join(f"{name} {number}" for name, number in counted.items()),
        f"violations {tally.violations}" + (f" in {len(tally.violated)} seeds" if tally.violated else ""),
    ]
