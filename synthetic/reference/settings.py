"""What a cell, a PSP and a game provider of the reference platform are told at start: addresses, keys, names."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PspAccount:
    """A cell as merchant of one PSP.

    `style` is `intents` (psp-a, psp-c) or `notifications` (psp-b). `api_key` authenticates the cell at the PSP,
    `webhook_secret` signs what the PSP sends to the cell (`/cashier/webhooks/{psp}`).
    """

    psp: str
    style: str
    url: str
    merchant: str
    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """A cell as operator of one game provider.

    `dialect` is `a` (RSA: `wallet_public_key_pem` verifies the provider's wallet calls) or `b` (`wallet_secret`: HMAC).
    `api_key` authenticates the cell at the provider.
    """

    provider: str
    dialect: str
    url: str
    operator: str
    api_key: str = field(repr=False)
    wallet_public_key_pem: str = field(default="", repr=False)
    wallet_secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class IdpAccount:
    """A cell as client of its identity provider: the provider's address, and where players come back to.

    `timeout_s`: how long the cell waits for each of its answers.
    """

    issuer: str
    client_id: str
    redirect_uri: str
    client_secret: str = field(repr=False)
    timeout_s: float = 3.0


@dataclass(frozen=True, slots=True)
class PlayerSeed:
    """A player that a cell creates at start. `totp_secret` is base32, or empty where no second factor is set up.

    `sso_subject` is who the player is at the identity provider, or empty where he can't come by single sign-on.
    """

    player_id: str
    username: str
    password: str = field(repr=False)
    market: str
    brand: str
    currency: str
    segment: str = "standard"  # which pool of the cells file the player belongs to
    totp_secret: str = field(default="", repr=False)
    kyc: str = "verified"  # verified | pending
    self_excluded: bool = False
    synthetic: bool = True
    cash_minor: int = 0  # opening balance, posted as a `bonus`-free house funding
    deposit_day_minor: int = 1_000_000
    sso_subject: str = ""


@dataclass(frozen=True, slots=True)
class CellSettings:
    """One cell: its identity, its database, its counterparties and its players."""

    name: str
    track: str  # canary | baseline
    version: str
    rollout_step: str
    flag_variant: str
    market: str
    brand: str
    currency: str
    db_url: str = field(repr=False)
    psps: tuple[PspAccount, ...] = ()
    providers: tuple[ProviderAccount, ...] = ()
    players: tuple[PlayerSeed, ...] = ()
    idp: IdpAccount | None = None
    office_key: str = field(default="", repr=False)  # what opens the office API; "": it is closed
    blocked_countries: tuple[str, ...] = ("KP", "US")  # ISO 3166-1
    lockout_failures: int = 5
    lockout_s: float = 2.0
    token_ttl_s: float = 900.0
    requests_per_s: float = 100.0  # of one session, in the long run; ten times that of one address without a session
    requests_burst: int = 300  # at once
