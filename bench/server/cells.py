"""The cells file of the benchmarks' server: a canary, and a baseline if that is wanted, with as many players as wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthetic.config.shipped import shipped_root

PASSWORD = "bench-password"  # noqa: S105 - of players who exist in the server's memory only
HEAD = """\
allow: ["127.0.0.1:*"]
cells:
"""
CELL = """\
  {name}:
    environment: bench
    brand: bench
    market: MT
    track: {name}
    version: 2.4.0
    currency: EUR
    platform: reference
    wallet: {name}
    endpoints: {{api: "http://127.0.0.1:{port}/{name}"}}
    psps: [psp-a]
    secrets: {{office: "file:password"}}
    limits: {{deposit: 2.00 EUR, stake: 0.50 EUR, withdraw: 5.00 EUR}}
    players:
"""
PLAYER = '      - {{id: {name}, pool: standard, username: {name}, password: "file:password", instrument: card_ok}}\n'


TRACKS = ("canary", "baseline")
"""Each is a path below the server's address, so that it can say which cell it is."""


def player_name(track: str, number: int) -> str:
    """The id of a player, which is the name to sign in with, too."""
    return f"{track}-{number}"


def write_cells(folder: Path, port: int, players: int, tracks: Sequence[str]) -> Path:
    """Write the cells file and the players' password beside it. Answers the file; the mapping is the shipped one.

    A cells file has room for about 9 000 players.
    """
    (folder / "password").write_text(PASSWORD)
    mappings = folder / "platforms"
    mappings.mkdir()
    (mappings / "reference.yaml").symlink_to(shipped_root() / "fixtures" / "platforms" / "reference.yaml")
    parts = [HEAD]
    for track in tracks:
        parts.append(CELL.format(name=track, port=port))
        parts += [PLAYER.format(name=player_name(track, number)) for number in range(players)]
    file = folder / "cells.yaml"
    file.write_text("".join(parts))
    return file
