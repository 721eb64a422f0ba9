"""The facts that a run can tell: what was asked for and what was answered, and the statements that were read.

A mapping's `evidence:` names a fact by its kind (`FACTS`) and gives its fields. A field with a default may be left out. Every fact
carries the step that told it, how that step ended, and when its exchange was sent and answered (monotonic ns of one clock).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from synthetic.core.history.entries import DoubleEntryLine, LedgerEntry, OpenItem, PspEntry, PspEvent, SinkRow
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome


@dataclass(frozen=True, slots=True)
class Told:
    """What every fact has. `refusal`: the code with which the step was refused, `""` where it was not."""

    step: str
    outcome: StepOutcome
    sent_ns: int = field(default=0, kw_only=True)
    received_ns: int = field(default=0, kw_only=True)
    refusal: str = field(default="", kw_only=True)


# --- payments -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Deposit(Told):
    """A deposit as its caller saw it end. `credited`: what the platform says that it credits; `key`: the idempotency key."""

    reference: str
    amount: Money
    state: str
    credited: Money | None = None
    psp: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal(Told):
    """A withdrawal as its caller saw it end."""

    reference: str
    amount: Money
    state: str
    psp: str = ""
    key: str = ""
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class PaymentState(Told):
    """The state of a payment as it was seen at one moment: `succeeded`, `paid`, `pending`, ..."""

    reference: str
    state: str


@dataclass(frozen=True, slots=True)
class Redirect(Told):
    """A player came back from the PSP's page, which said `said` (`success`, `failure`, `cancel`) of this payment."""

    reference: str
    said: str


@dataclass(frozen=True, slots=True)
class Notification(Told):
    """A notification of a PSP that was delivered to the platform: by the PSP, or by us in its place.

    `event`: `captured, failed, refunded, paid, payout_failed, chargeback`. `signature`: `good, bad, missing, stale`, or
    `reformatted` for one that is right for the same JSON in other bytes.
    """

    id: str
    event: str
    reference: str
    signature: str = "good"
    amount: Money | None = None
    psp: str = ""


# --- rounds and the seamless wallet -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bet(Told):
    """A bet as its caller saw it end. `key`: the idempotency key (`req_id`); `round`: the round that it belongs to.

    `balance`: the one that it was answered with.
    """

    reference: str
    stake: Money
    key: str = ""
    round: str = ""
    balance: Money | None = None


@dataclass(frozen=True, slots=True)
class Round(Told):
    """The end of the round of one bet: `WON`, `LOST` or `VOID`, or `OPEN` where it was still undecided."""

    reference: str
    state: str
    payout: Money
    round: str = ""


@dataclass(frozen=True, slots=True)
class Rollback(Told):
    """A rollback of a bet that the wallet acknowledged. `transaction`: the rollback's own id."""

    reference: str
    transaction: str = ""


@dataclass(frozen=True, slots=True)
class Tampered(Told):
    """A request with a bad signature that would have moved money under this reference.

    `signature`: `bad, missing, stale`, or `reformatted` for one that is right for the same JSON in other bytes.
    """

    reference: str
    signature: str = "bad"


@dataclass(frozen=True, slots=True)
class WalletCall(Told):
    """One call of the seamless wallet, as a game provider makes it.

    `action`: `bet, win, rollback, close`. `transaction`: the provider's id of this call; `reference`: the bet that a win or a
    rollback means. `token`: `live, expired, foreign, unknown`. `signature`: `good, bad, missing, stale`, or `reformatted` for
    one that is right for the same JSON in other bytes. `batch`: calls with one batch id happen together or not at all.
    `balance`: the one that was answered; `stored`: the wallet's own id of it. `currency` is the call's, `session_currency`
    the session's (`""`: the same). `body`: a digest of what the call asks for, the same for two calls that ask for the same.
    `delay_s`: how long after its first sending a repetition was sent, in the provider's time.
    """

    action: str
    transaction: str
    amount: Money
    reference: str = ""
    round: str = ""
    provider: str = ""
    player: str = ""
    balance: Money | None = None
    stored: str = ""
    token: str = "live"  # noqa: S105 - a state, not a secret
    signature: str = "good"
    free: bool = False
    closes: bool = False
    batch: str = ""
    currency: str = ""
    session_currency: str = ""
    body: str = ""
    delay_s: int = 0


@dataclass(frozen=True, slots=True)
class Frame(Told):
    """One frame of a game socket, as the server sent it. `seq` is its number in the session, `bet` the bet that it tells of."""

    seq: int
    type: str
    session: str = ""
    req_id: str = ""
    bet: str = ""


# --- access ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Login(Told):
    """An attempt to log in. `proof`: `right` or `wrong`, as we know it. `session`, `previous`: digests of the session's id after
    and of one that was held before. `one_time`: a digest of the one-time code that was used."""

    player: str
    proof: str
    session: str = ""
    previous: str = ""
    one_time: str = ""


