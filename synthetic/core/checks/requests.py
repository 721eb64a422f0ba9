"""Requests that carry an id which makes them one: repetitions, and what they moved. Shared by the laws about exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

from synthetic.core.checks.order import overlap
from synthetic.core.checks.postings import cash_of
from synthetic.core.history import Bet, Deposit, Fact, History, LedgerEntry, Promo, WalletCall, Withdrawal
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome


@dataclass(frozen=True, slots=True)
class Request:
    """One sending of a request. `scope` and `id` are what makes it the same as another, `body` what it asks for.

    `answer` is the id that it was answered with; `kind` and `reference` are those of the posting that it makes.
    """

    fact: Fact
    scope: tuple[str, ...]
    id: str
    body: str
    amount: Money
    answer: str
    kind: str
    reference: str

    @property
    def outcome(self) -> StepOutcome:
        """How it ended."""
        return self.fact.outcome

    @property
    def told(self) -> str:
        """Itself in words."""
        return f"{self.scope[0]} {self.id}"


@dataclass(frozen=True, slots=True)
class Group:
    """All sendings under one id in one scope, in the order in which they were told."""

    requests: tuple[Request, ...]

    @property
    def first(self) -> Request:
        """The first of them."""
        return self.requests[0]

    def same_body(self) -> tuple[Request, ...]:
        """Those that ask for what the first one asks for."""
        return tuple(request for request in self.requests if request.body == self.first.body)

    def other_body(self) -> tuple[Request, ...]:
        """Those that ask for something else."""
        return tuple(request for request in self.requests if request.body != self.first.body)

    def is_concurrent(self) -> bool:
        """Whether two of them were under way at the same time."""
        return any(overlap(one.fact, other.fact) for one, other in combinations(self.requests, 2))

    def is_late(self) -> bool:
        """Whether one of them came after a pause of the provider's time."""
        return any(isinstance(request.fact, WalletCall) and request.fact.delay_s > 0 for request in self.requests)


def repeated(history: History) -> list[Group]:
    """The ids under which more than one request was sent."""
    groups: dict[tuple[str, ...], list[Request]] = {}
    for request in requests(history):
        groups.setdefault((*request.scope, request.id), []).append(request)
    return [Group(tuple(group)) for group in groups.values() if len(group) > 1]


def requests(history: History) -> list[Request]:
    """All requests that carry an id, in order. Those with a bad signature are not: nobody has asked for them."""
    return [request for fact in history.facts if (request := _request(fact)) is not None and request.id]


def _request(fact: Fact) -> Request | None:
    match fact:
        case WalletCall(action="bet" | "win", signature="good") as call:
            said = (call.action, str(call.amount), call.reference, call.round, call.currency)
            body = call.body or " ".join(word for word in said if word)
            reference = call.transaction if call.action == "bet" else call.reference
            scope = (f"wallet {call.action}", call.provider, call.player)
            return Request(
                call, scope, call.transaction, body, call.amount, call.stored, call.action, reference
            )  # fmt: skip
        case Bet() as bet:
            return Request(bet, ("bet",), bet.key, str(bet.stake), bet.stake, bet.reference, "bet", bet.reference)
        case Deposit() as paid:
            body = f"{paid.amount} {paid.psp}"
            return Request(paid, ("deposit",), paid.key, body, paid.amount, paid.reference, "deposit", paid.reference)
        case Withdrawal() as out:
            body, kind = f"{out.amount} {out.psp}", "withdraw_reserve"
            return Request(out, ("withdrawal",), out.key, body, out.amount, out.reference, kind, out.reference)
        case Promo() as promo:
            return Request(
                promo, ("promo claim",), promo.key, promo.code, promo.bonus, promo.id, "bonus", promo.id
            )  # fmt: skip
        case _:
            return None


def moved_more_than_once(history: History, group: Group, gained: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """The postings of a request that was sent several times, where there are more than the one that it may make."""
    own = postings_of(group, gained)
    return own if len(own) > _allowed(history, group) else []


def postings_of(group: Group, gained: Iterable[LedgerEntry]) -> list[LedgerEntry]:
    """All that stands under what a group calls itself, each posting once."""
    entries = list(gained)
    return list({entry.id: entry for request in group.requests for entry in _entries_of(entries, request)}.values())


def _allowed(history: History, group: Group) -> int:
    """One; but the wins of one bet stand under its reference, so each of them may have one."""
    if group.first.kind != "win":
        return 1
    paid = [r for r in requests(history) if r.kind == "win" and r.reference == group.first.reference and r.amount.minor]
    return max(1, len({(r.scope, r.id) for r in paid}))


def _entries_of(entries: Iterable[LedgerEntry], request: Request) -> list[LedgerEntry]:
    if request.kind == "bonus":
        return [e for e in entries if e.kind == "bonus" and e.reference == request.reference]
    own = cash_of(entries, request.reference, request.kind) if request.reference else []
    by_key = [e for e in entries if e.kind == request.kind and e.bucket == "cash" and e.key == request.id]
    return [*own, *by_key]


def broken_groups(history: History, choose: Callable[[Group], bool]) -> list[tuple[Group, list[LedgerEntry]]] | None:
    """The chosen groups of repetitions that moved more than once; None where there is nothing to judge."""
    gained = history.new_ledger_entries()
    chosen = [Group(same) for group in repeated(history) if len(same := group.same_body()) > 1 and choose(Group(same))]
    if gained is None or not chosen:
        return None
    return [(group, own) for group in chosen if (own := moved_more_than_once(history, group, gained))]
