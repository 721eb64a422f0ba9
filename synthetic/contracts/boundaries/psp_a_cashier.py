"""psp-a -> cashier: signed webhooks (https://docs.stripe.com/webhooks), sent by the simulator's own sender."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.psp_at_work import ATTEMPTS_MAX, PLAYER, SECRET, PspAtWork, intents_at_work
from synthetic.contracts.boundaries.psp_relay import Relay, Spoil, as_sent, with_other_bytes, without_signature
from synthetic.contracts.holes import filled, generators_of
from synthetic.contracts.interactions import Contract, Exercise, Interaction, State, interaction
from synthetic.contracts.matching import whole
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.switchboard import Switch

STILL_PSPS = "still_psps"
"""A need: the cashier's PSPs leave its payments alone, so that a state lasts until the pact's own webhook comes."""

_PATH = "/cashier/webhooks/psp-a"
_REFERENCE = "dep_1"
_UNKNOWN = "dep_of_nobody"
_SIGNATURE = whole(f"t=1800000000,v1={'0' * 64}", r"t=\d+,v1=[0-9a-f]{64}")
_EXAMPLES = {"deposit": _REFERENCE, "withdrawal": _REFERENCE, "player": PLAYER}

Template = Mapping[str, Any]
Work = Callable[[PspAtWork], Awaitable[None]]


def _metadata(reference: str) -> dict[str, str]:
    return {"reference": reference, "player": "${player}", "key": reference}


def _intent(status: str, **more: Any) -> Template:
    """What the cashier reads of a payment."""
    return {
        "id": "${payment}",
        "status": status,
        "amount": 100,
        "currency": "EUR",
        "metadata": _metadata("${deposit}"),
        **more,
    }


def _failed(code: str, decline_code: str) -> Template:
    failure = {"code": code, "decline_code": decline_code}
    return _intent("requires_payment_method", last_payment_error=failure)


def _payout(status: str, **more: Any) -> Template:
    """What the cashier reads of a payout."""
    return {**_intent(status), "metadata": _metadata("${withdrawal}"), **more}


def _event(kind: str, subject: Template) -> dict[str, Any]:
    return {"id": "evt_1", "type": kind, "data": {"object": dict(subject)}}


_SUCCEEDED = _event("payment_intent.succeeded", _intent("succeeded", amount_received=100))
_DECLINED = _event("payment_intent.payment_failed", _failed("card_declined", "do_not_honor"))
_PAID = _event("payout.paid", _payout("paid"))

_TOO_LITTLE = _event("payment_intent.succeeded", _intent("succeeded", amount_received=99))
_NOBODYS = {"reference": _UNKNOWN, "player": PLAYER, "key": _UNKNOWN}
_OF_NOBODY = _event("payment_intent.succeeded", _intent("succeeded", amount_received=100, id="pi_1", metadata=_NOBODYS))
_PAID_TO_NOBODY = _event("payout.paid", _payout("paid", id="po_1", metadata=_NOBODYS))


def _deposit(*told: Template) -> State:
    """A deposit that the cashier asked for, and that it has been told this of, in this order."""
    return State("a deposit", {"psp": "psp-a", "told": list(told)})


def _withdrawal(*told: Template) -> State:
    return State("a withdrawal", {"psp": "psp-a", "told": list(told)})


def _sends(upon: HttpInteraction, event: Template, ids: str) -> HttpInteraction:
    """What is sent: the PSP's own ids by their form, all else as it stands."""
    body = filled(event, {**_EXAMPLES, "payment": f"{ids}_1"})
    body["id"] = whole("evt_1", r"evt_\w+")
    body["data"]["object"]["id"] = whole(f"{ids}_1", rf"{ids}_\w+")
    upon.with_request("POST", _PATH).with_body(body, "application/json")
    return upon.with_generators({"body": generators_of(event)}, "Request")


def _exercise(
    event: Template,
    work: Work,
    *,
    status: int = 200,
    switches: tuple[Switch, ...] = (),
    spoil: Spoil = as_sent,
) -> Exercise:
    """Let the work happen at the PSP, until it has told of it: once where that is acknowledged, and again where it is not."""

    async def play(url: str) -> None:
        kind = event["type"]
        relay = Relay(url, lambda request: json.loads(request.body)["type"] == kind, event, spoil)
        with relay.serving() as relay_url:
            async with intents_at_work(relay_url + _PATH, *switches) as psp:
                await work(psp)
                logged = await psp.told(kind)
        assert (logged["status"], logged["attempts"]) == (status, 1 if status == 200 else ATTEMPTS_MAX)
        if status == 200:
            relay.check_seals(SECRET)

    return lambda url: asyncio.run(play(url))


async def _charge(psp: PspAtWork, method: str = "card_ok", reference: str = _REFERENCE) -> dict[str, Any]:
    body = {
        "amount": 100,
        "currency": "EUR",
        "payment_method": method,
        "confirm": True,
        "metadata": {"reference": reference, "player": PLAYER, "key": reference},
    }
    return await psp.post("/v1/payment_intents", body)


def _charges(method: str = "card_ok", reference: str = _REFERENCE) -> Work:
    async def work(psp: PspAtWork) -> None:
        await _charge(psp, method, reference)

    return work


