"""What a PSP of style `intents` has to do with each request, by where the payment is that it is about."""

from __future__ import annotations

from dataclasses import dataclass, field

from synthetic.conformance.psp.merchant import SETTLED, Said
from synthetic.conformance.psp.states import INTENT, PAYOUT, first_illegal

PAYOUT_ENDS = frozenset({"paid", "failed", "canceled"})
INTENT_RESTS = SETTLED | {"requires_confirmation", "requires_action"}
"""Where an intent stays until somebody does something."""


@dataclass
class KnownPayment:
    """An intent or a payout of this play. `seen`: its states as the API told them, in order; `method` is its instrument."""

    kind: str  # payment_intents, payouts
    id: str
    key: str
    reference: str
    amount_minor: int
    method: str
    seen: list[str] = field(default_factory=list)
    refunds: dict[str, int] = field(default_factory=dict)  # refund key -> minor units

    @property
    def state(self) -> str:
        """As it was told last."""
        return self.seen[-1] if self.seen else ""

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing more will come of it by itself."""
        if self.kind == "payouts":
            return self.state in PAYOUT_ENDS
        return self.state in INTENT_RESTS

    @property
    def left_minor(self) -> int:
        """What may still be refunded."""
        return self.amount_minor - sum(self.refunds.values())

    def look(self, said: Said) -> str:
        """Take a state that was told; what is wrong about it, or `""`."""
        self.seen.append(said.state)
        illegal = first_illegal(INTENT if self.kind == "payment_intents" else PAYOUT, self.seen)
        return f"the {self.kind.removesuffix('s')} {self.id} went {illegal}" if illegal else ""


@dataclass(frozen=True, slots=True)
class Expected:
    """How a request may be answered: these statuses, and with an error this code (`""`: any). `law` and `what` name it."""

    law: str
    what: str
    statuses: frozenset[int]
    code: str = ""

    def fault(self, said: Said) -> str:
        """What is wrong about an answer; `""` where nothing is."""
        if not said.proves:
            return ""  # a law of its own
        if said.status not in self.statuses:
            allowed = " or ".join(str(status) for status in sorted(self.statuses))
            return f"{self.what} was answered {said.told}, and has to be HTTP {allowed}"
        if said.status != 200 and self.code and self.code not in (said.error.get("code"), said.error.get("type")):
            return f"{self.what} was answered {said.told}, and the error is {self.code}"
        return ""


def done(law: str, what: str) -> Expected:
    """A request that nothing speaks against."""
    return Expected(law, what, frozenset({200}))


def refused(law: str, what: str, code: str = "", *, status: int = 400) -> Expected:
    """A request that has to be refused."""
    return Expected(law, what, frozenset({status}), code)


def confirmation_of(payment: KnownPayment) -> Expected:
    """A confirmation, by where the payment is."""
    match payment.state:
        case "requires_confirmation":
            return done("states-follow-their-table", "the confirmation of a payment that waits for it")
        case "requires_payment_method":
            return Expected("states-follow-their-table", "another try of a declined payment", frozenset({200, 402}))
        case "processing":  # which may be over by now, for better or worse
            what = "the confirmation of a payment that was processing"
            return Expected("states-follow-their-table", what, frozenset({200, 400, 402}))
        case state:
            return refused("ends-stay", f"the confirmation of a payment that is {state}")


def cancellation_of(payment: KnownPayment) -> Expected:
    """A cancellation, by where the payment is. What is cancelled stays so, whether that is said with an error or not."""
    match payment.state:
        case "succeeded" | "paid" | "failed":
            return refused("ends-stay", f"the cancellation of a payment that is {payment.state}")
        case "requires_confirmation" | "requires_payment_method" | "requires_action":
            return done("states-follow-their-table", f"the cancellation of a payment that is {payment.state}")
        case state:
            return Expected(
                "states-follow-their-table", f"the cancellation of one that is {state}", frozenset({200, 400})
            )


def refund_of(payment: KnownPayment, amount_minor: int) -> Expected:
    """A refund, by what is left of the payment."""
    if payment.state == "succeeded" and amount_minor <= payment.left_minor:
        return done("refund-at-most-paid", f"a refund of {amount_minor} of the {payment.left_minor} that are left")
    what = f"a refund of {amount_minor}, where {payment.left_minor} of a {payment.state} payment are left"
    return refused("refund-at-most-paid", what)
