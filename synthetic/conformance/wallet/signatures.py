"""Invariants 38 and 39: who signs what. Neither dialect puts a time into its signature, so none of them can be stale."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from synthetic.conformance.dialects.protocol import Action, Ask
from synthetic.conformance.laws import Law
from synthetic.conformance.stories import Breach, NotTestable, Story
from synthetic.conformance.wallet.judging import breach_unless_refused_still, moved
from synthetic.conformance.wallet.provider import Provider
from synthetic.core.outcome import StepOutcome

Writer = Callable[[Mapping[str, Any]], bytes]


def bad_signature_changes_nothing(wallet: Provider) -> Story[Breach | None]:
    """A bet, and the win and the rollback of an open bet, under a bad and without any signature: nothing changes."""
    open_bet = yield from wallet.needed(wallet.bet())
    before = yield from wallet.cash()

    def of_something_else(raw: bytes) -> str:
        return wallet.dialect.sign(raw + b" ")

    for action in (Action.BET, Action.WIN, Action.ROLLBACK):
        for signed, how in ((of_something_else, "with the signature of other bytes"), (_none, "without a signature")):
            what = f"a {action} {how}"
            said = yield from wallet.say(_next(wallet, action, open_bet.ask), what, signed=signed)
            after = yield from wallet.cash()
            found = breach_unless_refused_still(before, after, said, what)
            if found is not None:
                return found
    return None


def _next(wallet: Provider, action: Action, open_bet: Ask) -> Ask:
    match action:
        case Action.WIN:
            return wallet.win(open_bet, wallet.given.stake)
        case Action.ROLLBACK:
            return wallet.rollback(open_bet)
        case _:
            return wallet.bet()


def raw_bytes_are_signed(wallet: Provider) -> Story[Breach | None]:
    """The same fields, written otherwise: good under the signature of those very bytes, refused under that of a rewriting."""
    for write, how in ((_spaced, "with spaces and line breaks"), (_backwards, "with its fields in another order")):
        label = f"a bet {how}, those bytes signed"
        first = yield from wallet.say_written(wallet.bet(), label, write, write)
        good = yield from wallet.persist(first, label)
        after = yield from wallet.cash()
        if not good.done:
            if good.answer.outcome is StepOutcome.UNKNOWN:
                raise NotTestable(f"a bet {how} got no answer that proves anything: {good.told}")
            message = f"a bet written {how}, under the signature of those very bytes, was answered {good.told}"
            return Breach(message, (good.exchange,))
        for rewrite, rewriting in ((_compact, "without spaces"), (_as_python, "with a space after each comma")):
            label = f"a bet {how}, a rewriting {rewriting} of it signed"
            bad = yield from wallet.say_written(wallet.bet(), label, write, rewrite)
            then = yield from wallet.cash()
            if bad.done or then != after:
                message = f"a bet written {how}, under the signature of other bytes, was answered {bad.told}"
                return Breach(f"{message}, and {moved(after, then)}", (bad.exchange,))
    return None


def _none(_raw: bytes) -> None:
    return None


def _compact(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _as_python(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _spaced(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, indent=3, separators=(" ,", " : ")).encode() + b"\n"


def _backwards(body: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(reversed(list(body.items()))), separators=(", ", ":")).encode()


LAWS: tuple[Law[Provider], ...] = (
    Law(38, "bad-signature", "a bad or missing signature changes nothing", bad_signature_changes_nothing),
    Law(39, "raw-bytes-are-signed", "the signature is over the raw bytes", raw_bytes_are_signed),
)
