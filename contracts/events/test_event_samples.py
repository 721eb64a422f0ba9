"""Readers of today and events of yesterday: everything that a cell ever wrote can still be read, and says the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from synthetic.contracts.protobuf.decoding import Schema, as_json, encode, unknown_fields, unset_fields
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


def test_the_oldest_samples_are_of_a_former_version(schema: Schema) -> None:
    """They were written before the schema had all that it has now: what they show is more than that today reads today."""
    sample = load(SAMPLES[0])
    assert unset_fields(schema.decode(sample.message, bytes.fromhex(sample.content))) == ["header.market"]


def test_the_newest_samples_have_every_field(schema: Schema) -> None:
    """When the schema grows, events are recorded anew; so the next change is held against all of it."""
    for path in SAMPLES:
        if path.parent == SAMPLES[-1].parent:
            sample = load(path)
            assert unset_fields(schema.decode(sample.message, bytes.fromhex(sample.content))) == [], path.name
