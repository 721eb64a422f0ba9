"""Records of runs for the pages of a gate: from the store that the runner writes, where it is at hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from synthetic.core.errors import HarnessError
from synthetic.report.records import RunRecord
from synthetic.report.store import NoSuchRun, RunStore


def record_from(path: Path) -> Callable[[str], RunRecord | None]:
    """Finds the record of a run; None where none was kept. The file is opened for each question: the runner writes it."""

    def find(run_id: str) -> RunRecord | None:
        if not path.exists():
            return None
        try:
            with RunStore(path) as store:
                record = store.find(run_id)
        except (NoSuchRun, HarnessError):
            return None
        return record if record.run_id == run_id else None

    return find
