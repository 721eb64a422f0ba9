"""The run record: one finished run as a document, the same in files, in the store and on standard output.

`synthetic schema run` prints its JSON Schema. Everything in it is redacted already: it is made of events only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome

SCHEMA_VERSION: Literal[1] = 1

Milliseconds = Annotated[float, Field(description="milliseconds, to the microsecond")]
Headers = list[tuple[str, str]]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Amount(_Document):
    """An amount in minor units of its ISO 4217 currency."""

    minor: int
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]

    @classmethod
    def of(cls, money: Money) -> Amount:
        """The same amount as a document."""
        return cls(minor=money.minor, currency=money.currency)

    def __str__(self) -> str:
        return str(Money(self.minor, self.currency))


class Request(_Document):
    """What was sent, redacted; `line` is `POST https://...`, `WS wss://...`, or a frame's direction and connection."""

    line: str
    headers: Headers = []
    body: str = ""


class Answer(_Document):
    """What came back, redacted. `status` is null for a frame, and where nothing came."""

    status: int | None = None
    headers: Headers = []
    body: str = ""


class Phases(_Document):
    """What the time of an HTTP exchange went to: 0 where it was not needed, as on a connection that was kept alive."""

    dns_ms: Annotated[float, Field(description="to resolve the name, before it left")] = 0.0
    connect_ms: Annotated[float, Field(description="to open the TCP connection, before it left")] = 0.0
    tls_ms: Annotated[float, Field(description="for the TLS handshake, before it left")] = 0.0
    first_byte_ms: Annotated[float, Field(description="from sent to the first byte of the answer")] = 0.0
    body_ms: Annotated[float, Field(description="from the first byte of the answer to its last")] = 0.0

    @property
    def opening_ms(self) -> float:
        """What opening its connection cost, before it left."""
        return self.dns_ms + self.connect_ms + self.tls_ms


class Exchange(_Document):
    """One request and its answer, or one WebSocket frame."""

    purpose: Annotated[str, Field(description="call, poll, lookup, undo or repeat")]
    kind: Annotated[str, Field(description="http, ws_open, ws_send or ws_receive")]
    operation: str
    request: Request
    answer: Answer
    fault: Annotated[str, Field(description="why there is no answer; empty where one came")]
    expected: Annotated[str, Field(description="what the platform mapping wanted to see")]
    held: bool
    offset_ms: Annotated[float, Field(description="when it left, in milliseconds after the start of the run")]
    latency_ms: Annotated[float, Field(description="the target's time: from sent to received, in milliseconds")]
    harness_lag_ms: Annotated[float, Field(description="our own time, part of no latency, in milliseconds")]
    doubt_ms: Annotated[float, Field(description="by how much the latency may be too long, in milliseconds")] = 0.0
    stamped: Annotated[
        bool, Field(description="whether the kernel says when the answer came, and no stall of ours is in that")
    ] = False
    phases: Phases | None = None
    span_id: str = ""
    key: Annotated[str, Field(description="the idempotency key, where the exchange moves money")] = ""


class Step(_Document):
    """One step. Compensation is in the exchanges of the step whose money it brings back."""

    id: str
    purpose: Annotated[
        str,
        Field(description="step; enter or leave, of a state; evidence: read after a failure, for the judge; or undo"),
    ]
    operation: str
    outcome: StepOutcome
    held: Annotated[bool, Field(description="whether it went as the scenario wants; an expected refusal holds")]
    tainted: bool
    code: str = ""
    reason: str = ""
    blame: Blame | None = None
    expected_refusal: str = ""
    refusal_class: Annotated[str, Field(description="of which class the expected refusal is: user, policy, ...")] = ""
    offset_ms: Milliseconds
    latency_ms: Milliseconds
    attempts: int
    polls: int
    sli: str = ""
    labels: dict[str, str] = {}
    out: dict[str, JsonValue] = {}
    exchanges: list[Exchange] = []


class Movement(_Document):
    """What became of a money effect. `direction`: `in` (into the wallet), `out` (out of it), `stake`, `payout`, `bonus`."""

    step: str
    kind: str
    amount: Amount
    direction: str
    outcome: StepOutcome
    key: str


class Check(_Document):
    """One invariant or named check. `held` is null where there was not enough evidence to judge."""

    name: str
    held: bool | None
    message: str = ""
    blame: Blame | None = None
    evidence: list[str] = []


class Undo(_Document):
    """The compensation of one money effect: `undone`, `nothing_to_undo` or `stuck`."""

    step: str
    result: str
    reason: str = ""
    stranded: Amount | None = None


class RunRecord(_Document):
    """One finished run."""

    schema_version: Literal[1] = SCHEMA_VERSION
    run_id: str
    seed: int
    scenario: str
    title: str
    tags: list[str] = []
    digest: str = ""
    row: Annotated[dict[str, str], Field(description="the matrix row, such as {psp: psp-a}")] = {}
    cell: str
    track: str
    version: str
    environment: str = ""
    market: str = ""
    brand: str = ""
    currency: str
    player: str
    pair: Annotated[str, Field(description="the same for the canary's and the baseline's run of one instant")] = ""
    started_at: Annotated[datetime, Field(description="RFC 3339, UTC")]
    duration_ms: Milliseconds
    schedule_lag_ms: Milliseconds
    trace_id: str
    outcome: RunOutcome
    blame: Blame | None
    reason: str
    attribution: Annotated[str, Field(description="one sentence: who is to blame, by which check or step, and why")] = (
        ""
    )
    failed_step: str
    failed_check: str
    tainted: Annotated[bool, Field(description="whether our own lag spoiled any measurement of it")]
    steps: list[Step] = []
    money: list[Movement] = []
    checks: list[Check] = []
    undo: list[Undo] = []
    stranded: list[Amount] = []
    labels: dict[str, str] = {}

    @property
    def name(self) -> str:
        """The scenario with its matrix row: `deposit-bet-withdraw[psp-a, provider-b]`."""
        return self.scenario + (f"[{', '.join(self.row.values())}]" if self.row else "")

    @property
    def failed_at(self) -> str:
        """What turned it red, in words: `step deposit`, `check balance-equals-ledger`, or nothing."""
        if self.failed_step:
            return f"step {self.failed_step}"
        return f"check {self.failed_check}" if self.failed_check else ""


def run_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a run record."""
    schema = RunRecord.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def utc(wall_ns: int) -> datetime:
    """Nanoseconds of the Unix epoch as a date, to the microsecond."""
    seconds, rest_ns = divmod(wall_ns, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest_ns // 1000)


def milliseconds(duration_ns: int) -> float:
    """Nanoseconds as milliseconds, to the microsecond."""
    return round(duration_ns / 1e6, 3)
