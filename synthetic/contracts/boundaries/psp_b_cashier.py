"""psp-b -> cashier: the signed calls verifyuser, authorize, transfer, cancel and debit, made by the simulator's own code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from pact import match
from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.psp_a_cashier import STILL_PSPS
from synthetic.contracts.boundaries.psp_at_work import ATTEMPTS_MAX, PLAYER, SECRET, PspAtWork, notifications_at_work
from synthetic.contracts.boundaries.psp_b_calls import (
    AUTHORIZE,
    AUTHORIZE_OUT,
    CANCEL,
    CANCEL_OUT,
    COME_BACK,
    DEBIT,
    TRANSFER,
    TRANSFER_OUT,
    VERIFY,
    Call,
    Template,
)
from synthetic.contracts.boundaries.psp_relay import (
    AUTH_CODE,
    Arrived,
    Relay,
    Spoil,
    as_sent,
    with_other_bytes,
    without_signature,
)
from synthetic.contracts.holes import filled, generators_of
from synthetic.contracts.interactions import Contract, Exercise, Interaction, State, interaction
from synthetic.contracts.matching import whole
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.cell.cashier.signatures import check_fresh, verify_body_signature
from synthetic.reference.switchboard import Switch

EXCLUDED_PLAYER = "excluded_player"
"""A need: the cashier has a player who has excluded himself."""

_PATH = "/cashier/webhooks/psp-b"
_REFERENCE = "dep_1"
_TX = "f00d"
_EXAMPLES = {
    "deposit": _REFERENCE,
    "withdrawal": _REFERENCE,
    "player": PLAYER,
    "transaction": _TX,
    "auth_code": AUTH_CODE,
}
_SIGNATURE = whole("0" * 64, "[0-9a-f]{64}")

Ending = Callable[[PspAtWork, str, Relay], Awaitable[None]]
_FORGERIES = {
    "another key": "that is signed with another key",
    "stale": "whose time stamp is stale",
    "ahead": "whose time stamp is of the future",
    "missing": "without a signature",
    "another payload": "whose bytes are not those that were signed",
}
_YES = {"success": True}
_CAN_PAY = {"success": True, "authCode": whole(AUTH_CODE, r"\S+")}


def _deposit(*told: Call, **asked: Any) -> State:
    """A deposit that the cashier asked for, and about which these calls were made, in this order."""
    return State("a deposit", {"psp": "psp-b", "told": [call.as_told() for call in told], **asked})


def _withdrawal(*told: Call, **asked: Any) -> State:
    return State("a withdrawal", {"psp": "psp-b", "told": [call.as_told() for call in told], **asked})


def _sends(upon: HttpInteraction, call: Call) -> HttpInteraction:
    """What is sent: the PSP's own id and time stamp by their form, all else as it stands."""
    body = {**filled(call.facts, _EXAMPLES), "timestamp": match.int(1_800_000_000)}
    if "txId" in body:
        body["txId"] = whole(body["txId"], r"[\w-]+")
    upon.with_request("POST", f"{_PATH}/{call.name}").with_body(body, "application/json")
    return upon.with_generators({"body": generators_of(call.facts)}, "Request")


def _exercise(
    call: Call,
    ending: Ending,
    *,
    instrument: str = "card_ok",
    attempts: int = 1,
    switches: tuple[Switch, ...] = (),
    spoil: Spoil = as_sent,
) -> Exercise:
    """Let the order be placed at the PSP, and see what it does after the call."""

    async def play(url: str) -> None:
        agreed = {**call.facts, "timestamp": 0}
        relay = Relay(url, lambda request: request.path == f"{_PATH}/{call.name}", agreed, spoil)
        body = {
            "merchantTxId": _REFERENCE,
            "userId": PLAYER,
            "amount": "1.00",
            "currency": "EUR",
            "instrument": instrument,
            "attributes": {"reference": _REFERENCE},
        }
        with relay.serving() as relay_url:
            async with notifications_at_work(relay_url + _PATH, *switches) as psp:
                placed = await psp.post(f"/api/{call.kind}s", body)
                await ending(psp, f"/api/transactions/{placed['txId']}", relay)
                assert (await psp.told(call.logged_as))["attempts"] == attempts
        if attempts == 1:
            for one in relay.arrived:
                _check_signature(one)

    return lambda url: asyncio.run(play(url))


def _check_signature(arrived: Arrived) -> None:
    """By the cashier's own rules. Raises BadSignature."""
    request = arrived.request
    verify_body_signature(request.headers.get("x-signature", ""), request.body, SECRET)
    check_fresh(arrived.body["timestamp"], datetime.now(UTC))


def _ends(state: str, code: str | None = None) -> Ending:
    """The transaction comes to this state, for this reason."""

    async def ending(psp: PspAtWork, path: str, _relay: Relay) -> None:
        assert (await psp.comes_to(path, "state", state))["statusCode"] == code

    return ending


