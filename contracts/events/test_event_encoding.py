"""The cell's encoder against the contract's decoder, for whatever a fact may hold: two statements that were made apart."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic.contracts.protobuf.decoding import Schema, encode, unknown_fields, unset_fields
from synthetic.reference.cell.events import (
    DepositCompleted,
    Money,
    RoundOutcome,
    RoundSettled,
    Timestamp,
    WithdrawalCompleted,
)
from synthetic.reference.cell.events.messages import Event, EventHeader

EVENTS = (DepositCompleted, WithdrawalCompleted, RoundSettled)

names = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)
times = st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is the next argument
moneys = st.builds(Money, st.integers(0, 2**53), st.sampled_from(["EUR", "JPY", "KWD"]))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "header": st.builds(EventHeader, names, times.map(Timestamp.of), names, names, st.booleans(), names),
    "outcome": st.sampled_from(RoundOutcome),
    **dict.fromkeys(("amount", "stake", "payout"), moneys),
    **dict.fromkeys(("opened_at", "requested_at"), times.map(Timestamp.of)),
}


def any_event(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of this kind that a cell could publish."""
    return st.builds(kind, **{field.name: VALUES.get(field.name, names) for field in fields(kind)})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", EVENTS)
@settings(deadline=None)
@given(data=st.data())
def test_the_contract_reads_what_the_cell_writes(schema: Schema, kind: type[Event], data: st.DataObject) -> None:
    """Field by field by name, nothing lost and nothing too much, and protobuf writes the same bytes."""
    event = data.draw(any_event(kind))
    decoded = schema.decode(kind.message, bytes(event))
    for name, value in _flat(asdict(event)):  # type: ignore[call-overload]
        found: Any = decoded
        for part in name.split("."):
            found = getattr(found, part)
        assert found == (value or 0 if name.endswith("nanos") else value), name
    assert unknown_fields(decoded) == unset_fields(decoded) == []
    assert encode(decoded) == bytes(event)


@settings(deadline=None)
@given(at=times)
def test_a_moment_is_told_to_the_microsecond(schema: Schema, at: datetime) -> None:
    """No float on the way."""
    decoded: Any = schema.message_class("google.protobuf.Timestamp")()
    decoded.ParseFromString(bytes(Timestamp.of(at)))
    assert datetime.fromtimestamp(0, UTC) + timedelta(seconds=decoded.seconds, microseconds=decoded.nanos / 1000) == at


def _flat(values: dict[str, Any], path: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for name, value in values.items():
        flat += _flat(value, f"{path}{name}.") if isinstance(value, dict) else [(f"{path}{name}", value)]
    return flat
