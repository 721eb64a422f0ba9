"""cashier -> psp-b: deposits, withdrawals and refunds of a redirect and notification PSP (docs/reference-platform.md 5)."""

from __future__ import annotations

from typing import Any

from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.cashier_as_client import answers, deposit_order
from synthetic.contracts.boundaries.cashier_psp_b_wire import (
    ABANDONED,
    REFUSED_PLAYER,
    TX,
    answers_the_same,
    asks,
    asks_about,
    asks_for_deposit,
    deposit_state,
    looked_up,
    refuses,
    rejected,
    transaction,
    with_client,
    withdrawal_state,
)
from synthetic.contracts.boundaries.cashier_psp_b_withdrawals import WITHDRAWALS
from synthetic.contracts.interactions import Contract, Exercise, Interaction, State, interaction
from synthetic.contracts.matching import whole
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.cell.cashier.psp_clients.notifications import NotificationsClient
from synthetic.reference.cell.cashier.psp_clients.protocol import PspPayment, PspRefund
from synthetic.reference.currency import to_decimal

_PLACED = transaction(
    "deposit",
    "pending",
    "authorized",
    "successful",
    redirectUrl=whole("https://psp.test/redirect/f00d", r"https?://\S+"),
)


@interaction("a deposit by redirection")
def _place(upon: HttpInteraction) -> Exercise:
    answers(asks_for_deposit(upon, "pact-key-deposit"), 200, _PLACED)

    async def work(client: NotificationsClient) -> None:
        payment = await client.send_deposit(deposit_order("pact-key-deposit"))
        assert payment == PspPayment(TX, "pending", 100, "EUR", None, "https://psp.test/redirect/f00d")

    return with_client(work)


@interaction("a deposit that is sent again", deposit_state("pact-key-deposit-again", "successful"))
def _place_again(upon: HttpInteraction) -> Exercise:
    answers_the_same(asks_for_deposit(upon, "pact-key-deposit-again"), _PLACED)

    async def work(client: NotificationsClient) -> None:
        assert (await client.send_deposit(deposit_order("pact-key-deposit-again"))).psp_reference == TX

    return with_client(work)


