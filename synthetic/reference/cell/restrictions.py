"""Who may not play: countries and players that are blocked; and how a broken compliance module sees its players."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.requests import HTTPConnection

from synthetic.reference.cell.context import CellContext, Player
from synthetic.reference.cell.errors import ApiError

COUNTRY_HEADER = "X-Geo-Country"
"""Where the edge in front of a cell says which country a request comes from (ISO 3166-1)."""

NO_LIMIT_MINOR = 1_000_000
"""The deposit limit of a day of a player who has set none, in minor units."""

RESTRICTION_SWITCHES = {
    "ignores_self_exclusion": "a self-excluded player logs in, deposits, plays",
    "ignores_geo": "a player in a country that is blocked logs in, deposits, plays",
    "ignores_kyc": "a player whose identity is not verified deposits and withdraws",
    "takes_bets_of_any_game": "a session takes bets of any game",
    "takes_unknown_tokens": "a wallet token that nobody was given is as good as any",
    "ignores_deposit_limit": "a player deposits more than his limit of the day",
    "delays_lower_limits": "a lower deposit limit holds tomorrow only",
}


def check_country(context: CellContext, request: HTTPConnection) -> None:
    """Raises ApiError 403 `geo_blocked` for a request from a country that this cell may not serve."""
    country = request.headers.get(COUNTRY_HEADER, "").upper()
    if country in context.settings.blocked_countries and not context.switch("ignores_geo"):
        raise geo_blocked()


def check_play(context: CellContext, request: HTTPConnection, player: Player) -> None:
    """Raises ApiError 403 `geo_blocked` or `self_excluded` for who may neither deposit nor play."""
    check_country(context, request)
    if player.geo_blocked:
        raise geo_blocked()
    if player.self_excluded:
        raise ApiError(403, "self_excluded", "the player has excluded himself")


def geo_blocked() -> ApiError:
    """The refusal of a blocked country."""
    return ApiError(403, "geo_blocked", "this brand may not be played from where you are")


def as_seen(player: Player, switch: Callable[[str], bool]) -> Player:
    """The player as the handlers see him: a broken compliance module overlooks what restricts him."""
    overlooked: dict[str, Any] = {}
    if player.self_excluded and switch("ignores_self_exclusion"):
        overlooked["self_excluded"] = False
    if player.geo_blocked and switch("ignores_geo"):
        overlooked["geo_blocked"] = False
    if player.kyc != "verified" and switch("ignores_kyc"):
        overlooked["kyc"] = "verified"
    if player.deposit_day_minor < NO_LIMIT_MINOR and switch("ignores_deposit_limit"):
        overlooked["deposit_day_minor"] = NO_LIMIT_MINOR
    return replace(player, **overlooked) if overlooked else player
