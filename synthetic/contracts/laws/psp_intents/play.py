"""One play of a merchant at a PSP of style `intents`: what it asks, and what it knows of its payments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic.conformance.psp.inbox import Inbox
from synthetic.conformance.psp.merchant import Merchant, Said
from synthetic.conformance.psp.tidying import give_back
from synthetic.contracts.laws.evidence import Evidence
from synthetic.contracts.laws.findings import Finding
from synthetic.contracts.laws.psp_intents.model import INTENT_RESTS, PAYOUT_ENDS, Expected, KnownPayment
from synthetic.contracts.laws.psp_intents.webhooks import judge_webhooks
from synthetic.contracts.laws.stage import Stage
from synthetic.core.history import Deposit, PaymentState, PspEntry, PspReport, Withdrawal
from synthetic.core.money import Money, MoneyError
from synthetic.core.outcome import StepOutcome
from synthetic.core.secrets import Redactor

CHECKS = ("replay-returns-stored-id", "changed-replay-is-rejected", "final-state-stays", "psp-report-matches")
"""The named checks that can be judged from a PSP's published API."""
_STATES = {"canceled": "cancelled", "requires_payment_method": "declined", "requires_confirmation": "created"}
"""A PSP's words as the checks have them. A declined payment may be tried again, so it is told at the end only."""


