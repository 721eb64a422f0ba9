"""One play of a merchant at a PSP of style B: its payments, and what the PSP asked and told of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetic.conformance.psp.states import first_illegal
from synthetic.contracts.laws.evidence import Evidence
from synthetic.contracts.laws.findings import Finding
from synthetic.contracts.laws.psp_notifications.calls import judge_calls
from synthetic.contracts.laws.psp_notifications.client import Merchant, Said, insist, money
from synthetic.contracts.laws.psp_notifications.desk import Desk
from synthetic.contracts.laws.stage import Stage
from synthetic.core.effects import Http
from synthetic.core.history import Deposit, PaymentState, PspEntry, PspReport, Withdrawal
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.core.secrets import Redactor

CHECKS = ("replay-returns-stored-id", "changed-replay-is-rejected", "final-state-stays", "psp-report-matches")
"""The named checks that can be judged from the PSP's published API."""
SETTLES_WITHIN_S = 3.0
LOOK_EVERY_S = 0.02
AMOUNT_MINOR = 100
GOOD = "card_ok"
TABLE: Mapping[str, frozenset[str]] = {
    "pending": frozenset({"authorized", "failed", "cancelled", "successful"}),
    "authorized": frozenset({"successful", "failed", "cancelled"}),
    "successful": frozenset({"refunded", "failed"}),
    "refunded": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
"""The states of a transaction, as published; a withdrawal that was successful may come back."""
RESTS = frozenset({"successful", "refunded", "failed", "cancelled"})
_STATES = {"deposits": {"successful": "succeeded", "refunded": "succeeded"}, "withdrawals": {"successful": "paid"}}


@dataclass
class KnownPayment:
    """A transaction of this play. `is_refused`: we do not authorize it; `seen`: its states in order."""

    kind: str  # deposits, withdrawals
    id: str
    key: str
    instrument: str
    request: Http
    is_refused: bool = False
    seen: list[str] = field(default_factory=list)
    refunds: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """As it was told last."""
        return self.seen[-1] if self.seen else ""

    @property
    def left_minor(self) -> int:
        """What may still be refunded."""
        return AMOUNT_MINOR - sum(self.refunds.values())

    @property
    def sign(self) -> int:
        """Which way the money goes."""
        return 1 if self.kind == "deposits" else -1


class NotificationsPlay:
    """What a merchant has done so far in this play."""

    def __init__(self, stage: Stage, merchant: Merchant, desk: Desk, redactor: Redactor) -> None:
        self.stage = stage
        self.merchant = merchant
        self.desk = desk
        self.redactor = redactor
        self.payments: list[KnownPayment] = []
        self.evidence = Evidence(CHECKS, merchant.currency)
        self._tell_report()

    @property
    def amount(self) -> Money:
        """What a plain payment is of."""
        return Money(AMOUNT_MINOR, self.merchant.currency)

    def findings(self) -> tuple[Finding, ...]:
        """The laws that are broken so far."""
        return self.evidence.findings()

    def end(self) -> None:
        """Let everything come to rest, and hold the report and the PSP's calls against it."""
        for payment in self.payments:
            self.watch(payment)
            self._judge_end(payment)
            self._tell_end(payment)
        self._tell_report()
        self._judge_refunds()
        judge_calls(self)

    # --- what all requests have in common -----------------------------------------------------------------------------------

    def ask(self, label: str, request: Http, law: str, statuses: frozenset[int], code: str = "") -> Said:
        """Send a request; a law is broken where it is answered otherwise than with these statuses (and this code)."""
        said = self.stage.play(insist(label, request))
        if not said.proves:
            told = f"{label} was sent three times, and no answer proves anything: {said.told}"
            self.evidence.breach("answers-can-be-read", told, said.exchange)
        elif said.status not in statuses or (said.status != 200 and code and said.code != code):
            allowed = " or ".join(str(status) for status in sorted(statuses))
            told = f"{label} was answered {said.told}, and has to be HTTP {allowed} {code}".rstrip()
            self.evidence.breach(law, told, said.exchange)
        return said

    def saw(self, payment: KnownPayment, said: Said) -> None:
        """Take what an answer tells of a payment."""
        if said.status != 200 or said.id != payment.id:
            told = f"what was asked of transaction {payment.id} was answered {said.told} {said.id}".strip()
            self.evidence.breach("answers-can-be-read", told, said.exchange)
            return
        payment.seen.append(str(said.body.get("state") or ""))
        illegal = first_illegal(TABLE, payment.seen)
        if illegal:
            self.evidence.breach("states-follow-their-table", f"transaction {payment.id} went {illegal}", said.exchange)
        told_amount = money(said.body.get("amount"), said.body.get("currency"))
        if told_amount != self.amount or said.body.get("merchantTxId") != payment.key:
            shown = f"{said.body.get('amount')!r} {said.body.get('currency')!r}"
            told = f"transaction {payment.id} is told as {shown}, not {self.amount}"
            self.evidence.breach("success-has-its-object", told, said.exchange)
        shown = _STATES[payment.kind].get(payment.state, payment.state)
        self.evidence.tell(PaymentState("", StepOutcome.DONE, payment.id, shown), said.exchange)

    def look(self, payment: KnownPayment) -> Said:
        """Look at a payment."""
        said = self.stage.play(insist("look at it", self.merchant.get(f"/transactions/{payment.id}")))
        self.saw(payment, said)
        return said

    def watch(self, payment: KnownPayment) -> None:
        """Look until it is at rest, or the time is over."""
        deadline_s = time.monotonic() + SETTLES_WITHIN_S
        while payment.state not in RESTS:
            said = self.look(payment)
            if self.findings():
                return
            if time.monotonic() > deadline_s:
                told = f"transaction {payment.id} is still {payment.state} after {SETTLES_WITHIN_S:g} s"
                self.evidence.breach("payments-come-to-rest", told, said.exchange)
                return
            time.sleep(LOOK_EVERY_S)

    def tell_made(self, payment: KnownPayment, said: Said, amount: Money) -> None:
        """A payment was asked for under its key, for the first time or again."""
        outcome = StepOutcome.DONE if said.id else StepOutcome.REFUSED if said.proves else StepOutcome.UNKNOWN
        made = Deposit if payment.kind == "deposits" else Withdrawal
        self.evidence.tell(made("", outcome, said.id, amount, "asked for", key=payment.key), said.exchange)

    # --- judging at the end -------------------------------------------------------------------------------------------------

    def _judge_end(self, payment: KnownPayment) -> None:
        """A deposit ends as its instrument and our own word have it; one that somebody cancelled has its end from that."""
        may_succeed = payment.instrument == GOOD and not payment.is_refused
        wrong = {"failed"} if may_succeed else {"successful", "refunded"}
        if payment.kind == "deposits" and payment.state in wrong:
            told = f"a deposit with {payment.instrument}{', which we refused,' if payment.is_refused else ''} is {payment.state}"
            self.evidence.breach("instruments-do-what-they-do", told)

    def _tell_end(self, payment: KnownPayment) -> None:
        """A payment at rest, for the check that holds it against the report."""
        if payment.kind == "deposits" and payment.state in ("successful", "refunded"):
            self.evidence.tell(Deposit("", StepOutcome.DONE, payment.id, self.amount, "succeeded"))
        elif payment.kind == "deposits" and payment.state == "failed":
            self.evidence.tell(Deposit("", StepOutcome.REFUSED, payment.id, self.amount, "failed"))
        elif payment.kind == "withdrawals" and payment.state in ("successful", "failed"):
            state = "paid" if payment.state == "successful" else "failed"
            self.evidence.tell(Withdrawal("", StepOutcome.DONE, payment.id, self.amount, state))

    def _tell_report(self) -> None:
        """The settlement report of this play's player, its lines named by our payments."""
        said = self.stage.play(insist("settlement report", self.merchant.get("/report", userId=self.merchant.player)))
        entries = said.body.get("entries")
        if said.status != 200 or not isinstance(entries, list):
            self.evidence.breach(
                "answers-can-be-read", f"the settlement report was answered {said.told}", said.exchange
            )
            return
        by_key = {payment.key: payment.id for payment in self.payments}
        by_key |= {key: payment.id for payment in self.payments for key in payment.refunds}
        lines = [self._line(entry, by_key, said) for entry in entries if isinstance(entry, dict)]
        self.evidence.tell(PspReport("", StepOutcome.DONE, "psp", tuple(line for line in lines if line)), said.exchange)

    def _line(self, told: Mapping[str, Any], by_key: Mapping[str, str], said: Said) -> PspEntry | None:
        amount, key = money(told.get("amount"), told.get("currency")), str(told.get("key"))
        if amount is None:
            self.evidence.breach(
                "amounts-are-exact", f"the report has the amount {told.get('amount')!r}", said.exchange
            )
            return None
        return PspEntry(str(told.get("id")), str(told.get("kind")), by_key.get(key, key), amount, key)

    def _judge_refunds(self) -> None:
        reports = self.evidence.history().of(PspReport)
        lines = reports[-1].entries if reports else ()
        told = sorted((line.key, line.amount.minor) for line in lines if line.kind == "refund")
        made = sorted((key, minor) for payment in self.payments for key, minor in payment.refunds.items())
        if told != made:
            self.evidence.breach("refund-at-most-paid", f"refunded was {made}, and the report has {told}")
