"""`synthetic demo`: the whole main job on an embedded platform: a rollout share by share, canary beside baseline, a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from synthetic.cli.exits import ExitCode, exit_code_of
from synthetic.cli.platform_process import reference_platform
from synthetic.cli.playing import Played, play_turns
from synthetic.cli.progress import showing_progress
from synthetic.cli.project import Sources, chosen_scenarios, open_project
from synthetic.cli.reference import chosen, reference_module
from synthetic.cli.screen import answers, save, say
from synthetic.cli.small_rollout import SmallRollout, rounds_needed
from synthetic.gate.observing import observe
from synthetic.report.summary import ShareBlock, Summary, VerdictBlock, summary_of
from synthetic.report.tables import SummaryTables, verdict_text
from synthetic.runner.identity import fresh_seed
from synthetic.runner.provoked import PROVOCATIONS
from synthetic.runner.specs import Turn
from synthetic.runner.turns import paired_turns
from synthetic.sli.samples import fold

if TYPE_CHECKING:
    from synthetic.reference.catalogue import Fault

TAG = "demo"
PAIRS = 3
AT_ONCE = 1
DEFAULT_OUT = Path("reports") / "out" / "demo.json"


def demo(
    *,
    fault: Annotated[
        list[str] | None, typer.Option(help="Throw this fault; see `synthetic reference faults`.", metavar="NAME")
    ] = None,
    defect: Annotated[
        list[str] | None, typer.Option(help="Plant this defect; see `synthetic reference defects`.", metavar="NAME")
    ] = None,
    pairs: Annotated[
        int,
        typer.Option(
            min=1, max=100, help="How many pairs of runs of each scenario and row; more where the gate is not sure."
        ),
    ] = PAIRS,
    seed: Annotated[
        int | None, typer.Option(help="Play with the ids and keys of this seed (default: a fresh one).")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the summary goes as JSON.", metavar="FILE")] = DEFAULT_OUT,
) -> None:
    """Roll a canary out on an embedded platform, 5 to 100 %, each share after the gate's pass. Exit: 0 it is safe, 1 it is not."""
    reference_module("up")  # a missing extra is told before anything else
    broken = (*chosen("faults", fault or []), *chosen("defects", defect or []))
    own_seed = fresh_seed() if seed is None else seed
    say(f"seed {own_seed}; starting the reference platform{_breakage(broken)}")
    with reference_platform(fault=fault or (), defect=defect or ()) as cells_file:
        played, rollout = _play(cells_file, own_seed, pairs, broken)
    decision = rollout.look(observe(played.events))
    about: dict[str, str | int | None] = {
        "seed": own_seed,
        "pairs": pairs,
        "broken": ", ".join(one.name for one in broken),
    }
    summary = summary_of(fold(played.events), decision, about, rollout.shares)
    save(summary.model_dump_json(indent=2), out)
    _show(summary, out)
    raise typer.Exit(_exit_code(played, summary, promoted=rollout.is_promoted))


def _breakage(broken: Sequence[Fault]) -> str:
    return "".join(f"; broken on purpose: {one.name} ({one.title})" for one in broken)


def _play(cells_file: Path, seed: int, pairs: int, broken: Sequence[Fault]) -> tuple[Played, SmallRollout]:
    """Roll out over the scenarios with the tag `demo`, and those that show what was broken on purpose."""
    also = {one.scenario for one in broken}
    project = open_project(Sources.shipped(cells_file))
    of_the_demo = chosen_scenarios(project, [], [TAG])
    scenarios = of_the_demo + [
        project.scenarios[name] for name in sorted(also) if project.scenarios[name] not in of_the_demo
    ]
    canary, baseline = project.cells["canary"], project.cells["baseline"]
    turns: list[Turn] = paired_turns(scenarios, canary, baseline, seed=seed, repeat=rounds_needed(pairs))
    rollout = SmallRollout.over(turns, pairs, canary.name, baseline.name, _tell)
    with showing_progress(sum(len(turn.parts) for batch in rollout.batches for turn in batch)) as progress:
        # The platform is a new one each time, so its journal is, too: an old key would stand for another effect.
        journal = cells_file.parent / "journal.db"
        own = next((PROVOCATIONS[one.provoke] for one in broken if one.provoke), None)
        provoked = {canary.name: own} if own else {}
        played = play_turns(
            turns,
            seed=seed,
            at_once=AT_ONCE,
            tell=progress,
            journal=journal,
            provoked=provoked,
            batch=rollout.next_batch,
        )
    return played, rollout


def _tell(share: ShareBlock) -> None:
    say(f"{share.weight} % after {share.pairs} pairs: {share.verdict} ({share.reason}); a controller {share.then}")


def _show(summary: Summary, out: Path) -> None:
    console = answers()
    console.print(SummaryTables(summary))
    console.print(f"the same as JSON: {out}", soft_wrap=True)
    if summary.verdict is not None:
        show_verdict(console, summary.verdict)


def show_verdict(console: Console, verdict: VerdictBlock) -> None:
    """One line in a log or a pipe, however wide; broken between words for who reads it on a terminal."""
    console.print(verdict_text(verdict), soft_wrap=not console.is_terminal)


def _exit_code(played: Played, summary: Summary, *, promoted: bool) -> ExitCode:
    """The verdict decides. An interrupted or empty session has none, and no pass stands beside stranded money."""
    code = exit_code_of(played.records, interrupted=played.interrupted, left_open=bool(played.left_open))
    if played.interrupted or code is ExitCode.NOTHING_RAN:
        return code
    if summary.verdict is None or summary.verdict.verdict != "pass" or not promoted:
        return ExitCode.FAILED
    return code if code is ExitCode.STRANDED else ExitCode.PASS