@interaction("a deposit under a key of another deposit", deposit_state("pact-key-deposit-taken", "successful"))
def _other_deposit(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-deposit-taken", amount_minor=200)
    refuses(asks_for_deposit(upon, order.key, amount="2.00"), 409, "DUPLICATE_TX")
    return rejected(lambda client: client.send_deposit(order), "DUPLICATE_TX")


@interaction("a deposit by an instrument that nobody issued")
def _unknown_instrument(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-deposit-no-instrument", "card_of_nobody")
    refuses(asks_for_deposit(upon, order.key, instrument=order.instrument), 400, "INVALID_REQUEST")
    return rejected(lambda client: client.send_deposit(order), "INVALID_REQUEST")


@interaction("a deposit of nothing")
def _nothing(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-deposit-nothing", amount_minor=0)
    refuses(asks_for_deposit(upon, order.key, amount="0.00"), 400, "INVALID_AMOUNT")
    return rejected(lambda client: client.send_deposit(order), "INVALID_AMOUNT")


@interaction("a deposit by somebody who is no merchant", State(WRONG_SEAL, {"how": "another key"}))
def _stranger(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-deposit-stranger")
    refuses(asks_for_deposit(upon, order.key), 401, "INVALID_KEY")
    return rejected(lambda client: client.send_deposit(order), "INVALID_KEY")


def _deposit_looked_up(
    description: str, key: str, wire: str, meaning: str, *, until: str = "", code: str | None = None, **how: Any
) -> Interaction:
    given = deposit_state(key, until or wire, **how)
    more = {} if code is None else {"statusCode": code}
    shown = transaction("deposit", wire, **more)
    return looked_up(description, key, given, shown, PspPayment(TX, meaning, 100, "EUR", code))


@interaction("a look-up of a transaction that never was")
def _absent(upon: HttpInteraction) -> Exercise:
    asks(upon, "GET", "/api/transactions").with_query_parameter("merchantTxId", "pact-key-absent")
    answers(upon, 200, {"transactions": []})

    async def work(client: NotificationsClient) -> None:
        assert await client.find_deposit("pact-key-absent") is None

    return with_client(work)


def _cancelled(description: str, kind: str, given: State) -> Interaction:
    @interaction(description, given)
    def declare(upon: HttpInteraction) -> Exercise:
        answers(asks_about(upon, "cancel", {}), 200, transaction(kind, "cancelled"))
        cancel = "cancel_deposit" if kind == "deposit" else "cancel_payout"

        async def work(client: NotificationsClient) -> None:
            assert await getattr(client, cancel)(TX) == PspPayment(TX, "cancelled", 100, "EUR")

        return with_client(work)

    return declare


def _cancelled_too_late(description: str, given: State) -> Interaction:
    @interaction(description, given)
    def declare(upon: HttpInteraction) -> Exercise:
        refuses(asks_about(upon, "cancel", {}), 409, "TOO_LATE")
        return rejected(lambda client: client.cancel_payout(TX), "TOO_LATE")

    return declare


def _refund_body(amount: str, key: str) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR", "merchantTxId": key}


def _refunded(description: str, key: str, given: State) -> Interaction:
    @interaction(description, given)
    def declare(upon: HttpInteraction) -> Exercise:
        answer = transaction("deposit", "refunded", refunded="1.00")
        answers_the_same(asks_about(upon, "refund", _refund_body("1.00", key)), answer)

        async def work(client: NotificationsClient) -> None:
            assert await client.refund_deposit(TX, 100, "EUR", key) == PspRefund(TX, 100)

        return with_client(work)

    return declare


def _refund_refused(description: str, key: str, amount_minor: int, code: str, given: State) -> Interaction:
    @interaction(description, given)
    def declare(upon: HttpInteraction) -> Exercise:
        refuses(asks_about(upon, "refund", _refund_body(to_decimal(amount_minor, "EUR"), key)), 409, code)
        return rejected(lambda client: client.refund_deposit(TX, amount_minor, "EUR", key), code)

    return declare


@interaction("a refund of a transaction that never was")
def _refund_of_nothing(upon: HttpInteraction) -> Exercise:
    asks(upon, "POST", "/api/transactions/0bad/refund", _refund_body("1.00", "pact-key-refund-nothing"))
    refuses(upon, 404, "UNKNOWN_TX")
    return rejected(lambda client: client.refund_deposit("0bad", 100, "EUR", "pact-key-refund-nothing"), "UNKNOWN_TX")


_ON_DEPOSITS = (
    _place,
    _place_again,
    _other_deposit,
    _unknown_instrument,
    _nothing,
    _stranger,
    _deposit_looked_up("a look-up of a captured deposit", "pact-key-captured", "successful", "succeeded"),
    _deposit_looked_up(
        "a look-up of a deposit that the issuer declined",
        "pact-key-declined",
        "failed",
        "declined",
        code="insufficient_funds",
        instrument="card_insufficient_funds",
    ),
    _deposit_looked_up(
        "a look-up of a deposit that the PSP could not process",
        "pact-key-failed",
        "failed",
        "failed",
        code="processing_error",
        instrument="card_processing_error",
    ),
    _deposit_looked_up(
        "a look-up of a deposit that we refused ourselves",
        "pact-key-refused",
        "failed",
        "failed",
        code="SELF_EXCLUDED",
        player=REFUSED_PLAYER,
    ),
    _deposit_looked_up(
        "a look-up of a deposit whose player is at the redirect page",
        "pact-key-pending",
        "pending",
        "pending",
        instrument=ABANDONED,
    ),
    _deposit_looked_up(
        "a look-up of a cancelled deposit",
        "pact-key-looked-up-cancelled",
        "cancelled",
        "cancelled",
        instrument=ABANDONED,
    ),
    _deposit_looked_up(
        "a look-up of a refunded deposit",
        "pact-key-looked-up-refunded",
        "refunded",
        "succeeded",
        until="successful",
        refund_key="pact-key-looked-up-refund",
    ),
    _absent,
)
_ON_CANCELLATIONS = (
    _cancelled(
        "a cancellation of a deposit that is not captured",
        "deposit",
        deposit_state("pact-key-cancel", "pending", ABANDONED),
    ),
    _cancelled(
        "a cancellation that is sent again", "deposit", deposit_state("pact-key-cancel-again", "cancelled", ABANDONED)
    ),
    _cancelled_too_late(
        "a cancellation of a deposit that is captured", deposit_state("pact-key-cancel-late", "successful")
    ),
    _cancelled(
        "a cancellation of a withdrawal that has not left",
        "withdrawal",
        withdrawal_state("pact-key-withdrawal-cancel", "pending"),
    ),
    _cancelled_too_late(
        "a cancellation of a withdrawal that is paid", withdrawal_state("pact-key-withdrawal-late", "successful")
    ),
)
_ON_REFUNDS = (
    _refunded("a refund of a captured deposit", "pact-key-refund", deposit_state("pact-key-to-refund", "successful")),
    _refunded(
        "a refund that is sent again",
        "pact-key-refund-again",
        deposit_state("pact-key-refunded-once", "successful", refund_key="pact-key-refund-again"),
    ),
    _refund_refused(
        "a refund under a key of another refund",
        "pact-key-refund-taken",
        50,
        "DUPLICATE_TX",
        deposit_state("pact-key-refunded-taken", "successful", refund_key="pact-key-refund-taken"),
    ),
    _refund_refused(
        "a refund of more than was captured",
        "pact-key-refund-more",
        200,
        "NOT_REFUNDABLE",
        deposit_state("pact-key-to-refund-more", "successful"),
    ),
    _refund_refused(
        "a second refund of a deposit",
        "pact-key-refund-second",
        100,
        "NOT_REFUNDABLE",
        deposit_state("pact-key-refunded", "successful", refund_key="pact-key-refund-first"),
    ),
    _refund_refused(
        "a refund of a deposit that is not captured",
        "pact-key-refund-early",
        100,
        "NOT_REFUNDABLE",
        deposit_state("pact-key-to-refund-early", "pending", ABANDONED),
    ),
    _refund_of_nothing,
)
CONTRACT = Contract("cashier", "psp-b", (*_ON_DEPOSITS, *_ON_CANCELLATIONS, *_ON_REFUNDS, *WITHDRAWALS))
