"""The identity provider's part of a world: each cell is a client of it, and every player has an account there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.applications import Starlette

from synthetic.reference.idp import Account, IdpClient, build_idp
from synthetic.reference.settings import CellSettings, IdpAccount
from synthetic.reference.switchboard import Switchboard
from synthetic.reference.world.keys import Keys
from synthetic.reference.world.serving import Listener

IDP = "idp"


def idp_account(cell: str, listeners: Mapping[str, Listener], keys: Keys) -> IdpAccount:
    """A cell as client of the identity provider."""
    return IdpAccount(
        issuer=listeners[IDP].url,
        client_id=f"client-{cell}",
        redirect_uri=f"{listeners[cell].url}/auth/sso/callback",
        client_secret=keys.text(f"idp-client:{cell}"),
    )


def idp_accounts(cells: Sequence[CellSettings], keys: Keys) -> dict[str, Account]:
    """The players' accounts at the identity provider, by player; their passwords are none of the cells' business."""
    return {
        player.player_id: Account(
            username=f"{player.player_id}@idp.example",
            subject=player.sso_subject,
            password=keys.text(f"idp-password:{player.player_id}"),
        )
        for cell in cells
        for player in cell.players
        if player.sso_subject
    }


def idp_app(
    issuer: str, board: Switchboard, cells: Sequence[CellSettings], accounts: Mapping[str, Account]
) -> Starlette:
    """The identity provider with all cells as clients."""
    clients = [
        IdpClient(cell.idp.client_id, cell.name, cell.idp.redirect_uri, cell.idp.client_secret)
        for cell in cells
        if cell.idp is not None
    ]
    return build_idp(issuer, board, clients=clients, accounts=accounts.values())
