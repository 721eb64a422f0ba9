"""The one stream of typed events that a run emits. Readers (SLIs, reports, traces) know nothing of each other.

Everything here is already redacted: a secret never enters an event. Times are `core.effects.Times`; `at_ns` is monotonic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetic.core.effects import Times
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.core.quick import quick

RELEASE_LABELS = ("version", "rollout_step", "flag_variant")
"""What a cell's answers may tell of the release that gave them."""


@quick
@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins. `wall_ns` (Unix, UTC) belongs to `at_ns`, so that any monotonic time can be shown as a date."""

    run_id: str
    seed: int
    scenario: str
    title: str
    tags: tuple[str, ...]
    row: Mapping[str, str]
    cell: str
    track: str
    environment: str
    market: str
    brand: str
    version: str
    currency: str
    player: str
    trace_id: str
    scheduled_at_ns: int
    at_ns: int
    wall_ns: int
    digest: str = ""
    pair: str = ""


@quick
@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins. `purpose`: `step`, or `undo` for compensation."""

    run_id: str
    step: str
    operation: str
    at_ns: int
    purpose: str = "step"


@quick
@dataclass(frozen=True, slots=True)
class ExchangeDone:
    """One request and its answer, or frame, as a person may see it: secrets replaced by `***`, bodies cut at 8 KiB.

    `purpose`: `call`, `poll`, `lookup`, `undo`, `repeat`. `kind`: `http`, `ws_open`, `ws_send`, `ws_receive`.
    `answer_status` is None where no answer came; `fault` then says why. `expected` is what the mapping wanted to see.
    """

    run_id: str
    step: str
    operation: str
    purpose: str
    kind: str
    request_line: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str
    answer_status: int | None
    answer_headers: tuple[tuple[str, str], ...]
    answer_body: str
    fault: str
    expected: str
    held: bool
    times: Times
    span_id: str = ""
    key: str = ""


@quick
@dataclass(frozen=True, slots=True)
class MoneyMoved:
    """What became of a money effect. `direction`: `in` (into the wallet), `out` (out of it), `stake`, `payout`."""

    run_id: str
    step: str
    kind: str
    amount: Money
    direction: str
    outcome: StepOutcome
    key: str


@quick
@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step ended. `held` says whether it went as the scenario wants; if not, `reason`, `code` and `blame` say why and whose.

    `latency_ns`: for an operation of one exchange the target's time of that exchange; for a polled one from the first
    request sent to the answer that fulfilled `until`. `sli`: the SLI it counts for ("" for none), with `labels`.
    `expected_refusal`: the code with which the scenario wants it refused; `refusal_class`: of which class that refusal is.
    """

    run_id: str
    step: str
    operation: str
    outcome: StepOutcome
    held: bool
    code: str
    reason: str
    blame: Blame | None
    latency_ns: int
    tainted: bool
    attempts: int
    polls: int
    at_ns: int
    sli: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    out: Mapping[str, Any] = field(default_factory=dict)
    purpose: str = "step"
    expected_refusal: str = ""
    refusal_class: str = ""


@quick
@dataclass(frozen=True, slots=True)
class CheckJudged:
    """One invariant or named check over the run's evidence. `held` None: there was not enough evidence to judge."""

    run_id: str
    name: str
    held: bool | None
    message: str
    blame: Blame | None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoEnded:
    """Compensation of one money effect ended: `undone`, `nothing_to_undo` or `stuck` (then `stranded` is the amount)."""

    run_id: str
    step: str
    result: str
    reason: str
    stranded: Money | None = None


@quick
@dataclass(frozen=True, slots=True)
class RunEnded:
    """A run ended. `failed_step` and `failed_check` name what turned it red, `attribution` is why `blame` is whose it is.

    `labels`: what the cell's answers told of its release, by `RELEASE_LABELS`; what none told is not there.
    `cash`: what it has left its player, where it read that behind its last money effect (the mapping's `sweep` says how).
    `changed`: by how much the run itself has changed that, in all: what it paid in, out, staked and won.
    """

    run_id: str
    outcome: RunOutcome
    blame: Blame | None
    reason: str
    failed_step: str
    failed_check: str
    stranded: tuple[Money, ...]
    at_ns: int
    labels: Mapping[str, str] = field(default_factory=dict)
    attribution: str = ""
    cash: Money | None = None
    changed: Money | None = None


Event = RunStarted | StepStarted | ExchangeDone | MoneyMoved | StepEnded | CheckJudged | UndoEnded | RunEnded
