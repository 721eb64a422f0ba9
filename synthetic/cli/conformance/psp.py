"""`synthetic conformance psp`: the laws of a PSP, as a merchant tries them."""

from __future__ import annotations

import asyncio
import secrets as randomness
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import typer

from synthetic.cli.conformance import bounds
from synthetic.cli.conformance import psp_options as given_as
from synthetic.cli.conformance.options import Format, Secrets, checked_url, chosen_laws, money, seconds
from synthetic.cli.conformance.telling import hear, tell
from synthetic.config.names import NOWHERE
from synthetic.conformance.laws import Law
from synthetic.conformance.playing import Bounds, Prober
from synthetic.conformance.psp import LAWS
from synthetic.conformance.psp.examination import Account, PspExamination
from synthetic.conformance.psp.inbox import Inbox
from synthetic.conformance.psp.merchant import Merchant, Terms
from synthetic.conformance.psp.receiver import receiving
from synthetic.conformance.ruling import Report
from synthetic.core.errors import AuthorError
from synthetic.core.secrets import Redactor
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.tls import client_context

AMOUNT_MINOR, AMOUNT_LIMIT_MINOR = 100, 1000


def psp(
    *,
    url: given_as.Url,
    style: given_as.StyleOption = given_as.Style.INTENTS,
    key: given_as.Key = None,
    register: given_as.Register = None,
    encoding: given_as.EncodingOption = given_as.Encoding.JSON,
    currency: given_as.Currency = "EUR",
    amount: given_as.Amount = None,
    amount_limit: given_as.AmountLimit = None,
    card: given_as.Card = "card_ok",
    card_declined: given_as.CardDeclined = None,
    card_failing: given_as.CardFailing = None,
    payout_to: given_as.PayoutTo = None,
    webhook_listen: given_as.WebhookListen = "127.0.0.1:0",
    webhook_url: given_as.WebhookUrl = None,
    webhook_secret: given_as.WebhookSecret = None,
    settles_within: given_as.SettlesWithin = "10s",
    only: bounds.Only = None,
    timeout: bounds.Timeout = "10s",
    within: bounds.Within = "5m",
    requests_max: bounds.RequestsMax = 2000,
    ca_file: bounds.CaFile = None,
    format: bounds.FormatOption = Format.TEXT,  # noqa: A002 - the option's name
    out: bounds.Out = None,
) -> None:
    """Try the laws of a PSP as its merchant would: idempotency keys, states, refunds, payouts, report, webhooks.

    Makes small payments under fresh keys, and refunds or cancels each of them. Use a sandbox, or an account of your own.
    Exit: 0 no law is broken, 1 one is, 2 bad options, 3 the PSP can't be reached.
    """
    assert style is given_as.Style.INTENTS, "the only style that there is"
    laws = chosen_laws(
        LAWS, {name: law for law in LAWS for name in (law.name, str(law.number)) if name != "0"}, only or []
    )
    secrets = Secrets()
    redactor = Redactor()
    terms = Terms(
        amount=money(
            ("--amount", amount, AMOUNT_MINOR), ("--amount-limit", amount_limit, AMOUNT_LIMIT_MINOR), currency
        ),
        good=card,
        declined=card_declined,
        failing=card_failing,
        payout_to=payout_to,
        form_encoded=encoding is given_as.Encoding.FORM,
        timeout_s=seconds("--timeout", timeout),
        settles_within_s=seconds("--settles-within", settles_within),
    )
    order = _Order(
        url=checked_url("--url", url),
        api_key=redactor.taint(_api_key(key, register, secrets)),
        register_as=register or "",
        hook=_hook(webhook_listen, webhook_url, webhook_secret, secrets, register=bool(register)),
        terms=terms,
        redactor=redactor,
        bounds=Bounds(requests_max, seconds("--within", within)),
        ca_file=str(ca_file or ""),
    )
    raise typer.Exit(tell(_received(order, laws), format, out))


@dataclass(frozen=True, slots=True)
class _Hook:
    """Where webhooks are received, and under which address the PSP is told so (`""`: under ours)."""

    host: str
    port: int
    url: str
    secret: str = field(repr=False)

    @property
    def path(self) -> str:
        """The path that the PSP calls; a proxy in front of us is taken to keep it."""
        return (urlsplit(self.url).path or "/") if self.url else ""


@dataclass(frozen=True, slots=True)
class _Order:
    url: str
    api_key: str = field(repr=False)
    register_as: str
    hook: _Hook | None
    terms: Terms
    redactor: Redactor
    bounds: Bounds
    ca_file: str


def _received(order: _Order, laws: Sequence[Law[Merchant]]) -> Report:
    with _inbox(order) as (inbox, webhook_url):
        account = Account(order.api_key, order.register_as, webhook_url)
        return asyncio.run(_examine(order, account, inbox, laws))


@contextmanager
def _inbox(order: _Order) -> Iterator[tuple[Inbox | None, str]]:
    if order.hook is None:
        yield None, ""
        return
    inbox = Inbox(order.redactor.taint(order.hook.secret))
    with receiving(inbox, order.hook.host, order.hook.port, SystemClock(), path=order.hook.path) as here:
        yield inbox, order.hook.url or here


async def _examine(order: _Order, account: Account, inbox: Inbox | None, laws: Sequence[Law[Merchant]]) -> Report:
    async with Prober(order.url, order.bounds, tls=client_context(order.ca_file)) as prober:
        examination = PspExamination(
            prober, order.url, account, order.terms, inbox=inbox, redactor=order.redactor, hear=hear
        )
        return await examination.run(laws)


def _api_key(ref: str | None, register: str | None, secrets: Secrets) -> str:
    if ref is not None:
        return secrets.read("--key", ref)
    if register is None:
        hint = "give it as env:NAME or file:PATH; at the reference PSP --register NAME makes a merchant"
        raise AuthorError.at(NOWHERE, "--key is needed", hint)
    return randomness.token_urlsafe(24)


def _hook(listen: str, url: str | None, ref: str | None, secrets: Secrets, *, register: bool) -> _Hook | None:
    """None where no webhook can reach us: then nobody registered an address, or nobody gave its secret."""
    if not register and (url is None) != (ref is None):
        raise AuthorError.at(NOWHERE, "--webhook-url and --webhook-secret belong together", "give both, or none")
    if not register and ref is None:
        return None
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise AuthorError.at(NOWHERE, f"--webhook-listen: {listen!r} is not HOST:PORT", "such as 127.0.0.1:8099")
    secret = secrets.read("--webhook-secret", ref) if ref is not None else randomness.token_urlsafe(24)
    return _Hook(host.strip("[]"), int(port), "" if url is None else checked_url("--webhook-url", url), secret)
