"""Invariant 12: the same id with another body is rejected and moves nothing."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import cash_of
from synthetic.core.checks.requests import Group, Request, repeated
from synthetic.core.history import History, LedgerEntry
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Of the bodies that were sent under one id only one may be done, and only what it asks for may be posted.

    A body that was refused leaves the id free, so the first one need not be the one that counts.
    """
    changed = [group for group in repeated(history) if group.other_body()]
    if not changed:
        return None
    gained = history.new_ledger_entries() or ()
    return tuple(finding for group in changed for finding in _judge_group(group, gained))


def _judge_group(group: Group, gained: tuple[LedgerEntry, ...]) -> Iterator[Finding]:
    done = [request for request in group.requests if request.outcome is StepOutcome.DONE]
    if len({request.body for request in done}) > 1:
        yield platform(f"{done[0].told} was done with {done[0].body} and again with {_other(done)}")
        return
    refused = [request for request in group.requests if request.outcome is StepOutcome.REFUSED]
    open_ = [request.amount for request in group.requests if request.outcome is not StepOutcome.REFUSED]
    for request in refused:
        posted = [e for e in cash_of(gained, request.reference, request.kind) if abs(e.amount.minor) > 0]
        if any(_is_of(entry, request) and request.amount not in open_ for entry in posted):
            yield platform(f"{request.told} was rejected with {request.body}, and posted it all the same")


def _is_of(entry: LedgerEntry, request: Request) -> bool:
    amount = entry.amount
    return (abs(amount.minor), amount.currency) == (abs(request.amount.minor), request.amount.currency)


def _other(done: list[Request]) -> str:
    return next(request.body for request in done if request.body != done[0].body)


CHECK = Check(
    "changed-replay-is-rejected", (12,), "an id that comes with another body is rejected and moves nothing", judge
)
