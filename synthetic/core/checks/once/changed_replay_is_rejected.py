"""Invariant 12: the same id with another body is rejected and moves nothing."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.amounts import listed
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.postings import cash_of
from synthetic.core.checks.requests import Group, Request, postings_of, repeated, requests
from synthetic.core.history import History, LedgerEntry
from synthetic.core.outcome import StepOutcome


def judge(history: History) -> tuple[Finding, ...] | None:
    """Of the bodies that were sent under one id only one may be done, and only what it asks for may be posted.

    A body that was refused leaves the id free, so the first one need not be the one that counts. Of one whose answer was lost
    nobody knows; but of two bodies only one may stand in the ledger.
    """
    changed = [group for group in repeated(history) if group.other_body()]
    if not changed:
        return None
    gained = history.new_ledger_entries() or ()
    return tuple(finding for group in changed for finding in _judge_group(history, group, gained))


def _judge_group(history: History, group: Group, gained: tuple[LedgerEntry, ...]) -> Iterator[Finding]:
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
            return
    posted = [entry for entry in postings_of(group, gained) if entry.amount.minor]
    if open_ and len(posted) > _meant(history, group):
        amounts = listed(entry.amount for entry in posted)
        yield platform(
            f"{group.first.told} came with more than one body, and was posted {len(posted)} times ({amounts})"
        )


def _meant(history: History, group: Group) -> int:
    """How many postings may stand under what the group calls itself: one of its own, and those of other requests there."""
    names = {request.reference for request in group.requests} - {""}
    beside = [r for r in requests(history) if r.kind == group.first.kind and r.outcome is not StepOutcome.REFUSED]
    return len({(r.scope, r.id) for r in beside if r.amount.minor and (r.reference in names or r.id == group.first.id)})


def _is_of(entry: LedgerEntry, request: Request) -> bool:
    amount = entry.amount
    return (abs(amount.minor), amount.currency) == (abs(request.amount.minor), request.amount.currency)


def _other(done: list[Request]) -> str:
    return next(request.body for request in done if request.body != done[0].body)


CHECK = Check(
    "changed-replay-is-rejected", (12,), "an id that comes with another body is rejected and moves nothing", judge
)
