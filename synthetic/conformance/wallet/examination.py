"""The examination of one wallet: every law in its turn, and after each the money is brought home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from synthetic.config.names import NOWHERE
from synthetic.conformance.dialects.protocol import Dialect, Reason
from synthetic.conformance.examination import Examination, random_id, unheard
from synthetic.conformance.laws import Law, broken, rule
from synthetic.conformance.playing import Prober
from synthetic.conformance.ruling import Ruling, Standing
from synthetic.conformance.stories import Breach, NotTestable
from synthetic.conformance.wallet.provider import Given, Provider, Said
from synthetic.core.effects import HttpReply, TransportFault
from synthetic.core.errors import AuthorError, TargetUnreachable
from synthetic.core.money import Money
from synthetic.core.secrets import Redactor

EVERY_BET_ENDS = 17
UNRELIABLE = "it is judged by the balance that the wallet tells, which does not follow its transactions (invariant 9)"
STAKES_NEEDED = 20  # a storm that is debited sixteen times, and a few more


class WalletExamination(Examination[Provider]):
    """Tries laws on one wallet. `hear` is told each ruling as it is made."""

    def __init__(
        self,
        prober: Prober,
        dialect: Dialect,
        url: str,
        given: Given,
        *,
        redactor: Redactor,
        hear: Callable[[Ruling], None] = unheard,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        super().__init__(prober, url, f"wallet {dialect.name}", redactor=redactor, hear=hear, new_id=new_id)
        self._dialect = dialect
        self._given = given
        self._before: dict[str, Money] = {}
        self._left_open: list[Said] = []
        self._untestable = ""

    async def _begin(self) -> None:
        """Know what each player has. Raises TargetUnreachable, and AuthorError where not even a balance is told to us."""
        for who, provider in self._seats().items():
            self._before[who] = await self._first_balance(who, provider)

    async def _try(self, law: Law[Provider]) -> Ruling:
        provider = Provider(self._dialect, self._url, self._given, self._new_id)
        left: tuple[Said, ...] = ()
        try:
            why = self._dialect.untestable.get(law.number, self._untestable)
            ruled = await rule(self._prober, law, provider, untestable=why)
        finally:
            left = await self._prober.play(provider.settle_all())
            self._left_open += left
        self._knobs |= provider.knobs
        if provider.balance_is_unreliable:
            self._untestable = UNRELIABLE
        return _judged_by_what_is_left(ruled, left) if law.number == EVERY_BET_ENDS else ruled

    def _seats(self) -> dict[str, Provider]:
        seats = {"player": self._given.seat} | ({"second player": self._given.second} if self._given.second else {})
        return {
            who: Provider(self._dialect, self._url, replace(self._given, seat=seat), self._new_id)
            for who, seat in seats.items()
            if seat is not None
        }

    async def _first_balance(self, who: str, provider: Provider) -> Money:
        said = await self._prober.play(provider.balance())
        stake = self._given.stake
        match said.exchange.result:
            case TransportFault() as fault:
                raise TargetUnreachable(f"{self._url} does not answer: {fault.kind}: {fault.detail}")
            case HttpReply() if said.refused:
                hint = "check --key" if said.answer.reason is Reason.SIGNATURE else "check --player, --token and --key"
                message = f"the wallet refuses to tell the balance of the {who}: {self._shown(said.told)}"
                raise AuthorError.at(NOWHERE, message, hint)
            case HttpReply() if said.answer.balance is None:
                shown = self._shown(said.told)
                message = f"the wallet's answer to a balance call is none of dialect {self._dialect.name} ({shown})"
                hint = "check --url and --dialect; the URL is what the dialect's paths are below"
                raise AuthorError.at(NOWHERE, message, hint)
        balance = said.answer.balance
        assert balance is not None, "what else a reply can be was refused above"
        needed = Money(stake.minor * STAKES_NEEDED, stake.currency)
        if balance < needed:
            message = f"the {who} has {balance}; an examination with stakes of {stake} needs {needed}"
            raise AuthorError.at(NOWHERE, message, "give the account more money, or a smaller --stake")
        return balance

    async def _cost(self) -> str:
        """What it cost, for the sum of both players."""
        total = Money(0, self._given.stake.currency)
        for who, provider in self._seats().items():
            try:
                total = total + self._before[who] - await self._prober.play(provider.cash())
            except NotTestable as reason:
                return f"net cost unknown: {self._shown(str(reason))}"
        if total.minor < 0:
            return f"net cost: none; the wallet gave {-total} too much"
        return f"net cost: {total}"

    async def _remarks(self) -> tuple[str, ...]:
        return (*self._open_remarks(), await self._cost())

    def _open_remarks(self) -> tuple[str, ...]:
        """The bets that nobody could close; a person has to."""
        return tuple(
            f"{'left open' if left.refused else 'perhaps left open, as no answer tells'}: "
            + self._redactor.redact(left.exchange.request.body.decode())
            for left in self._left_open
        )


def _judged_by_what_is_left(ruled: Ruling, left: tuple[Said, ...]) -> Ruling:
    """Invariant 17 is also broken by a bet that the wallet would not end; where it only does not say so, nobody can tell."""
    refused = [said.exchange for said in left if said.refused]
    if ruled.standing is not Standing.HELD or not left:
        return ruled
    if refused:
        return broken(ruled, Breach("a bet could neither be rolled back nor settled", tuple(refused[:1])))
    message = f"whether a bet was rolled back is unknown: {left[0].told}"
    return replace(ruled, standing=Standing.NOT_TESTABLE, message=message, missed=True)
