"""The evidence of one play: facts with the exchanges that carried them, and the movements that were seen from outside.

A boundary shows no ledger. What a balance did between two looks, while nobody else plays, is the posting of the call in between:
from such postings the statements are made that the named checks (`synthetic.core.checks`) read.
"""

from __future__ import annotations

from collections.abc import Sequence

from synthetic.conformance.stories import Exchange
from synthetic.contracts.laws.findings import Finding
from synthetic.core.checks import CHECKS
from synthetic.core.history import Fact, History, Ledger, LedgerEntry
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

EXCHANGES_MAX = 4


class Evidence:
    """`checks` are the names of the laws that can be judged here; `before` are the player's postings so far.

    `is_whole`: whether the postings are known at every moment; else there are only the statements of `enter`.
    """

    def __init__(
        self, checks: Sequence[str], currency: str, before: tuple[LedgerEntry, ...] = (), *, is_whole: bool = True
    ) -> None:
        self._checks = {name: CHECKS[name] for name in checks}
        self._currency = currency
        self._before = before
        self._entries = list(before)
        self._is_whole = is_whole
        self._facts: list[tuple[Fact, tuple[Exchange, ...]]] = []
        self._breaches: list[Finding] = []

    def tell(self, fact: Fact, *shown_by: Exchange) -> None:
        """Add a fact, with what it was learnt from."""
        self._facts.append((fact, shown_by))

    def move(self, kind: str, reference: str, amount: Money, *, key: str = "", round_: str = "") -> None:
        """Add a movement of cash that was seen right after something was asked for."""
        number = f"seen-{len(self._entries)}"
        self._entries.append(LedgerEntry(number, kind, reference, "cash", amount, key=key, round=round_))

    def enter(self, entries: Sequence[LedgerEntry]) -> None:
        """Take a statement that the other side publishes, where it does, instead of movements."""
        self.tell(Ledger("", StepOutcome.DONE, tuple(entries)))

    def breach(self, law: str, sentence: str, *shown_by: Exchange) -> None:
        """Add a breach of a law that no check judges."""
        self._breaches.append(Finding(law, sentence, shown_by))

    def history(self) -> History:
        """All of it as the checks read it: a statement from before, the facts, a statement from now."""
        first = Ledger("before", StepOutcome.DONE, self._before)
        last = (Ledger("now", StepOutcome.DONE, tuple(self._entries)),) if self._is_whole else ()
        return History((first, *(fact for fact, _ in self._facts), *last), self._currency)

    def findings(self) -> tuple[Finding, ...]:
        """The laws that are broken so far, each once; those of the checks first."""
        history = self.history()
        judged = [
            Finding(name, found.message, self._shown(found.message))
            for name, check in self._checks.items()
            for found in check.judge(history) or ()
        ]
        first: dict[str, Finding] = {}
        for finding in (*judged, *self._breaches):
            first.setdefault(finding.law, finding)
        return tuple(first.values())

    def _shown(self, message: str) -> tuple[Exchange, ...]:
        """The exchanges of the facts that the message names; of the last fact where it names none."""
        named = [shown for fact, shown in self._facts if any(name in message for name in _names(fact))]
        if not named:
            named = [shown for _, shown in self._facts[-1:]]
        return tuple(exchange for shown in named for exchange in shown)[:EXCHANGES_MAX]


def _names(fact: Fact) -> tuple[str, ...]:
    """The ids by which a message may speak of a fact."""
    named = (str(getattr(fact, field, "")) for field in ("transaction", "reference", "key", "round"))
    return tuple(name for name in named if len(name) > 3)
