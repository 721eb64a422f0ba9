"""Options that `synthetic gate` and `synthetic gate serve` share, and what their texts mean."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated

import typer

from synthetic.config.durations import seconds
from synthetic.config.names import NOWHERE
from synthetic.config.secret_refs import BadReference, resolve
from synthetic.config.slo import load_slo, shipped_policy
from synthetic.config.switch_places import database_address
from synthetic.core.errors import AuthorError
from synthetic.gate.policy import Policy

_LISTEN = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^\s:/]+):([0-9]{1,5})")

Slo = Annotated[Path | None, typer.Option(help="The SLO file (default: the one that ships).", metavar="FILE")]
Database = Annotated[
    str | None,
    typer.Option(help="The runner's database: a path, or env:NAME or file:PATH.", metavar="DATABASE"),
]
Token = Annotated[str | None, typer.Option(help="The gate's token: env:NAME or file:PATH.", metavar="REFERENCE")]
ServeFile = Annotated[
    Path, typer.Option("--file", help="The serve file of the runner, where nothing else is given.", metavar="FILE")
]


def policy_from(slo: Path | None) -> Policy:
    """The policy of an SLO file, or the one that ships. Raises AuthorError."""
    return load_slo(slo) if slo is not None else shipped_policy()


def where_from(slo: Path | None) -> str:
    """Where the SLO of a verdict stands, for whoever reads it."""
    return str(slo) if slo is not None else "shipped"


def address_of(database: str) -> str:
    """Where the runner keeps its journal. Raises AuthorError."""
    try:
        return database_address(database, Path())
    except BadReference as error:
        raise AuthorError.at(NOWHERE, f"--database: {error}") from None


def token_of(token: str | None) -> str:
    """The token itself, "" where none is given. Raises AuthorError."""
    if token is None:
        return ""
    try:
        return resolve(token, Path())
    except BadReference as error:
        raise AuthorError.at(NOWHERE, f"--token: {error}") from None


def duration_of(written: str | None, option: str) -> float:
    """Seconds of a duration such as 15m; 0 where none is given. Raises AuthorError."""
    if written is None:
        return 0.0
    try:
        return seconds(written)
    except ValueError as error:
        raise AuthorError.at(NOWHERE, f"{option}: {error}") from None


def listen_of(written: str) -> tuple[str, int]:
    """Host and port. Raises AuthorError."""
    matched = _LISTEN.fullmatch(written)
    if matched is None or int(matched[2]) > 65535:
        raise AuthorError.at(NOWHERE, f"--listen: expected host:port such as 127.0.0.1:9466, found '{written}'")
    return matched[1].strip("[]"), int(matched[2])


def is_loopback(host: str) -> bool:
    """Whether only this machine can call."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
