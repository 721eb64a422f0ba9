"""The synthetic players of a cell, by pool."""

from __future__ import annotations

import pyotp

from synthetic.reference.settings import PlayerSeed
from synthetic.reference.world.keys import Keys

POOLS = {
    "standard": 12,
    "mfa": 12,
    "broke": 4,
    "light": 4,
    "slim": 4,
    "exhausted": 2,
    "kyc_pending": 2,
    "self_excluded": 2,
    "bystander": 1,
}
"""How many players a pool has: enough for as many runs as play at a time. `bystander`: nobody's; what others may not touch.
`exhausted`: players whose float is used up. `slim`: has one small stake, and not two."""

OPENING_CASH_MINOR = 5000
OPENING_CASH_MINOR_OF = {"broke": 0, "exhausted": 0, "light": 100, "slim": 25}


def players_of(
    cell: str, *, market: str, brand: str, currency: str, keys: Keys, standard: int = POOLS["standard"]
) -> tuple[PlayerSeed, ...]:
    """All players of a cell, so many of them `standard`; the same seed gives the same passwords and one-time secrets."""
    return tuple(
        _player(cell, pool, number, market=market, brand=brand, currency=currency, keys=keys)
        for pool, count in (POOLS | {"standard": standard}).items()
        for number in range(1, count + 1)
    )


def _player(cell: str, pool: str, number: int, *, market: str, brand: str, currency: str, keys: Keys) -> PlayerSeed:
    name = f"{cell}-{pool.replace('_', '-')}-{number}"
    return PlayerSeed(
        player_id=f"p-{name}",
        username=f"synthetic.{name}",
        password=keys.text(f"password:{name}"),
        market=market,
        brand=brand,
        currency=currency,
        segment=pool,
        totp_secret=_totp_secret(keys, name) if pool == "mfa" else "",
        kyc="pending" if pool == "kyc_pending" else "verified",
        self_excluded=pool == "self_excluded",
        sso_subject=keys.text(f"sso-subject:{name}"),
        synthetic=True,
        cash_minor=OPENING_CASH_MINOR_OF.get(pool, OPENING_CASH_MINOR),
    )


def _totp_secret(keys: Keys, name: str) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    secret = "".join(alphabet[byte % 32] for byte in keys.raw(f"totp:{name}"))
    assert pyotp.TOTP(secret).digits == 6
    return secret
