"""Examining the wallet of a running cell, as a game provider with its keys and everything that the laws need."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from synthetic.conformance.dialects import DIALECTS
from synthetic.conformance.dialects.protocol import Seat
from synthetic.conformance.playing import Bounds, Prober
from synthetic.conformance.ruling import Report, Standing
from synthetic.conformance.wallet import LAWS
from synthetic.conformance.wallet.examination import WalletExamination
from synthetic.conformance.wallet.provider import Given
from synthetic.core.money import Money
from synthetic.core.secrets import Redactor
from synthetic.tests.reference.cell.running import WALLET_SECRET, RunningCell, provider_key

STAKE = Money(10, "EUR")
DIALECT_NAMES = ("hub88", "softswiss")
UNTESTABLE = {"hub88": {16}, "softswiss": {25}}
"""What the dialect has no words for."""


@dataclass(frozen=True)
class Examined:
    """A wallet under examination."""

    url: str
    dialect: str
    key: str
    given: Given

    def examine(self, only: Iterable[int] = (), bounds: Bounds | None = None) -> Report:
        """Try the laws of these numbers; all of them where none is given."""
        return asyncio.run(self.examining(set(only), bounds))

    async def examining(self, only: set[int], bounds: Bounds | None = None) -> Report:
        """The same, on a loop."""
        prober = Prober(self.url, bounds or Bounds())
        redactor = Redactor()
        redactor.taint(self.key)
        redactor.taint(self.given.seat.token)
        dialect = DIALECTS[self.dialect](self.key)
        examination = WalletExamination(prober, dialect, self.url, self.given, redactor=redactor)
        try:
            return await examination.run([law for law in LAWS if not only or law.number in only])
        finally:
            await prober.aclose()


def wallet_of(cell: RunningCell, dialect: str, *, retry_window_s: float | None = 0.2) -> Examined:
    """The cell's wallet, with live sessions of Ada and Bob, and one of Ada's that has expired."""
    letter = {"hub88": "a", "softswiss": "b"}[dialect]
    provider = f"provider-{letter}"
    ada, bob = (Seat(name, cell.open_game(name, provider), "dice", "EUR") for name in ("ada", "bob"))
    return Examined(
        url=f"{cell.client.base_url}/wallet/{letter}".replace("//wallet", "/wallet"),
        dialect=dialect,
        key=private_pem() if letter == "a" else WALLET_SECRET,
        given=Given(
            ada,
            STAKE,
            bob,
            expired_token=cell.open_game("ada", provider, expired=True),
            retry_window_s=retry_window_s,
        ),
    )


def private_pem() -> str:
    """The key that provider-a signs with."""
    return provider_key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def numbers(report: Report, standing: Standing) -> set[int]:
    """The numbers of the laws with this standing."""
    return {ruling.number for ruling in report.having(standing)}
