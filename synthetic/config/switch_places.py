"""Where a runner's kill switch is: what `kill` and `resume` need of a serve file, also of one that is broken elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from synthetic.config.files import load_mapping
from synthetic.config.problems import Problems
from synthetic.config.secret_refs import BadReference, is_reference, resolve

_SQLITE = "sqlite:///"
_AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class SwitchPlaces:
    """The database (resolved: it may hold a password), the kill file and the audit; `problems`: what is wrong, in words."""

    database: str = ""
    file: Path | None = None
    audit: Path | None = None
    problems: tuple[str, ...] = ()


def switch_places(path: Path) -> SwitchPlaces:
    """Read what can be read: a mistake in a probe must not keep anybody from stopping it. Never raises."""
    problems = Problems()
    file = load_mapping(path, problems)
    if file is None:
        return SwitchPlaces(problems=tuple(str(mistake) for mistake in problems.mistakes))
    said: Mapping[str, object] = {str(key): value for key, value in file.data.items()}
    kill = said.get("kill")
    named = kill.get("file") if isinstance(kill, Mapping) else None
    audit = said.get("audit", _AUDIT)
    database, wrong = _database(said.get("database"), path.parent)
    return SwitchPlaces(
        database,
        path.parent / named if isinstance(named, str) else None,
        path.parent / audit if isinstance(audit, str) else None,
        (wrong,) if wrong else (),
    )


def database_address(written: str, folder: Path) -> str:
    """A database as a serve file writes it: a path is beside `folder`; what a reference leads to is taken as it stands.

    Raises BadReference.
    """
    if is_reference(written):
        return resolve(written, folder)
    return (
        written if "://" in written and not written.startswith(_SQLITE) else str(folder / written.removeprefix(_SQLITE))
    )


def _database(written: object, folder: Path) -> tuple[str, str]:
    if not isinstance(written, str):
        return "", "the serve file names no `database`"
    try:
        return database_address(written, folder), ""
    except BadReference as error:
        return "", f"the database: {error}"
