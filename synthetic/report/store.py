"""The store of run records: one SQLite file that several processes may use, bounded to the newest runs."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from pydantic import ValidationError

from synthetic.core.errors import HarnessError, SyntheticError
from synthetic.report.records import RunRecord

DEFAULT_PATH = Path(".synthetic") / "runs.db"
KEPT_MAX = 5000
_BUSY_TIMEOUT_S = 5.0
_SHOWN_MAX = 5

_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    run_id   TEXT NOT NULL UNIQUE,
    scenario TEXT NOT NULL,
    cell     TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    record   BLOB NOT NULL
)
"""


class NoSuchRun(SyntheticError):  # noqa: N818 - the sentence reads "no such run"
    """No run, or more than one, has an id that starts as asked for."""

    exit_code = 2


class RunStore:
    """Run records by id. A context manager; opens (and creates) its file at once. Raises HarnessError where it can't.

    Records are kept compressed: their bodies are mostly JSON and shrink to about a tenth. `kept_max` bounds the file.
    """

    def __init__(self, path: Path = DEFAULT_PATH, *, kept_max: int = KEPT_MAX) -> None:
        self.path = path
        self._kept_max = kept_max
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            # A record lost in a power cut is only a report lost; money is in the journal.
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute(_SCHEMA)

    def __enter__(self) -> RunStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def save(self, records: Iterable[RunRecord]) -> None:
        """Keep these records, in one transaction, and forget the oldest above the bound."""
        rows = [(r.run_id, r.scenario, r.cell, r.outcome.value, _pack(r)) for r in records]
        with self._translated():
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT OR REPLACE INTO runs (run_id, scenario, cell, outcome, record) VALUES (?, ?, ?, ?, ?)", rows
            )
            self._db.execute("DELETE FROM runs WHERE seq <= (SELECT max(seq) FROM runs) - ?", (self._kept_max,))
            self._db.execute("COMMIT")

    def find(self, prefix: str) -> RunRecord:
        """The run with this id, or the only one whose id starts so. Raises NoSuchRun."""
        found = self._select(
            "SELECT run_id, record FROM runs WHERE run_id >= ? AND run_id < ? ORDER BY run_id LIMIT ?",
            (prefix, prefix + chr(0x10FFFF), _SHOWN_MAX + 1),
        )
        exact = [packed for run_id, packed in found if run_id == prefix]
        if not prefix or not found:
            raise NoSuchRun(f"no run {prefix!r} in {self.path}{self._newest_in_words()}")
        if not exact and len(found) > 1:
            ids = ", ".join(run_id for run_id, _ in found[:_SHOWN_MAX]) + (", ..." if len(found) > _SHOWN_MAX else "")
            raise NoSuchRun(f"{prefix!r} is the start of more than one run: {ids}")
        return self._unpack(exact[0] if exact else found[0][1])

    def latest(self, count: int = 1, *, outcome: str = "") -> tuple[RunRecord, ...]:
        """The newest records, newest first; of one outcome where it is given."""
        found = self._select(
            "SELECT run_id, record FROM runs WHERE ? IN ('', outcome) ORDER BY seq DESC LIMIT ?", (outcome, count)
        )
        return tuple(self._unpack(packed) for _, packed in found)

    def __len__(self) -> int:
        with self._translated():
            return int(self._db.execute("SELECT count(*) FROM runs").fetchone()[0])

    def _newest_in_words(self) -> str:
        ids = [run_id for run_id, _ in self._select("SELECT run_id, '' FROM runs ORDER BY seq DESC LIMIT 3", ())]
        return f"; the newest are {', '.join(ids)}" if ids else ", which is empty"

    def _select(self, query: str, values: tuple[object, ...]) -> list[tuple[str, bytes]]:
        with self._translated():
            return self._db.execute(query, values).fetchall()

    def _unpack(self, packed: bytes) -> RunRecord:
        try:
            return RunRecord.model_validate_json(zlib.decompress(packed))
        except (zlib.error, ValidationError) as error:
            raise HarnessError(
                f"{self.path} holds a record that this version can't read ({type(error).__name__}); "
                "it was written by another version: read it with that one, or delete the file"
            ) from None

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise HarnessError(f"the run store {self.path} can't be used: {error}") from error


def _pack(record: RunRecord) -> bytes:
    return zlib.compress(record.model_dump_json().encode(), level=1)