@dataclass(frozen=True, slots=True)
class Access(Told):
    """Something was asked for with the token of `asked_by`, about `about`; done means that it was given."""

    asked_by: str
    about: str


@dataclass(frozen=True, slots=True)
class Restriction(Told):
    """A restriction of the player that holds from here on, or no more.

    `name`: `self_excluded, kyc_pending, geo_blocked, deposit_limit, locked_out`. `limit`: of a `deposit_limit`, for the rest of
    the day. `active`: whether it holds. `set_by`: whose limit it is (`""`: the player's own); a later one of theirs replaces it.
    """

    name: str
    active: bool = True
    limit: Money | None = None
    set_by: str = ""


@dataclass(frozen=True, slots=True)
class Promo(Told):
    """A claim of a promotion. `id`: the claim's; `bonus`: what it gives; `key`: the idempotency key."""

    id: str
    code: str
    bonus: Money
    key: str = ""


# --- statements -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Balance(Told):
    """A balance that was read. `withdrawable`: what is cleared and free of wagering."""

    cash: Money
    bonus: Money | None = None
    locked: Money | None = None
    total: Money | None = None
    withdrawable: Money | None = None


@dataclass(frozen=True, slots=True)
class Ledger(Told):
    """The player's ledger statement, whole."""

    entries: tuple[LedgerEntry, ...]


@dataclass(frozen=True, slots=True)
class DoubleEntry(Told):
    """The journal behind the player's postings: all legs of each entry, with their accounts."""

    entries: tuple[DoubleEntryLine, ...]


@dataclass(frozen=True, slots=True)
class PspReport(Told):
    """A PSP's settlement report for the player, whole."""

    psp: str
    entries: tuple[PspEntry, ...]


@dataclass(frozen=True, slots=True)
class PspEvents(Told):
    """A PSP's own record of what it notified the platform of, and how that was answered."""

    psp: str
    entries: tuple[PspEvent, ...]


@dataclass(frozen=True, slots=True)
class OpenItems(Told):
    """What the platform says is still open of the player: rounds, pending withdrawals, deposits, bonuses."""

    entries: tuple[OpenItem, ...]


@dataclass(frozen=True, slots=True)
class SinkRows(Told):
    """The rows of the player in one sink that must not have any of a synthetic one: `ggr, aml, crm, tax, affiliate`."""

    sink: str
    entries: tuple[SinkRow, ...]


@dataclass(frozen=True, slots=True)
class WireAmounts(Told):
    """Amounts as they stand in a message, before anything is made of them: JSON numbers or texts."""

    where: str
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Conversion(Told):
    """One amount in two forms that have to mean the same: `amount`, and as it is `written` at a boundary.

    `per_unit` 0: a decimal text such as `1.00`; else whole units of which so many make one major unit (dialect A: 100000).
    """

    where: str
    amount: Money
    written: str
    per_unit: int = 0


@dataclass(frozen=True, slots=True)
class Clock(Told):
    """What a server said the time is, against ours: positive when its clock is ahead. `who`: an endpoint's name.

    `side`: whose server it is: `platform`, `psp`, or `provider` (of games or of identities).
    """

    who: str
    skew_s: int
    side: str = "platform"


Fact = (
    Deposit | Withdrawal | PaymentState | Redirect | Notification | Bet | Round | Rollback | Tampered | WalletCall | Frame | Login
    | Access | Restriction | Promo | Balance | Ledger | DoubleEntry | PspReport | PspEvents | OpenItems | SinkRows | WireAmounts
    | Conversion | Clock
)  # fmt: skip

FACTS: dict[str, type[Fact]] = {
    "deposit": Deposit,
    "withdrawal": Withdrawal,
    "payment_state": PaymentState,
    "redirect": Redirect,
    "notification": Notification,
    "bet": Bet,
    "round": Round,
    "rollback": Rollback,
    "tampered": Tampered,
    "wallet_call": WalletCall,
    "frame": Frame,
    "login": Login,
    "access": Access,
    "restriction": Restriction,
    "promo": Promo,
    "balance": Balance,
    "ledger": Ledger,
    "double_entry": DoubleEntry,
    "psp_report": PspReport,
    "psp_events": PspEvents,
    "open_items": OpenItems,
    "sink": SinkRows,
    "wire_amounts": WireAmounts,
    "conversion": Conversion,
    "clock": Clock,
}

STATEMENTS = frozenset(
    {
        "balance",
        "ledger",
        "double_entry",
        "psp_report",
        "psp_events",
        "open_items",
        "sink",
        "clock",
        "wire_amounts",
        "conversion",
    }
)
"""The kinds that only read: they are still gathered after a step has failed."""
