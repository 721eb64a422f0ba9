"""What a player asks of the cashier, and the rules that forbid it: currency, PSP, KYC, self-exclusion."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from synthetic.reference.cell.context import CellContext, Player
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.restrictions import geo_blocked
from synthetic.reference.cell.wire import text

AMOUNT_MINOR_MAX = 99_999_999


@dataclass(frozen=True, slots=True)
class Ask:
    """A deposit or a withdrawal as it is asked for."""

    amount_minor: int
    currency: str
    psp: str
    instrument: str

    @property
    def fingerprint(self) -> str:
        """What a replay under the same key has to have in common with the first request."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def parse_ask(context: CellContext, player: Player, body: Mapping[str, Any]) -> Ask:
    """The ask in a request body. Raises ApiError 400 `malformed`, 422 `wrong_currency`, `unknown_psp`."""
    fields = dict(body)
    ask = Ask(_amount_minor(fields), text(fields, "currency"), text(fields, "psp"), text(fields, "instrument"))
    if ask.currency != player.currency:
        raise ApiError(422, "wrong_currency", f"this player's money is in {player.currency}")
    if context.psp(ask.psp) is None:
        known = ", ".join(account.psp for account in context.settings.psps)
        raise ApiError(422, "unknown_psp", f"there is no PSP {ask.psp!r}; there are: {known}")
    return ask


def check_rules(player: Player) -> None:
    """Raises ApiError 403 `self_excluded` or `kyc_required`."""
    if player.self_excluded:
        raise ApiError(403, "self_excluded", "the player has excluded himself")
    if player.kyc != "verified":
        raise ApiError(403, "kyc_required", "the player's identity is not verified yet")


def check_source(player: Player) -> None:
    """Raises ApiError 403 `geo_blocked`: such a player may still take his money home."""
    if player.geo_blocked:
        raise geo_blocked()


def _amount_minor(body: Mapping[str, Any]) -> int:
    amount_minor = body.get("amount_minor")
    if isinstance(amount_minor, int) and not isinstance(amount_minor, bool) and 1 <= amount_minor <= AMOUNT_MINOR_MAX:
        return amount_minor
    raise ApiError(400, "malformed", f"'amount_minor' has to be an integer from 1 to {AMOUNT_MINOR_MAX}")
