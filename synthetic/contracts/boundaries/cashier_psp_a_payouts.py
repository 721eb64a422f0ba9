"""The payouts of cashier -> psp-a (https://docs.stripe.com/api/payouts)."""

from __future__ import annotations

from typing import Any

from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.intents_words import (
    PAYOUT,
    answers,
    asks,
    cancels,
    metadata_of,
    payout_object,
    payout_order,
    payout_state,
    refuses,
    rejected,
    with_client,
)
from synthetic.contracts.interactions import Exercise, interaction
from synthetic.reference.cell.cashier.psp_clients.intents import IntentsClient
from synthetic.reference.cell.cashier.psp_clients.protocol import PayoutOrder, PspPayment


def _asks_to_pay_out(upon: HttpInteraction, order: PayoutOrder) -> HttpInteraction:
    body = {
        "amount": order.amount_minor,
        "currency": order.currency,
        "destination": order.instrument,
        "metadata": metadata_of(order.key),
    }
    return asks(upon, "POST", "/v1/payouts", body, order.key)


@interaction("a payout")
def _pay_out(upon: HttpInteraction) -> Exercise:
    order = payout_order("pact-key-payout")
    answers(_asks_to_pay_out(upon, order), 200, payout_object("pending|in_transit|paid", "pending"))

    async def work(client: IntentsClient) -> None:
        assert await client.start_payout(order) == PspPayment(PAYOUT, "pending", 100, "EUR")

    return with_client(work)


@interaction("a payout that is sent again", payout_state("pact-key-payout-again", "paid"))
def _pay_out_again(upon: HttpInteraction) -> Exercise:
    order = payout_order("pact-key-payout-again")
    body = payout_object("pending|in_transit|paid", "pending") | {"id": PAYOUT}
    answers(_asks_to_pay_out(upon, order), 200, body)
    upon.with_generators({"body": {"$.id": {"type": "ProviderState", "expression": "${payout}"}}}, "Response")

    async def work(client: IntentsClient) -> None:
        assert (await client.start_payout(order)).psp_reference == PAYOUT

    return with_client(work)


def _looked_up_payout(description: str, key: str, status: str, state: str) -> Any:
    @interaction(description, payout_state(key, status))
    def declare(upon: HttpInteraction) -> Exercise:
        asks(upon, "GET", "/v1/payouts").with_query_parameter("idempotency_key", key)
        answers(upon, 200, {"data": [payout_object(status, status)]})

        async def work(client: IntentsClient) -> None:
            found = await client.find_payout(key)
            assert found is not None
            assert (found.state, found.amount_minor) == (state, 100)

        return with_client(work)

    return declare


@interaction("a cancellation of a payout that has not left", payout_state("pact-key-payout-cancel", "pending"))
def _cancel_payout(upon: HttpInteraction) -> Exercise:
    cancels(upon, "payouts", PAYOUT, "${payout}")
    answers(upon, 200, payout_object("canceled", "canceled"))

    async def work(client: IntentsClient) -> None:
        assert (await client.cancel_payout(PAYOUT)).state == "cancelled"

    return with_client(work)


@interaction("a cancellation of a payout that is paid", payout_state("pact-key-payout-late", "paid"))
def _cancel_payout_late(upon: HttpInteraction) -> Exercise:
    cancels(upon, "payouts", PAYOUT, "${payout}")
    refuses(upon, 400, "payout_unexpected_state")
    return rejected(lambda client: client.cancel_payout(PAYOUT), "payout_unexpected_state")


PAYOUTS = (
    _pay_out,
    _pay_out_again,
    _looked_up_payout("a look-up of a paid payout", "pact-key-payout-paid", "paid", "paid"),
    _cancel_payout,
    _cancel_payout_late,
)
