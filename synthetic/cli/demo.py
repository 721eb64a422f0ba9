"""`synthetic demo`: the whole main job on an embedded platform: canary beside baseline, tables, a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthetic.cli.exits import ExitCode, exit_code_of
from synthetic.cli.platform_process import reference_platform
from synthetic.cli.playing import Played, play_turns
from synthetic.cli.progress import showing_progress
from synthetic.cli.project import Sources, chosen_scenarios, open_project
from synthetic.cli.reference import chosen, reference_module
from synthetic.cli.screen import answers, say
from synthetic.config.slo import shipped_policy
from synthetic.core.errors import HarnessError
from synthetic.gate.decide import decide
from synthetic.gate.decision import Decision
from synthetic.gate.gathering import gather
from synthetic.gate.observing import observe
from synthetic.gate.policy import RUN, Policy
from synthetic.report.summary import Summary, summary_of
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
        int, typer.Option(min=1, max=100, help="How many pairs of runs of each scenario and row.")
    ] = PAIRS,
    seed: Annotated[
        int | None, typer.Option(help="Play with the ids and keys of this seed (default: a fresh one).")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where the summary goes as JSON.", metavar="FILE")] = DEFAULT_OUT,
) -> None:
    """Play the shipped scenarios of the demo on a canary and its baseline at once. Exit: 0 the release is safe, 1 it is not."""
    reference_module("up")  # a missing extra is told before anything else
    broken = (*chosen("faults", fault or []), *chosen("defects", defect or []))
    own_seed = fresh_seed() if seed is None else seed
    say(f"seed {own_seed}; starting the reference platform{_breakage(broken)}")
    with reference_platform(fault=fault or (), defect=defect or ()) as cells_file:
        played = _play(cells_file, own_seed, pairs, broken)
    about: dict[str, str | int | None] = {
        "seed": own_seed,
        "pairs": pairs,
        "broken": ", ".join(one.name for one in broken),
    }
    summary = summary_of(fold(played.events), _decision(played), about)
    _save(summary, out)
    _show(summary, out)
    raise typer.Exit(_exit_code(played, summary))


def _breakage(broken: Sequence[Fault]) -> str:
    return "".join(f"; broken on purpose: {one.name} ({one.title})" for one in broken)


def _play(cells_file: Path, seed: int, pairs: int, broken: Sequence[Fault]) -> Played:
    """Play the scenarios with the tag `demo`, and those that show what was broken on purpose."""
    also = {one.scenario for one in broken}
    project = open_project(Sources.shipped(cells_file))
    of_the_demo = chosen_scenarios(project, [], [TAG])
    scenarios = of_the_demo + [
        project.scenarios[name] for name in sorted(also) if project.scenarios[name] not in of_the_demo
    ]
    canary, baseline = project.cells["canary"], project.cells["baseline"]
    turns: list[Turn] = paired_turns(scenarios, canary, baseline, seed=seed, repeat=pairs)
    with showing_progress(sum(len(turn.parts) for turn in turns)) as progress:
        # The platform is a new one each time, so its journal is, too: an old key would stand for another effect.
        journal = cells_file.parent / "journal.db"
        own = next((PROVOCATIONS[one.provoke] for one in broken if one.provoke), None)
        provoked = {canary.name: own} if own else {}
        return play_turns(turns, seed=seed, at_once=AT_ONCE, tell=progress, journal=journal, provoked=provoked)


def _decision(played: Played) -> Decision:
    """What the gate says of the whole demo, asked when its last run has ended."""
    seen = observe(played.events)
    since_ns = min((one.started_ns for one in seen), default=0)
    now_ns = max((one.started_ns + one.duration_ns for one in seen), default=0)
    policy = _policy()
    gathered = gather(policy, seen, cell="canary", baseline="baseline", since_ns=since_ns, now_ns=now_ns)
    return decide(policy, gathered)


def _policy() -> Policy:
    """The shipped one, for a session that is over in a minute: it is not watched any longer, and has a dozen pairs of each PSP.

    Its latencies are those of one machine that plays platform and harness at once, and say nothing of a release.
    """
    shipped = shipped_policy()
    objectives = tuple(
        replace(objective, margin=0.1 if objective.sli in (RUN, "login") else 0.3)
        for objective in shipped.objectives
        if objective.measure == "success"
    )
    return replace(shipped, objectives=objectives, window_s=0.0, pairs_min=9)


def _save(summary: Summary, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(summary.model_dump_json(indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise HarnessError(f"{out} can't be written: {error.strerror}") from None


def _show(summary: Summary, out: Path) -> None:
    console = answers()
    console.print(SummaryTables(summary))
    console.print(f"the same as JSON: {out}", soft_wrap=True)
    if summary.verdict is not None:
        console.print(verdict_text(summary.verdict), soft_wrap=True)


def _exit_code(played: Played, summary: Summary) -> ExitCode:
    """The verdict decides. An interrupted or empty session has none, and no pass stands beside stranded money."""
    code = exit_code_of(played.records, interrupted=played.interrupted, left_open=bool(played.left_open))
    if played.interrupted or code is ExitCode.NOTHING_RAN:
        return code
    if summary.verdict is None or summary.verdict.verdict != "pass":
        return ExitCode.FAILED
    return code if code is ExitCode.STRANDED else ExitCode.PASS
