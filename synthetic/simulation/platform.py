"""A platform with its PSP as a model in memory: wallets, deposits, bets and withdrawals by key, and a record of all that happened.

It keeps its own promises (a key has one effect, amounts add up), as what is under test is the harness. It knows nothing of the
harness's journal. The record says of each happening which request of which process caused it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

FLOAT_MINOR = 5_000  # what each wallet holds at the beginning
_UNDONE = {"deposit": "refunded", "bet": "void", "withdraw": "cancelled"}
_BEGUN = {"deposit": "pending", "bet": "open", "withdraw": "pending"}
_TAKES_BACK = {"deposit": ("captured", -1), "bet": ("open", 1), "withdraw": ("pending", 1)}


@dataclass(frozen=True, slots=True)
class Cause:
    """The request behind a happening: of which run and account, sent by which life and when, and which key it bore."""

    sender: str
    sent_ns: int
    run_id: str
    account: str
    key: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that the platform or its PSP did: what, to which payment, and by whose request (its own doing: the first one's).

    `cash_minor`: what the wallet holds then.
    """

    at_ns: int
    what: str
    payment: int
    kind: str
    minor: int
    cause: Cause
    cash_minor: int = 0


@dataclass(slots=True)
class Payment:
    """A deposit, a bet or a withdrawal, and where it stands."""

    number: int
    kind: str
    minor: int
    cause: Cause
    state: str
    won_minor: int = 0
    undone_by: str = ""  # the key of the request that took it back

    @property
    def key(self) -> str:
        """The key under which it was asked for."""
        return self.cause.key

    @property
    def is_pending(self) -> bool:
        """Whether the platform still has something to do about it."""
        return self.state == _BEGUN[self.kind]


class Refused(Exception):  # noqa: N818 - a refusal, answered with a 4xx
    """The platform says no, and nothing happened."""


@dataclass(slots=True)
class Weather:
    """What the platform itself decides: how long settling takes (seconds), and how often the PSP declines or is down."""

    settles_s: tuple[float, float] = (0.2, 2.0)
    decline_rate: float = 0.0
    psp_down: Callable[[], bool] = lambda: False


@dataclass(slots=True)
class Platform:
    """`later` calls a function so many seconds from now, `now_ns` says when that is."""

    now_ns: Callable[[], int]
    later: Callable[[float, Callable[[], None]], object]
    chance: random.Random
    accounts: Iterable[str]
    weather: Weather = field(default_factory=Weather)
    record: list[Happening] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    balances: dict[str, int] = field(init=False)
    psp: dict[str, int] = field(default_factory=dict)
    _by_key: dict[str, Payment] = field(default_factory=dict)
    _refused: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Every wallet begins with the same."""
        self.balances = dict.fromkeys(self.accounts, FLOAT_MINOR)

    def begin(self, kind: str, minor: int, cause: Cause) -> Payment:
        """Take a deposit, a bet or a withdrawal; the same key again is the same one, or the same refusal. Raises Refused."""
        known = self._by_key.get(cause.key)
        if known is not None:
            return known
        if cause.key in self._refused:
            raise Refused(self._refused[cause.key])
        try:
            self._take(kind, minor, cause.account)
        except Refused as refused:
            self._refused[cause.key] = str(refused)
            raise
        payment = Payment(len(self.payments) + 1, kind, minor, cause, _BEGUN[kind])
        self.payments.append(payment)
        self._by_key[cause.key] = payment
        self._note(kind, payment, cause)
        self.later(self.chance.uniform(*self.weather.settles_s), lambda: self._settle(payment))
        return payment

    def _take(self, kind: str, minor: int, account: str) -> None:
        """What begins with it. Raises Refused."""
        if kind == "deposit" and self.weather.psp_down():
            raise Refused("psp_unavailable")
        if kind != "deposit":
            self._move(account, -minor)

    def undo(self, number: int, kind: str, cause: Cause) -> Payment:
        """Take one back; once more under the same key is the same. Raises Refused where it can't be (any more, or yet).

        Under another key a deposit is refunded once more, as a PSP that takes several refunds would do.
        """
        payment = self.payment(number)
        if payment.kind != kind:
            raise Refused("unknown")
        if payment.state == _UNDONE[kind] and (payment.undone_by == cause.key or kind != "deposit"):
            return payment
        needed, sign = _TAKES_BACK[kind]
        if payment.state not in (needed, _UNDONE["deposit"]):
            raise Refused(payment.state)
        self._move(payment.cause.account, sign * payment.minor)
        if kind == "deposit":
            self._pay(payment, -payment.minor)
        payment.state, payment.undone_by = _UNDONE[kind], cause.key
        self._note(payment.state, payment, cause)
        return payment

    def payment(self, number: int) -> Payment:
        """One by its number. Raises Refused."""
        if not 1 <= number <= len(self.payments):
            raise Refused("unknown")
        return self.payments[number - 1]

    def find(self, key: str) -> Payment | None:
        """One by its key."""
        return self._by_key.get(key)

    def report(self) -> Mapping[str, int]:
        """The PSP's settlement report: what it took in (positive) or paid out, by key."""
        return {key: minor for key, minor in self.psp.items() if minor}

    def _settle(self, payment: Payment) -> None:
        if payment.state != _BEGUN[payment.kind]:
            return
        if payment.kind == "deposit":
            self._settle_deposit(payment)
        elif payment.kind == "withdraw":
            payment.state = "paid"
            self._pay(payment, -payment.minor)
        else:
            payment.won_minor = payment.minor * self.chance.choice((0, 2, 2))
            payment.state = "won" if payment.won_minor else "lost"
            self._move(payment.cause.account, payment.won_minor)
        self._note(payment.state, payment, payment.cause)

    def _settle_deposit(self, payment: Payment) -> None:
        if self.chance.random() < self.weather.decline_rate:
            payment.state = "declined"
            return
        payment.state = "captured"
        self._pay(payment, payment.minor)
        self._move(payment.cause.account, payment.minor)

    def _move(self, account: str, minor: int) -> None:
        if account not in self.balances:
            raise Refused("unknown")
        if self.balances[account] + minor < 0:
            raise Refused("insufficient_funds")
        self.balances[account] += minor

    def _pay(self, payment: Payment, minor: int) -> None:
        self.psp[payment.key] = self.psp.get(payment.key, 0) + minor

    def _note(self, what: str, payment: Payment, cause: Cause) -> None:
        cash_minor = self.balances[payment.cause.account]
        self.record.append(
            Happening(self.now_ns(), what, payment.number, payment.kind, payment.minor, cause, cash_minor)
        )