class IntentsPlay:
    """What a merchant has done so far in this play, and what it knows of its payments."""

    def __init__(self, stage: Stage, merchant: Merchant, redactor: Redactor) -> None:
        self.stage = stage
        self.psp = merchant
        self.redactor = redactor
        self.payments: list[KnownPayment] = []
        self.posts: list[Said] = []  # what may be repeated
        self.evidence = Evidence(CHECKS, merchant.terms.amount.currency)
        self._has_report = self._tell_report()

    @property
    def inbox(self) -> Inbox | None:
        """Where webhooks come in; None where none reaches us."""
        return self.psp.inbox

    @property
    def amount(self) -> Money:
        """What a plain payment is of."""
        return self.psp.terms.amount

    def findings(self) -> tuple[Finding, ...]:
        """The laws that are broken so far."""
        return self.evidence.findings()

    def end(self) -> None:
        """Let everything come to rest, hold report and webhooks against it, and give the money back."""
        if not self.findings():
            for payment in self.payments:
                self.watch(payment)
                self._tell_end(payment)
            if self._has_report:
                self._judge_report()
            judge_webhooks(self)
        self.stage.play(give_back(self.psp))

    # --- what all requests have in common -----------------------------------------------------------------------------------

    def post(self, path: str, body: Mapping[str, Any], expected: Expected, *, key: str | None = None) -> Said:
        """A request under a key, held against what was expected."""
        said = self.stage.play(self.psp.insist(path, body, expected.what, key=key))
        self.weigh(said, expected)
        if said.proves and key is None:
            self.posts.append(said)
        return said

    def weigh(self, said: Said, expected: Expected) -> None:
        """Take an answer into the evidence."""
        if not said.proves:
            told = f"{expected.what} was sent three times, and no answer proves anything: {said.told}"
            self.evidence.breach("answers-can-be-read", told, said.exchange)
        fault = expected.fault(said)
        if fault:
            self.evidence.breach(expected.law, fault, said.exchange)

    def look(self, payment: KnownPayment) -> Said:
        """Look at a payment; its state follows from what was told before."""
        said = self.stage.play(self.psp.get(f"/{payment.kind}/{payment.id}", "look at it"))
        self.saw(payment, said)
        return said

    def saw(self, payment: KnownPayment, said: Said) -> None:
        """Take what an answer tells of a payment."""
        if said.status != 200 or said.id != payment.id:
            told = f"what was asked of {payment.id} was answered {said.told} {said.id}".strip()
            self.evidence.breach("answers-can-be-read", told, said.exchange)
            return
        fault = payment.look(said)
        if fault:
            self.evidence.breach("states-follow-their-table", fault, said.exchange)
        amount, currency = said.body.get("amount"), str(said.body.get("currency", "")).upper()
        if (amount, currency) != (payment.amount_minor, self.amount.currency):
            told = f"{payment.id} is of {amount} {currency}, and {payment.amount_minor} {self.amount.currency} were asked for"
            self.evidence.breach("success-has-its-object", told, said.exchange)
        self.evidence.tell(self._state(payment), said.exchange)

    def watch(self, payment: KnownPayment) -> None:
        """Look until it is at rest, or the time is over."""
        ends = INTENT_RESTS | PAYOUT_ENDS
        if payment.is_at_rest:
            return
        looks = self.stage.play(self.psp.watched(payment.kind, self.look(payment), ends))
        for said in looks[1:]:
            self.saw(payment, said)
        if not payment.is_at_rest:
            told = f"{payment.id} is still {payment.state} after {self.psp.terms.settles_within_s:g} s"
            self.evidence.breach("payments-come-to-rest", told, looks[-1].exchange)

    def tell_made(self, payment: KnownPayment, said: Said) -> None:
        """A payment was asked for under its key, for the first time or again."""
        outcome = StepOutcome.DONE if said.id else StepOutcome.REFUSED if said.proves else StepOutcome.UNKNOWN
        amount = Money(payment.amount_minor, self.amount.currency)
        made = Deposit if payment.kind == "payment_intents" else Withdrawal
        times = said.exchange.result.times
        self.evidence.tell(
            made(
                "",
                outcome,
                said.id,
                amount,
                "asked for",
                key=payment.key,
                sent_ns=times.started,
                received_ns=times.handled,
            ),
            said.exchange,
        )

    # --- judging at the end -------------------------------------------------------------------------------------------------

    def _state(self, payment: KnownPayment) -> PaymentState:
        shown = "pending" if payment.state == "requires_payment_method" else _STATES.get(payment.state, payment.state)
        return PaymentState("", StepOutcome.DONE, payment.id, shown)

    def _tell_end(self, payment: KnownPayment) -> None:
        """A payment at rest, for the check that holds it against the report."""
        amount, state = Money(payment.amount_minor, self.amount.currency), _STATES.get(payment.state, payment.state)
        if payment.kind == "payment_intents" and state in ("succeeded", "declined"):
            outcome = StepOutcome.DONE if state == "succeeded" else StepOutcome.REFUSED
            self.evidence.tell(Deposit("", outcome, payment.id, amount, state))
        elif payment.kind == "payouts" and state in ("paid", "failed", "cancelled"):
            self.evidence.tell(Withdrawal("", StepOutcome.DONE, payment.id, amount, state))

    def _tell_report(self) -> bool:
        """The settlement report of this play's player, its lines named by our payments; False where there is none."""
        said = self.stage.play(self.psp.get("/report", "settlement report", player=self.psp.player))
        entries = said.body.get("entries")
        if said.status != 200 or not isinstance(entries, list):
            return False
        by_key = {payment.key: payment.id for payment in self.payments}
        by_key |= {key: payment.id for payment in self.payments for key in payment.refunds}
        lines = [self._line(entry, by_key, said) for entry in entries if isinstance(entry, dict)]
        self.evidence.tell(PspReport("", StepOutcome.DONE, "psp", tuple(line for line in lines if line)), said.exchange)
        return True

    def _line(self, told: Mapping[str, Any], by_key: Mapping[str, str], said: Said) -> PspEntry | None:
        amount, currency = told.get("amount"), str(told.get("currency")).upper()
        try:
            moved = Money(amount, currency)  # type: ignore[arg-type] # which is what it finds out
        except MoneyError as error:
            shown = f"the report has the amount {amount!r} {told.get('currency')!r}: {error}"
            self.evidence.breach("amounts-are-exact", shown, said.exchange)
            return None
        key = str(told.get("key"))
        return PspEntry(str(told.get("id")), str(told.get("kind")), by_key.get(key, key), moved, key)

    def _judge_report(self) -> None:
        """What the check does not look at: every refund stands in the report, once, and no other does."""
        self._tell_report()
        last = self.evidence.history().of(PspReport)[-1]
        told = sorted((line.key, line.amount.minor) for line in last.entries if line.kind == "refund")
        made = sorted((key, minor) for payment in self.payments for key, minor in payment.refunds.items())
        if told != made:
            self.evidence.breach("refund-at-most-paid", f"refunded was {made}, and the report has {told}")
