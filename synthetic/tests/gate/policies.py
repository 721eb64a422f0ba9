"""The policy that most tests of the gate hold evidence against, and the counts of ticks that they are about."""

from __future__ import annotations

from dataclasses import replace

from synthetic.gate.counts import Counts, Stream
from synthetic.gate.policy import RUN, HardStop, Objective, Policy
from synthetic.tests.gate.playing import ticks

JOURNEYS = Objective("journeys", RUN, 0.999, share=0.75)
DEPOSITS = Objective("deposits", "deposit", 0.99, by="psp", share=0.2)
SLOW = Objective("slow", "deposit", 0.95, measure="latency", threshold_ms=400, share=1.0)
CHARGEBACKS = HardStop("chargebacks", "signal", above=3)
OUTAGE = HardStop("psp_outage", "deposit", above=0.5, at_least=5, by="psp")
POLICY = Policy((JOURNEYS,), hard_stops=(CHARGEBACKS, OUTAGE), tick_s=30)
BY_PSP = replace(POLICY, objectives=(JOURNEYS, DEPOSITS))

CLEAN = Counts(9)
BAD = Counts(9, canary_only=2)
WORST = Counts(9, canary_only=9)
WATCHED = tuple([CLEAN] * 30)
PSPS = {"canary": {"psp": frozenset({"a", "b"})}, "baseline": {"psp": frozenset({"a", "b"})}}


def deposits(*counts: Counts, psp: str = "a") -> Stream:
    return ticks(*counts, objective="deposits", value=psp)
