"""The cashier as provider: what it answers to the webhooks of its PSPs."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from synthetic.contracts.boundaries.psp_a_cashier import STILL_PSPS
from synthetic.contracts.boundaries.psp_b_cashier import EXCLUDED_PLAYER
from synthetic.contracts.keys import Salt, with_salted_keys
from synthetic.contracts.providers.cashier_states import CashierStates, PlayerAccess
from synthetic.contracts.providers.provider import Provider, needed
from synthetic.contracts.providers.psp_seals import PspSeal, seal_call, seal_event
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.verifying import Target
from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.cashier import cashier_routes
from synthetic.reference.ledger import open_ledger
from synthetic.reference.psp.intents import build_intents_psp
from synthetic.reference.psp.merchants import Merchant
from synthetic.reference.psp.notifications import build_notifications_psp
from synthetic.reference.psp.pace import Pace
from synthetic.reference.psp.webhooks import DeliveryPolicy
from synthetic.reference.settings import CellSettings, PlayerSeed, PspAccount
from synthetic.reference.switchboard import Switchboard
from synthetic.reference.world.in_a_thread import app_in_a_thread
from synthetic.reference.world.world import CELL_SWITCHES, PSP_SWITCHES

PLAYER_VARIABLE = "SYNTHETIC_CASHIER_PLAYER"
SECRET_VARIABLES = {"psp-a": "SYNTHETIC_PSP_A_WEBHOOK_SECRET", "psp-b": "SYNTHETIC_PSP_B_WEBHOOK_SECRET"}
_STYLES = {"psp-a": "intents", "psp-b": "notifications"}
_BUILDERS = {"intents": build_intents_psp, "notifications": build_notifications_psp}
_SEALS: Mapping[str, PspSeal] = {"psp-a": seal_event, "psp-b": seal_call}
_LONG_S = 3600.0
# Nothing that the cashier asks of these PSPs ever comes to its end: only the pact tells the cashier what became of it.
_STILL = Pace(payout_leaves_s=_LONG_S, three_ds_s=_LONG_S, abandoned_s=_LONG_S)
_NOWHERE = "http://127.0.0.1:9/nobody"


def target_at(url: str, player: PlayerAccess, webhook_secrets: Mapping[str, str]) -> Target:
    """A cashier at this URL. `webhook_secrets` by PSP."""
    salt = Salt()

    def seal(request: Outgoing, wrong: str) -> Outgoing:
        psp = request.path.split("/")[3]
        return _SEALS[psp](with_salted_keys(request, salt.text), webhook_secrets[psp], wrong, datetime.now(UTC))

    return Target(url, seal, CashierStates(url, player, seal).handlers(), begin=salt.renew, own=salt.own)


@contextmanager
def serving() -> Iterator[Target]:
    """A reference cell with two PSPs that stand still, and players of its own."""
    with ExitStack() as stack:
        accounts = tuple(stack.enter_context(_psp(name)) for name in _STYLES)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="synthetic-pact-"))
        settings = _settings(f"sqlite:///{Path(folder) / 'cell.db'}", accounts)
        ledger = open_ledger(settings.db_url)
        stack.callback(ledger.close)
        cell = build_cell(settings, ledger, Switchboard(CELL_SWITCHES), modules=(cashier_routes,))
        url = stack.enter_context(app_in_a_thread(settings.name, cell))
        one, excluded = settings.players
        player = PlayerAccess(one.player_id, one.username, excluded.player_id, one.password)
        target = target_at(url, player, {account.psp: account.webhook_secret for account in accounts})
        yield replace(target, version="reference", can=frozenset({STILL_PSPS, EXCLUDED_PLAYER}))


@contextmanager
def _psp(name: str) -> Iterator[PspAccount]:
    """One that stands still, and tells nobody anything."""
    style, api_key = _STYLES[name], secrets.token_hex(16)
    webhook_secret = secrets.token_hex(16)
    merchant = Merchant("m-1", "pact", _NOWHERE, api_key, webhook_secret)
    app = _BUILDERS[style](
        name,
        Switchboard(PSP_SWITCHES[style]),
        merchants=[merchant],
        pace=_STILL,
        delivery=DeliveryPolicy(backoff_s=()),
    )
    with app_in_a_thread(name, app) as url:
        yield PspAccount(name, style, url, merchant.name, api_key, webhook_secret)


def _settings(db_url: str, accounts: tuple[PspAccount, ...]) -> CellSettings:
    return CellSettings(
        name="pact",
        track="baseline",
        version="reference",
        rollout_step="stable",
        flag_variant="off",
        market="MT",
        brand="aurora",
        currency="EUR",
        db_url=db_url,
        psps=accounts,
        players=(_player("one"), replace(_player("excluded"), self_excluded=True)),
    )


def _player(name: str) -> PlayerSeed:
    return PlayerSeed(
        player_id=f"p-pact-{name}",
        username=f"synthetic.pact-{name}",
        password=secrets.token_hex(16),
        market="MT",
        brand="aurora",
        currency="EUR",
        cash_minor=1_000_000,
    )


def at(url: str, environment: Mapping[str, str]) -> Target:
    """A cashier that somebody runs. Its PSPs do not stand still, so that payments are out of reach."""
    player_id = needed(environment, PLAYER_VARIABLE, "the id of a player whom this cashier knows")
    webhook_secrets = {
        psp: needed(environment, variable, f"what {psp} signs its webhooks to this cashier with")
        for psp, variable in SECRET_VARIABLES.items()
    }
    return target_at(url, PlayerAccess(player_id, ""), webhook_secrets)


CASHIER = Provider("cashier", serving, at)
