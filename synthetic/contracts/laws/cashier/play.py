"""One play of a PSP at a cashier: payments that its player asked for, what we told of them, and what the player's account shows."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

from synthetic.conformance.answers import told as in_words
from synthetic.conformance.stories import Exchange, exchange
from synthetic.contracts.laws.cashier.events import Event, delivery
from synthetic.contracts.laws.evidence import Evidence
from synthetic.contracts.laws.findings import Finding
from synthetic.contracts.laws.players import Player, money_of, text_of
from synthetic.contracts.laws.stage import Stage
from synthetic.core.effects import HttpReply
from synthetic.core.history import Deposit, Notification, PspEntry, PspReport, Withdrawal
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.core.secrets import Redactor

CHECKS = (
    "one-credit-per-deposit",
    "credit-needs-final-success",
    "credit-is-capture-less-fees",
    "final-state-stays",
    "reserved-and-released-once",
    "late-failure-recredits-once",
    "chargeback-posts-once",
    "bad-signature-changes-nothing",
    "raw-bytes-are-signed",
    "cash-never-negative",
)
"""The named checks that can be judged from the webhooks that we send and the player's account."""
AMOUNT_MINOR = 100
LOOK_EVERY_S = 0.02
SHOWN_WITHIN_S = 1.0
FAILED_STATES = frozenset({"declined", "failed"})


@dataclass
class KnownPayment:
    """A deposit or a withdrawal. `states`: where it may be by all that was told; `told`: the events, to be told again."""

    kind: str  # deposits, withdrawals
    id: str
    key: str
    states: frozenset[str]
    told: list[Event] = field(default_factory=list)

    @property
    def is_pending(self) -> bool:
        """Whether its end has not been told."""
        return "pending" in self.states


class CashierPlay:
    """What a PSP has told so far in this play."""

    def __init__(
        self, stage: Stage, player: Player, psp: str, webhook_url: str, secret: str, redactor: Redactor
    ) -> None:
        self.stage = stage
        self.player = player
        self.psp = psp
        self.redactor = redactor
        self.payments: list[KnownPayment] = []
        self.settled: list[PspEntry] = []  # our settlement report: what we have captured, paid and taken back
        self.cash = player.cash()  # as it has to be, by all that was told
        self.evidence = Evidence(CHECKS, player.who.currency, player.ledger(), is_whole=False)
        self._url = webhook_url
        self._secret = secret
        self._tell_report()

    @property
    def currency(self) -> str:
        """The player's."""
        return self.player.who.currency

    def findings(self) -> tuple[Finding, ...]:
        """The laws that are broken so far."""
        return self.evidence.findings()

    def end(self) -> None:
        """Nothing is left open: what was never told, the cashier asks us about in its own time."""
        self.look()

    # --- what a play consists of --------------------------------------------------------------------------------------------

    def ask(self, kind: str) -> KnownPayment:
        """Have the player ask for a deposit or a withdrawal."""
        key = uuid.uuid4().hex
        body = {"amount_minor": AMOUNT_MINOR, "currency": self.currency, "psp": self.psp, "instrument": "card_ok"}
        asked = self.player.post(f"/cashier/{kind}", body, key=key)
        states = frozenset({"pending"} if kind == "deposits" else {"pending", "in_transit"})
        payment = KnownPayment(kind, text_of(asked, "id"), key, states)
        self.payments.append(payment)
        if kind == "withdrawals":
            self._moves(-AMOUNT_MINOR)
        self.look()
        return payment

    def tell(self, event: Event, *, signature: str = "good", moves_minor: int = 0) -> None:
        """Deliver an event; `moves_minor` is what the player's cash has to do. A badly signed one is refused and moves nothing."""
        now_s = self.stage.clock.wall_ns() // 10**9
        request = delivery(self._url, event, self._secret, now_s, signature)
        sent = self.stage.play(exchange(f"{event.fact}, {signature} signature", request))
        status = sent.result.status if isinstance(sent.result, HttpReply) else 0
        outcome = StepOutcome.DONE if 200 <= status < 300 else StepOutcome.REFUSED if status else StepOutcome.UNKNOWN
        times = sent.result.times
        fact = Notification(
            "",
            outcome,
            event.id,
            event.fact,
            event.reference,
            signature,
            Money(event.amount_minor, self.currency),
            self.psp,
            sent_ns=times.started,
            received_ns=times.handled,
        )
        if any(payment.id == event.reference for payment in self.payments):  # of nobody's nothing can be expected
            self.evidence.tell(fact, sent)
        self._judge_answer(event, signature, status, sent)
        self._moves(moves_minor)
        self.look(sent)

    def settle(self, event: Event, kind: str, minor: int) -> None:
        """What an event tells is so: it stands in our settlement report."""
        self.settle_as(event.id, event.reference, kind, minor)

    def settle_as(self, id_: str, reference: str, kind: str, minor: int) -> None:
        """A line of our settlement report."""
        self.settled.append(PspEntry(f"{kind}-{id_}", kind, reference, Money(minor, self.currency), reference))

    def look(self, *shown_by: Exchange) -> None:
        """Read every payment and the statement, and hold them against what was told."""
        for payment in self.payments:
            self._look_at(payment, shown_by)
        self.evidence.enter(self.player.ledger())
        self._tell_report()
        cash = self.player.cash()
        if cash != self.cash:
            told = f"the player has {cash}, and by all that was told it is {self.cash}"
            self.evidence.breach("told-is-what-is-credited", told, *shown_by)

    # --- judging ------------------------------------------------------------------------------------------------------------

    def _moves(self, minor: int) -> None:
        self.cash = Money(self.cash.minor + minor, self.currency)

    def _judge_answer(self, event: Event, signature: str, status: int, sent: Exchange) -> None:
        """A genuine event is acknowledged, whatever it is about: else the PSP repeats it for days. A forged one is refused."""
        is_taken = 200 <= status < 300
        if signature == "good" and not is_taken:
            told = f"a genuine {event.fact} was answered {in_words(sent.result)}, so the PSP goes on repeating it"
            self.evidence.breach("genuine-events-are-acknowledged", told, sent)
        if signature != "good" and is_taken:
            law = "raw-bytes-are-signed" if signature == "reformatted" else "bad-signature-changes-nothing"
            self.evidence.breach(law, f"a {event.fact} with a {signature} signature was acknowledged", sent)

    def _look_at(self, payment: KnownPayment, shown_by: tuple[Exchange, ...]) -> None:
        """Its state, once it is what was told, or the time is over."""
        deadline_s = time.monotonic() + SHOWN_WITHIN_S
        shown = self.player.get(f"/cashier/{payment.kind}/{payment.id}")
        while shown.get("state") not in payment.states and time.monotonic() < deadline_s:
            time.sleep(LOOK_EVERY_S)
            shown = self.player.get(f"/cashier/{payment.kind}/{payment.id}")
        if shown.get("state") not in payment.states:
            allowed = " or ".join(sorted(payment.states))
            what = f"{payment.kind.removesuffix('s')} {payment.id} is {shown.get('state')}"
            told = f"{what}, and by all that was told it is {allowed}"
            self.evidence.breach("told-is-what-is-shown", told, *shown_by)
        made = Deposit if payment.kind == "deposits" else Withdrawal
        amount = money_of(shown, "amount_minor")
        self.evidence.tell(
            made("", StepOutcome.DONE, payment.id, amount, str(shown.get("state")), psp=self.psp, key=payment.key)
        )

    def _tell_report(self) -> None:
        self.evidence.tell(PspReport("", StepOutcome.DONE, self.psp, tuple(self.settled)))
