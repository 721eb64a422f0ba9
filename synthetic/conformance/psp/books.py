"""What the PSP's books say: the look-up by idempotency key, and the settlement report (invariant 37)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from synthetic.conformance.laws import Law
from synthetic.conformance.psp.merchant import LOOK_EVERY_S, SETTLED, Merchant, Said
from synthetic.conformance.stories import Breach, NotTestable, Story, wait

Line = tuple[str, int | None, str]  # kind, amount in minor units (None: it is none), currency


def captures_of(psp: Merchant, said: Said) -> Story[int | None]:
    """How often a payment was captured, once it has come to rest; None where this PSP has no report to say it."""
    yield from psp.watched("payment_intents", said, SETTLED)
    report = yield from psp.get("/report", "settlement report", player=psp.player)
    if report.status != 200:
        return None
    own = [entry for entry in _entries(report) if (entry.get("kind"), entry.get("key")) == ("capture", said.key)]
    return len(own)


def look_up_finds_one(psp: Merchant) -> Story[Breach | None]:
    """The look-up by the key of a payment finds it and nothing else; by a key that nobody used, nothing."""
    made = yield from psp.insist("/payment_intents", psp.intent(confirm=False), "payment")
    if not made.id:
        raise NotTestable(f"a plain payment was answered {made.told}")
    found = yield from psp.get("/payment_intents", "look-up by its key", idempotency_key=made.key)
    none = yield from psp.get("/payment_intents", "look-up by an unused key", idempotency_key=psp.new_id())
    if found.status != 200:
        raise NotTestable(f"this PSP has no look-up by idempotency key ({found.told})")
    if _ids(found) != [made.id]:
        return Breach(
            f"the look-up finds {_ids(found) or 'nothing'}, and {made.id} was made", (made.exchange, found.exchange)
        )
    if none.status == 200 and _ids(none):
        return Breach(f"the look-up by a key that nobody used finds {_ids(none)}", (none.exchange,))
    return None


def report_equals_what_was_done(psp: Merchant) -> Story[Breach | None]:
    """A payment and its refund, a payout where one may be made, a declined payment: the report has these and no others."""
    first = yield from psp.get("/report", "settlement report", player=psp.player)
    if first.status != 200:
        raise NotTestable(f"this PSP has no settlement report that we know ({first.told})")
    paid = yield from psp.paid()
    refund = yield from psp.insist("/refunds", {"payment_intent": paid.id}, "refund")
    if refund.status != 200:
        raise NotTestable(f"a refund that this needs was answered {refund.told}")
    amount = psp.terms.amount
    expected: list[Line] = [("capture", amount.minor, amount.currency), ("refund", amount.minor, amount.currency)]
    if psp.terms.payout_to is not None:
        expected += yield from _paid_out(psp)
    if psp.terms.declined is not None:
        yield from psp.insist("/payment_intents", psp.intent(method=psp.terms.declined), "payment that is declined")
    report = yield from _awaited(psp, expected)
    told = _lines(report)
    if told == Counter(expected):
        return None
    message = f"done was {_shown(Counter(expected))}; the report has {_shown(told)}"
    return Breach(message, (paid.exchange, report.exchange))


def _paid_out(psp: Merchant) -> Story[list[Line]]:
    """A payout, and the lines that it makes: none where it fails, two where it comes back."""
    asked = yield from psp.insist("/payouts", psp.payout(), "payout")
    if not asked.id:
        raise NotTestable(f"a plain payout was answered {asked.told}")
    looks = yield from psp.watched("payouts", asked, frozenset({"paid", "failed", "canceled"}))
    amount = psp.terms.amount
    return [("payout", amount.minor, amount.currency)] if looks[-1].state == "paid" else []


def _awaited(psp: Merchant, expected: list[Line]) -> Story[Said]:
    """The report, once it has that many lines, or the time is over. A payout that comes back adds a line of its own."""
    report, left_s = (yield from psp.get("/report", "settlement report", player=psp.player)), psp.terms.settles_within_s
    while left_s > 0 and sum(_lines(report).values()) < len(expected):
        yield from wait(LOOK_EVERY_S)
        report = yield from psp.get("/report", "settlement report", player=psp.player)
        left_s -= LOOK_EVERY_S + report.took_s
    return report


def _entries(report: Said) -> list[Mapping[str, Any]]:
    entries = report.body.get("entries")
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _lines(report: Said) -> Counter[Line]:
    """The report's lines, without payouts that came back: those are the bank's doing."""
    return Counter(
        (str(entry.get("kind")), _minor(entry.get("amount")), str(entry.get("currency")))
        for entry in _entries(report)
        if entry.get("kind") != "payout_reversal"
    )


def _minor(amount: object) -> int | None:
    """An amount of minor units is an integer; a text, a fraction or an object is no amount."""
    return amount if isinstance(amount, int) and not isinstance(amount, bool) else None


def _shown(lines: Counter[Line]) -> str:
    return (
        ", ".join(
            f"{count} x {kind} of {'no amount' if amount is None else amount} {currency}"
            for (kind, amount, currency), count in lines.items()
        )
        or "nothing"
    )


def _ids(found: Said) -> list[str]:
    data = found.body.get("data")
    return [str(one.get("id")) for one in data if isinstance(one, dict)] if isinstance(data, list) else []


LAWS: tuple[Law[Merchant], ...] = (
    Law(0, "look-up-by-key", "a payment is found by its key, once", look_up_finds_one),
    Law(
        37,
        "report-equals-done",
        "the settlement report has what was done and nothing else",
        report_equals_what_was_done,
    ),
)