async def _brings_the_code(psp: PspAtWork, path: str, relay: Relay) -> None:
    """The transaction is paid, and the transfer has the code that was given."""
    await psp.comes_to(path, "state", "successful")
    kind = (await psp.get(path))["type"]
    await psp.told(f"{kind}.transfer")
    transfer = next(one for one in relay.arrived if one.request.path.endswith("/transfer"))
    assert transfer.body["authCode"] == AUTH_CODE


def _answered(
    description: str,
    call: Call,
    answer: Template,
    ending: Ending,
    *given: State,
    needs: tuple[str, ...] = (STILL_PSPS,),
    promised: Template | None = None,
    **how: Any,
) -> Interaction:
    """A call with its answer. `promised`: what a duplicate has to be answered like the first one."""

    @interaction(description, *given, needs=needs if given else ())
    def declare(upon: HttpInteraction) -> Exercise:
        _sends(upon, call).with_header("X-Signature", _SIGNATURE)
        same = {} if promised is None else filled(promised, _EXAMPLES)
        upon.will_respond_with(200).with_body({**answer, **same}, "application/json")
        if promised is not None:
            upon.with_generators({"body": generators_of(promised)}, "Response")
        return _exercise(call, ending, **how)

    return declare


def _refused(description: str, call: Call, code: str, ending: Ending, *given: State, **how: Any) -> Interaction:
    return _answered(description, call, {"success": False, "errCode": code}, ending, *given, **how)


def _forged(call: Call, ending: Ending, instrument: str = "card_ok") -> tuple[Interaction, ...]:
    """The call with each wrong seal. It is not obeyed, so that the PSP makes it again."""

    def forge(how: str, *switches: Switch, spoil: Spoil = as_sent) -> Interaction:
        @interaction(f"a call of {call.name} {_FORGERIES[how]}", State(WRONG_SEAL, {"how": how}))
        def declare(upon: HttpInteraction) -> Exercise:
            _sends(upon, call).will_respond_with(403)
            return _exercise(call, ending, instrument=instrument, attempts=ATTEMPTS_MAX, switches=switches, spoil=spoil)

        return declare

    return (
        forge("another key", Switch("rotates_webhook_key")),
        forge("stale", Switch("skews_clock", params={"skew_s": -400})),
        forge("ahead", Switch("skews_clock", params={"skew_s": 400})),
        forge("missing", spoil=without_signature),
        forge("another payload", spoil=with_other_bytes),
    )


# Each with a txId like an idempotency key: the cashier remembers what it has answered about a transaction.
_UNKNOWN_FACTS = {"userId": PLAYER, "merchantTxId": _REFERENCE, "attributes": {"reference": _REFERENCE}}
_PAID = _ends("successful")

