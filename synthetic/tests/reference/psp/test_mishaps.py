"""At a rate, a payment or an event is spoilt whole or not at all: a repetition meets what the first attempt met."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from starlette.responses import Response

from synthetic.reference.psp import mishaps
from synthetic.reference.psp.merchants import Merchant
from synthetic.reference.psp.mishaps import Mishaps
from synthetic.reference.psp.signing import stripe_signature
from synthetic.reference.skew import SkewedClock
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.tests.reference.psp.running import SECRET, RunningPsp
from synthetic.tests.reference.psp.serving import wait_until
from synthetic.tests.reference.psp.test_intents import captured

MERCHANT = Merchant("m-1", "canary", "http://127.0.0.1:1", api_key="k", webhook_secret="s")


def half() -> Switchboard:
    """A board whose switches act every other time."""
    board = Switchboard(mishaps.CREATION_SWITCHES | {"skews_clock": ""}, seed=1)
    board.throw(Switch("answers_500", rate=0.5))
    board.throw(Switch("skews_clock", rate=0.5, params={"skew_s": -360}))
    return board


def test_a_payment_meets_the_same_mishap_each_time() -> None:
    """Drawn once a key; each draw that acts is counted once."""
    board = half()
    drawn = Mishaps(board)
    keys = [f"key-{number}" for number in range(50)]
    first = [drawn.of(MERCHANT, key) for key in keys]
    assert [drawn.of(MERCHANT, key) for key in keys] == first
    assert 0 < sum(mishap is not None for mishap in first) < len(keys)
    assert board.acted() == [{"name": "answers_500", "cell": "canary", "times": sum(m is not None for m in first)}]


def test_a_request_without_a_key_is_drawn_anew() -> None:
    """Nobody could say that it is the same payment."""
    drawn = Mishaps(half())
    assert len({drawn.of(MERCHANT, "") is None for _ in range(50)}) == 2


def test_old_payments_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on everything."""
    monkeypatch.setattr(mishaps, "REMEMBERED_MAX", 3)
    drawn = Mishaps(half())
    for number in range(10):
        drawn.of(MERCHANT, f"key-{number}")
    assert len(drawn._drawn) == 3


def test_a_clock_shows_what_it_last_stamped_with() -> None:
    """At a rate the `Date` follows the last draw; without a switch, or for another cell, it is right."""
    board = half()
    clock = SkewedClock(board)
    drawn = [(clock.draw_s("canary"), clock.shown_s("canary")) for _ in range(50)]
    assert all(stamped == shown for stamped, shown in drawn)
    assert {stamped for stamped, _ in drawn} == {0, -360}
    assert clock.shown_s("baseline") == 0
    board.clear()
    assert clock.shown_s("canary") == 0


def test_a_clock_that_is_always_wrong_shows_it_without_having_acted() -> None:
    """Looking at a clock changes nothing."""
    board = Switchboard({"skews_clock": ""})
    board.throw(Switch("skews_clock", cell="canary"))
    clock = SkewedClock(board)
    assert (clock.shown_s("canary"), clock.shown_s("baseline"), board.acted()) == (360, 0, [])


def test_all_attempts_of_an_event_are_signed_with_one_key(intents: RunningPsp) -> None:
    """Else the next attempt would heal what a rate of one half has broken."""
    intents.merchant.answers = lambda _call: Response(status_code=400)
    intents.board.throw(Switch("rotates_webhook_key", rate=0.5))
    before = rotated(intents)
    for _ in range(8):
        captured(intents)
    wait_until(lambda: len(log(intents)) == 8 and all(entry["attempts"] == 4 for entry in log(intents)))
    kinds: dict[str, set[bool]] = {}
    for call in intents.merchant.named("payment_intent.succeeded"):
        stamp = datetime.fromtimestamp(int(call.headers["stripe-signature"].split(",")[0].removeprefix("t=")), UTC)
        agreed = call.headers["stripe-signature"] == stripe_signature(SECRET, call.raw, stamp)
        kinds.setdefault(call.body["id"], set()).add(agreed)
    assert all(len(signed) == 1 for signed in kinds.values())
    assert sum(signed == {False} for signed in kinds.values()) == rotated(intents) - before


def rotated(psp: RunningPsp) -> int:
    """How often the PSP has used the other key."""
    return sum(one["times"] for one in psp.board.acted() if one["name"] == "rotates_webhook_key")


def log(psp: RunningPsp) -> list[dict[str, object]]:
    """What the PSP told this merchant."""
    return [entry for entry in psp.get("/v1/events")["entries"] if entry["type"] == "payment_intent.succeeded"]
