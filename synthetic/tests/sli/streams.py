"""Event streams written by hand: one run as a person would tell it, for tests of everything that reads events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from synthetic.core.effects import Phases, Times
from synthetic.core.events import (
    CheckJudged,
    Event,
    ExchangeDone,
    MoneyMoved,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    UndoEnded,
)
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome

MS = 1_000_000
START_NS = 5_000 * MS
WALL_NS = 1_790_000_000_123_456_789  # 2026-09-21T14:13:20.123456Z


@dataclass
class Story:
    """One run told event by event; the clock moves by what is told. `events` is the stream."""

    run_id: str = "run-1"
    scenario: str = "deposit-bet-withdraw"
    cell: str = "canary"
    row: Mapping[str, str] = field(default_factory=lambda: {"psp": "psp-a"})
    version: str = "1.1.0"
    wall_ns: int = WALL_NS
    pair: str = ""
    events: list[Event] = field(default_factory=list)
    now_ns: int = START_NS

    def __post_init__(self) -> None:
        self.events.append(
            RunStarted(
                run_id=self.run_id,
                seed=4711,
                scenario=self.scenario,
                title="A player deposits, plays one round and cashes out",
                tags=("money", "smoke"),
                row=self.row,
                cell=self.cell,
                track="canary" if self.cell == "canary" else "baseline",
                environment="test",
                market="mt",
                brand="brand-one",
                version=self.version,
                currency="EUR",
                player="player-7",
                trace_id="0af7651916cd43dd8448eb211c80319c",
                scheduled_at_ns=START_NS - 2 * MS,
                at_ns=START_NS,
                wall_ns=self.wall_ns,
                digest="d1",
                pair=self.pair,
            )
        )

    def begin(self, step: str, operation: str = "", purpose: str = "step") -> Story:
        """A step begins."""
        self.events.append(StepStarted(self.run_id, step, operation or f"op.{step}", self.now_ns, purpose))
        return self

    def http(
        self,
        step: str,
        line: str = "POST http://cell/x",
        *,
        status: int | None = 200,
        took_ms: int = 10,
        lag_ms: int = 0,
        held: bool = True,
        fault: str = "",
        purpose: str = "call",
        body: str = "",
        answer: str = "",
        expected: str = "status == 200",
        phases: Phases | None = None,
        doubt_ms: int = 0,
    ) -> Story:
        """One HTTP exchange."""
        sent, received = self.now_ns, self.now_ns + took_ms * MS
        self.now_ns = received + lag_ms * MS
        self.events.append(
            ExchangeDone(
                run_id=self.run_id,
                step=step,
                operation=f"op.{step}",
                purpose=purpose,
                kind="http",
                request_line=line,
                request_headers=(("authorization", "***"),),
                request_body=body,
                answer_status=status,
                answer_headers=(("content-type", "application/json"),) if status else (),
                answer_body=answer,
                fault=fault,
                expected=expected,
                held=held,
                times=Times(sent, sent, received, self.now_ns, doubt_ns=doubt_ms * MS, phases=phases),
                span_id="00f067aa0ba902b7",
                key=f"{self.run_id}-{step}" if body else "",
            )
        )
        return self

    def end_step(
        self,
        step: str,
        *,
        held: bool = True,
        outcome: StepOutcome = StepOutcome.DONE,
        sli: str = "",
        labels: Mapping[str, str] | None = None,
        latency_ms: int = 10,
        tainted: bool = False,
        attempts: int = 1,
        polls: int = 0,
        blame: Blame | None = None,
        reason: str = "",
        code: str = "",
        purpose: str = "step",
        expected_refusal: str = "",
        out: Mapping[str, object] | None = None,
    ) -> Story:
        """A step ends."""
        self.events.append(
            StepEnded(
                run_id=self.run_id,
                step=step,
                operation=f"op.{step}",
                outcome=outcome,
                held=held,
                code=code,
                reason=reason,
                blame=blame,
                latency_ns=latency_ms * MS,
                tainted=tainted,
                attempts=attempts,
                polls=polls,
                at_ns=self.now_ns,
                sli=sli,
                labels=labels or {},
                out=out or {},
                purpose=purpose,
                expected_refusal=expected_refusal,
            )
        )
        return self

    def moved(
        self,
        direction: str,
        minor: int,
        outcome: StepOutcome = StepOutcome.DONE,
        currency: str = "EUR",
        step: str = "",
        kind: str = "",
    ) -> Story:
        """Money moved, or may have. `kind` of an undo: `undo` and that of what is undone; both have the key of their step."""
        amount, at = Money(minor, currency), step or direction
        self.events.append(
            MoneyMoved(self.run_id, at, kind or direction, amount, direction, outcome, f"{self.run_id}-{at}")
        )
        return self

    def check(self, name: str, *evidence: str, held: bool | None = True, message: str = "") -> Story:
        """A check is judged."""
        blame = Blame.PLATFORM if held is False else None
        self.events.append(CheckJudged(self.run_id, name, held, message, blame, evidence))
        return self

    def undo(self, step: str, result: str = "undone", stranded: Money | None = None) -> Story:
        """Compensation of a step ends."""
        self.events.append(UndoEnded(self.run_id, step, result, "", stranded))
        return self

    def end(
        self,
        outcome: RunOutcome = RunOutcome.OK,
        *,
        blame: Blame | None = None,
        reason: str = "",
        step: str = "",
        check: str = "",
        stranded: tuple[Money, ...] = (),
    ) -> list[Event]:
        """The run ends; returns its stream."""
        self.events.append(
            RunEnded(self.run_id, outcome, blame, reason, step, check, stranded, self.now_ns, {"rollout_step": "1"})
        )
        return self.events


def passing(run_id: str = "run-1", cell: str = "canary", psp: str = "psp-a", latency_ms: int = 10) -> list[Event]:
    """A run in which everything goes as it should."""
    story = Story(run_id, cell=cell, row={"psp": psp})
    story.begin("login").http("login", "POST http://cell/auth/login").end_step("login", sli="login")
    story.begin("deposit").http("deposit", "POST http://cell/cashier/deposits", body='{"amount_minor":100}')
    story.end_step("deposit", sli="deposit", labels={"psp": psp}, latency_ms=latency_ms).moved("in", 100)
    story.begin("ping").end_step("ping", sli="ws_rtt", latency_ms=3)
    story.moved("stake", 20).moved("payout", 19).moved("out", 99)
    return story.check("balance-equals-ledger").end()


def failing(run_id: str = "run-2", cell: str = "canary", psp: str = "psp-a") -> list[Event]:
    """A run whose deposit the PSP never answers, with the compensation that follows."""
    story = Story(run_id, cell=cell, row={"psp": psp})
    story.begin("login").http("login", "POST http://cell/auth/login").end_step("login", sli="login")
    story.begin("deposit").http("deposit", "POST http://cell/cashier/deposits", status=202, body='{"amount_minor":100}')
    for _ in range(4):
        story.http("deposit", "GET http://cell/cashier/deposits/d-1", purpose="poll", answer='{"state":"pending"}')
    story.http(
        "deposit",
        "GET http://cell/cashier/deposits/d-1",
        purpose="poll",
        status=503,
        held=False,
        answer='{"error":"psp_unavailable"}',
    )
    reason = "the PSP never told the outcome of the deposit"
    story.end_step(
        "deposit",
        held=False,
        outcome=StepOutcome.UNKNOWN,
        sli="deposit",
        labels={"psp": psp},
        latency_ms=60,
        polls=5,
        blame=Blame.PSP,
        reason=reason,
    ).moved("in", 100, StepOutcome.UNKNOWN, step="deposit", kind="deposit")
    story.begin("deposit", "cashier.refund", "undo").http("deposit", "POST http://cell/refund", purpose="undo")
    story.end_step("deposit", purpose="undo").moved("out", 100, step="deposit", kind="undo deposit").undo("deposit")
    story.check("one-credit-per-deposit", held=None, message="no statement to judge from")
    return story.end(RunOutcome.FAILED, blame=Blame.PSP, reason=reason, step="deposit")
