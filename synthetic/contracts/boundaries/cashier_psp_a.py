"""cashier -> psp-a: payment intents, refunds and payouts (Stripe's API: https://docs.stripe.com/api/payment_intents)."""

from __future__ import annotations

from typing import Any

from pact import match
from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.cashier_as_client import answers, deposit_order
from synthetic.contracts.boundaries.cashier_psp_a_payouts import PAYOUTS
from synthetic.contracts.boundaries.intents_words import (
    INTENT,
    PENDING,
    REFUND,
    asks,
    asks_to_charge,
    cancels,
    intent_object,
    payment_state,
    refuses,
    rejected,
    with_client,
)
from synthetic.contracts.holes import body_from_state
from synthetic.contracts.interactions import Contract, Exercise, State, interaction
from synthetic.contracts.matching import one_of
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.cell.cashier.psp_clients.intents import IntentsClient
from synthetic.reference.cell.cashier.psp_clients.protocol import PspPayment, PspRefund


@interaction("a charge of a good card")
def _charge(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-charge")
    answers(asks_to_charge(upon, order), 200, intent_object(f"{PENDING}|succeeded", "processing"))

    async def work(client: IntentsClient) -> None:
        payment = await client.send_deposit(order)
        assert payment == PspPayment(INTENT, "pending", 100, "EUR")

    return with_client(work)


def _declined(code: str, instrument: str) -> Any:
    @interaction(f"a charge of a card that is declined with {code}")
    def declare(upon: HttpInteraction) -> Exercise:
        order = deposit_order(f"pact-key-declined-{code.replace('_', '-')}", instrument)
        failure = {"code": "card_declined", "decline_code": code}
        intent = intent_object("requires_payment_method", "requires_payment_method", last_payment_error=failure)
        error = {"type": "card_error", **failure, "payment_intent": intent}
        answers(asks_to_charge(upon, order), 402, {"error": error})

        async def work(client: IntentsClient) -> None:
            assert await client.send_deposit(order) == PspPayment(INTENT, "declined", 100, "EUR", code)

        return with_client(work)

    return declare


@interaction("a charge that wants the holder to prove that it is he")
def _three_ds(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-three-ds", "card_3ds_ok")
    answers(asks_to_charge(upon, order), 200, intent_object("requires_action", "requires_action"))

    async def work(client: IntentsClient) -> None:
        assert await client.send_deposit(order) == PspPayment(INTENT, "pending", 100, "EUR")

    return with_client(work)


@interaction("a charge that is sent again", payment_state("pact-key-again", "succeeded"))
def _replay(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-again")
    body = intent_object(f"{PENDING}|succeeded", "processing")
    answers(asks_to_charge(upon, order), 200, body | {"id": INTENT})
    upon.with_generators(body_from_state({"$.id": "${payment}"}), "Response")

    async def work(client: IntentsClient) -> None:
        assert (await client.send_deposit(order)).psp_reference == INTENT

    return with_client(work)


@interaction("a charge under a key of another charge", payment_state("pact-key-taken", "succeeded"))
def _other_charge(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-taken", amount_minor=200)
    refuses(asks_to_charge(upon, order), 400, "idempotency_error")
    return rejected(lambda client: client.send_deposit(order), "idempotency_error")


@interaction("a charge of an instrument that nobody issued")
def _unknown_instrument(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-no-instrument", "card_of_nobody")
    refuses(asks_to_charge(upon, order), 400, "resource_missing")
    return rejected(lambda client: client.send_deposit(order), "resource_missing")


@interaction("a charge of nothing")
def _nothing(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-nothing", amount_minor=0)
    refuses(asks_to_charge(upon, order), 400, "parameter_invalid_integer")
    return rejected(lambda client: client.send_deposit(order), "parameter_invalid_integer")


@interaction("a charge by somebody who is no merchant", State(WRONG_SEAL, {"how": "another key"}))
def _stranger(upon: HttpInteraction) -> Exercise:
    order = deposit_order("pact-key-stranger")
    refuses(asks_to_charge(upon, order), 401, "invalid_api_key")
    return rejected(lambda client: client.send_deposit(order), "invalid_api_key")


def _looked_up(description: str, key: str, status: str, state: str, method: str = "card_ok", **more: Any) -> Any:
    code = more.get("last_payment_error", {}).get("decline_code")
    confirm = status != "canceled"  # what is confirmed may be captured before it is cancelled

    @interaction(description, payment_state(key, status, method=method, confirm=confirm))
    def declare(upon: HttpInteraction) -> Exercise:
        asks(upon, "GET", "/v1/payment_intents").with_query_parameter("idempotency_key", key)
        answers(upon, 200, {"data": [intent_object(status, status, **more)]})

        async def work(client: IntentsClient) -> None:
            assert await client.find_deposit(key) == PspPayment(INTENT, state, 100, "EUR", code)

        return with_client(work)

    return declare


@interaction("a look-up of a payment that never was")
def _absent(upon: HttpInteraction) -> Exercise:
    asks(upon, "GET", "/v1/payment_intents").with_query_parameter("idempotency_key", "pact-key-absent")
    answers(upon, 200, {"data": []})

    async def work(client: IntentsClient) -> None:
        assert await client.find_deposit("pact-key-absent") is None

    return with_client(work)


@interaction(
    "a cancellation of a payment that is not captured",
    payment_state("pact-key-cancel", "requires_confirmation", confirm=False),
)
def _cancel(upon: HttpInteraction) -> Exercise:
    cancels(upon, "payment_intents", INTENT, "${payment}")
    answers(upon, 200, intent_object("canceled", "canceled"))

    async def work(client: IntentsClient) -> None:
        assert await client.cancel_deposit(INTENT) == PspPayment(INTENT, "cancelled", 100, "EUR")

    return with_client(work)


@interaction("a cancellation of a payment that is captured", payment_state("pact-key-cancel-late", "succeeded"))
def _cancel_late(upon: HttpInteraction) -> Exercise:
    cancels(upon, "payment_intents", INTENT, "${payment}")
    refuses(upon, 400, "payment_intent_unexpected_state")
    return rejected(lambda client: client.cancel_deposit(INTENT), "payment_intent_unexpected_state")


def _asks_to_refund(upon: HttpInteraction, amount_minor: int, key: str) -> HttpInteraction:
    asks(upon, "POST", "/v1/refunds", {"payment_intent": INTENT, "amount": amount_minor}, key)
    return upon.with_generators(body_from_state({"$.payment_intent": "${payment}"}))


def _refund(description: str, key: str, given: State) -> Any:
    @interaction(description, given)
    def declare(upon: HttpInteraction) -> Exercise:
        _asks_to_refund(upon, 100, key)
        refund = {"id": match.regex(REFUND, regex=r"re_\w+"), "status": one_of("succeeded", "pending"), "amount": 100}
        if given.name == "a refunded payment":
            answers(upon, 200, refund | {"id": REFUND})
            upon.with_generators(body_from_state({"$.id": "${refund}"}), "Response")
        else:
            answers(upon, 200, refund)

        async def work(client: IntentsClient) -> None:
            assert await client.refund_deposit(INTENT, 100, "EUR", key) == PspRefund(REFUND, 100)

        return with_client(work)

    return declare


def _refused_refund(description: str, key: str, amount_minor: int, code: str, given: State) -> Any:
    @interaction(description, given)
    def declare(upon: HttpInteraction) -> Exercise:
        refuses(_asks_to_refund(upon, amount_minor, key), 400, code)
        return rejected(lambda client: client.refund_deposit(INTENT, amount_minor, "EUR", key), code)

    return declare


def _refunded(key: str, refund_key: str) -> State:
    return State("a refunded payment", {**payment_state(key, "succeeded").params, "refund_key": refund_key})


@interaction("a refund of a payment that never was")
def _refund_of_nothing(upon: HttpInteraction) -> Exercise:
    body = {"payment_intent": "pi_ofnobody", "amount": 100}
    refuses(asks(upon, "POST", "/v1/refunds", body, "pact-key-refund-nothing"), 404, "resource_missing")
    return rejected(
        lambda client: client.refund_deposit("pi_ofnobody", 100, "EUR", "pact-key-refund-nothing"), "resource_missing"
    )


def _not_authenticated(why: str) -> dict[str, Any]:
    return {"last_payment_error": {"code": "card_declined", "decline_code": f"authentication_{why}"}}


_FAILURE = {"last_payment_error": {"code": "processing_error", "decline_code": "processing_error"}}

CONTRACT = Contract(
    "cashier",
    "psp-a",
    (
        _charge,
        _declined("insufficient_funds", "card_insufficient_funds"),
        _declined("do_not_honor", "card_do_not_honor"),
        _declined("card_velocity_exceeded", "card_exhausted"),
        _three_ds,
        _replay,
        _other_charge,
        _unknown_instrument,
        _nothing,
        _stranger,
        _looked_up(
            "a look-up of a captured payment", "pact-key-captured", "succeeded", "succeeded", amount_received=100
        ),
        _looked_up(
            "a look-up of a payment that the PSP could not process",
            "pact-key-failed",
            "requires_payment_method",
            "failed",
            "card_processing_error",
            **_FAILURE,
        ),
        _looked_up(
            "a look-up of a payment whose holder failed to prove that it is he",
            "pact-key-three-ds-failed",
            "requires_payment_method",
            "declined",
            "card_3ds_fail",
            **_not_authenticated("failed"),
        ),
        _looked_up(
            "a look-up of a payment whose holder went away",
            "pact-key-three-ds-abandoned",
            "requires_payment_method",
            "declined",
            "card_3ds_abandon",
            **_not_authenticated("abandoned"),
        ),
        _looked_up("a look-up of a cancelled payment", "pact-key-looked-up-canceled", "canceled", "cancelled"),
        _absent,
        _cancel,
        _cancel_late,
        _refund("a refund of a captured payment", "pact-key-refund", payment_state("pact-key-to-refund", "succeeded")),
        _refund(
            "a refund that is sent again",
            "pact-key-refund-again",
            _refunded("pact-key-refunded-once", "pact-key-refund-again"),
        ),
        _refused_refund(
            "a refund under a key of another refund",
            "pact-key-refund-taken",
            50,
            "idempotency_error",
            _refunded("pact-key-refunded-taken", "pact-key-refund-taken"),
        ),
        _refund_of_nothing,
        _refused_refund(
            "a refund of more than was captured",
            "pact-key-refund-more",
            200,
            "amount_too_large",
            payment_state("pact-key-to-refund-more", "succeeded"),
        ),
        _refused_refund(
            "a second refund of a payment",
            "pact-key-refund-second",
            100,
            "charge_already_refunded",
            _refunded("pact-key-refunded", "pact-key-refund-first"),
        ),
        *PAYOUTS,
    ),
)
