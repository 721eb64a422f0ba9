"""The cells file of a running world: what `synthetic run --cells FILE` needs. Secrets are written beside it, never into it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from synthetic.reference.idp import Account
from synthetic.reference.settings import CellSettings, PlayerSeed, ProviderAccount
from synthetic.reference.world.serving import Listener

HEADER = "# written by `synthetic reference up`; secrets are references to files beside this one, never values\n"
KINDS_OF_GAMES = {"a": "dice", "b": "wheel"}
USES = ("low_variance", "steady", "void", "disabled", "small")
LIMITS = {"deposit": "2.00", "stake": "0.50", "withdraw": "5.00", "bonus": "1.00", "win": "0.50", "recredit": "1.00"}


class _Plain(yaml.SafeDumper):
    """Writes every value out, even where two cells have the same one: people read this file."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the parent's signature
        """Never an alias."""
        return True


class SecretsFolder:
    """A private folder beside the cells file (mode 0700), one secret a file (mode 0600)."""

    def __init__(self, beside: Path) -> None:
        self.folder = beside.parent / "secrets"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)

    def put(self, name: str, value: str) -> str:
        """Write a secret; answers its reference."""
        path = self.folder / name
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.fchmod(descriptor, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(value)
        return f"file:secrets/{name}"


def write_cells_file(
    path: Path,
    cells: Sequence[CellSettings],
    listeners: Mapping[str, Listener],
    *,
    wallet_key_pem: str,
    idp_accounts: Mapping[str, Account],
) -> None:
    """Write the file as one step, so that who waits for it never reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = SecretsFolder(path)
    wallet_key = folder.put("provider-a.pem", wallet_key_pem)
    document = {
        "allow": ["127.0.0.1:*"],
        "cells": {cell.name: _cell(cell, listeners, folder, wallet_key, idp_accounts) for cell in cells},
    }
    partial = path.with_suffix(".partial")
    partial.write_text(HEADER + yaml.dump(document, Dumper=_Plain, sort_keys=False, width=200), encoding="utf-8")
    partial.replace(path)


def remove_cells_file(path: Path) -> None:
    """Take the file and its secrets away again: without their world they are good for nothing."""
    path.unlink(missing_ok=True)
    shutil.rmtree(path.parent / "secrets", ignore_errors=True)


def _cell(
    cell: CellSettings,
    listeners: Mapping[str, Listener],
    folder: SecretsFolder,
    wallet_key: str,
    idp_accounts: Mapping[str, Account],
) -> dict[str, Any]:
    own = listeners[cell.name]
    described: dict[str, Any] = {
        "environment": "reference",
        "brand": cell.brand,
        "market": cell.market,
        "track": cell.track,
        "version": cell.version,
        "currency": cell.currency,
        "platform": "reference",
        "load": True,
    }
    if cell.track == "canary" and "baseline" in listeners:
        described["baseline"] = "baseline"
    counterparties = {psp.psp: psp.url for psp in cell.psps} | {one.provider: one.url for one in cell.providers}
    counterparties |= {"idp": cell.idp.issuer} if cell.idp else {}
    return described | {
        "endpoints": {"api": own.url, "gateway": f"{own.ws_url}/ws/game"} | counterparties,
        "psps": [psp.psp for psp in cell.psps],
        "providers": [provider.provider for provider in cell.providers],
        "games": {provider.provider: _games(provider) for provider in cell.providers},
        "limits": {kind: f"{amount} {cell.currency}" for kind, amount in LIMITS.items()},
        "secrets": _secrets(cell, folder) | {"provider-a-wallet-key": wallet_key},
        "players": [
            _player(player, folder, idp_accounts.get(player.player_id)) | _bystander(cell, folder)
            for player in cell.players
        ],
    }


def _games(provider: ProviderAccount) -> dict[str, str]:
    """A provider's games by what a scenario uses them for."""
    return {use: f"{use.replace('_', '-')}-{KINDS_OF_GAMES[provider.dialect]}" for use in USES}


def _secrets(cell: CellSettings, folder: SecretsFolder) -> dict[str, str]:
    reports = {f"{psp.psp}-report": folder.put(f"{cell.name}-{psp.psp}-report", psp.api_key) for psp in cell.psps}
    webhooks = {
        f"{psp.psp}-webhook": folder.put(f"{cell.name}-{psp.psp}-webhook", psp.webhook_secret) for psp in cell.psps
    }
    wallets = {
        f"{provider.provider}-wallet-secret": folder.put(f"{cell.name}-{provider.provider}", provider.wallet_secret)
        for provider in cell.providers
        if provider.wallet_secret
    }
    return reports | webhooks | wallets | {"office": folder.put(f"{cell.name}-office", cell.office_key)}


def _bystander(cell: CellSettings, folder: SecretsFolder) -> dict[str, str]:
    """The player of this cell whose money nobody else's token may touch, and who may see nobody else's."""
    other = next(player for player in cell.players if player.segment == "bystander")
    return {
        "bystander": other.player_id,
        "bystander_username": other.username,
        "bystander_password": folder.put(f"{other.player_id}.password", other.password),
    }


def _player(player: PlayerSeed, folder: SecretsFolder, idp: Account | None) -> dict[str, str]:
    described = {
        "id": player.player_id,
        "pool": player.segment,
        "username": player.username,
        "password": folder.put(f"{player.player_id}.password", player.password),
        "instrument": "card_ok",
    }
    if player.totp_secret:
        described["totp"] = folder.put(f"{player.player_id}.totp", player.totp_secret)
    if idp is not None:
        described["sso_username"] = idp.username
        described["sso_password"] = folder.put(f"{player.player_id}.sso-password", idp.password)
    return described
