"""The Release Health document: all that a person or a page is told of one rollout. JSON, without NaN, in one version.

Shares are 0 to 1, times RFC 3339 in UTC, durations say their unit. What is not known is null, never 0.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from synthetic.report.records import Amount

SCHEMA_VERSION: Literal[1] = 1

Side = Literal["baseline", "canary"]
Standing = Literal["regressed", "over", "suspect", "pass", ""]
GroupKind = Annotated[str, Field(description="sli, flow, market, brand, or the name of a matrix column such as psp")]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class StepFacts(_Document):
    """From an instant on the canary takes so much of the traffic."""

    weight: Annotated[int, Field(ge=0, le=100, description="percent")]
    at: datetime


class RolloutFacts(_Document):
    """Which release goes where. `ended_at` null: it goes on; then `ending` is empty."""

    id: str
    cell: Annotated[str, Field(description="the canary's")]
    baseline: str
    version: Annotated[str, Field(description="empty where nobody has said it")] = ""
    baseline_version: str = ""
    started_at: datetime
    ended_at: datetime | None = None
    ending: Annotated[str, Field(description="promoted, rolled_back, aborted, or empty")] = ""
    by: Annotated[str, Field(description="who has started it, as he says himself")] = ""
    steps: list[StepFacts] = []

    @property
    def weight(self) -> int:
        """The share of the traffic that the canary takes now, in percent."""
        return self.steps[-1].weight if self.steps else 0


class RolloutLine(_Document):
    """One line of the list of rollouts."""

    id: str
    cell: str
    baseline: str
    version: str = ""
    weight: int = 0
    verdict: Annotated[str, Field(description="pass, fail or inconclusive; empty where none was asked for yet")] = ""
    reason: str = ""
    started_at: datetime
    ended_at: datetime | None = None
    ending: str = ""


class VerdictFacts(_Document):
    """What was decided, and what a release manager is to do now."""

    verdict: Literal["pass", "fail", "inconclusive"]
    reason: str
    headline: Annotated[str, Field(description="whether the release may go on, in a few words")]
    explanation: Annotated[str, Field(description="the decision's own paragraph")]
    todo: Annotated[str, Field(description="what to do next, in one or two sentences")]
    since: Annotated[datetime | None, Field(description="since when it is this verdict for this reason")] = None
    suspect: Annotated[bool, Field(description="probes are to be denser for a while")] = False
    pairs_missing: Annotated[int | None, Field(description="how many more clean pairs a pass needs")] = None
    ready_at: Annotated[datetime | None, Field(description="when they will be there at this pace")] = None


class EvidenceFacts(_Document):
    """How much the decision is based on, and how fresh that is. A pair is two runs of one instant, one on each side."""

    since: Annotated[datetime, Field(description="the start of the watch")]
    figures_since: Annotated[
        datetime,
        Field(description="since when runs are in ratios and latencies: the policy's window before the newest run"),
    ]
    runs: dict[Side, int]
    pairs: Annotated[int, Field(description="pairs with a usable run on both sides")]
    missing_pairs: Annotated[int, Field(description="pairs that our own faults have cost, on one side or both")]
    last_pair_at: Annotated[datetime | None, Field(description="when the newest pair was complete")] = None
    stale_after_s: float
    policy_digest: str = ""


class LinePoint(_Document):
    """Where a stream stood after a tick: how far towards each threshold; 1 is there. Below 0 is told as 0, above 2 as 2."""

    at: datetime
    to_rollback: float
    to_pass: float


class StreamHealth(_Document):
    """One objective, for one value of its label: its pairs, and how far its evidence has come towards each threshold.

    Distances are shares of the logarithm that is needed, because evidence multiplies from pair to pair. A rollback needs both
    `to_budget` (too many failures) and `to_canary_only` (on the canary rather than on both sides); `to_rollback` is the lesser.
    """

    stream: str
    title: str
    value: Annotated[str, Field(description="the value of its label, such as psp-a; empty where it has none")] = ""
    promise: Annotated[str, Field(description="what is promised: `at least 99.9 %`, `95 % within 400 ms`")]
    sli: str
    pairs: int
    canary_only: int
    baseline_only: int
    both: int
    to_budget: float
    to_canary_only: float
    to_rollback: float
    to_pass: float
    streak: Annotated[int, Field(description="consecutive ticks on which both tests were over")]
    streak_needed: int
    regressed: bool
    standing: Annotated[
        Standing,
        Field(
            description="regressed; over: both tests are, not for long enough; suspect: the release fails or is held for failures "
            "of the canary alone, and this promise has some and its line rises; pass; empty: on its way"
        ),
    ] = ""
    line: list[LinePoint] = []


class Share(_Document):
    """So many of so many, with the 95 % Wilson score interval. All three are null where nothing was counted."""

    held: int
    total: int
    ratio: float | None
    low: float | None
    high: float | None


class Group(_Document):
    """Baseline beside canary for one flow, PSP, market or SLI. SLIs count steps, all others count runs."""

    kind: GroupKind
    name: str
    title: Annotated[str, Field(description="the name in words")]
    value: Annotated[str, Field(description="the value of an SLI's label; empty: all of them")] = ""
    baseline: Share
    canary: Share


class Percentiles(_Document):
    """Latencies of one side, in milliseconds (nearest rank). `within`: the share that keeps the bound, where there is one."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None
    most: float | None
    within: float | None


