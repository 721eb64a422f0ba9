"""The options of `synthetic conformance wallet`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer


class DialectName(StrEnum):
    """How the wallet is spoken to."""

    HUB88 = "hub88"
    SOFTSWISS = "softswiss"


def _session(text: str, metavar: str | None = None) -> Any:
    return typer.Option(help=text, metavar=metavar, rich_help_panel="Who plays")


def _more(text: str, metavar: str | None = None) -> Any:
    return typer.Option(help=text, metavar=metavar, rich_help_panel="For laws that need more")


Url = Annotated[
    str, typer.Option(help="What the dialect's paths are below; with --cells also /PATH on the cell.", metavar="URL")
]
DialectOption = Annotated[DialectName, typer.Option(help="How the provider speaks.")]
Key = Annotated[
    str,
    typer.Option(
        help="The provider's key (RSA private key, shared secret): env:NAME, file:PATH, or secret:NAME of the cell.",
        metavar="REF",
    ),
]
Player = Annotated[str | None, _session("The player's id at the wallet.", "ID")]
Token = Annotated[str | None, _session("The token of the player's game session: env:NAME or file:PATH.", "REF")]
Game = Annotated[str | None, _session("The code of the game that is played.", "CODE")]
Currency = Annotated[str | None, _session("The session's currency.", "ISO")]
CellsFile = Annotated[Path | None, _session("Instead of the above: log in and launch --game on a cell.", "FILE")]
CellName = Annotated[str | None, _session("The cell of --cells.", "NAME")]
Pool = Annotated[str, _session("The pool of players of the cell.", "NAME")]
TokenFrom = Annotated[str, _session("What of the launch is the token: out.NAME or session.NAME.", "NAME")]
Platforms = Annotated[Path | None, _session("The folder of platform mappings.", "DIR")]

SecondPlayer = Annotated[str | None, _more("Another player, for 13 and 40 (--cells brings one).", "ID")]
SecondToken = Annotated[str | None, _more("The token of that player's session.", "REF")]
ExpiredToken = Annotated[str | None, _more("A token of the first player that has expired, for 26.", "REF")]
RetryWindow = Annotated[str | None, _more("Wait so long before a repetition, for 15: 60s.", "TIME")]

Stake = Annotated[str | None, typer.Option(help="What a bet costs (default: 10 minor units).", metavar="AMOUNT")]
StakeLimit = Annotated[
    str | None, typer.Option(help="The highest --stake (default: 100 minor units).", metavar="AMOUNT")
]
