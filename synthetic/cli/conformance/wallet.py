"""`synthetic conformance wallet`: the laws of a seamless wallet, as a game provider tries them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import typer

from synthetic.cli.conformance import bounds
from synthetic.cli.conformance import wallet_options as given_as
from synthetic.cli.conformance.cell import OnCell, opened
from synthetic.cli.conformance.options import Format, Secrets, checked_url, chosen_laws, money, required, seconds
from synthetic.cli.conformance.telling import hear, tell
from synthetic.config.names import NOWHERE
from synthetic.conformance.dialects import DIALECTS, Dialect
from synthetic.conformance.dialects.protocol import Seat
from synthetic.conformance.launching import FrontDoor
from synthetic.conformance.laws import Law
from synthetic.conformance.playing import Bounds, Prober
from synthetic.conformance.ruling import Report
from synthetic.conformance.wallet import LAWS
from synthetic.conformance.wallet.examination import WalletExamination
from synthetic.conformance.wallet.provider import Given, Provider
from synthetic.core.errors import AuthorError
from synthetic.core.secrets import Redactor
from synthetic.core.signing import BadKey
from synthetic.drivers.of_cells import proxy_of, tls_of
from synthetic.drivers.proxies import Proxy
from synthetic.drivers.tls import client_context

STAKE_MINOR, STAKE_LIMIT_MINOR = 10, 100
EXPIRED_TOKEN = 26
HOW = "give it, or --cells FILE --cell NAME to log in and launch through the platform's mapping"


def wallet(
    *,
    url: given_as.Url,
    dialect: given_as.DialectOption,
    key: given_as.Key,
    player: given_as.Player = None,
    token: given_as.Token = None,
    game: given_as.Game = None,
    currency: given_as.Currency = None,
    cells: given_as.CellsFile = None,
    cell: given_as.CellName = None,
    pool: given_as.Pool = "standard",
    token_from: given_as.TokenFrom = "out.session",  # noqa: S107 - a place, not a secret
    platforms: given_as.Platforms = None,
    second_player: given_as.SecondPlayer = None,
    second_token: given_as.SecondToken = None,
    expired_token: given_as.ExpiredToken = None,
    retry_window: given_as.RetryWindow = None,
    stake: given_as.Stake = None,
    stake_limit: given_as.StakeLimit = None,
    only: bounds.Only = None,
    timeout: bounds.Timeout = "10s",
    within: bounds.Within = "5m",
    requests_max: bounds.RequestsMax = 600,
    ca_file: bounds.CaFile = None,
    format: bounds.FormatOption = Format.TEXT,  # noqa: A002 - the option's name
    out: bounds.Out = None,
) -> None:
    """Try the laws of a seamless wallet as a game provider would: invariants 5, 9, 10 to 27 and 38 to 40.

    Plays tiny bets under fresh ids, on an account that nobody else plays on meanwhile, and rolls back or settles each of them.
    Exit: 0 no law is broken, 1 one is, 2 bad options, 3 the wallet can't be reached.
    """
    laws = chosen_laws(LAWS, {name: law for law in LAWS for name in (str(law.number), law.name)}, only or [])
    on = None if cells is None else opened(cells, cell, platforms)
    secrets = Secrets(None if on is None else on.cell)
    who = _Who(player, token, game, currency, second_player, second_token)
    provider_key = secrets.read("--key", key)
    stale = None if expired_token is None else secrets.read("--expired-token", expired_token)
    if on is None:
        seats = _seats(who, secrets)
    else:
        door = _door(who, token_from)
        stale = on.expired_token(pool, door) if stale is None and _tries_expired(laws) else stale
        seats = on.seats(pool, door)
    given = Given(
        seat=seats[0],
        stake=money(
            ("--stake", stake, STAKE_MINOR), ("--stake-limit", stake_limit, STAKE_LIMIT_MINOR), seats[0].currency
        ),
        second=seats[1] if len(seats) > 1 else None,
        expired_token=stale,
        retry_window_s=None if retry_window is None else seconds("--retry-window", retry_window),
        other_currency="EUR" if seats[0].currency == "USD" else "USD",
        timeout_s=seconds("--timeout", timeout),
    )
    order = _Order(
        url=checked_url("--url", url if on is None else on.url(url)),
        dialect=_dialect(dialect, provider_key),
        given=given,
        redactor=_redactor(provider_key, given),
        bounds=Bounds(requests_max, seconds("--within", within)),
        tls=_tls(on, str(ca_file or "")),
        proxy=None if on is None else proxy_of(on.cell),
    )
    raise typer.Exit(tell(asyncio.run(_examine(order, laws)), format, out))


@dataclass(frozen=True, slots=True)
class _Who:
    """The session as the command line has it."""

    player: str | None
    token: str | None = field(repr=False)
    game: str | None
    currency: str | None
    second_player: str | None
    second_token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Order:
    url: str
    dialect: Dialect
    given: Given
    redactor: Redactor
    bounds: Bounds
    tls: ssl.SSLContext
    proxy: Proxy | None


def _tls(on: OnCell | None, ca_file: str) -> ssl.SSLContext:
    """As the cell says; a bundle that is given counts more than the cell's."""
    if on is None:
        return client_context(ca_file)
    connection = on.cell.connection
    return tls_of(replace(on.cell, connection=replace(connection, ca_file=ca_file or connection.ca_file)))


async def _examine(order: _Order, laws: Sequence[Law[Provider]]) -> Report:
    async with Prober(order.url, order.bounds, tls=order.tls, proxy=order.proxy) as prober:
        examination = WalletExamination(
            prober, order.dialect, order.url, order.given, redactor=order.redactor, hear=hear
        )
        return await examination.run(laws)


def _seats(who: _Who, secrets: Secrets) -> tuple[Seat, ...]:
    wanted = {"--player": who.player, "--token": who.token, "--game": who.game, "--currency": who.currency}
    required(wanted, HOW)
    if bool(who.second_player) != bool(who.second_token):
        raise AuthorError.at(NOWHERE, "--second-player and --second-token belong together", "give both, or none")
    game, currency = str(who.game), str(who.currency)
    seats = [Seat(str(who.player), secrets.read("--token", str(who.token)), game, currency)]
    if who.second_player and who.second_token:
        seats.append(Seat(who.second_player, secrets.read("--second-token", who.second_token), game, currency))
    return tuple(seats)


def _tries_expired(laws: Sequence[Law[Provider]]) -> bool:
    return any(law.number == EXPIRED_TOKEN for law in laws)


def _door(who: _Who, token_from: str) -> FrontDoor:
    given = {"--player": who.player, "--token": who.token, "--currency": who.currency}
    if any(given.values()):
        named = ", ".join(name for name, value in given.items() if value)
        raise AuthorError.at(
            NOWHERE, f"{named} and --cells exclude each other", "the cell's mapping brings the session"
        )
    required({"--game": who.game}, "it is the code that the mapping's launch takes")
    return FrontDoor(game=str(who.game), token_from=token_from)


def _dialect(name: given_as.DialectName, key: str) -> Dialect:
    """The dialect with its key, tried once. Raises AuthorError for a key of another kind."""
    dialect: Dialect = DIALECTS[name](key)
    try:
        dialect.sign(b"{}")
    except BadKey as error:
        raise AuthorError.at(NOWHERE, f"--key: {error}", f"dialect {name} wants another kind of key") from None
    return dialect


def _redactor(key: str, given: Given) -> Redactor:
    redactor = Redactor()
    tokens = (given.seat.token, given.second.token if given.second else "", given.expired_token or "")
    for secret in (key, *tokens):
        redactor.taint(secret)
    return redactor
