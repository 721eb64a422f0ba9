"""Arbitrary histories, made of a seed: any facts in any order, with few names, so that they meet each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields, replace
from functools import cache
from random import Random
from typing import Any, get_args, get_type_hints

from synthetic.core.history import FACTS, History, Moved
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

NAMES = ("", "a", "b", "run-1-a")
WORDS = {
    "kind": ["deposit", "bet", "win", "rollback", "withdraw_reserve", "withdraw_release", "capture", "payout", "round", "?"],
    "bucket": ["cash", "bonus", "locked"],
    "action": ["bet", "win", "rollback", "close"],
    "state": ["pending", "succeeded", "declined", "failed", "paid", "cancelled", "refunded", "WON", "LOST", "VOID", "OPEN", "?"],
    "event": ["captured", "failed", "paid", "payout_failed", "chargeback"],
    "signature": ["good", "bad", "missing", "stale", "reformatted"],
    "token": ["live", "expired", "foreign", "unknown"],
    "said": ["success", "failure"],
    "proof": ["right", "wrong"],
    "type": ["welcome", "bet_ack", "round_result", "resync"],
    "name": ["self_excluded", "deposit_limit", "locked_out"],
    "refusal": ["", "RS_ERROR_TOKEN_EXPIRED", "DUPLICATE"],
    "written": ["1.00", "100", "x", "-1", "1e3", ""],
    "who": ["api", "psp-a", "provider-a"],
    "currency": ["", "EUR", "USD"],
    "session_currency": ["", "EUR"],
    "psp": ["", "psp-a"],
}  # fmt: skip
MINORS = (-3, -2, -1, 0, 1, 2, 3, -(2**53), 2**53)
WIRE: tuple[object, ...] = (1, -1, 0.5, float("nan"), "1.00", "x", True, None)


def arbitrary_history(seed: int) -> History:
    """The history of this seed."""
    random = Random(seed)
    kinds = list(FACTS.values())
    favourite = random.sample(kinds, 3)  # few kinds in one history, so that they have something to do with each other
    made = [
        _made(random, random.choice(favourite if random.random() < 0.8 else kinds)) for _ in range(random.randint(0, 9))
    ]
    moved = tuple(_made(random, Moved) for _ in range(random.randint(0, 2)))
    stakes = tuple(_money(random) for _ in range(random.randint(0, 2)))
    return History(
        tuple(made), "EUR", stakes, moved, random.choice(["", "run-1"]), finished=random.random() < 0.8
    )  # fmt: skip


def twisted_history(seed: int, histories: Sequence[History]) -> History:
    """Two histories that are about something, one into the other: facts lost, doubled, out of order, told by nobody."""
    random = Random(seed)
    one, other = random.choice(histories), random.choice(histories)
    facts = [fact for fact in (*one.facts, *other.facts) if random.random() < 0.9]
    facts += random.choices(facts, k=random.randint(0, 2)) if facts else []
    facts += [_made(random, random.choice(list(FACTS.values()))) for _ in range(random.randint(0, 2))]
    if random.random() < 0.5:
        random.shuffle(facts)
    return replace(one, facts=tuple(facts), moved=(*one.moved, *other.moved))


def _made(random: Random, made: type) -> Any:
    """A fact or a line, with arbitrary values in all of its fields."""
    given = {
        name: _value(random, name, hint) for name, hint, needed in _fields(made) if needed or random.random() < 0.7
    }
    return made(**given)


@cache
def _fields(made: type) -> tuple[tuple[str, Any, bool], ...]:
    hints = get_type_hints(made)
    return tuple((field.name, hints[field.name], field.default is MISSING) for field in fields(made))


def _value(random: Random, name: str, hint: Any) -> Any:
    """A value of a field: one of its own words, or any of its type."""
    if name == "values":
        return tuple(random.choices(WIRE, k=random.randint(0, 3)))
    if get_args(hint)[-1:] == (Ellipsis,):
        return tuple(_made(random, get_args(hint)[0]) for _ in range(random.randint(0, 4)))
    if name in WORDS:
        return random.choice(WORDS[name])
    if name.endswith("_ns"):
        return random.randint(0, 3) * 4_000_000_000
    if Money in (hint, *get_args(hint)):
        return _money(random)
    if int in get_args(hint):
        hint = int
    plain = {int: random.randint(-400, 400), bool: random.random() < 0.5, StepOutcome: random.choice(list(StepOutcome))}
    return plain.get(hint, random.choice(NAMES))


def _money(random: Random) -> Money:
    return Money(random.choice(MINORS), random.choice(["EUR", "EUR", "EUR", "USD", "JPY"]))
