"""The report of a run: tables for the screen, JSON for a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.mutations.playing import Boundary, Played
from bench.mutations.scoring import Score, grouped, score
from bench.tables import table_of
from synthetic.sli.ratios import Ratio

_COLUMNS = ("mutants", "Pact", "laws", "of", "both", "alarms", "of")


def show(console: Console, boundaries: Sequence[Boundary]) -> None:
    """Per mutation and per boundary, then survivors and false alarms by name."""
    console.print(_by_kind(boundaries))
    console.print(_by_boundary(boundaries))
    for line in _by_name(boundaries):
        console.print(line, soft_wrap=True, markup=False)


def lines(boundaries: Sequence[Boundary], took_s: float) -> list[str]:
    """The figures that the bar is about."""
    scored = score(boundaries)
    played = [one for boundary in boundaries for one in boundary.played]
    mutants = [one for one in played if one.counts and not one.is_harmless]
    own = {one.kind for one in mutants if not one.is_listed}
    listed = {one.kind for one in mutants if one.is_listed}
    return [
        f"mutations: {len(listed)} of the reference and {len(own)} of our own, as {len(mutants)} mutants at "
        f"{len(boundaries)} boundaries; {sum(not one.counts for one in played)} that change nothing there are not counted",
        f"killed by Pact alone   {told(scored.pact)}   bar: >= 85 %",
        f"killed by laws alone   {told(scored.laws)}   of those that the laws were asked for",
        f"killed by both         {told(scored.both)}   bar: 100 %",
        f"false alarms           {told(scored.false_alarms)}   bar: none",
        f"took {took_s:.0f} s",
        "PASSED" if scored.passed else "NOT PASSED",
    ]


def keep(out: Path, boundaries: Sequence[Boundary], took_s: float) -> None:
    """All of it as JSON."""
    scored = score(boundaries)
    kept = {
        "passed": scored.passed,
        "took_s": round(took_s, 1),
        "pact": asdict(scored.pact),
        "laws": asdict(scored.laws),
        "both": asdict(scored.both),
        "false_alarms": asdict(scored.false_alarms),
        "boundaries": [asdict(boundary) for boundary in boundaries],
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")


def told(ratio: Ratio) -> str:
    """A ratio in words."""
    value = "unknown" if ratio.value is None else f"{ratio.value:.1%}"
    return f"{value:>8} ({ratio.held}/{ratio.total})"


def _by_kind(boundaries: Sequence[Boundary]) -> Table:
    listed = {one.kind: one.is_listed for boundary in boundaries for one in boundary.played}
    scores = grouped(boundaries, lambda one: one.kind)
    names = sorted(scores, key=lambda kind: (not listed[kind], kind))
    rows = [(f"{name}{'' if listed[name] else ' *'}", *_cells(scores[name])) for name in names]
    return table_of(
        "per mutation", ("", *_COLUMNS), rows, "*: ours, not of the reference; of laws: how many they were asked for"
    )


def _by_boundary(boundaries: Sequence[Boundary]) -> Table:
    scores = grouped(boundaries, lambda one: one.boundary)
    rows = [(name, *_cells(one)) for name, one in scores.items()]
    rows.append(("all", *_cells(score(boundaries))))
    return table_of("per boundary", ("", *_COLUMNS), rows)


def _cells(one: Score) -> tuple[str, ...]:
    return (
        str(one.both.total or "."),
        _percent(one.pact),
        _percent(one.laws),
        str(one.laws.total or "."),
        _percent(one.both),
        str(one.false_alarms.held if one.false_alarms.total else "."),
        str(one.false_alarms.total or "."),
    )


def _percent(ratio: Ratio) -> str:
    return (
        "."
        if ratio.value is None
        else f"{ratio.value:.0%}"
        if ratio.missed in (0, ratio.total)
        else f"{ratio.value:.1%}"
    )


def _by_name(boundaries: Sequence[Boundary]) -> Iterator[str]:
    scored = score(boundaries)
    for boundary in boundaries:
        if boundary.red:
            yield f"RED at the healthy provider: {boundary.name}\n{boundary.red}"
    for one in (one for boundary in boundaries for one in boundary.played if one.is_loose and not one.counts):
        yield f"NOT READ {one.boundary}: {one.name}: agreed by its type only, and no check of its scenarios judges it; not counted"
    for one in scored.survivors:
        yield f"SURVIVED {one.boundary}: {one.name}: {one.title}. {_who_saw(one)}"
    for one in scored.alarms:
        yield f"FALSE ALARM {one.boundary}: {one.name}: {one.title}. {one.sentence if one.by_pact else one.law}"


def _who_saw(one: Played) -> str:
    return f"Should have been seen by what {one.sentence}" if one.sentence else "Nothing looked"
