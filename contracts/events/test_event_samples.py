"""Readers of today and events of yesterday: everything that a cell ever wrote can still be read, and says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthetic.contracts.protobuf.decoding import Schema, as_json, encode, unknown_fields
from synthetic.contracts.protobuf.samples import load

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*/*.json"))


def test_there_is_a_sample_of_every_event() -> None:
    """In each folder, which is a version of the schema."""
    for folder in {path.parent for path in SAMPLES}:
        types = {load(path).type for path in folder.iterdir()}
        assert types == {"round.settled", "deposit.completed", "withdrawal.completed"}, folder.name
    assert SAMPLES


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_old_event_says_today_what_it_said_then(schema: Schema, path: Path) -> None:
    """Under the same names, with nothing that is unknown now, and not a byte is lost when it is passed on."""
    sample = load(path)
    decoded = schema.decode(sample.message, bytes.fromhex(sample.content))
    assert as_json(decoded) == sample.says
    assert unknown_fields(decoded) == []
    assert encode(decoded).hex() == sample.content


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_field_that_came_later_is_absent_and_not_wrong(schema: Schema, path: Path) -> None:
    """An old event has no field that it did not have: what it says is exactly the fields that are present."""
    sample = load(path)
    decoded: Any = schema.decode(sample.message, bytes.fromhex(sample.content))
    assert {field.name for field, _ in decoded.ListFields()} == set(sample.says)
    assert {field.name for field, _ in decoded.header.ListFields()} == set(sample.says["header"])