_ON_PLAYERS = (
    _answered("is a player known", VERIFY, _YES, _PAID, State("a player"), needs=()),
    _refused(
        "is a player known who is not",
        Call("verifyuser", "deposit", {"userId": PLAYER}),
        "UNKNOWN_USER",
        _ends("failed", "UNKNOWN_USER"),
    ),
    _refused(
        "is a player known who has excluded himself",
        VERIFY,
        "SELF_EXCLUDED",
        _ends("failed", "SELF_EXCLUDED"),
        State("a player who has excluded himself"),
        needs=(EXCLUDED_PLAYER,),
    ),
)
_ON_DEPOSITS = (
    _answered("may a deposit be captured", AUTHORIZE, _CAN_PAY, _brings_the_code, _deposit()),
    _answered(
        "may a deposit be captured, asked again",
        AUTHORIZE,
        _CAN_PAY,
        _brings_the_code,
        _deposit(AUTHORIZE),
        promised={"authCode": "${auth_code}"},
    ),
    _refused(
        "may a deposit be captured, asked again with other facts",
        AUTHORIZE,
        "DUPLICATE_TX",
        _ends("failed", "DUPLICATE_TX"),
        _deposit(AUTHORIZE.having(txName="another")),
    ),
    _refused(
        "may a deposit be captured of another amount than was asked for",
        AUTHORIZE,
        "WRONG_AMOUNT",
        _ends("failed", "WRONG_AMOUNT"),
        _deposit(amount_minor=200),
    ),
    _refused(
        "may a deposit be captured that is declined",
        AUTHORIZE,
        "NOT_PENDING",
        _ends("failed", "NOT_PENDING"),
        _deposit(CANCEL),
    ),
    _refused(
        "may a deposit be captured that nobody asked for",
        AUTHORIZE.having(**_UNKNOWN_FACTS, txId="pact-key-deposit-of-nobody"),
        "UNKNOWN_TX",
        _ends("failed", "UNKNOWN_TX"),
    ),
    _answered("a captured deposit", TRANSFER, _YES, _PAID, _deposit(AUTHORIZE)),
    _answered("a captured deposit, told again", TRANSFER, _YES, _PAID, _deposit(AUTHORIZE, TRANSFER)),
    _refused(
        "a captured deposit with a code that was not given",
        TRANSFER.having(authCode=AUTH_CODE),
        "INVALID_AUTH_CODE",
        _PAID,
        _deposit(AUTHORIZE),
    ),
    _answered(
        "a deposit that the issuer declined",
        CANCEL,
        _YES,
        _ends("failed", "insufficient_funds"),
        _deposit(AUTHORIZE),
        instrument="card_insufficient_funds",
    ),
    _answered(
        "a deposit that the issuer declined, told again",
        CANCEL,
        _YES,
        _ends("failed", "insufficient_funds"),
        _deposit(AUTHORIZE, CANCEL),
        instrument="card_insufficient_funds",
    ),
    _answered(
        "a deposit that the player's bank took back",
        DEBIT,
        _YES,
        _PAID,
        _deposit(AUTHORIZE, TRANSFER),
        instrument="card_disputed",
    ),
    _answered(
        "a deposit that the player's bank took back, told again",
        DEBIT,
        _YES,
        _PAID,
        _deposit(AUTHORIZE, TRANSFER, DEBIT),
        instrument="card_disputed",
    ),
)
_ON_WITHDRAWALS = (
    _answered("may a withdrawal be paid", AUTHORIZE_OUT, _CAN_PAY, _brings_the_code, _withdrawal()),
    _answered(
        "may a withdrawal be paid, asked again",
        AUTHORIZE_OUT,
        _CAN_PAY,
        _brings_the_code,
        _withdrawal(AUTHORIZE_OUT),
        promised={"authCode": "${auth_code}"},
    ),
    _refused(
        "may a withdrawal be paid of another amount than was asked for",
        AUTHORIZE_OUT,
        "WRONG_AMOUNT",
        _ends("failed", "WRONG_AMOUNT"),
        _withdrawal(amount_minor=200),
    ),
    _refused(
        "may a withdrawal be paid that has failed",
        AUTHORIZE_OUT,
        "NOT_PENDING",
        _ends("failed", "NOT_PENDING"),
        _withdrawal(CANCEL_OUT),
    ),
    _refused(
        "may a withdrawal be paid that nobody asked for",
        AUTHORIZE_OUT.having(**_UNKNOWN_FACTS, txId="pact-key-payout-of-nobody"),
        "UNKNOWN_TX",
        _ends("failed", "UNKNOWN_TX"),
    ),
    _answered("a paid withdrawal", TRANSFER_OUT, _YES, _PAID, _withdrawal(AUTHORIZE_OUT)),
    _refused(
        "a paid withdrawal with a code that was not given",
        TRANSFER_OUT.having(authCode=AUTH_CODE),
        "INVALID_AUTH_CODE",
        _PAID,
        _withdrawal(AUTHORIZE_OUT),
    ),
    _answered("a paid withdrawal, told again", TRANSFER_OUT, _YES, _PAID, _withdrawal(AUTHORIZE_OUT, TRANSFER_OUT)),
    _answered(
        "a withdrawal that failed before it was paid",
        CANCEL_OUT,
        _YES,
        _ends("failed", "processing_error"),
        _withdrawal(AUTHORIZE_OUT),
        instrument="card_processing_error",
    ),
    _answered(
        "a withdrawal that came back after it was paid",
        COME_BACK,
        _YES,
        _ends("failed", "account_closed"),
        _withdrawal(AUTHORIZE_OUT, TRANSFER_OUT),
        instrument="card_returns_payouts",
    ),
)
# A cashier that obeys one of these answers with 200, also where it does not know the payment.
_GIVEN_UP = _ends("failed", "MERCHANT_UNREACHABLE")
_DECLINED = _ends("failed", "insufficient_funds")
_ON_FORGERIES = (
    *_forged(VERIFY.having(userId=PLAYER), _GIVEN_UP),
    *_forged(AUTHORIZE.having(**_UNKNOWN_FACTS, txId="pact-key-forged-authorize"), _GIVEN_UP),
    *_forged(TRANSFER.having(**_UNKNOWN_FACTS, txId="pact-key-forged-transfer", authCode=AUTH_CODE), _PAID),
    *_forged(CANCEL.having(**_UNKNOWN_FACTS, txId="pact-key-forged-cancel"), _DECLINED, "card_insufficient_funds"),
    *_forged(DEBIT.having(**_UNKNOWN_FACTS, txId="pact-key-forged-debit"), _PAID, "card_disputed"),
)

CONTRACT = Contract("psp-b", "cashier", (*_ON_PLAYERS, *_ON_DEPOSITS, *_ON_WITHDRAWALS, *_ON_FORGERIES))
