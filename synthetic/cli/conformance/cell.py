"""A cell as the source of what an examination needs: its address, its secrets, and players who log in and launch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from synthetic.cli.project import CHECK_NAMES, hooks_of
from synthetic.config.names import NOWHERE, pick
from synthetic.config.project import PLATFORM_FOLDERS, ProjectFiles, load_project, yaml_files
from synthetic.config.shipped import shipped_root
from synthetic.conformance.dialects.protocol import Seat
from synthetic.conformance.launching import FrontDoor, open_game_session
from synthetic.core.errors import AuthorError
from synthetic.core.plan import CellPlan, PlatformPlan, PlayerPlan

SEATS_MAX = 2


@dataclass(frozen=True, slots=True)
class OnCell:
    """A cell with the mapping of its platform."""

    cell: CellPlan
    platform: PlatformPlan

    def url(self, given: str) -> str:
        """A path is one on the cell's API."""
        return f"{self.cell.endpoints['api'].rstrip('/')}{given}" if given.startswith("/") else given

    def seats(self, pool: str, door: FrontDoor) -> tuple[Seat, ...]:
        """Game sessions of the pool's first two players (one, where it has no more). Raises AuthorError, TargetUnreachable."""
        sessions = [open_game_session(self.platform, self.cell, player, door) for player in self._players(pool)]
        return tuple(Seat(session.player, session.token, door.game, self.cell.currency) for session in sessions)

    def expired_token(self, pool: str, door: FrontDoor) -> str | None:
        """A token of the first player that was good and has expired; None where the mapping can't let one expire.

        Ask for it before the sessions that play: it ends those, too.
        """
        if door.expire not in self.platform.operations:
            return None
        first = self._players(pool)[0]
        return open_game_session(self.platform, self.cell, first, door, expired=True).token

    def _players(self, pool: str) -> list[PlayerPlan]:
        pools = {player.pool: player.pool for player in self.cell.players}
        chosen = pick(pools, pool, f"pool of players of cell {self.cell.name}")
        return [player for player in self.cell.players if player.pool == chosen][:SEATS_MAX]


def opened(cells: Path, name: str | None, platforms: Path | None) -> OnCell:
    """The cell of this name, or the only one. Raises AuthorError with the mistakes of all files."""
    if not cells.is_file():
        hint = "`synthetic reference up --write-cells cells.yaml` writes one to try with"
        raise AuthorError.at(NOWHERE, f"there is no cells file '{cells}' here", hint)
    files = ProjectFiles((), _mappings(platforms), cells)
    project = load_project(files, known_checks=CHECK_NAMES, resolve_hook=hooks_of([cells]))
    cell = _only(project.cells) if name is None else pick(project.cells, name, "cell")
    return OnCell(cell, project.platforms[cell.platform])


def _mappings(folder: Path | None) -> tuple[Path, ...]:
    """The given folder's, else the working directory's, else those that come with this package."""
    if folder is not None:
        return yaml_files(folder)
    own = tuple(path for name in PLATFORM_FOLDERS for path in yaml_files(Path(name)))
    return own or yaml_files(shipped_root() / "fixtures" / "platforms")


def _only(cells: Mapping[str, CellPlan]) -> CellPlan:
    if len(cells) != 1:
        message = f"there are {len(cells)} cells in the file"
        raise AuthorError.at(NOWHERE, message, f"give --cell, one of {', '.join(cells)}")
    return next(iter(cells.values()))
