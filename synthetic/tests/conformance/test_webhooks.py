"""What a webhook's signature has to be, and which steps a payment may take."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from synthetic.conformance.psp.inbox import Delivery, Inbox, signature_fault
from synthetic.conformance.psp.states import INTENT, PAYOUT, first_illegal

RAW, NOW_S = b'{"id": "evt_1", "data": {"object": {"id": "pi_1"}}}', 1_800_000_000


def v1(secret: str, raw: bytes = RAW, at_s: int = NOW_S) -> str:
    """One signature of a header."""
    return hmac.new(secret.encode(), f"{at_s}.".encode() + raw, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (f"t={NOW_S},v1={v1('s')}", None),
        (f"t={NOW_S}, v1={v1('old')}, v1={v1('s')}", None),  # while a key is rotated
        (f"t={NOW_S - 299},v1={v1('s', at_s=NOW_S - 299)}", None),
        (f"t={NOW_S - 301},v1={v1('s', at_s=NOW_S - 301)}", "tolerated"),
        (f"t={NOW_S + 301},v1={v1('s', at_s=NOW_S + 301)}", "tolerated"),
        (f"t={NOW_S},v1={v1('another')}", "raw body"),
        (f"t={NOW_S},v1={v1('s', RAW.replace(b' ', b''))}", "raw body"),
        (f"t={NOW_S},v0={v1('s')}", "raw body"),
        (f"v1={v1('s')}", "no time"),
        (f"t=soon,v1={v1('s')}", "no time"),
        ("", "no Stripe-Signature"),
    ],
)
def test_a_signature_is_good_or_says_what_it_lacks(header: str, fault: str | None) -> None:
    """`t=,v1=` over the raw body, under our secret, within 300 s of our time, either way."""
    told = signature_fault("s", Delivery(RAW, {"stripe-signature": header}, float(NOW_S), 200))
    assert (told is None) if fault is None else (told is not None and fault in told)


def test_the_first_deliveries_about_an_object_are_refused_on_demand() -> None:
    """And those about another one are taken."""
    inbox = Inbox("s")
    inbox.refuse("pi_1", 2)
    other = RAW.replace(b"pi_1", b"pi_2")
    assert [inbox.take(raw, {}, 0.0) for raw in (RAW, other, RAW, RAW)] == [500, 200, 500, 200]
    assert [one.answered for one in inbox.about("pi_1")] == [500, 500, 200]


@pytest.mark.parametrize(
    ("seen", "illegal"),
    [
        (["requires_confirmation", "processing", "succeeded"], None),
        (["requires_payment_method", "succeeded"], None),  # a merchant does not see every state
        (["processing", "processing", "requires_payment_method"], None),
        (["succeeded", "processing"], "succeeded -> processing"),
        (["canceled", "succeeded"], "canceled -> succeeded"),
        (["processing", "requires_confirmation", "succeeded"], None),  # after a decline it was confirmed anew
        (["started"], "'started', which is no state"),
    ],
)
def test_steps_of_a_payment(seen: list[str], illegal: str | None) -> None:
    """What follows by one or several steps of the table is legal; an end is left by none."""
    assert first_illegal(INTENT, seen) == illegal


def test_a_paid_payout_may_still_come_back() -> None:
    """Late reversals are real; coming back to life is not."""
    assert first_illegal(PAYOUT, ["pending", "paid", "failed"]) is None
    assert first_illegal(PAYOUT, ["failed", "paid"]) == "failed -> paid"
