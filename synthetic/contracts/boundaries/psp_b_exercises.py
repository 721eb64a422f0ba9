"""How psp-b is exercised as the consumer of a cashier: its own code makes the call, and goes on by the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from pact import match
from pact.interaction import HttpInteraction

from synthetic.contracts.boundaries.psp_a_cashier import STILL_PSPS
from synthetic.contracts.boundaries.psp_at_work import ATTEMPTS_MAX, PLAYER, SECRET, PspAtWork, notifications_at_work
from synthetic.contracts.boundaries.psp_b_calls import Call, Template
from synthetic.contracts.boundaries.psp_relay import (
    AUTH_CODE,
    Relay,
    Spoil,
    as_sent,
    with_other_bytes,
    without_signature,
)
from synthetic.contracts.holes import filled, generators_of
from synthetic.contracts.interactions import Exercise, Interaction, State, interaction
from synthetic.contracts.matching import whole
from synthetic.contracts.states import WRONG_SEAL
from synthetic.reference.switchboard import Switch

_PATH = "/cashier/webhooks/psp-b"
REFERENCE = "dep_1"
_TX = "f00d"
_EXAMPLES = {
    "deposit": REFERENCE,
    "withdrawal": REFERENCE,
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
YES = {"success": True}
CAN_PAY = {"success": True, "authCode": whole(AUTH_CODE, r"\S+")}


def deposit(*told: Call, **asked: Any) -> State:
    """A deposit that the cashier asked for, and about which these calls were made, in this order."""
    return State("a deposit", {"psp": "psp-b", "told": [call.as_told() for call in told], **asked})


def withdrawal(*told: Call, **asked: Any) -> State:
    """A withdrawal that the cashier asked for; the same."""
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
            "merchantTxId": REFERENCE,
            "userId": PLAYER,
            "amount": "1.00",
            "currency": "EUR",
            "instrument": instrument,
            "attributes": {"reference": REFERENCE},
        }
        with relay.serving() as relay_url:
            async with notifications_at_work(relay_url + _PATH, *switches) as psp:
                placed = await psp.post(f"/api/{call.kind}s", body)
                await ending(psp, f"/api/transactions/{placed['txId']}", relay)
                assert (await psp.told(call.logged_as))["attempts"] == attempts
        if attempts == 1:
            relay.check_seals(SECRET)

    return lambda url: asyncio.run(play(url))


def ends(state: str, code: str | None = None) -> Ending:
    """The transaction comes to this state, for this reason."""

    async def ending(psp: PspAtWork, path: str, _relay: Relay) -> None:
        assert (await psp.comes_to(path, "state", state))["statusCode"] == code

    return ending


async def brings_the_code(psp: PspAtWork, path: str, relay: Relay) -> None:
    """The transaction is paid, and the transfer has the code that was given."""
    await psp.comes_to(path, "state", "successful")
    kind = (await psp.get(path))["type"]
    await psp.told(f"{kind}.transfer")
    transfer = next(one for one in relay.arrived if one.request.path.endswith("/transfer"))
    assert transfer.body["authCode"] == AUTH_CODE


def answered(
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


def refused(description: str, call: Call, code: str, ending: Ending, *given: State, **how: Any) -> Interaction:
    """A call that the cashier refuses, with this code."""
    return answered(description, call, {"success": False, "errCode": code}, ending, *given, **how)


def forged(call: Call, ending: Ending, instrument: str = "card_ok") -> tuple[Interaction, ...]:
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
