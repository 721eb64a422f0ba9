"""The examination of a PSP: all held on the reference PSP, exactly the broken ones on each mutation of it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from starlette.middleware.base import BaseHTTPMiddleware

from synthetic.conformance.playing import Bounds, Prober
from synthetic.conformance.psp import LAWS
from synthetic.conformance.psp.examination import Account, PspExamination
from synthetic.conformance.psp.inbox import Inbox
from synthetic.conformance.psp.merchant import Terms
from synthetic.conformance.psp.receiver import receiving
from synthetic.conformance.rendering import text
from synthetic.conformance.ruling import Report, Standing
from synthetic.core.errors import AuthorError
from synthetic.core.money import Money
from synthetic.core.secrets import Redactor
from synthetic.drivers.clocks import SystemClock
from synthetic.reference.psp.intents import PSP_INTENTS_SWITCHES, build_intents_psp
from synthetic.reference.psp.webhooks import DeliveryPolicy
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.tests.conformance.bad_psps import MUTATIONS, Mutation
from synthetic.tests.conformance.marking import one_a_law
from synthetic.tests.reference.psp.running import RunningPsp, ServedPsp, served_psp
from synthetic.tests.reference.psp.serving import serving
from synthetic.tests.representative import one_in

ALL = {law.name for law in LAWS}
BREAKS: dict[str, set[str]] = {
    "prunes_keys": {"same-key-pays-once", "refusal-is-stored", "concurrent-key"},
    "answers_200_with_error": {"success-has-its-object"},
    "answers_200_unreadable": {"success-has-its-object"},
    "captures_wrong": {"report-equals-done"},
    "withholds_webhooks": {"webhook-comes"},
    "rotates_webhook_key": {"webhook-is-signed"},
    "skews_clock": {"webhook-is-signed"},
    # What is legal for a PSP, or its customers' business: then a law holds, or says that it can't be tried.
    "duplicates_webhooks": set(),
    "delays_webhooks": set(),
    "repeats_old_events": set(),
    "reverses_payouts": set(),
    "times_out_after_capture": set(),
    "declines_bin": set(),
    "hangs_in_3ds": set(),
    "answers_500": set(),
}
"""Each switch of the reference PSP, and exactly the laws that it breaks."""
PARAMS = {"delays_webhooks": {"delay_s": 0.8}}
IN_VAIN = {"answers_200_unreadable", "hangs_in_3ds", "withholds_webhooks"}
"""With these, most laws wait for what never comes."""
QUICK = {"api-key", "invalid-is-not-stored", "success-has-its-object"}
"""Laws that nothing has to be waited for."""
PATIENT = DeliveryPolicy(backoff_s=(0.02, 0.04, 0.08, 0.16))
"""Delivers as patiently as a real PSP, only faster."""


@pytest.fixture(scope="module")
def psp() -> Iterator[ServedPsp]:
    """The reference PSP."""
    with served_psp("intents", delivery=PATIENT) as served:
        yield served


@pytest.fixture(autouse=True)
def no_switch_is_thrown(psp: ServedPsp) -> Iterator[None]:
    """Each test throws its own."""
    psp.board.clear()
    yield
    psp.board.clear()


def examine(
    psp: ServedPsp, only: Iterable[str] = (), *, hooked: bool = True, inbox: Inbox | None = None, **terms: Any
) -> Report:
    """Try the laws of these names, all where none is given, as a merchant of its own."""
    return examine_at(psp.url, only, hooked=hooked, inbox=inbox, **terms)


def examine_at(
    url: str, only: Iterable[str] = (), *, hooked: bool = True, inbox: Inbox | None = None, **terms: Any
) -> Report:
    """The same at an address."""
    inbox = inbox or Inbox(secrets.token_urlsafe(16))
    given: dict[str, Any] = {
        "declined": "card_insufficient_funds",
        "failing": "card_processing_error",
        "payout_to": "card_ok",
        "settles_within_s": 2.2,
    }
    with receiving(inbox, "127.0.0.1", 0, SystemClock()) as webhook_url:
        account = Account(secrets.token_urlsafe(16), f"m-{secrets.token_hex(4)}", webhook_url)
        chosen = Terms(Money(100, "EUR"), "card_ok", **(given | terms))
        return asyncio.run(_examine(url, account, chosen, inbox if hooked else None, set(only)))


async def _examine(url: str, account: Account, terms: Terms, inbox: Inbox | None, only: set[str]) -> Report:
    prober = Prober(url, Bounds(2000))
    redactor = Redactor()
    redactor.taint(account.api_key)
    examination = PspExamination(prober, f"{url}/v1", account, terms, inbox=inbox, redactor=redactor)
    try:
        return await examination.run([law for law in LAWS if not only or law.name in only])
    finally:
        await prober.aclose()


def names(report: Report, standing: Standing) -> set[str]:
    """The names of the laws with this standing."""
    return {ruling.name for ruling in report.having(standing)}


def test_the_reference_psp_holds_every_law(psp: ServedPsp) -> None:
    """Nothing broken, and nothing that could not be tried."""
    report = examine(psp)
    assert names(report, Standing.HELD) == ALL, text(report)
    assert not any("left open" in remark for remark in report.remarks)


@pytest.mark.slow
@pytest.mark.parametrize("switch", one_in(3, BREAKS))
def test_a_mutated_psp_breaks_exactly_its_laws(psp: ServedPsp, switch: str) -> None:
    """Neither fewer nor more."""
    psp.board.throw(Switch(switch, params=PARAMS.get(switch, {})))
    report = examine(psp, settles_within_s=1.0 if switch in IN_VAIN else 2.2)
    assert names(report, Standing.BROKEN) == BREAKS[switch], text(report)


@pytest.mark.parametrize("switch", one_a_law(BREAKS))
def test_a_defect_is_caught_and_its_neighbours_are_not_blamed(psp: ServedPsp, switch: str) -> None:
    """The short form of the claim above: among a few laws that each switch leaves alone."""
    psp.board.throw(Switch(switch))
    report = examine(psp, BREAKS[switch] | QUICK, settles_within_s=1.0)
    assert names(report, Standing.BROKEN) == BREAKS[switch], text(report)


def test_the_table_has_every_switch_of_the_psp() -> None:
    """A new fault of the reference PSP comes with what it breaks."""
    assert set(PSP_INTENTS_SWITCHES) == set(BREAKS)


@pytest.mark.slow
@pytest.mark.parametrize("name", one_in(3, MUTATIONS))
def test_each_law_has_a_psp_that_breaks_it(name: str) -> None:
    """A law that nothing can break proves nothing: here are PSPs that are wrong in one way each."""
    mutation = MUTATIONS[name]
    with behind(mutation) as url:
        report = examine_at(url)
    assert names(report, Standing.BROKEN) == set(mutation.breaks), text(report)


@pytest.mark.slow
@pytest.mark.parametrize("name", one_a_law({name: mutation.breaks for name, mutation in MUTATIONS.items()}))
def test_a_psp_that_is_wrong_in_one_way_is_caught(name: str) -> None:
    """The short form of the claim above."""
    mutation = MUTATIONS[name]
    with behind(mutation) as url:
        report = examine_at(url, mutation.breaks | QUICK, settles_within_s=1.0)
    assert names(report, Standing.BROKEN) == set(mutation.breaks), text(report)


@contextmanager
def behind(mutation: Mutation) -> Iterator[str]:
    """The reference PSP behind a gateway that is wrong in one way."""
    app = build_intents_psp("psp", Switchboard(PSP_INTENTS_SWITCHES), delivery=PATIENT)
    app.add_middleware(BaseHTTPMiddleware, dispatch=mutation.dispatch())
    with serving(app) as url:
        yield url


def test_a_psp_that_gives_up_at_the_first_refusal_breaks_its_law() -> None:
    """An event that was answered 500 and never came again."""
    laws = {"webhook-comes", "webhook-is-signed", "webhook-is-repeated", "webhook-agrees"}
    with served_psp("intents", delivery=DeliveryPolicy(backoff_s=())) as once:
        report = examine(once, laws, settles_within_s=1.0)
    assert names(report, Standing.BROKEN) == {"webhook-is-repeated"}, text(report)


class Rewritten(Inbox):
    """Webhooks that tell another amount than the API."""

    def take(self, raw: bytes, headers: Mapping[str, str], at_s: float) -> int:
        return super().take(raw.replace(b'"amount": 100', b'"amount": 99'), headers, at_s)


def test_an_event_that_differs_from_the_api_breaks_its_law(psp: ServedPsp) -> None:
    """And its signature is no longer that of its body."""
    report = examine(psp, {"webhook-comes", "webhook-is-signed", "webhook-agrees"}, inbox=Rewritten("whsec"))
    assert names(report, Standing.BROKEN) == {"webhook-agrees", "webhook-is-signed"}, text(report)


def test_every_law_is_broken_by_something() -> None:
    """By a switch, by a mutation, or by the two tests above."""
    broken = set().union(*BREAKS.values(), *(mutation.breaks for mutation in MUTATIONS.values()))
    assert {"webhook-is-repeated", "webhook-agrees"} | broken == ALL


def test_what_was_not_given_is_not_testable_and_not_held(psp: ServedPsp) -> None:
    """No declined card, no failing one, nobody to pay out to, no webhook: each says which option is missing."""
    report = examine(psp, hooked=False, declined=None, failing=None, payout_to=None)
    assert names(report, Standing.BROKEN) == set(), text(report)
    reasons = {ruling.name: ruling.message for ruling in report.having(Standing.NOT_TESTABLE)}
    assert {"--card-declined" in reasons["decline-returns"], "--card-failing" in reasons["late-failure-returns"]} == {
        True
    }
    assert "--payout-to" in reasons["payout-life"]
    assert "--webhook-url" in reasons["webhook-is-signed"]


def test_every_payment_is_given_back(psp: ServedPsp) -> None:
    """The report of the merchant has a refund for every capture, over all players."""
    inbox = Inbox("whsec")
    with receiving(inbox, "127.0.0.1", 0, SystemClock()) as webhook_url, psp.as_merchant("m-tidy") as merchant:
        account = Account("key-m-tidy", "m-tidy", webhook_url)
        asyncio.run(
            _examine(psp.url, account, Terms(Money(100, "EUR"), "card_ok"), inbox, {"same-key-pays-once", "ends-stay"})
        )
        entries = merchant.get("/v1/report")["entries"]
    sums = {kind: sum(entry["amount"] for entry in entries if entry["kind"] == kind) for kind in ("capture", "refund")}
    assert sums == {"capture": 200, "refund": 200}


def test_an_examination_that_is_interrupted_gives_its_payments_back(psp: ServedPsp) -> None:
    """Ctrl-C while the PSP hangs after it has captured: the payment is found by its key, and refunded."""

    async def interrupt(account: Account, merchant: RunningPsp) -> None:
        terms = Terms(Money(100, "EUR"), "card_ok")
        examining = asyncio.create_task(_examine(psp.url, account, terms, None, {"ends-stay", "same-key-pays-once"}))
        deadline_s = time.monotonic() + 30
        while not await asyncio.to_thread(lambda: merchant.get("/v1/report")["entries"]):
            assert time.monotonic() < deadline_s, "no payment was captured"
            await asyncio.sleep(0.01)
        examining.cancel()
        with suppress(asyncio.CancelledError):
            await examining
        assert examining.cancelled()

    with psp.as_merchant("m-interrupted") as merchant:
        psp.board.throw(Switch("times_out_after_capture"))
        asyncio.run(interrupt(Account("key-m-interrupted"), merchant))
        entries = merchant.get("/v1/report")["entries"]
    assert [entry["kind"] for entry in entries] == ["capture", "refund"]


def test_the_api_key_never_reaches_the_report(psp: ServedPsp) -> None:
    """The Authorization header is masked, and so is the key wherever an answer repeats it."""
    psp.board.throw(Switch("answers_200_with_error"))
    told = text(examine(psp, {"success-has-its-object"}))
    assert "BROKEN success-has-its-object" in told
    assert "> Authorization: ***" in told
    assert "> Idempotency-Key: " in told


def test_a_wrong_api_key_is_the_operators_mistake(psp: ServedPsp) -> None:
    """Nothing is tried where the PSP does not know us."""
    with pytest.raises(AuthorError, match="does not know us"):
        asyncio.run(_examine(psp.url, Account("a wrong key"), Terms(Money(100, "EUR"), "card_ok"), None, set()))


def test_webhooks_are_received_on_their_path_only(psp: ServedPsp) -> None:
    """Nobody who scans the port can fill the inbox, and no body may be larger than the limit."""
    import httpx

    from synthetic.reference.tls import client_tls

    inbox = Inbox("whsec")
    with (
        receiving(inbox, "127.0.0.1", 0, SystemClock()) as url,
        httpx.Client(verify=client_tls(), trust_env=False) as client,
    ):
        assert client.post(url.rsplit("/", 1)[0], content=b"{}").status_code == 404
        assert client.post(url, content=b"x" * (256 * 1024 + 1)).status_code == 413
        assert client.post(url, content=b"not an event").status_code == 200
    assert [delivery.raw for delivery in inbox.all()] == [b"not an event"]
