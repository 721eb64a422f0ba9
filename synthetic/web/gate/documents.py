"""What the gate reads and answers, as types: they check what comes in, and the OpenAPI document is made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def _no_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number of percent is expected")  # noqa: TRY004 - pydantic wants it so
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@+~-]{0,199}$")]
NameOrNone = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._:@+~-]{0,199})?$")]
Version = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._:@+/-]{0,199})?$")]
Line = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")]
Weight = Annotated[
    int,
    BeforeValidator(_no_bool),
    Field(ge=0, le=100, description="Percent of the traffic; Argo sends a text with the number."),
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class BeginRollout(_In):
    """A release begins to go into a cell. `id` is unique for ever; the same call once more changes nothing."""

    id: Name
    cell: Name
    baseline: Name
    version: Version = Field("", description="Runs in which the canary itself tells another version do not count.")
    weight: Weight | None = None
    by: Line = ""


class StepRollout(_In):
    """The canary takes another share of the traffic."""

    weight: Weight


class EndRollout(_In):
    """How a rollout ended."""

    ending: Literal["promoted", "rolled_back", "aborted"]


class PostedSignal(_In):
    """What the platform reports by itself of a cell: a number from 0 on, at an instant (now, where none is given)."""

    name: Name
    cell: Name
    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    label: Line = ""
    id: NameOrNone = Field("", description="The reporter's own name for it: the same one once more counts once.")
    at: AwareDatetime | None = None


class PostedSignals(_In):
    """Some of them at once."""

    signals: Annotated[list[PostedSignal], Field(min_length=1, max_length=100)]


class Asking(_In):
    """What a verdict is asked of: a rollout that was begun, or else a canary's cell and the baseline beside it, as they are."""

    rollout: NameOrNone = ""
    cell: NameOrNone = ""
    baseline: NameOrNone = ""


class JudgeRequest(_In):
    """What to score: a rollout, or a cell beside its baseline. `thresholds` as Kayenta's: a score from `pass` on passes."""

    class Thresholds(_In):
        """0 to 100; `marginal` below `pass`."""

        pass_: Annotated[float, Field(alias="pass", gt=0, le=100)] = 95.0
        marginal: Annotated[float, Field(ge=0, lt=100)] = 75.0

    rollout: NameOrNone = ""
    cell: NameOrNone = ""
    baseline: NameOrNone = ""
    thresholds: Thresholds = Field(default_factory=Thresholds)


class FlaggerHook(BaseModel):
    """What Flagger posts (`CanaryWebhookPayload`); what newer versions add is left aside.

    `metadata` may name `cell`, `baseline` and `version`; in an `event` it has `eventMessage`, too.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
    namespace: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
    phase: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,40}$")]
    checksum: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,128}$")]
    metadata: Annotated[dict[str, Annotated[str, StringConstraints(max_length=2000)]], Field(max_length=50)] = Field(
        default_factory=dict
    )


class CountsOut(_Out):
    """Pairs, and how many of them failed on one side only, or on both."""

    pairs: int
    canary_only: int
    baseline_only: int
    both: int


class StreamOut(_Out):
    """One objective (for one value of its label): each evidence `e_` with the odds that it needs."""

    stream: str
    objective: str
    value: str
    counts: CountsOut
    e_budget: float
    e_budget_needed: float
    e_pair: float
    e_pair_needed: float
    e_pass: float
    e_pass_needed: float
    streak: int
    regressed: bool


class VerdictOut(_Out):
    """The verdict with its reason, one paragraph for the person who has to act, and the evidence behind it."""

    verdict: Literal["pass", "fail", "inconclusive"]
    reason: str
    explanation: str
    rollout: str = Field(
        description="As it was begun, or `cell:baseline:version@seen` for a version that nobody has begun."
    )
    cell: str
    baseline: str
    version: str
    since: datetime | None
    at: datetime
    weight: int
    suspect: bool
    pairs_missing: int | None
    ready_in_s: float | None
    slo: str = Field("", description="The name of the SLO that the release was held against.")
    slo_from: str = Field("", description="Its file, or `shipped`; empty where the gate does not say.")
    streams: list[StreamOut]


class StepOut(_Out):
    """A share of the traffic, and from when on."""

    weight: int
    at: datetime


class RolloutOut(_Out):
    """A rollout as it is kept."""

    id: str
    cell: str
    baseline: str
    version: str
    by: str
    started_at: datetime
    weight: int
    steps: list[StepOut]
    ended_at: datetime | None
    ending: str


class RolloutsOut(_Out):
    """The newest rollouts, newest first."""

    rollouts: list[RolloutOut]


class HookOut(_Out):
    """The answer to a hook. Flagger acts on the status alone; this is for its log, and for whoever tries it by hand."""

    rollout: str
    verdict: Literal["pass", "fail", "inconclusive"]
    reason: str
    explanation: str


class SignalsOut(_Out):
    """How many were kept: those that are new."""

    kept: int


class MetricResult(_Out):
    """One stream, in Kayenta's words: `Pass`, `High` (too many failures) or `Nodata` (too few pairs to say)."""

    name: str
    classification: Literal["Pass", "High", "Nodata"]
    classification_reason: Annotated[str, Field(serialization_alias="classificationReason")]
    groups: list[str]
    critical: bool
    counts: CountsOut


class ScoreOut(_Out):
    """0 to 100. `Marginal`: neither to be promoted nor to be rolled back."""

    score: float
    classification: Literal["Pass", "Marginal", "Fail"]
    classification_reason: Annotated[str, Field(serialization_alias="classificationReason")]


class JudgeOut(_Out):
    """A canary judgement in the shape of Kayenta's `CanaryJudgeResult`."""

    judge_name: Annotated[str, Field(serialization_alias="judgeName")]
    score: ScoreOut
    results: list[MetricResult]


class ProblemOut(_Out):
    """Why a call was not answered."""

    error: str
