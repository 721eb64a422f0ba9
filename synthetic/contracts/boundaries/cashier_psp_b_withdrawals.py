"""The withdrawals of cashier -> psp-b (docs/reference-platform.md 5)."""

from __future__ import annotations

from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.cashier_as_client import answers, payout_order
from synthetic.contracts.boundaries.cashier_psp_b_wire import (
    TX,
    answers_the_same,
    asks,
    asks_for_withdrawal,
    looked_up,
    refuses,
    rejected,
    transaction,
    with_client,
    withdrawal_state,
)
from synthetic.contracts.interactions import Exercise, Interaction, State, interaction
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.cell.cashier.psp_clients.notifications import NotificationsClient
from synthetic.reference.cell.cashier.psp_clients.protocol import PspPayment

_SENT = transaction("withdrawal", "pending", "authorized", "successful")


@interaction("a withdrawal")
def _send(upon: HttpInteraction) -> Exercise:
    answers(asks_for_withdrawal(upon, "pact-key-withdrawal"), 200, _SENT)

    async def work(client: NotificationsClient) -> None:
        payment = await client.start_payout(payout_order("pact-key-withdrawal"))
        assert payment == PspPayment(TX, "pending", 100, "EUR")

    return with_client(work)


@interaction("a withdrawal that is sent again", withdrawal_state("pact-key-withdrawal-again", "successful"))
def _send_again(upon: HttpInteraction) -> Exercise:
    answers_the_same(asks_for_withdrawal(upon, "pact-key-withdrawal-again"), _SENT)

    async def work(client: NotificationsClient) -> None:
        assert (await client.start_payout(payout_order("pact-key-withdrawal-again"))).psp_reference == TX

    return with_client(work)


@interaction(
    "a withdrawal under a key of another withdrawal", withdrawal_state("pact-key-withdrawal-taken", "successful")
)
def _other_withdrawal(upon: HttpInteraction) -> Exercise:
    order = payout_order("pact-key-withdrawal-taken", amount_minor=200)
    refuses(asks_for_withdrawal(upon, order.key, amount="2.00"), 409, "DUPLICATE_TX")
    return rejected(lambda client: client.start_payout(order), "DUPLICATE_TX")


@interaction("a withdrawal to an instrument that nobody issued")
def _withdrawal_to_nobody(upon: HttpInteraction) -> Exercise:
    order = payout_order("pact-key-withdrawal-no-instrument", "card_of_nobody")
    refuses(asks_for_withdrawal(upon, order.key, instrument=order.instrument), 400, "INVALID_REQUEST")
    return rejected(lambda client: client.start_payout(order), "INVALID_REQUEST")


@interaction("a withdrawal of nothing")
def _withdrawal_of_nothing(upon: HttpInteraction) -> Exercise:
    order = payout_order("pact-key-withdrawal-nothing", amount_minor=0)
    refuses(asks_for_withdrawal(upon, order.key, amount="0.00"), 400, "INVALID_AMOUNT")
    return rejected(lambda client: client.start_payout(order), "INVALID_AMOUNT")


@interaction("a withdrawal by somebody who is no merchant", State(WRONG_SEAL, {"how": "another key"}))
def _withdrawal_of_a_stranger(upon: HttpInteraction) -> Exercise:
    order = payout_order("pact-key-withdrawal-stranger")
    refuses(asks_for_withdrawal(upon, order.key), 401, "INVALID_KEY")
    return rejected(lambda client: client.start_payout(order), "INVALID_KEY")


@interaction(
    "a look-up of a withdrawal that has not left", withdrawal_state("pact-key-withdrawal-looked-up-pending", "pending")
)
def _withdrawal_pending(upon: HttpInteraction) -> Exercise:
    key = "pact-key-withdrawal-looked-up-pending"
    asks(upon, "GET", "/api/transactions").with_query_parameter("merchantTxId", key)
    # it may leave before it is looked up
    answers(upon, 200, {"transactions": [_SENT]})

    async def work(client: NotificationsClient) -> None:
        assert await client.find_payout(key) == PspPayment(TX, "pending", 100, "EUR")

    return with_client(work)


def _withdrawal_looked_up(
    description: str, key: str, wire: str, meaning: str, *, code: str | None = None, instrument: str = "card_ok"
) -> Interaction:
    given = withdrawal_state(key, wire, instrument)
    more = {} if code is None else {"statusCode": code}
    shown = transaction("withdrawal", wire, **more)
    return looked_up(description, key, given, shown, PspPayment(TX, meaning, 100, "EUR", code))


WITHDRAWALS = (
    _send,
    _send_again,
    _other_withdrawal,
    _withdrawal_to_nobody,
    _withdrawal_of_nothing,
    _withdrawal_of_a_stranger,
    _withdrawal_pending,
    _withdrawal_looked_up(
        "a look-up of a cancelled withdrawal", "pact-key-withdrawal-looked-up-cancelled", "cancelled", "cancelled"
    ),
    _withdrawal_looked_up("a look-up of a paid withdrawal", "pact-key-withdrawal-paid", "successful", "paid"),
    _withdrawal_looked_up(
        "a look-up of a withdrawal that failed",
        "pact-key-withdrawal-failed",
        "failed",
        "failed",
        code="processing_error",
        instrument="card_processing_error",
    ),
    _withdrawal_looked_up(
        "a look-up of a withdrawal that came back after it was paid",
        "pact-key-withdrawal-returned",
        "failed",
        "failed",
        code="account_closed",
        instrument="card_returns_payouts",
    ),
)
