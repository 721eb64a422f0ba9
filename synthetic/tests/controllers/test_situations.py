"""What becomes of a release in each situation of docs/gate-controllers.md, with the manifests and the SLO that ship."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from synthetic.config.slo import shipped_policy
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.gate.observed import Observation, Signal, StepSeen
from synthetic.tests.controllers.argo import Health, documents
from synthetic.tests.controllers.argo_notifications import notify
from synthetic.tests.controllers.flagger import Phase
from synthetic.tests.controllers.gated import ARGO, NOTIFICATIONS, TOKEN, World, argo, flagger, gated_world
from synthetic.tests.controllers.scripted import ScriptedGate
from synthetic.tests.representative import one_in
from synthetic.tests.rollouts.evidence import run

PAGE = Path(__file__).parents[3] / "docs" / "gate-controllers.md"
PSPS = ("psp-a", "psp-b", "psp-c")
PAIR_EVERY_S = 10.0
RECONCILES_MAX = 2_000
TICKS_MAX = 130
HELD_TICKS = 60
MS = 1_000_000
ENDINGS = {Health.HEALTHY: "promoted", Health.DEGRADED: "rolled_back"}
ALL, CANARY, NONE = ("canary", "baseline"), ("canary",), ()


@dataclass(frozen=True)
class Situation:
    """What goes on around a release. `failing(minute, psp)`: the sides that fail; `playing(minute)`: those that are played at all.
    `slow`: the sides whose deposits take two seconds.

    `gate(minute, world)` does something to the gate. `argo` and `flagger`: what becomes of it: phase, last weight, last words.
    """

    name: str
    argo: tuple[Health, int, str]
    flagger: tuple[Phase, int, str]
    failing: Callable[[float, str], tuple[str, ...]] = lambda _minute, _psp: NONE
    playing: Callable[[float], tuple[str, ...]] = lambda _minute: ALL
    gate: Callable[[float, World], None] = lambda _minute, _world: None
    slow: tuple[str, ...] = NONE
    token: str = ""
    cell: str = ""


PROMOTED = (Health.HEALTHY, 100, "RolloutCompleted"), (Phase.SUCCEEDED, 0, "Promotion completed!")
ROLLED_BACK = (Health.DEGRADED, 0, "assessed Failed"), (Phase.FAILED, 0, "Canary failed!")
HELD = (Health.PAUSED, 5, "InconclusiveAnalysisRun"), (Phase.PROGRESSING, 0, "Starting canary analysis")
GIVEN_UP = (Health.DEGRADED, 0, "assessed Error")
NEVER_BEGUN = (Phase.WAITING, 0, "waiting for approval")


def down(since: float, until: float) -> Callable[[float, World], None]:
    """Nobody answers between two minutes."""
    return lambda minute, world: world.go_down() if since <= minute < until else world.come_up()


def restarting(minute: float, world: World) -> None:
    """Another process every few minutes."""
    if int(minute) % 8 == 3:
        world.restart()


def killed(_minute: float, world: World) -> None:
    """Somebody has pulled it, for good."""
    world.stopped = ["the kill switch is on (drill)"]


def charged_back(minute: float, world: World) -> None:
    """The platform reports a chargeback of the canary."""
    if 20 <= minute < 21:
        world.store.signal([Signal("chargebacks", "canary", 1.0, world.clock.wall_ns())])


SITUATIONS = (
    Situation("a healthy release", *PROMOTED),
    Situation(
        "one PSP fails on the canary",
        *ROLLED_BACK,
        failing=lambda _minute, psp: CANARY if psp == "psp-b" else NONE,
    ),
    Situation(
        "it fails later, at a larger share",
        *ROLLED_BACK,
        failing=lambda minute, psp: CANARY if minute > 18 and psp == "psp-b" else NONE,
    ),
    Situation("deposits are slow on the canary", *ROLLED_BACK, slow=CANARY),
    Situation("deposits are slow on both sides", *HELD, slow=ALL),
    Situation("it failed and is well again", *ROLLED_BACK, failing=lambda minute, _psp: CANARY if minute < 4 else NONE),
    Situation("the platform reports a chargeback", *ROLLED_BACK, gate=charged_back),
    Situation(
        "a PSP is down on both sides",
        *HELD,
        failing=lambda _minute, psp: ALL if psp == "psp-b" else NONE,
    ),
    Situation(
        "a PSP was down on both sides for two minutes",
        *PROMOTED,
        failing=lambda minute, psp: ALL if 1 < minute < 3 and psp == "psp-b" else NONE,
    ),
    Situation("no run is played any more", *HELD, playing=lambda minute: ALL if minute < 5 else NONE),
    Situation("the kill switch is on", HELD[0], NEVER_BEGUN, playing=lambda _minute: NONE, gate=killed),
    Situation("the canary has no baseline beside it", *HELD, playing=lambda _minute: CANARY),
    Situation("the gate is down for twenty minutes", *PROMOTED, gate=down(5, 25)),
    Situation("the gate is down for good", GIVEN_UP, HELD[1], gate=down(5, 1_000)),
    Situation("the gate restarts again and again", *PROMOTED, gate=restarting),
    Situation("the token is wrong", GIVEN_UP, NEVER_BEGUN, token="wrong"),
    Situation("the cell is not one of the gate's", GIVEN_UP, NEVER_BEGUN, cell="canarry"),
)


def seen(number: int, track: str, at_s: float, psp: str, *, failed: bool, slow: bool) -> Observation:
    """A run with everything that the shipped SLO asks of."""
    blame = Blame.PSP if failed else None
    steps = [
        StepSeen("login", "login", {}, held=True, latency_ns=20 * MS),
        StepSeen(
            "deposit", "deposit", {"psp": psp}, held=not failed, latency_ns=(2_000 if slow else 150) * MS, blame=blame
        ),
    ]
    if not failed:
        steps += [
            StepSeen("ping", "ws_rtt", {}, held=True, latency_ns=2 * MS),
            StepSeen("withdraw", "withdraw", {"psp": psp}, held=True, latency_ns=240 * MS),
        ]
    outcome = RunOutcome.FAILED if failed else RunOutcome.OK
    return run(
        number,
        track,
        at_s=at_s,
        psp=psp,
        outcome=outcome,
        blame=blame,
        steps=tuple(steps),
        version="2.4.0" if track == "canary" else "2.3.1",
    )


def living(situation: Situation, world: World) -> Callable[[float], None]:
    """What happens while somebody waits: a pair every few seconds, one PSP after the other, and whatever befalls the gate."""
    state = {"next_s": 0.0, "number": 0}

    def during(seconds: float) -> None:
        until_s = world.now_s() + seconds
        runs = []
        while state["next_s"] < until_s:
            at_s, number = state["next_s"], int(state["number"])
            minute, psp = at_s / 60, PSPS[number % len(PSPS)]
            failing = situation.failing(minute, psp)
            runs += [
                seen(number, track, at_s, psp, failed=track in failing, slow=track in situation.slow)
                for track in situation.playing(minute)
            ]
            state["next_s"], state["number"] = at_s + PAIR_EVERY_S, number + 1
        world.store.observe(runs)
        situation.gate(until_s / 60, world)

    return during


@pytest.mark.slow
@pytest.mark.parametrize("situation", one_in(2, SITUATIONS), ids=lambda situation: situation.name)
def test_argo(situation: Situation, tmp_path: Path) -> None:
    """Promoted, paused at its share, or back at 0 %."""
    with gated_world(tmp_path, shipped_policy()) as world:
        world.during = living(situation, world)
        world.wait_s(PAIR_EVERY_S)  # the release begins into a world that is there
        secret = {"synthetic-gate/token": situation.token} if situation.token else {}
        sources = [path.read_text(encoding="utf-8") for path in ARGO]
        if situation.cell:
            sources = [
                text.replace("{name: cell, value: canary}", f"{{name: cell, value: {situation.cell}}}")
                for text in sources
            ]
        rollout = argo(world, sources, **secret)
        rollout.follow(RECONCILES_MAX)
        notify(rollout, documents(NOTIFICATIONS)[0], {"gate-token": TOKEN})
        endings = [kept.ending for kept in world.store.rollouts()]
    *phase, told = situation.argo
    assert [rollout.health, rollout.weight] == phase, rollout.told
    assert told in rollout.told[-1]
    if situation.argo == GIVEN_UP:
        assert endings in ([], [""]), "the gate has never heard of it, or is not there to hear"
    else:
        assert endings == [ENDINGS.get(rollout.health, "")], "the gate is told how it ended, and a paused one has not"


@pytest.mark.slow
@pytest.mark.parametrize("situation", one_in(2, [*SITUATIONS[1:], SITUATIONS[0]]), ids=lambda situation: situation.name)
def test_flagger(situation: Situation, tmp_path: Path) -> None:
    """Promoted, waiting at its share, or back at 0 %."""
    with gated_world(tmp_path, shipped_policy()) as world:
        world.during = living(situation, world)
        world.wait_s(PAIR_EVERY_S)  # the release begins into a world that is there
        canary = flagger(world, token=situation.token or TOKEN)
        if situation.cell:
            for hook in canary.hooks:
                hook["metadata"] = {**hook["metadata"], "cell": situation.cell}
        canary.follow(HELD_TICKS if situation.flagger == HELD[1] else TICKS_MAX)
    *phase, told = situation.flagger
    assert [canary.phase, canary.weight] == phase, canary.events
    assert told in canary.events[-1]


def test_who_resumes_a_paused_rollout_has_it_judged_anew(tmp_path: Path) -> None:
    """The runner is back after a quarter of an hour: a person resumes, the same step is analysed again, and passes."""
    silent = Situation("", *PROMOTED, playing=lambda minute: NONE if minute < 15 else ALL)
    shorter = [path.read_text(encoding="utf-8").replace("count: 90", "count: 20") for path in ARGO]
    shorter = [text.replace("inconclusiveLimit: 89", "inconclusiveLimit: 19") for text in shorter]
    with gated_world(tmp_path, shipped_policy()) as world:
        world.during = living(silent, world)
        rollout = argo(world, shorter)
        assert rollout.follow(RECONCILES_MAX) is Health.PAUSED
        world.wait_s(25 * 60)
        rollout.resume()
        assert rollout.follow(RECONCILES_MAX) is Health.HEALTHY
    assert rollout.weights == [0, 5, 25, 50, 100]


@pytest.mark.parametrize(("answers", "phase"), [(0.0, Phase.PROGRESSING), (None, Phase.FAILED)])
def test_flaggers_own_metric_rolls_back_where_its_prometheus_is_away(
    gate: ScriptedGate, tmp_path: Path, answers: float | None, phase: Phase
) -> None:
    """No value is a failed check for Flagger, and five of them are a rollback, whatever the gate says; 0 is none."""
    if answers is not None:
        gate.script(**{"api/v1/query": [(200, json.dumps({"data": {"result": [{"value": [0, str(answers)]}]}}))]})
    with gated_world(tmp_path, shipped_policy()) as world:
        world.caller.elsewhere = {"prometheus-operated.monitoring.svc": gate.caller.gate}
        canary = flagger(world, metrics=True)
        canary.weights.append(5)  # the metric is asked once there is traffic
        canary.follow(10)
    assert canary.phase is phase, canary.events


def test_the_page_has_each_situation_and_no_other() -> None:
    """A row of the page that nobody has tried is a promise that nobody keeps."""
    rows = re.findall(r"^\| ([^|*]+?) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    named = [row for row in rows if row in {situation.name for situation in SITUATIONS}]
    assert named == [situation.name for situation in SITUATIONS]
