"""Runs that failed, put together by where they failed, newest first: what somebody opens who wants to know what broke."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal
from urllib.parse import quote

from synthetic.core.outcome import Blame
from synthetic.gate.observed import Observation
from synthetic.report.health.document import FailingGroup, FailingRun, Side
from synthetic.report.records import milliseconds, utc

GROUPS_MAX = 20
RUNS_A_GROUP_MAX = 5
TRACE_ID = "{trace_id}"

_Place = tuple[Side, str, str, str]
_Twins = Mapping[str, Mapping[str, Observation]]


def failing_groups(
    baseline: Sequence[Observation], canary: Sequence[Observation], *, trace_url: str = ""
) -> tuple[list[FailingGroup], int]:
    """The groups, the canary's first, and how many were left out. `trace_url`: an address with `{trace_id}` in it."""
    twins = {"baseline": _by_pair(baseline), "canary": _by_pair(canary)}
    placed: dict[_Place, list[Observation]] = {}
    sides: tuple[tuple[Side, Sequence[Observation]], ...] = (("canary", canary), ("baseline", baseline))
    for side, observations in sides:
        for observation in observations:
            if observation.failed:
                placed.setdefault(_place(side, observation), []).append(observation)
    found = [_group(place, runs, twins, trace_url) for place, runs in placed.items()]
    kept = sorted(found, key=lambda group: group.newest_at, reverse=True)[:GROUPS_MAX]
    return sorted(kept, key=lambda group: group.side != "canary"), len(found) - len(kept)


def _by_pair(observations: Iterable[Observation]) -> dict[str, Observation]:
    return {observation.pair: observation for observation in observations if observation.pair}


def _place(side: Side, run: Observation) -> _Place:
    return side, run.scenario, failed_at(run.failed_step, run.failed_check), str(run.blame or "nobody")


def failed_at(step: str, check: str) -> str:
    """What turned a run red, in words: `step deposit`, `check balance-equals-ledger`."""
    return f"step {step}" if step else f"check {check}" if check else "its end"


def _group(place: _Place, runs: Sequence[Observation], twins: _Twins, trace_url: str) -> FailingGroup:
    side, flow, where, blame = place
    others = twins["baseline" if side == "canary" else "canary"]
    newest_first = sorted(runs, key=lambda run: run.started_ns, reverse=True)
    alone = sum(_twin(run, others) == "ok" for run in runs)
    return FailingGroup(
        side=side,
        flow=flow,
        failed_at=where,
        blame=blame,
        count=len(runs),
        alone=alone,
        newest_at=utc(newest_first[0].started_ns),
        reason=newest_first[0].reason,
        whom_to_ask=_whom_to_ask(blame) if side == "canary" and 2 * alone > len(runs) else "",
        runs=[_run(run, others, trace_url) for run in newest_first[:RUNS_A_GROUP_MAX]],
    )


def _whom_to_ask(blame: str) -> str:
    """Blame says where a run broke, not what has changed: what fails on the canary alone, the release has changed."""
    others = {str(Blame.PSP): "PSP", str(Blame.PROVIDER): "game provider"}
    if blame not in others:
        return ""
    return (
        f"It broke at the {others[blame]}, but for the canary alone: most likely by what this release sends there. "
        f"Call whoever releases first, not the {others[blame]}."
    )


def _run(run: Observation, others: Mapping[str, Observation], trace_url: str) -> FailingRun:
    return FailingRun(
        run_id=run.run_id,
        at=utc(run.started_ns),
        duration_ms=milliseconds(run.duration_ns),
        reason=run.reason,
        row=dict(run.row),
        market=run.market,
        twin=_twin(run, others),
        trace_id=run.trace_id,
        trace_url=link_to_trace(trace_url, run.trace_id),
    )


def _twin(run: Observation, others: Mapping[str, Observation]) -> Literal["ok", "failed", "none"]:
    other = others.get(run.pair) if run.pair else None
    if other is None or other.failed is None:
        return "none"
    return "failed" if other.failed else "ok"


def link_to_trace(template: str, trace_id: str) -> str:
    """The trace's address; "" without a template or a trace. Only http(s) becomes a link: a page must never run one."""
    if not trace_id or not template.startswith(("https://", "http://")):
        return ""
    return template.replace(TRACE_ID, quote(trace_id, safe=""))
