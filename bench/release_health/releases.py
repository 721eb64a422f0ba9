"""The releases: a healthy one, bad ones, and one whose PSP is down for both sides; the same at every play.

Release Health is developed on them, tested with them and pictured by them: minutes of a rollout, played in events at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from bench.release_health.journeys import JOURNEYS, Fault, Trip, events_of
from synthetic.core.events import Event
from synthetic.core.outcome import Blame, RunOutcome

STARTED_NS = 1_795_413_600_000_000_000  # 2026-11-23T06:00:00Z
"""When every one of these rollouts began."""
EVERY_S = 10
PSPS = ("psp-a", "psp-b", "psp-c")
_TYPICAL_MS = {
    "login": 62.0,
    "balance": 18.0,
    "deposit": 168.0,
    "launch": 85.0,
    "ping": 31.0,
    "bet": 46.0,
    "settle": 120.0,
    "withdraw": 240.0,
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a release is when a run begins."""

    track: str
    flow: str
    psp: str
    at_s: float
    dice: Random


@dataclass(frozen=True, slots=True)
class Release:
    """A release to play: for so many seconds, with `fault` asked of each run, and latencies `slower` times the usual."""

    name: str
    title: str
    for_s: int
    fault: Callable[[Moment], Fault | None] = lambda moment: None  # noqa: ARG005
    slower: Callable[[Moment, str], float] = lambda moment, step: 1.0  # noqa: ARG005
    weights: tuple[tuple[int, int], ...] = ((0, 5), (300, 25), (600, 50))

    def events(self, *, until_s: float | None = None) -> Iterator[Event]:
        """The events of both sides until then (seconds from the start), pair by pair."""
        dice = Random(f"{self.name} 4711")
        for at_s in range(0, self.for_s, EVERY_S):
            if until_s is not None and at_s > until_s:
                return
            for flow, psp in (("login", ""), *(("deposit-bet-withdraw", psp) for psp in PSPS)):
                pair_ns = STARTED_NS + int((at_s + dice.random()) * 1e9)
                for track in ("canary", "baseline"):
                    yield from events_of(self._trip(Moment(track, flow, psp, at_s, dice), pair_ns))

    def _trip(self, moment: Moment, wall_ns: int) -> Trip:
        provider = "provider-b" if moment.dice.random() < 0.5 else "provider-a"
        fault = self.fault(moment)
        ours = moment.dice.random() < 0.004
        return Trip(
            run_id=f"r{wall_ns // 1_000_000:x}{moment.track[0]}{moment.psp[-1:] or 'x'}",
            pair=f"{moment.flow}/{moment.psp}/{moment.at_s:g}",
            flow=moment.flow,
            row={"psp": moment.psp, "provider": provider} if moment.psp else {},
            cell=moment.track,
            track=moment.track,
            version={"canary": "2.4.0", "baseline": "2.3.1"}[moment.track],
            wall_ns=wall_ns,
            took_ms=self._took_ms(moment),
            fault=None if ours else fault,
            outcome=RunOutcome.TAINTED if ours else None,
        )

    def _took_ms(self, moment: Moment) -> Mapping[str, float]:
        """Log-normal, as latencies are."""
        return {
            call.step: _TYPICAL_MS[call.step] * moment.dice.lognormvariate(0.0, 0.28) * self.slower(moment, call.step)
            for call in JOURNEYS[moment.flow]
        }


def _broken_psp(moment: Moment) -> Fault | None:
    """The canary has lost one PSP's new credentials: two deposits of five fail there, and nowhere else."""
    if moment.track == "canary" and moment.psp == "psp-b" and moment.at_s >= 60 and moment.dice.random() < 0.4:
        return Fault(step="deposit")
    return None


def _broken_law(moment: Moment) -> Fault | None:
    if moment.track == "canary" and moment.psp and moment.at_s == 240:
        return Fault(
            law="one-credit-per-deposit",
            reason="deposit d-1 was credited twice: 100 + 100 minor units for one capture of 100",
            evidence=("ledger: +100 EUR deposit d-1 (entry 7)", "ledger: +100 EUR deposit d-1 (entry 9)"),
            strands=moment.psp == "psp-a",
        )
    return None


def _psp_down(moment: Moment) -> Fault | None:
    """A PSP in trouble, whoever asks it."""
    if moment.psp == "psp-a" and moment.at_s >= 180 and moment.dice.random() < 0.35:
        return Fault(step="deposit", status=504, reason="HTTP 504 instead of 202: psp-a timed out", blame=Blame.PSP)
    return None


def _slow_canary(moment: Moment, step: str) -> float:
    return 1.9 if moment.track == "canary" and step == "deposit" and moment.at_s >= 120 else 1.0


RELEASES: dict[str, Release] = {
    release.name: release
    for release in (
        Release("healthy", "nothing is wrong with it", 1500),
        Release("broken-psp", "deposits by one PSP fail on the canary", 420, fault=_broken_psp),
        Release("broken-law", "a deposit is credited twice on the canary", 300, fault=_broken_law),
        Release("psp-down", "a PSP is down for both sides", 720, fault=_psp_down),
        Release("slow", "deposits have become twice as slow on the canary", 600, slower=_slow_canary),
        Release("young", "it has only just begun", 60, weights=((0, 5),)),
    )
}
