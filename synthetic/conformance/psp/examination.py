"""The examination of one PSP: every law in its turn, and after each the money is brought home."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from synthetic.config.names import NOWHERE
from synthetic.conformance.examination import Examination, random_id, unheard
from synthetic.conformance.laws import Law, rule
from synthetic.conformance.playing import Prober
from synthetic.conformance.psp.inbox import Inbox
from synthetic.conformance.psp.merchant import Merchant, Terms
from synthetic.conformance.psp.tidying import give_back
from synthetic.conformance.ruling import Ruling
from synthetic.conformance.stories import exchange
from synthetic.core.effects import Http, HttpReply, TransportFault
from synthetic.core.errors import AuthorError, TargetUnreachable
from synthetic.core.money import Money
from synthetic.core.secrets import Redactor
from synthetic.core.wording import brief


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are at the PSP. `register_as`: a merchant that is made for us, by `PUT /_merchants/NAME` of the reference PSP."""

    api_key: str = field(repr=False)
    register_as: str = ""
    webhook_url: str = ""


class PspExamination(Examination[Merchant]):
    """Tries laws on one PSP. `hear` is told each ruling as it is made; `inbox` None: no webhook reaches us."""

    def __init__(
        self,
        prober: Prober,
        url: str,
        account: Account,
        terms: Terms,
        *,
        inbox: Inbox | None,
        redactor: Redactor,
        hear: Callable[[Ruling], None] = unheard,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        super().__init__(prober, url.rstrip("/"), "psp intents", redactor=redactor, hear=hear, new_id=new_id)
        self._account = account
        self._terms = terms
        self._inbox = inbox
        self._left: list[str] = []
        self._payouts = 0

    async def _begin(self) -> None:
        if self._account.register_as:
            await self._register()
        await self._check_known()

    async def _try(self, law: Law[Merchant]) -> Ruling:
        merchant = self._merchant()
        try:
            return await rule(self._prober, law, merchant)
        finally:
            self._payouts += len(merchant.payouts)
            self._left += await self._prober.play(give_back(merchant))
            self._knobs |= merchant.knobs

    def _merchant(self) -> Merchant:
        player = f"conformance-{self._new_id()}"
        return Merchant(self._url, self._account.api_key, self._terms, self._new_id, self._inbox, player)

    async def _register(self) -> None:
        """Be made a merchant of the PSP."""
        parts = urlsplit(self._url)
        secret = self._inbox.secret if self._inbox is not None else self._new_id()
        body = {
            "cell": self._account.register_as,
            "api_key": self._account.api_key,
            "webhook_url": self._account.webhook_url or "http://127.0.0.1:9/nobody",
            "webhook_secret": secret,
        }
        url = f"{parts.scheme}://{parts.netloc}/_merchants/{quote(self._account.register_as)}"
        headers = (("Content-Type", "application/json"),)
        said = await self._prober.play(exchange("register", Http("PUT", url, headers, json.dumps(body).encode())))
        if not isinstance(said.result, HttpReply) or said.result.status != 200:
            told = said.result.status if isinstance(said.result, HttpReply) else said.result.kind
            hint = "only the reference PSP makes merchants so; elsewhere give --key"
            raise AuthorError.at(NOWHERE, f"--register: {url} answered {told}", hint)

    async def _check_known(self) -> None:
        merchant = self._merchant()
        look = await self._prober.play(
            merchant.get(f"/payment_intents/{self._new_id()}", "look for a payment that is none")
        )
        if isinstance(look.exchange.result, TransportFault):
            raise TargetUnreachable(f"{self._url} does not answer: {look.told}")
        if look.status in (401, 403):
            raise AuthorError.at(
                NOWHERE, f"the PSP does not know us: {self._shown(look.told)}", "check --key and --url"
            )
        if not look.error:
            message = f"what {self._url} answers is not of style intents ({self._shown(look.told)})"
            raise AuthorError.at(
                NOWHERE, message, "check --url: it is what /payment_intents is below, such as https://.../v1"
            )

    async def _remarks(self) -> tuple[str, ...]:
        """What it cost, and what a person has to look after."""
        amount = self._terms.amount
        spent = Money(amount.minor * self._payouts, amount.currency)
        left = tuple(
            f"left open: payment {brief(self._redactor.redact(one), 200)} could neither be refunded nor cancelled"
            for one in self._left
        )
        rest = "every other payment" if left else "every payment"
        return (*left, f"paid out: at most {spent}, in {self._payouts} payouts; {rest} was refunded or cancelled")