class Distribution(_Document):
    """The latencies of one SLI: on both sides the share that was answered within so many milliseconds."""

    sli: str
    title: str
    value: Annotated[str, Field(description="the value of its label; empty: all of them")] = ""
    bound_ms: Annotated[float | None, Field(description="the objective's bound")] = None
    target: Annotated[float | None, Field(description="the share that has to keep the bound")] = None
    baseline: Percentiles
    canary: Percentiles
    ms: Annotated[list[float], Field(description="the instants at which the curves are told, ascending")]
    baseline_share: list[float | None]
    canary_share: list[float | None]


class FailingRun(_Document):
    """One run that failed. `twin`: how its other side ended (`ok`, `failed`, or `none` where it says nothing)."""

    run_id: str
    at: datetime
    duration_ms: float
    reason: str
    row: dict[str, str] = {}
    market: str = ""
    twin: Literal["ok", "failed", "none"]
    trace_id: str = ""
    trace_url: Annotated[str, Field(description="where its trace can be seen; empty where nobody has said it")] = ""


class FailingGroup(_Document):
    """Runs of one side that failed at the same place for the same account. `alone`: their other side was fine."""

    side: Side
    flow: str
    failed_at: Annotated[str, Field(description="`step deposit`, `check balance-equals-ledger`")]
    blame: str
    count: int
    alone: int
    newest_at: datetime
    reason: Annotated[str, Field(description="of the newest run")]
    whom_to_ask: Annotated[str, Field(description="where the blame alone would lead to the wrong door, else empty")] = (
        ""
    )
    runs: Annotated[list[FailingRun], Field(description="the newest of them, newest first")]


class DecisionLine(_Document):
    """A decision of the past; only changes are told."""

    at: datetime
    verdict: str
    reason: str
    explanation: str
    weight: int


class KillSwitch(_Document):
    """Whether runs are stopped, and by what, in words."""

    stopped: bool
    words: list[str] = []


class ReleaseHealth(_Document):
    """The health of one rollout, as it was at `generated_at`."""

    schema_version: Literal[1] = SCHEMA_VERSION
    generated_at: datetime
    rollout: RolloutFacts
    verdict: VerdictFacts
    evidence: EvidenceFacts
    streams: list[StreamHealth]
    groups: list[Group]
    latencies: list[Distribution]
    history: Annotated[list[DecisionLine], Field(description="newest first")]
    failing: Annotated[list[FailingGroup], Field(description="the canary's before the baseline's, newest first")]
    failing_left_out: Annotated[int, Field(description="groups that are not told: those that failed longest ago")] = 0
    stranded: list[Amount]
    kill_switch: KillSwitch


def health_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document."""
    schema = ReleaseHealth.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
