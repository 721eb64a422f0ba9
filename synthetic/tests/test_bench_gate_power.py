"""The gate benchmark: its twin decides as the gate does, its baselines are what the page says, and its bars can be missed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.gate_power import baselines
from bench.gate_power.anchors import ANCHORS, agrees
from bench.gate_power.bars import bars_of
from bench.gate_power.mann_whitney import is_low
from bench.gate_power.measuring import OURS, Measured, watched
from bench.gate_power.stopping import HardStops
from bench.gate_power.traces import (
    BROWNOUT,
    ONE_PSP,
    OUTAGE,
    OWN_OUTAGE,
    P95,
    P98,
    PSPS,
    RESTARTS,
    SLOT_S,
    SLOTS_A_MINUTE,
    SLOW,
    SLOW_BOTH,
    Scenario,
    Traces,
    draw,
)
from bench.gate_power.twin import Suspicion, play
from synthetic.config.slo import shipped_policy
from synthetic.gate.counts import Counts, Evidence, Stream
from synthetic.gate.decide import decide
from synthetic.gate.decision import Reason
from synthetic.gate.eprocess import next_start, start_weight
from synthetic.gate.gathering import Gathering
from synthetic.gate.policy import HardStop, Policy
from synthetic.tests.gate.playing import FAILED, OK, SINCE_NS, at, step
from synthetic.tests.gate.playing import run as played


def traces_of(*minutes: tuple[int, ...]) -> Traces:
    """One run; of each minute which PSPs fail once, on the canary."""
    canary = np.zeros((1, len(minutes) * SLOTS_A_MINUTE, PSPS), dtype=np.bool_)
    for minute, failing in enumerate(minutes):
        for psp in failing:
            canary[0, minute * SLOTS_A_MINUTE, psp] = True
    rates = np.zeros((1, canary.shape[1], PSPS))
    return Traces(rates, rates, canary, np.zeros_like(canary))


# --- the twin -----------------------------------------------------------------------------------------------------


def looked_at(policy: Policy, scenario: Scenario, traces: Traces, slot: int) -> Evidence:
    """The evidence that the gate has after this slot, where every slot has one pair a PSP."""
    ticks: dict[tuple[str, str], dict[int, Counts]] = {}
    for before in range(slot + 1):
        tick = int(before * SLOT_S // policy.tick_s)
        for psp in range(PSPS):
            one, other = bool(traces.canary[0, before, psp]), bool(traces.baseline[0, before, psp])
            counts = Counts(1, int(one and not other), int(other and not one), int(one and other))
            slow = [("p95_payments_deposit", "")]
            for key in slow if scenario.latency else [("runs_good", ""), ("deposit_success_by_psp", f"psp-{psp}")]:
                stream = ticks.setdefault(key, {})
                stream[tick] = stream.get(tick, Counts()) + counts
    streams = tuple(Stream(*key, ticks=tuple(sorted(stream.items()))) for key, stream in sorted(ticks.items()))
    now_ns = (slot + 1) * SLOT_S * 10**9
    return Evidence(0, now_ns, streams, pairs=slot + 1, last_pair_ns=now_ns, values={"canary": {}, "baseline": {}})


@pytest.mark.parametrize("scenario", [P95, P98, ONE_PSP, RESTARTS, SLOW], ids=lambda one: one.name)
def test_the_twin_rolls_back_when_the_gate_does(scenario: Scenario) -> None:
    """Path by path and look by look: the first slot in which decide says regression."""
    policy = replace(shipped_policy(), suspect_factor=1, hard_stops=())
    random = np.random.default_rng(7)
    many = draw(scenario, 6, random, minutes=12)
    told = play(policy, watched(policy, scenario), many, random).slot
    for run, slot in enumerate(told):
        one = replace(many, canary=many.canary[run : run + 1], baseline=many.baseline[run : run + 1])
        first = next(
            (
                at
                for at in range(many.slots)
                if (at == slot or at % 7 == 0 or 0 <= slot - at < 4)
                and decide(policy, looked_at(policy, scenario, one, at)).reason is Reason.REGRESSION
            ),
            -1,
        )
        assert first == slot
    assert scenario is RESTARTS or (told >= 0).any()


@pytest.mark.parametrize("scenario", [OUTAGE, OWN_OUTAGE, BROWNOUT, ONE_PSP], ids=lambda one: one.name)
def test_the_twin_is_stopped_when_the_gate_is(scenario: Scenario) -> None:
    """By runs whose two sides end at different times, look by look: the first slot in which decide says hard stop."""
    stop = HardStop("psp", "deposit", above=0.3, at_least=6, within_s=300, by="psp")
    policy = replace(shipped_policy(), suspect_factor=1, objectives=(), hard_stops=(stop,))
    random = np.random.default_rng(8)
    traces = draw(scenario, 2, random, minutes=9)
    stops = HardStops(policy, 2)
    told = [-1, -1]
    start = 0
    for slot in range(traces.slots):
        while start <= slot // 2:
            stops.start(start_weight(start))
            start = next_start(start)
        one, other = traces.canary[:, slot], traces.baseline[:, slot]
        alone, its, both = (side.astype(np.int64) for side in (one & ~other, other & ~one, one & other))
        stopped = stops.take(alone, its, both, np.ones(2, dtype=np.int64))
        told = [slot if now and before < 0 else before for before, now in zip(told, stopped, strict=True)]
    for run, slot in enumerate(told):
        gathering = Gathering(policy, "canary", "baseline", SINCE_NS)
        first = -1
        for at_slot in range(traces.slots):
            for psp in range(PSPS):
                name = f"{at_slot}-{psp}"
                for track, side in (("canary", traces.canary), ("baseline", traces.baseline)):
                    failed = bool(side[run, at_slot, psp])
                    seen = played(
                        track,
                        FAILED if failed else OK,
                        pair=name,
                        at_s=at_slot * SLOT_S,
                        row={"psp": f"psp-{psp}"},
                        steps=[step("deposit", held=not failed)],
                    )
                    gathering.take(replace(seen, duration_ns=int(random.integers(1, 9 * 10**9))))
            decision = decide(policy, gathering.evidence(at((at_slot + 1) * SLOT_S - 0.5)))
            if decision.reason is Reason.HARD_STOP and first < 0:
                first = at_slot
        assert first == slot
    assert (max(told) >= 0) == (scenario is OWN_OUTAGE)


@pytest.mark.parametrize("scenario", [P98, SLOW, SLOW_BOTH], ids=lambda one: one.name)
def test_the_twin_is_suspicious_when_the_gate_is(scenario: Scenario) -> None:
    """Look by look: of failures on the canary alone, and of more slow answers than there may be."""
    policy = replace(shipped_policy(), eager_s=0.0, suspect_for_s=100.0)
    traces = draw(scenario, 1, np.random.default_rng(3), minutes=12)
    streams = watched(policy, scenario)
    suspicion = Suspicion(policy, streams, 1)
    alone = (traces.canary & ~traces.baseline).astype(np.int64)
    looks = []
    for slot in range(traces.slots):
        if slot % 2 == 0:
            suspicion.begin(slot // 2)
        members = np.array([[psp in stream.psps for stream in streams] for psp in range(PSPS)]).astype(np.int64)
        suspicion.take(alone[:, slot] @ members, members.sum(axis=0)[None])
        if slot % 5 == 4:
            told = decide(policy, looked_at(policy, scenario, traces, slot)).suspect
            looks.append((bool(suspicion.at((slot + 1) * SLOT_S)[0]), told))
    assert [twin for twin, _ in looks] == [told for _, told in looks]
    assert {told for _, told in looks} == ({False} if scenario is SLOW_BOTH else {False, True})


def test_the_twin_probes_denser_at_the_start_and_after_a_failure() -> None:
    """And at the base rate otherwise: so its price is counted right."""
    quiet = traces_of(*[()] * 20)
    failing = replace(quiet, canary=quiet.canary.copy())
    failing.canary[0, 15 * SLOTS_A_MINUTE, 0] = True
    policy = replace(shipped_policy(), eager_s=120.0, suspect_for_s=60.0)
    streams = watched(policy, P98)
    played = [
        play(policy, streams, traces, np.random.default_rng(1), stop=False).played[0] / PSPS
        for traces in (quiet, failing)
    ]
    base, more = quiet.slots, policy.suspect_factor - 1
    assert played[0] == base + 12 * more
    # The failure's tick ends 20 s after its begin, and the suspicion 60 s after that; the slot of the failure itself is not denser.
    assert played[1] == base + 12 * more + 7 * more


# --- the others ---------------------------------------------------------------------------------------------------


def test_argo_counts_failed_measurements_of_each_metric() -> None:
    """Cumulative; more than the limit; two PSPs are two metrics."""
    traces = traces_of((0,), (1,), (), (0,), (1,))
    assert [baselines.argo(limit)(traces, 5)[0] for limit in (0, 1, 2)] == [1.0, 4.0, baselines.NEVER]


def test_flagger_adds_one_for_a_check_and_rolls_back_at_the_next() -> None:
    """Two failing metrics in one check are one; a failed check does not advance, so the analysis takes longer."""
    assert baselines.flagger(2)(traces_of((0, 1), (), (2,), ()), 4)[0] == 4.0
    assert baselines.flagger(3)(traces_of((0, 1), (2,), (), ()), 4)[0] == baselines.NEVER
    assert baselines.flagger(2)(traces_of((0,), (), (), (1,)), 2)[0] == baselines.NEVER  # two checks passed before
    assert baselines.flagger(2)(traces_of((0,), (), (1,), ()), 2)[0] == 4.0


def test_three_on_end_are_three_of_one_metric() -> None:
    """Disjoint minutes, without a gap."""
    assert baselines.consecutive(3)(traces_of((0,), (0,), (), (0,), (0,), (0,)), 6)[0] == 6.0
    assert baselines.consecutive(3)(traces_of((0,), (1,), (0,)), 3)[0] == baselines.NEVER


def test_mann_whitney_passes_what_is_the_same_and_calls_low_what_is_far_lower() -> None:
    """Identical samples and one distinct value pass; so does a better canary."""
    all_held, half, none = ([0] * 6 + [30], [0, 0, 15, 15, 0, 0, 0], [30] + [0] * 6)
    samples = [(all_held, all_held), (half, half), (all_held, half), (half, all_held), (none, all_held)]
    experiment, control = (np.array(side, dtype=np.int64) for side in zip(*samples, strict=True))
    assert is_low(experiment, control).tolist() == [False, False, False, True, True]


# --- anchors and bars ---------------------------------------------------------------------------------------------


def test_the_anchors_are_read_as_they_are_written() -> None:
    """Eight rules in six scenarios."""
    assert len(ANCHORS) == 48
    assert (ANCHORS["Flagger threshold 3", "0.98"].at_15, ANCHORS["Flagger threshold 3", "0.99"].at_60) == (
        0.929,
        0.999,
    )


@pytest.mark.parametrize(
    ("measured", "told", "same"),
    [(0.929, 0.929, True), (0.92, 0.929, True), (0.90, 0.929, False), (0.0, 0.0001, True), (0.002, 0.0, False)],
)
def test_two_figures_agree_within_chance(measured: float, told: float, *, same: bool) -> None:
    """Of 8 000 runs here and 20 000 there."""
    assert agrees(measured, 8000, told) is same


def figures(
    rule: str, scenario: str, at_15: float, median: float | None = None, probes: float | None = None
) -> Measured:
    horizons = {24 * 60: at_15} if scenario == "healthy_24h" else {15: at_15, 60: at_15}
    return Measured(rule, scenario, 100, horizons, median, probes)


WELL = (
    figures(OURS, "healthy_24h", 0.0005, probes=1.2),
    figures(OURS, "brownout", 0.003),
    figures(OURS, "0.98", 0.97, 4.0),
    figures(OURS, "0.95", 1.0, 2.0),
    figures("Flagger threshold 3", "0.98", 0.93, 10.0),
)
MISSED = (
    figures(OURS, "healthy_24h", 0.002, probes=1.2),
    figures(OURS, "brownout", 0.02),
    figures(OURS, "0.98", 0.94, 4.0),
    figures(OURS, "0.95", 0.98, 2.0),
    figures(OURS, "0.98", 0.97, 6.1),
    figures(OURS, "healthy_24h", 0.0005, probes=1.26),
)


@pytest.mark.parametrize("bar", range(6))
def test_each_bar_can_be_missed(bar: int) -> None:
    """And all of them be met."""
    table = {(one.rule, one.scenario): one for one in WELL}
    assert [one.met for one in bars_of(table)] == [True] * 6
    missed = MISSED[bar]
    assert [
        place for place, one in enumerate(bars_of(table | {(missed.rule, missed.scenario): missed})) if not one.met
    ] == [bar]
