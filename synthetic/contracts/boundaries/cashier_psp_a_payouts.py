"""The payouts of cashier -> psp-a (https://docs.stripe.com/api/payouts)."""

from __future__ import annotations

from typing import Any

from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.cashier_as_client import answers, payout_order
from synthetic.contracts.boundaries.intents_words import (
    PAYOUT,
    asks,
    cancels,
    metadata_of,
    payout_object,
    payout_state,
    refuses,
    rejected,
    with_client,
)
from synthetic.contracts.holes import body_from_state
from synthetic.contracts.interactions import Exercise, State, interaction
from synthetic.contracts.states import WRONG_SEAL
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
    upon.with_generators(body_from_state({"$.id": "${payout}"}), "Response")

    async def work(client: IntentsClient) -> None:
        assert (await client.start_payout(order)).psp_reference == PAYOUT

    return with_client(work)


@interaction("a payout under a key of another payout", payout_state("pact-key-payout-taken", "paid"))
def _other_payout(upon: HttpInteraction) -> Exercise:
    order = payout_order("pact-key-payout-taken", amount_minor=200)
    refuses(_asks_to_pay_out(upon, order), 400, "idempotency_error")
    return rejected(lambda client: client.start_payout(order), "idempotency_error")


@interaction("a payout to an instrument that nobody issued")
def _unknown_instrument(upon: HttpInteraction) -> Exercise:
    order = payout_order("pact-key-payout-no-instrument", "card_of_nobody")
    refuses(_asks_to_pay_out(upon, order), 400, "resource_missing")
    return rejected(lambda client: client.start_payout(order), "resource_missing")


@interaction("a payout of nothing")
def _nothing(upon: HttpInteraction) -> Exercise:
    order = payout_order("pact-key-payout-nothing", amount_minor=0)
    refuses(_asks_to_pay_out(upon, order), 400, "parameter_invalid_integer")
    return rejected(lambda client: client.start_payout(order), "parameter_invalid_integer")


@interaction("a payout by somebody who is no merchant", State(WRONG_SEAL, {"how": "another key"}))
def _stranger(upon: HttpInteraction) -> Exercise:
    order = payout_order("pact-key-payout-stranger")
    refuses(_asks_to_pay_out(upon, order), 401, "invalid_api_key")
    return rejected(lambda client: client.start_payout(order), "invalid_api_key")


@interaction("a look-up of a payout that never was")
def _absent(upon: HttpInteraction) -> Exercise:
    asks(upon, "GET", "/v1/payouts").with_query_parameter("idempotency_key", "pact-key-payout-absent")
    answers(upon, 200, {"data": []})

    async def work(client: IntentsClient) -> None:
        assert await client.find_payout("pact-key-payout-absent") is None

    return with_client(work)


def _looked_up_payout(
    description: str,
    key: str,
    status: str,
    state: str,
    *,
    code: str | None = None,
    destination: str = "card_ok",
    or_later: str = "",
) -> Any:
    """`or_later`: what else it may be, where nobody can hold it in its status until it is looked up."""

    @interaction(description, payout_state(key, status, destination))
    def declare(upon: HttpInteraction) -> Exercise:
        asks(upon, "GET", "/v1/payouts").with_query_parameter("idempotency_key", key)
        more = {} if code is None else {"failure_code": code}
        answers(upon, 200, {"data": [payout_object(f"{status}{or_later}", status, **more)]})

        async def work(client: IntentsClient) -> None:
            assert await client.find_payout(key) == PspPayment(PAYOUT, state, 100, "EUR", code)

        return with_client(work)

    return declare


@interaction("a cancellation of a payout that has not left", payout_state("pact-key-payout-cancel", "pending"))
def _cancel_payout(upon: HttpInteraction) -> Exercise:
    cancels(upon, "payouts", PAYOUT, "${payout}")
    answers(upon, 200, payout_object("canceled", "canceled"))

    async def work(client: IntentsClient) -> None:
        assert await client.cancel_payout(PAYOUT) == PspPayment(PAYOUT, "cancelled", 100, "EUR")

    return with_client(work)


@interaction("a cancellation of a payout that is paid", payout_state("pact-key-payout-late", "paid"))
def _cancel_payout_late(upon: HttpInteraction) -> Exercise:
    cancels(upon, "payouts", PAYOUT, "${payout}")
    refuses(upon, 400, "payout_unexpected_state")
    return rejected(lambda client: client.cancel_payout(PAYOUT), "payout_unexpected_state")


PAYOUTS = (
    _pay_out,
    _pay_out_again,
    _other_payout,
    _unknown_instrument,
    _nothing,
    _stranger,
    _absent,
    _looked_up_payout("a look-up of a paid payout", "pact-key-payout-paid", "paid", "paid"),
    _looked_up_payout(
        "a look-up of a payout that is on its way",
        "pact-key-payout-on-its-way",
        "in_transit",
        "in_transit",
        or_later="|paid",
    ),
    _looked_up_payout("a look-up of a cancelled payout", "pact-key-payout-canceled", "canceled", "cancelled"),
    _looked_up_payout(
        "a look-up of a payout that failed",
        "pact-key-payout-failed",
        "failed",
        "failed",
        code="could_not_process",
        destination="card_processing_error",
    ),
    _looked_up_payout(
        "a look-up of a payout that came back after it was paid",
        "pact-key-payout-returned",
        "failed",
        "failed",
        code="account_closed",
        destination="card_returns_payouts",
    ),
    _cancel_payout,
    _cancel_payout_late,
)
