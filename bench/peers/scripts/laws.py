"""What Tavern's YAML can't say: the law of the balances."""

from __future__ import annotations

from typing import Any

AMOUNT = 100


def deposit_is_there(response: Any, start: str) -> None:
    """Behind the deposit there is so much more."""
    assert response.json()["cash_minor"] == int(start) + AMOUNT


def withdrawal_is_gone(response: Any, start: str) -> None:
    """Behind the withdrawal there is what there was, and the total is the sum of its parts."""
    end = response.json()
    assert end["cash_minor"] == int(start)
    assert end["total_minor"] == end["cash_minor"] + end["bonus_minor"] + end["locked_minor"]
