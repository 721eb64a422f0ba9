"""One seed from its plan to its verdict: trouble, then calm until nothing is open any more, then the laws."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from synthetic.journal.model import Slot
from synthetic.runner.grid import Grid
from synthetic.simulation.clocks import EPOCH_NS
from synthetic.simulation.crew import live
from synthetic.simulation.evidence import NS, Evidence, Violation
from synthetic.simulation.fates import CALM_S, TROUBLED_S, SeedPlan, plan_of
from synthetic.simulation.laws import judge
from synthetic.simulation.lives import Fate
from synthetic.simulation.platform import FLOAT_MINOR
from synthetic.simulation.schedule import served
from synthetic.simulation.world import World

LOOK_EVERY_S = 1.0
LINES_TOLD = 30


@dataclass(frozen=True, slots=True)
class Story:
    """What became of one seed. `lines`: its last events, where a law was broken (else empty)."""

    seed: int
    runs: int
    counts: Mapping[str, int]
    violations: tuple[Violation, ...]
    trace: str
    lines: tuple[str, ...] = ()


def play_seed(seed: int, *, workers: int = 0, lines_told: int = LINES_TOLD) -> Story:
    """Play a seed. The same seed gives the same story, in every process. `workers`: how many (0: the seed decides)."""
    world = World(plan_of(seed, workers), live)
    try:
        world.begin()
        world.loop.run_until_complete(_until_settled(world))
        seen = evidence_of(world)
    finally:
        world.end()
    violations = _failed(world) + judge(seen)
    lines = tuple(world.history.lines)[-lines_told:] if violations else ()
    return Story(seed, len(seen.runs), _counts(world, seen), tuple(violations), world.history.trace, lines)


async def _until_settled(world: World) -> None:
    """Let trouble pass, and then time, until nothing is open or under way any more, and every slot is accounted for."""
    await asyncio.sleep(TROUBLED_S + LOOK_EVERY_S)
    end_s = TROUBLED_S + CALM_S
    while world.loop.time() < end_s and not (world.settled and _is_counted(world)):  # noqa: ASYNC110 - virtual time
        await asyncio.sleep(LOOK_EVERY_S)


def _is_counted(world: World) -> bool:
    """Whether each slot that is expected has come to an end."""
    slots = world.auditor.slots()
    ended = {(slot.probe, slot.slot_ns) for slot in slots if slot.outcome}
    return all((probe, one) in ended for probe, due in _expected_slots(world.plan, slots).items() for one in due)


def evidence_of(world: World) -> Evidence:
    """What there is to judge."""
    book = world.auditor
    admitted = {act.run_id for act in world.history.acts if act.what == "admit"}
    runs = {run_id: row for run_id in sorted(admitted) if (row := book.run(run_id)) is not None}
    slots = book.slots()
    return Evidence(
        record=world.platform.record,
        payments=world.platform.payments,
        balances=world.platform.balances,
        float_minor=FLOAT_MINOR,
        report=world.platform.report(),
        sent=world.sent,
        looked_up=world.looked_up,
        acts=world.history.acts,
        entries=book.entries(),
        runs=runs,
        slots=slots,
        expected_slots=_expected_slots(world.plan, slots),
        caps=world.plan.caps,
        steady=_steady(world),
        end_ns=world.loop.now_ns(),
    )


def _steady(world: World) -> frozenset[str]:
    """The lives that nothing has befallen: no fate of their own, and a database that was always there."""
    shaky = world.plan.database_down or world.plan.cut_rate
    return frozenset() if shaky else frozenset(life.name for life in world.lives if life.fate == Fate())


def _expected_slots(plan: SeedPlan, slots: Sequence[Slot]) -> dict[str, range]:
    """Every slot from the first one that the journal knows, up to the end of trouble.

    None where a worker's clock is wrong: it counts slots that are not there yet, which is why `preflight` refuses to play then.
    """
    if any(fate.skew_s or fate.jump_s for birth in plan.births for fate in birth.fates):
        return {}
    first_ns = {slot.probe: slot.slot_ns for slot in reversed(slots)}
    end_ns = EPOCH_NS + round(TROUBLED_S * NS)
    probes = served(plan.players, plan.probes, plan.caps).plan.probes
    return {
        probe.name: Grid.of(probe.name, probe.schedule).slots_between(max(EPOCH_NS, first_ns[probe.name] - 1), end_ns)
        for probe in probes
        if probe.name in first_ns
    }


def _failed(world: World) -> list[Violation]:
    return [Violation("no-mistake-of-our-own", f"{who}: {what}", at_ns) for at_ns, who, what in world.failures]


def _counts(world: World, seen: Evidence) -> dict[str, int]:
    acts = Counter(act.what for act in seen.acts)
    return {
        **world.counts,
        "faults": sum(world.troubles.met.values()),
        "intents": len(seen.entries),
        "take-overs": acts["take_over"],
        "lives": len(world.lives),
    }
