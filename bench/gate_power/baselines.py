"""The rules of Argo Rollouts, Flagger and Kayenta, of "three violations on end", and of the reference page's own gate.

Each is what `reference/rollout-gates.md` says of it: windows of a minute, in which a PSP violates where fewer than 99 % of its six
probes on the canary held; Kayenta compares the share of all probes that held, minute by minute, with the baseline's. A rule gets
traces and how long the analysis is (minutes), and answers in which minute it rolls back; NEVER where it does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.gate_power.mann_whitney import is_low
from bench.gate_power.traces import PSPS, SLOTS_A_MINUTE, Traces
from synthetic.gate.eprocess import above_budget, canary_sided

Minutes = NDArray[np.float64]
Rule = Callable[[Traces, int], Minutes]
NEVER = math.inf
TARGET = 0.99
KAYENTA_EVERY_MIN = 15


def argo(failure_limit: int) -> Rule:
    """One metric a PSP; a measurement a minute; a metric has failed once `Failed > failureLimit`, which counts all of them."""

    def rule(traces: Traces, horizon: int) -> Minutes:
        failed = np.cumsum(_violations(traces), axis=1)
        return _first((failed > failure_limit).any(axis=2), horizon)

    return rule


def flagger(threshold: int) -> Rule:
    """A check a minute over all metrics: the first that fails adds 1 to FailedChecks and blocks the advance.

    So an analysis of n minutes is over with n checks that passed, and takes longer by each that failed. `FailedChecks >=
    threshold` is looked at when the next check begins: a minute after the last failure.
    """

    def rule(traces: Traces, horizon: int) -> Minutes:
        failed = _violations(traces).any(axis=2)
        at = _first(np.cumsum(failed, axis=1) >= threshold, failed.shape[1])
        promoted = _first(np.cumsum(~failed, axis=1) >= horizon, failed.shape[1])
        return np.where(at < promoted, at + 1, NEVER)

    return rule


def consecutive(minutes: int) -> Rule:
    """So many violations of one PSP on end."""

    def rule(traces: Traces, horizon: int) -> Minutes:
        violated = _violations(traces)
        on_end = violated.copy()
        for before in range(1, minutes):
            on_end[:, before:] &= violated[:, :-before]
            on_end[:, :before] = False
        return _first(on_end.any(axis=2), horizon)

    return rule


def kayenta(traces: Traces, horizon: int) -> Minutes:
    """A judgement every 15 minutes over all minutes so far; where Mann-Whitney calls the share that held Low, it ends."""
    canary, baseline = (_passed(side).sum(axis=2) for side in (traces.canary, traces.baseline))
    told = np.full(traces.runs, NEVER)
    for minutes in range(KAYENTA_EVERY_MIN, horizon + 1, KAYENTA_EVERY_MIN):
        low = is_low(_histogram(canary[:, :minutes]), _histogram(baseline[:, :minutes]))
        told = np.where(low & np.isinf(told), float(minutes), told)
    return told


def page(ticks: int) -> Rule:
    """The gate that the reference page describes: E_abs and E_pair over all pairs since the start, pooled 0.7, each PSP 0.1.

    `ticks` 1: at every look, each 10 s. More: at the ends of so many minutes on end.
    """

    def rule(traces: Traces, horizon: int) -> Minutes:
        alone = (traces.canary & ~traces.baseline).cumsum(axis=1)
        its = (traces.baseline & ~traces.canary).cumsum(axis=1)
        pairs = np.arange(1, traces.slots + 1)[None, :]
        over = _over(alone.sum(axis=2), its.sum(axis=2), pairs * PSPS, 0.001, 0.7)
        for psp in range(PSPS):
            over |= _over(alone[:, :, psp], its[:, :, psp], pairs, 0.01, 0.1)
        if ticks == 1:
            return _first(over, horizon * SLOTS_A_MINUTE) / SLOTS_A_MINUTE
        ends = over[:, SLOTS_A_MINUTE - 1 :: SLOTS_A_MINUTE]
        on_end = ends.copy()
        for before in range(1, ticks):
            on_end[:, before:] &= ends[:, :-before]
            on_end[:, :before] = False
        return _first(on_end, horizon)

    return rule


def _over(
    alone: NDArray[np.int64], its: NDArray[np.int64], pairs: NDArray[np.int64], budget: float, weight: float
) -> NDArray[np.bool_]:
    logs = [one.log_weight + alone * one.log_hit + (pairs - alone) * one.log_miss for one in above_budget(budget)]
    above = np.logaddexp.reduce(logs, axis=0)
    (one,) = canary_sided()
    sided = alone * one.log_hit + its * one.log_miss
    over: NDArray[np.bool_] = (above >= -math.log(0.01 * weight)) & (sided >= -math.log(0.10 * weight))
    return over


def _passed(failed: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many of each PSP's six probes of a minute held: (runs, minutes, PSPs)."""
    minutes = failed.shape[1] // SLOTS_A_MINUTE
    by_minute = failed[:, : minutes * SLOTS_A_MINUTE].reshape(len(failed), minutes, SLOTS_A_MINUTE, PSPS)
    held: NDArray[np.int64] = SLOTS_A_MINUTE - by_minute.sum(axis=2)
    return held


def _violations(traces: Traces) -> NDArray[np.bool_]:
    violated: NDArray[np.bool_] = _passed(traces.canary) / SLOTS_A_MINUTE < TARGET
    return violated


def _histogram(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each of 0..18 held probes was there: (runs, 19)."""
    return np.stack([(values == held).sum(axis=1) for held in range(SLOTS_A_MINUTE * PSPS + 1)], axis=1)


def _first(rolled_back: Any, horizon: int) -> Minutes:
    """The number of the first True of each run, counted from 1, within the first so many."""
    within = rolled_back[:, :horizon]
    return np.where(within.any(axis=1), within.argmax(axis=1) + 1.0, NEVER)
