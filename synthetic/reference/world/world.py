"""Assembly: who is told which address and key, in which order things start, and how faults are thrown."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette

from synthetic.reference.catalogue import Fault
from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.cashier import CELL_SWITCHES_CASHIER, cashier_routes
from synthetic.reference.cell.gateway import CELL_SWITCHES_GATEWAY, gateway_routes
from synthetic.reference.cell.sso import CELL_SWITCHES_SSO
from synthetic.reference.cell.switches import CELL_SWITCHES_CORE
from synthetic.reference.game import PROVIDER_SWITCHES, Operator, build_provider_a, build_provider_b
from synthetic.reference.idp import IDP_SWITCHES, Account
from synthetic.reference.ledger import Ledger, open_ledger
from synthetic.reference.ledger.engine import drop_search_path
from synthetic.reference.psp.intents import PSP_INTENTS_SWITCHES, build_intents_psp
from synthetic.reference.psp.merchants import Merchant
from synthetic.reference.psp.notifications import PSP_NOTIFICATIONS_SWITCHES, build_notifications_psp
from synthetic.reference.settings import CellSettings, ProviderAccount, PspAccount
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.reference.world.cells_file import write_cells_file
from synthetic.reference.world.identity import IDP, idp_account, idp_accounts, idp_app
from synthetic.reference.world.keys import Keys
from synthetic.reference.world.people import POOLS, players_of
from synthetic.reference.world.serving import Listener, bound, serving

PSP_STYLES = {"psp-a": "intents", "psp-b": "notifications", "psp-c": "intents"}
PROVIDER_DIALECTS = {"provider-a": "a", "provider-b": "b"}
CELL_SWITCHES = CELL_SWITCHES_CORE | CELL_SWITCHES_CASHIER | CELL_SWITCHES_GATEWAY | CELL_SWITCHES_SSO
PSP_SWITCHES = {"intents": PSP_INTENTS_SWITCHES, "notifications": PSP_NOTIFICATIONS_SWITCHES}


@dataclass(frozen=True, slots=True)
class WorldSettings:
    """How large a world, on which database (a Postgres URL; None: SQLite files that go with it), from which seed.

    `faults` are thrown at start: those of a counterparty that is not `shared` for the cell `faulty` only. `players`: how many
    of each cell's are in the pool `standard`.
    """

    cells: int = 2
    db_url: str | None = None
    seed: int = 0
    faults: tuple[Fault, ...] = ()
    faulty: str = "canary"
    players: int = POOLS["standard"]


@dataclass(frozen=True, slots=True)
class World:
    """A running world: where everything listens, and its switchboards by component (`canary`, `psp-a`, `provider-b`, ...)."""

    listeners: Mapping[str, Listener]
    cells: tuple[CellSettings, ...]
    boards: Mapping[str, Switchboard]
    wallet_key_pem: str
    idp_accounts: Mapping[str, Account]

    def write_cells(self, path: Path) -> None:
        """Write a ready cells file."""
        write_cells_file(
            path, self.cells, self.listeners, wallet_key_pem=self.wallet_key_pem, idp_accounts=self.idp_accounts
        )

    def throw(self, fault: Fault, cell: str, *, place: str = "", rate: float = 1.0, for_s: float | None = None) -> None:
        """Throw all switches of a fault: at its `place` (a PSP or provider; without one: a shared fault at the first).

        `rate` is that of its trigger, `for_s` how long all of them stay thrown (None: until they are reset).
        """
        place = place or (fault.where()[0] if fault.shared else "")
        until_s = None if for_s is None else time.monotonic() + for_s
        for number, thrown in enumerate(fault.throws):
            own_rate = rate if number == 0 else 1.0
            for component in thrown.components(cell, place):
                aimed = None if fault.shared or component == cell else cell
                psp = place if component == cell and place in PSP_STYLES else None
                switch = Switch(thrown.switch, own_rate, cell=aimed, psp=psp, until_s=until_s, params=thrown.params)
                self.boards[component].throw(switch)


@asynccontextmanager
async def running_world(settings: WorldSettings) -> AsyncIterator[World]:
    """Start everything; at the end everything is stopped and nothing is left behind."""
    names = cell_names(settings.cells)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="synthetic-reference-")))
        listeners = stack.enter_context(bound([*names, *PSP_STYLES, *PROVIDER_DIALECTS, IDP]))
        keys = Keys(settings.seed)
        cells = tuple(_cell_settings(name, settings, folder, listeners, keys) for name in names)
        boards = _boards(cells, settings.seed)
        world = World(listeners, cells, boards, keys.rsa_private_pem(), idp_accounts(cells, keys))
        for fault in settings.faults:
            world.throw(fault, settings.faulty)
        ledgers = {cell.name: open_ledger(cell.db_url) for cell in cells}
        for ledger in ledgers.values():
            stack.callback(ledger.close)
            stack.callback(drop_search_path, ledger.engine)
        apps = _cell_apps(cells, ledgers, boards) | _psp_apps(cells, boards, listeners) | _provider_apps(world)
        apps[IDP] = idp_app(listeners[IDP].url, boards[IDP], cells, world.idp_accounts)
        async with serving(apps, listeners):
            yield world


def cell_names(count: int) -> list[str]:
    """`canary`, `baseline`, `cell-3`, ..."""
    return ["canary", "baseline", *(f"cell-{number}" for number in range(3, count + 1))][:count]


def _cell_settings(
    name: str, settings: WorldSettings, folder: Path, listeners: Mapping[str, Listener], keys: Keys
) -> CellSettings:
    canary = name == "canary"
    market, brand, currency = "MT", "aurora", "EUR"
    return CellSettings(
        name=name,
        track="canary" if canary else "baseline",
        version="2.4.0" if canary else "2.3.1",
        rollout_step="5%" if canary else "stable",
        flag_variant="on" if canary else "off",
        market=market,
        brand=brand,
        currency=currency,
        db_url=_db_url(settings.db_url, name, folder),
        psps=tuple(_psp_account(name, psp, listeners, keys) for psp in PSP_STYLES),
        providers=tuple(_provider_account(name, provider, listeners, keys) for provider in PROVIDER_DIALECTS),
        idp=idp_account(name, listeners, keys),
        office_key=keys.text(f"office:{name}"),
        players=players_of(name, market=market, brand=brand, currency=currency, keys=keys, standard=settings.players),
    )


def _db_url(given: str | None, cell: str, folder: Path) -> str:
    if given is None or given.startswith("sqlite"):
        return f"sqlite:///{folder / cell}.db"
    # A schema of its own for each world: one that stays from an earlier world would have other players' passwords.
    schema = quote(f"-csearch_path={cell.replace('-', '_')}_{secrets.token_hex(4)}")
    return f"{given}{'&' if '?' in given else '?'}options={schema}"


def _psp_account(cell: str, psp: str, listeners: Mapping[str, Listener], keys: Keys) -> PspAccount:
    name = f"{cell}:{psp}"
    return PspAccount(
        psp=psp,
        style=PSP_STYLES[psp],
        url=listeners[psp].url,
        merchant=f"merchant-{cell}",
        api_key=keys.text(f"psp-key:{name}"),
        webhook_secret=keys.text(f"webhook:{name}"),
    )


def _provider_account(cell: str, provider: str, listeners: Mapping[str, Listener], keys: Keys) -> ProviderAccount:
    dialect = PROVIDER_DIALECTS[provider]
    return ProviderAccount(
        provider=provider,
        dialect=dialect,
        url=listeners[provider].url,
        operator=f"operator-{cell}",
        api_key=keys.text(f"provider-key:{cell}:{provider}"),
        wallet_public_key_pem=keys.rsa_public_pem() if dialect == "a" else "",
        wallet_secret=keys.text(f"wallet:{cell}:{provider}") if dialect == "b" else "",
    )


def _boards(cells: Sequence[CellSettings], seed: int) -> dict[str, Switchboard]:
    known = {cell.name: CELL_SWITCHES for cell in cells}
    known |= {psp: PSP_SWITCHES[style] for psp, style in PSP_STYLES.items()}
    known |= dict.fromkeys(PROVIDER_DIALECTS, PROVIDER_SWITCHES) | {IDP: IDP_SWITCHES}
    markets = {cell.name: cell.market for cell in cells}
    return {
        component: Switchboard(switches, seed=seed, psp=component if component in PSP_STYLES else None, markets=markets)
        for component, switches in known.items()
    }


def _cell_apps(
    cells: Sequence[CellSettings], ledgers: Mapping[str, Ledger], boards: Mapping[str, Switchboard]
) -> dict[str, Starlette]:
    modules = (cashier_routes, gateway_routes)
    return {cell.name: build_cell(cell, ledgers[cell.name], boards[cell.name], modules=modules) for cell in cells}


def _psp_apps(
    cells: Sequence[CellSettings], boards: Mapping[str, Switchboard], listeners: Mapping[str, Listener]
) -> dict[str, Starlette]:
    builders = {"intents": build_intents_psp, "notifications": build_notifications_psp}
    apps = {}
    for psp, style in PSP_STYLES.items():
        accounts = [(cell, next(account for account in cell.psps if account.psp == psp)) for cell in cells]
        merchants = [
            Merchant(
                name=account.merchant,
                cell=cell.name,
                webhook_url=f"{listeners[cell.name].url}/cashier/webhooks/{psp}",
                api_key=account.api_key,
                webhook_secret=account.webhook_secret,
            )
            for cell, account in accounts
        ]
        apps[psp] = builders[style](psp, boards[psp], merchants=merchants)
    return apps


def _provider_apps(world: World) -> dict[str, Starlette]:
    operators = {provider: _operators(world, provider) for provider in PROVIDER_DIALECTS}
    boards = world.boards
    provider_a = build_provider_a(
        "provider-a", boards["provider-a"], operators=operators["provider-a"], private_key_pem=world.wallet_key_pem
    )
    provider_b = build_provider_b("provider-b", boards["provider-b"], operators=operators["provider-b"])
    return {"provider-a": provider_a, "provider-b": provider_b}


def _operators(world: World, provider: str) -> list[Operator]:
    operators = []
    for cell in world.cells:
        account = next(account for account in cell.providers if account.provider == provider)
        wallet_url = f"{world.listeners[cell.name].url}/wallet/{account.dialect}"
        operators.append(
            Operator(
                name=account.operator,
                cell=cell.name,
                api_key=account.api_key,
                wallet_url=wallet_url,
                wallet_secret=account.wallet_secret,
            )
        )
    return operators
