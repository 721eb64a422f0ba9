"""A provider's calls as facts that the named checks read, and what an answer has to repeat of its request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synthetic.conformance.answers import json_object
from synthetic.conformance.dialects.protocol import Action, Move
from synthetic.conformance.wallet.provider import Said
from synthetic.core.effects import HttpReply
from synthetic.core.history import WalletCall, WireAmounts

_NOT_ASKED_FOR = frozenset({"request_uuid", "token"})
"""Fields that differ between two sendings which ask for the same."""
_ACTIONS = {Action.CLOSE: "close"}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the provider knows of a call beside its text: see `WalletCall`. `is_repeated`: it was sent before."""

    token: str = "live"  # noqa: S105 - a state, not a secret
    signature: str = "good"
    delay_s: int = 0
    is_repeated: bool = False


AS_ALWAYS = Circumstances()


def call_facts(provider: str, said: Said, circumstances: Circumstances) -> Iterator[WalletCall]:
    """One fact a transaction; the calls of a batch share its name. A call of another player tells no balance of this one."""
    for move in said.ask.moves:
        yield _fact(provider, said, move, circumstances)


def _fact(provider: str, said: Said, move: Move, circumstances: Circumstances) -> WalletCall:
    ask, times = said.ask, said.exchange.result.times
    is_batch = ask.action is Action.BATCH
    is_plain = not is_batch and circumstances.signature == "good"
    return WalletCall(
        step="",
        outcome=said.answer.outcome,
        sent_ns=times.started,
        received_ns=times.handled,
        refusal=said.answer.code if said.refused else "",
        action=_ACTIONS.get(ask.action, move.action.value),
        transaction=move.id,
        amount=move.amount,
        reference=move.reference,
        round=ask.round,
        provider=provider,
        player=ask.seat.player,
        balance=said.answer.balance if is_plain else None,
        stored=said.answer.stored if not is_batch else "",
        token=circumstances.token,
        signature=circumstances.signature,
        free=ask.free,
        closes=ask.closes,
        batch=ask.round if is_batch else "",
        currency=move.amount.currency,
        session_currency=ask.seat.currency,
        body=_digest(said),
        delay_s=circumstances.delay_s,
    )


def _digest(said: Said) -> str:
    """What a call asks for: two that ask for the same have the same."""
    asked = {name: value for name, value in _asked(said).items() if name not in _NOT_ASKED_FOR}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:12]


def amounts_told(said: Said) -> Iterator[WireAmounts]:
    """The balance as it stands in the answer."""
    told = _answered(said).get("balance")
    if said.done and told is not None:
        yield WireAmounts("", said.answer.outcome, f"the answer to a {said.ask.action}", (told,))


def echo_fault(said: Said) -> str:
    """What an answer repeats of its request otherwise than it was asked, in words; `""` for nothing."""
    if not said.done:
        return ""
    asked, answered = _asked(said), _answered(said)
    for name, value in answered.items():
        if name in asked and isinstance(asked[name], str) and value != asked[name]:
            return f"the answer to a {said.ask.action} has {name} {value!r}, and was asked with {asked[name]!r}"
    ids, told = _ids(asked), _ids(answered)
    if told and told != ids:
        return f"the answer to a {said.ask.action} speaks of transactions {told}, and was asked for {ids}"
    return ""


def _ids(body: Mapping[str, Any]) -> list[Any]:
    items = body.get("transactions")
    return [item.get("id_provider") for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _asked(said: Said) -> Mapping[str, Any]:
    return json_object(said.exchange.request.body) or {}


def _answered(said: Said) -> Mapping[str, Any]:
    result = said.exchange.result
    return json_object(result.body) or {} if isinstance(result, HttpReply) else {}
