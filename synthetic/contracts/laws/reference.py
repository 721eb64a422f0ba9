"""The parts of a running reference world as targets: nothing but what their published APIs and their keys allow.

`url` replaces the address of the examined part by that of something in front of it: a proxy, a mutation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from synthetic.conformance.dialects.protocol import Seat
from synthetic.conformance.wallet.provider import Given
from synthetic.contracts.laws.cashier import CashierTarget
from synthetic.contracts.laws.gateway import GatewayTarget
from synthetic.contracts.laws.players import Credentials, playing, text_of
from synthetic.contracts.laws.psp_intents import IntentsTarget
from synthetic.contracts.laws.psp_notifications import NotificationsTarget
from synthetic.contracts.laws.wallet import WalletTarget
from synthetic.core.money import Money
from synthetic.reference.settings import CellSettings
from synthetic.reference.switchboard import Switch
from synthetic.reference.world import World

GAMES = {"hub88": "steady-dice", "softswiss": "steady-wheel"}
LETTERS = {"hub88": "a", "softswiss": "b"}
STAKE_MINOR = 10
RETRY_WINDOW_S = 0.6
PROVIDER_WAITS_S = 3.0


def wallet_target(world: World, dialect: str, *, cell: str = "canary", url: str = "", number: int = 0) -> WalletTarget:
    """The wallet of a cell for one dialect; its first player is the `number`-th of the pool `standard`, its second the next."""
    settings = next(one for one in world.cells if one.name == cell)
    api = world.listeners[cell].url
    first, expired = _seat_and_expired(settings, api, number, GAMES[dialect])
    second, _ = _seat_and_expired(settings, api, number + 1, GAMES[dialect])
    given = Given(
        first,
        Money(STAKE_MINOR, settings.currency),
        second,
        expired_token=expired,
        retry_window_s=RETRY_WINDOW_S,
        timeout_s=PROVIDER_WAITS_S,
    )
    return WalletTarget(
        url or f"{api}/wallet/{LETTERS[dialect]}", dialect, _wallet_key(world, settings, dialect), given
    )


def intents_target(
    world: World, *, psp: str = "psp-a", url: str = "", through: Callable[[str], str] = str
) -> IntentsTarget:
    """A PSP of style `intents`, as a merchant that is made for the examination. `through`: where its webhooks pass by."""
    return IntentsTarget(f"{url or world.listeners[psp].url}/v1", through=through)


def notifications_target(
    world: World, *, psp: str = "psp-b", url: str = "", through: Callable[[str], str] = str
) -> NotificationsTarget:
    """A PSP of style B, as a merchant that is made for the examination. `through`: where its calls pass by."""
    return NotificationsTarget(url or world.listeners[psp].url, through)


def gateway_target(
    world: World, *, cell: str = "canary", game: str = "steady-dice", number: int = 2, at: Callable[[str], str] = str
) -> GatewayTarget:
    """The game gateway of a cell. `at`: makes the address of a proxy of the socket's."""
    settings = next(one for one in world.cells if one.name == cell)
    return GatewayTarget(world.listeners[cell].url, credentials(settings, number), game, at)


def cashier_target(
    world: World, *, psp: str = "psp-a", cell: str = "canary", webhook_url: str = "", api_url: str = "", number: int = 6
) -> CashierTarget:
    """The webhooks of a cell's cashier. The PSP itself leaves the cell's payments open meanwhile, and tells it nothing."""
    settings = next(one for one in world.cells if one.name == cell)
    api = api_url or world.listeners[cell].url
    account = next(one for one in settings.psps if one.psp == psp)
    url = webhook_url or f"{world.listeners[cell].url}/cashier/webhooks/{psp}"

    @contextmanager
    def silence() -> Iterator[None]:
        board = world.boards[psp]
        names = ("hangs_in_3ds", "withholds_webhooks")
        for name in names:
            board.throw(Switch(name, cell=cell))
        try:
            yield
        finally:
            for name in names:
                board.clear(name, cell=cell)

    return CashierTarget(api, url, psp, account.webhook_secret, credentials(settings, number), account.style, silence)


def credentials(settings: CellSettings, number: int = 0, pool: str = "standard") -> Credentials:
    """The n-th player of a pool."""
    seed = [player for player in settings.players if player.segment == pool][number]
    return Credentials(seed.player_id, seed.username, seed.password, seed.currency, settings.office_key)


def _wallet_key(world: World, settings: CellSettings, dialect: str) -> str:
    if dialect == "hub88":
        return world.wallet_key_pem
    return next(account.wallet_secret for account in settings.providers if account.dialect == LETTERS[dialect])


def _seat_and_expired(settings: CellSettings, api_url: str, number: int, game: str) -> tuple[Seat, str]:
    """A live session, and the token of one that has expired before it."""
    who = credentials(settings, number)
    with playing(api_url, who) as player:
        expired = text_of(player.launch(game), "session")
        player.expire_sessions()
        live = text_of(player.launch(game), "session")
    return Seat(who.player, live, game, settings.currency), expired
