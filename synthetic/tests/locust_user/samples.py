"""Runs as the SLIs see them, made by hand."""

from __future__ import annotations

from synthetic.core.events import MoneyMoved
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.sli.samples import RunSample, StepSample

MS = 1_000_000


def step(sli: str, latency_ms: float, *, psp: str = "", held: bool = True, counts: bool = True) -> StepSample:
    """One step."""
    labels = (("psp", psp),) if psp else ()
    return StepSample(sli, sli, labels, held=held, counts=counts, latency_ns=int(latency_ms * MS), attempts=1)


def run(
    *steps: StepSample,
    outcome: RunOutcome = RunOutcome.OK,
    blame: Blame | None = None,
    psp: str = "psp-a",
    late_ms: float = 0,
    took_ms: float = 1000,
    stranded: tuple[Money, ...] = (),
) -> RunSample:
    """One run."""
    return RunSample(
        run_id="r1",
        scenario="deposit-bet-withdraw",
        row=(("psp", psp),),
        cell="canary",
        track="canary",
        version="1",
        pair="",
        outcome=outcome,
        blame=blame,
        reason="" if blame is None else f"{blame} it was",
        failed_step="" if blame is None else "deposit",
        failed_check="",
        wall_ns=1,
        duration_ns=int(took_ms * MS),
        schedule_lag_ns=int(late_ms * MS),
        steps=steps,
        moved=(MoneyMoved("r1", "deposit", "deposit", Money(100, "EUR"), "in", StepOutcome.DONE, "k1"),),
        stranded=stranded,
    )
