"""Run records as JSON: an array for one command's answer, lines for a stream."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import TypeAdapter

from synthetic.core.wording import json_escaped
from synthetic.report.records import RunRecord

_RECORDS = TypeAdapter(list[RunRecord])


def json_array(records: Sequence[RunRecord]) -> str:
    """A JSON array of run records, indented."""
    return json_escaped(_RECORDS.dump_json(list(records), indent=2).decode())


def json_line(record: RunRecord) -> str:
    """One run record on one line."""
    return json_escaped(record.model_dump_json())