def _pays_out(destination: str = "card_ok", reference: str = _REFERENCE) -> Work:
    async def work(psp: PspAtWork) -> None:
        metadata = {"reference": reference, "player": PLAYER, "key": reference}
        body = {"amount": 100, "currency": "EUR", "destination": destination, "metadata": metadata}
        await psp.post("/v1/payouts", body)

    return work


async def _refund(psp: PspAtWork) -> None:
    intent = await _charge(psp)
    await psp.comes_to(f"/v1/payment_intents/{intent['id']}", "status", "succeeded")
    await psp.post("/v1/refunds", {"payment_intent": intent["id"], "amount": 100})


def _told(
    description: str, event: Template, work: Work, *given: State, ids: str = "pi", switches: tuple[Switch, ...] = ()
) -> Interaction:
    """An event that the cashier acknowledges, whether or not it has a use for it."""

    @interaction(description, *given, needs=(STILL_PSPS,) if given else ())
    def declare(upon: HttpInteraction) -> Exercise:
        _sends(upon, event, ids).with_header("Stripe-Signature", _SIGNATURE).will_respond_with(200)
        return _exercise(event, work, switches=switches)

    return declare


def _forged(description: str, how: str, *switches: Switch, spoil: Spoil = as_sent) -> Interaction:
    """An event that is not obeyed, so that the PSP sends it again."""

    @interaction(description, State(WRONG_SEAL, {"how": how}))
    def declare(upon: HttpInteraction) -> Exercise:
        _sends(upon, _OF_NOBODY, "pi").will_respond_with(400)
        work = _charges(reference=_UNKNOWN)
        return _exercise(_OF_NOBODY, work, status=400, switches=switches, spoil=spoil)

    return declare


_DISPUTE = _event("charge.dispute.funds_withdrawn", {**_intent("lost"), "id": "dp_${deposit}"})

CONTRACT = Contract(
    "psp-a",
    "cashier",
    (
        _told("a captured payment", _SUCCEEDED, _charges(), _deposit()),
        _told("a captured payment, told again", _SUCCEEDED, _charges(), _deposit(_SUCCEEDED)),
        _told(
            "a captured payment of another amount than was asked for",
            _TOO_LITTLE,
            _charges(),
            _deposit(),
            switches=(Switch("captures_wrong"),),
        ),
        _told(
            "a payment that is captured after it was declined",
            _SUCCEEDED,
            _charges("card_3ds_late"),
            _deposit(_DECLINED),
        ),
        _told("a payment that the issuer declined", _DECLINED, _charges("card_do_not_honor"), _deposit()),
        _told(
            "a payment that the issuer declined, told again",
            _DECLINED,
            _charges("card_do_not_honor"),
            _deposit(_DECLINED),
        ),
        _told(
            "a payment that the PSP could not process",
            _event("payment_intent.payment_failed", _failed("processing_error", "processing_error")),
            _charges("card_processing_error"),
            _deposit(),
        ),
        _told(
            "a payment that waits for its holder",
            _event("payment_intent.requires_action", _intent("requires_action")),
            _charges("card_3ds_fail"),
            _deposit(),
        ),
        _told(
            "an old event about a payment that is captured",
            _event("payment_intent.processing", _intent("processing")),
            _charges(),
            _deposit(_SUCCEEDED),
            switches=(Switch("repeats_old_events"),),
        ),
        _told(
            "a refund of a payment",
            _event("charge.refunded", _intent("succeeded", amount_received=100)),
            _refund,
            _deposit(_SUCCEEDED),
        ),
        _told("a chargeback", _DISPUTE, _charges("card_disputed"), _deposit(_SUCCEEDED), ids="dp"),
        _told(
            "a chargeback, told again", _DISPUTE, _charges("card_disputed"), _deposit(_SUCCEEDED, _DISPUTE), ids="dp"
        ),
        _told("a captured payment that nobody asked for", _OF_NOBODY, _charges(reference=_UNKNOWN)),
        _told("a paid payout that nobody asked for", _PAID_TO_NOBODY, _pays_out(reference=_UNKNOWN), ids="po"),
        _told("a paid payout", _PAID, _pays_out(), _withdrawal(), ids="po"),
        _told("a paid payout, told again", _PAID, _pays_out(), _withdrawal(_PAID), ids="po"),
        _told(
            "a payout that failed before it was paid",
            _event("payout.failed", _payout("failed", failure_code="could_not_process")),
            _pays_out("card_processing_error"),
            _withdrawal(),
            ids="po",
        ),
        _told(
            "a payout that came back after it was paid",
            _event("payout.failed", _payout("failed", failure_code="account_closed")),
            _pays_out("card_returns_payouts"),
            _withdrawal(_PAID),
            ids="po",
        ),
        _forged("an event that is signed with another key", "another key", Switch("rotates_webhook_key")),
        _forged("an event whose signature is stale", "stale", Switch("skews_clock", params={"skew_s": -400})),
        _forged("an event whose signature is of the future", "ahead", Switch("skews_clock", params={"skew_s": 400})),
        _forged("an event without a signature", "missing", spoil=without_signature),
        _forged("an event whose bytes are not those that were signed", "another payload", spoil=with_other_bytes),
    ),
)
