"""The calls of a PSP of style B to a cashier, as we make them in its place: authorize, transfer, cancel, right and wrong."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthetic.conformance.answers import json_object
from synthetic.conformance.answers import told as in_words
from synthetic.conformance.stories import exchange, wait
from synthetic.contracts.laws.cashier.acts import LATE_S, SUCCEEDED
from synthetic.contracts.laws.cashier.events import STALE_BY_S
from synthetic.contracts.laws.cashier.play import AMOUNT_MINOR, FAILED_STATES, CashierPlay, KnownPayment
from synthetic.core.effects import Http, HttpReply
from synthetic.core.history import Notification
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

FACTS = {"transfer": "captured", "cancel": "failed", "authorize": "authorized"}
TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the cashier answered. `body` is empty where it is no JSON object."""

    status: int
    body: Mapping[str, Any]

    @property
    def is_yes(self) -> bool:
        """HTTP 200 and `success: true`."""
        return self.status == 200 and self.body.get("success") is True

    @property
    def is_no(self) -> bool:
        """HTTP 200, `success: false`, and why."""
        return self.status == 200 and self.body.get("success") is False and bool(self.body.get("errCode"))


class CallsPlay(CashierPlay):
    """What a PSP of style B has called so far in this play. The first answer to each call is kept, as it must never change."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.codes: dict[str, str] = {}  # deposit -> the code that it was authorized with
        self.answers: dict[
            tuple[str, str], tuple[dict[str, Any], Answer]
        ] = {}  # (call, deposit) -> facts, first answer

    def call(self, name: str, facts: Mapping[str, Any], *, signature: str = "good", moves_minor: int = 0) -> Answer:
        """Make a call, and look at what the account shows. A badly signed one gets a 4xx, and moves nothing."""
        now_s = self.stage.clock.wall_ns() // 10**9
        raw = json.dumps({**facts, "timestamp": now_s - (STALE_BY_S if signature == "stale" else 0)}).encode()
        sent = self.stage.play(exchange(f"{name}, {signature} signature", self._signed(name, raw, signature)))
        result = sent.result
        body = json_object(result.body) or {} if isinstance(result, HttpReply) else {}
        answer = Answer(result.status if isinstance(result, HttpReply) else 0, body)
        reference = str(facts.get("merchantTxId", ""))
        if name in FACTS and any(payment.id == reference for payment in self.payments):
            outcome = StepOutcome.DONE if answer.is_yes else StepOutcome.REFUSED
            amount = Money(AMOUNT_MINOR, self.currency)
            self.evidence.tell(
                Notification("", outcome, name, FACTS[name], reference, signature, amount, self.psp), sent
            )
        if signature != "good" and answer.status < 400:
            law = "raw-bytes-are-signed" if signature == "reformatted" else "bad-signature-changes-nothing"
            self.evidence.breach(law, f"a {name} with a {signature} signature was answered {in_words(result)}", sent)
        if signature == "good" and not (answer.is_yes or answer.is_no):
            shown = f"{in_words(result)} {dict(body)}"
            told = f"a genuine {name} was answered {shown}, and has to be HTTP 200 with success, or with why not"
            self.evidence.breach("genuine-events-are-acknowledged", told, sent)
        self._moves(moves_minor)
        self.look(sent)
        return answer

    def _signed(self, name: str, raw: bytes, signature: str) -> Http:
        over = raw + b" " if signature == "bad" else raw
        sent = json.dumps(json.loads(raw), indent=1).encode() if signature == "reformatted" else raw
        headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
        if signature != "missing":
            headers = (*headers, ("X-Signature", hmac.new(self._secret.encode(), over, hashlib.sha256).hexdigest()))
        return Http("POST", f"{self._url}/{name}", headers, sent, TIMEOUT_S)


def facts_of(play: CallsPlay, deposit: KnownPayment, **changes: Any) -> dict[str, Any]:
    """What a call says of a deposit."""
    amount = Money(AMOUNT_MINOR, play.currency)
    said = {
        "userId": play.player.who.player,
        "txId": f"tx-{deposit.id}",
        "merchantTxId": deposit.id,
        "txName": "CreditCardDeposit",
        "txAmount": amount.decimal(),
        "txAmountCy": amount.currency,
        "provider": play.psp,
        "attributes": {"reference": deposit.id},
    }
    return said | changes


def verify_user(play: CallsPlay) -> None:
    """The player is known; somebody else is not."""
    if not play.call("verifyuser", {"userId": play.player.who.player}).is_yes:
        play.evidence.breach("told-is-what-is-shown", "verifyuser does not know the player who deposits")
    if not play.call("verifyuser", {"userId": "nobody-of-that-name"}).is_no:
        play.evidence.breach("told-is-what-is-shown", "verifyuser knows a player who is none")


def authorize(play: CallsPlay, deposit: KnownPayment) -> None:
    """May this amount move? Yes, with a code, and nothing is credited yet."""
    answer = _once(play, "authorize", deposit, facts_of(play, deposit))
    if answer.is_yes and not answer.body.get("authCode"):
        play.evidence.breach("genuine-events-are-acknowledged", "an authorize was answered without an authCode")
    play.codes.setdefault(deposit.id, str(answer.body.get("authCode", "")))


def transfer(play: CallsPlay, deposit: KnownPayment, *, late: bool = False) -> None:
    """The money has moved: credited once, however often and late it is told."""
    authorize(play, deposit)
    if late:
        play.stage.play(wait(LATE_S))
    is_first = deposit.is_pending
    if is_first:
        deposit.states = SUCCEEDED
        play.settle_as(f"tx-{deposit.id}", deposit.id, "capture", AMOUNT_MINOR)
    facts = facts_of(play, deposit, authCode=play.codes[deposit.id])
    _once(play, "transfer", deposit, facts, moves_minor=AMOUNT_MINOR if is_first else 0)


def cancel(play: CallsPlay, deposit: KnownPayment) -> None:
    """The money has not moved; of one that was credited that is old news."""
    if deposit.is_pending:
        deposit.states = FAILED_STATES
    _once(play, "cancel", deposit, facts_of(play, deposit, statusCode="do_not_honor"))


def call_wrongly(play: CallsPlay, deposit: KnownPayment) -> None:
    """Another amount, another player, a payment that is none, a code that was guessed: refused, and nothing moves."""
    for number, (name, changes) in enumerate(
        (
            ("authorize", {"txAmount": "9.00"}),
            ("authorize", {"userId": "nobody-of-that-name"}),
            ("authorize", {"merchantTxId": f"unknown-{deposit.id}"}),
            ("transfer", {"authCode": "guessed"}),
        )
    ):
        told = facts_of(play, deposit, txId=f"tx-{number}-{len(play.payments)}-{deposit.id}") | changes
        if play.call(name, told).is_yes:
            play.evidence.breach("told-is-what-is-credited", f"a {name} with {changes} was answered with success")


def forge(play: CallsPlay, deposit: KnownPayment, signature: str) -> None:
    """A transfer that is not signed as it has to be."""
    facts = facts_of(play, deposit, authCode=play.codes.get(deposit.id, "guessed"))
    play.call("transfer", facts, signature=signature)


def _once(play: CallsPlay, name: str, deposit: KnownPayment, facts: dict[str, Any], *, moves_minor: int = 0) -> Answer:
    """A call about a deposit; made again, it gets the answer that it got at first."""
    answer = play.call(name, facts, moves_minor=moves_minor)
    before = play.answers.setdefault((name, deposit.id), (facts, answer))
    if before != (facts, answer):
        told = f"{name} of {deposit.id} was answered {dict(before[1].body)}, and then {dict(answer.body)}"
        play.evidence.breach("replay-returns-stored-id", told)
    return answer
