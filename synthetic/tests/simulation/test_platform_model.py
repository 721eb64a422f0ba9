"""The simulated platform keeps its own promises, so that what goes wrong is the harness's doing."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from synthetic.simulation.api import Asked, answer
from synthetic.simulation.platform import FLOAT_MINOR, Cause, Platform, Refused, Weather


class Hands:
    """Time that passes when it is told to."""

    def __init__(self, **weather: Any) -> None:
        self.due: list[Callable[[], None]] = []
        self.platform = Platform(
            lambda: 0, lambda _, act: self.due.append(act), random.Random(1), ["anna"], Weather(**weather)
        )

    def settle(self) -> None:
        for act in self.due:
            act()

    def ask(self, method: str, target: str, body: Mapping[str, Any] | None = None, key: str = "") -> tuple[int, Any]:
        headers = {"authorization": "Bearer token-anna", "idempotency-key": key, "x-synthetic-run": "r1"}
        return answer(
            self.platform, Asked(method, target, headers, json.dumps(body).encode() if body else b"", "w1#1", 0)
        )


def cause(key: str) -> Cause:
    return Cause("w1#1", 0, "r1", "anna", key)


def test_a_key_has_one_effect() -> None:
    """The same key again is the same deposit, and is credited once."""
    hands = Hands()
    first, again = (hands.platform.begin("deposit", 100, cause("k")) for _ in range(2))
    hands.settle()
    assert first is again
    assert hands.platform.balances["anna"] == FLOAT_MINOR + 100
    assert hands.platform.report() == {"k": 100}


def test_an_undo_counts_once() -> None:
    """A refund that is asked for twice pays once."""
    hands = Hands()
    deposit = hands.platform.begin("deposit", 100, cause("k"))
    hands.settle()
    for _ in range(2):
        hands.platform.undo(deposit.number, "deposit", cause(""))
    assert hands.platform.balances["anna"] == FLOAT_MINOR
    assert hands.platform.report() == {}
    assert [happening.what for happening in hands.platform.record] == ["deposit", "captured", "refunded"]


def test_what_is_not_credited_yet_is_not_refunded() -> None:
    """A pending deposit is refused as such, so a refund can't overtake it."""
    hands = Hands()
    deposit = hands.platform.begin("deposit", 100, cause("k"))
    with pytest.raises(Refused, match="pending"):
        hands.platform.undo(deposit.number, "deposit", cause(""))


def test_a_paid_withdrawal_stays_paid() -> None:
    """Cancelling what the PSP has paid out is refused."""
    hands = Hands()
    withdrawal = hands.platform.begin("withdraw", 100, cause("k"))
    hands.settle()
    with pytest.raises(Refused, match="paid"):
        hands.platform.undo(withdrawal.number, "withdraw", cause(""))
    assert hands.platform.report() == {"k": -100}


def test_a_void_round_returns_its_stake_and_pays_nothing_later() -> None:
    """A voided bet does not settle any more."""
    hands = Hands()
    bet = hands.platform.begin("bet", 20, cause("k"))
    hands.platform.undo(bet.number, "bet", cause(""))
    hands.settle()
    assert hands.platform.balances["anna"] == FLOAT_MINOR
    assert bet.state == "void"


def test_a_psp_that_is_down_takes_nothing() -> None:
    """The refusal says so, and a proxy that delivers the request once more later gets the same one."""
    down = [True]
    hands = Hands(psp_down=lambda: down[0])
    assert hands.ask("POST", "/deposits", {"amount_minor": 100}, "k") == (409, {"error": "psp_unavailable"})
    down[0] = False
    assert hands.ask("POST", "/deposits", {"amount_minor": 100}, "k") == (409, {"error": "psp_unavailable"})
    assert hands.ask("GET", "/deposits?key=k") == (200, {"found": False, "payment": None})


def test_a_payment_is_found_by_its_key() -> None:
    """The look-up answers with the payment and its state."""
    hands = Hands()
    status, shown = hands.ask("POST", "/deposits", {"amount_minor": 100}, "k")
    assert (status, shown["state"]) == (202, "pending")
    assert hands.ask("GET", "/deposits?key=k") == (200, {"found": True, "payment": shown})


def test_without_a_session_nothing_is_done() -> None:
    """A request without a token of a known player is refused."""
    hands = Hands()
    asked = Asked("POST", "/deposits", {"idempotency-key": "k"}, b'{"amount_minor": 100}', "w1#1", 0)
    assert answer(hands.platform, asked)[0] == 401
    assert not hands.platform.payments
