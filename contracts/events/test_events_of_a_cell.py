"""Events that a cell published during real play, read by the contract alone and compared with what its API says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from synthetic.contracts.protobuf.decoding import Schema, as_json, encode, unknown_fields, unset_fields
from synthetic.contracts.protobuf.play import STAKE_MINOR, Evidence
from synthetic.reference.cell.events import RoundOutcome

MESSAGES = {
    "round.settled": "gaming.events.v1.RoundSettled",
    "deposit.completed": "gaming.events.v1.DepositCompleted",
    "withdrawal.completed": "gaming.events.v1.WithdrawalCompleted",
}


@pytest.fixture(scope="session")
def told(evening: Evidence, schema: Schema) -> dict[str, list[dict[str, Any]]]:
    """What the events say, by their type."""
    by_type: dict[str, list[dict[str, Any]]] = {name: [] for name in MESSAGES}
    for event in evening.events:
        by_type[event.type].append(as_json(schema.decode(MESSAGES[event.type], event.content)))
    return by_type


def money(amount_minor: int, currency: str = "EUR") -> dict[str, str]:
    """An amount in protobuf's JSON, in which 64-bit numbers are strings."""
    return {"amount_minor": str(amount_minor), "currency": currency}


def test_every_deposit_that_succeeded_has_one_event_and_no_other_has(evening: Evidence, told: Any) -> None:
    """Amount, PSP and the PSP's reference are those of the deposit; the one that was declined is not told of."""
    completed = {id_: view for id_, view in evening.deposits.items() if view["state"] == "succeeded"}
    assert len(completed) == 2 < len(evening.deposits)
    events = told["deposit.completed"]
    assert sorted(event["deposit_id"] for event in events) == sorted(completed)
    for event in events:
        view = completed[event["deposit_id"]]
        assert event["amount"] == money(view["amount_minor"], view["currency"])
        assert (event["psp"], event["psp_reference"]) == (view["psp"], view["psp_reference"])


def test_every_withdrawal_that_was_paid_has_one_event(evening: Evidence, told: Any) -> None:
    """With what the API says of it."""
    (event,) = told["withdrawal.completed"]
    view = evening.withdrawals[event["withdrawal_id"]]
    assert event["amount"] == money(view["amount_minor"], view["currency"])
    assert (event["psp"], event["psp_reference"]) == (view["psp"], view["psp_reference"])


def test_every_round_has_one_event_with_its_stake_payout_and_outcome(evening: Evidence, told: Any) -> None:
    """Also a round that was void."""
    events = told["round.settled"]
    assert sorted(event["round_id"] for event in events) == sorted(evening.rounds)
    for event in events:
        view = evening.rounds[event["round_id"]]
        assert event["outcome"] == f"ROUND_OUTCOME_{view['state']}"
        assert event["stake"] == money(view["stake_minor"]) == money(STAKE_MINOR)
        assert event["payout"] == money(view["payout_minor"])
        assert event["game"] == evening.games[event["round_id"]]
        assert event["provider"] == {"wheel": "provider-b", "dice": "provider-a"}[event["game"].rsplit("-", 1)[1]]
    assert {"ROUND_OUTCOME_WON", "ROUND_OUTCOME_VOID"} <= {event["outcome"] for event in events}


def test_money_in_the_events_is_money_in_the_ledger(evening: Evidence, told: Any) -> None:
    """A reader who adds up the events gets to the player's cash."""
    moved = [
        entry["amount_minor"] for entry in evening.ledger if entry["bucket"] == "cash" and entry["kind"] != "funding"
    ]
    came_in = sum(int(event["amount"]["amount_minor"]) for event in told["deposit.completed"])
    went_out = sum(int(event["amount"]["amount_minor"]) for event in told["withdrawal.completed"])
    won = sum(
        int(event["payout"]["amount_minor"]) - int(event["stake"]["amount_minor"])
        for event in told["round.settled"]
        if event["outcome"] != "ROUND_OUTCOME_VOID"
    )
    assert came_in - went_out + won == sum(moved)


def test_every_event_says_who_tells_it_and_that_the_player_is_synthetic(evening: Evidence, told: Any) -> None:
    """Cell, version, market and flag; each id is there once, and every event is about our player."""
    events = [event for events in told.values() for event in events]
    for event in events:
        header = event["header"]
        assert (header["cell"], header["cell_version"]) == (evening.cell.name, evening.cell.version)
        assert (header["market"], header["synthetic"]) == (evening.cell.market, True)
        assert event["player_id"] == evening.player_id
    assert len({event["header"]["event_id"] for event in events}) == len(events) == len(evening.events)


def test_times_are_utc_and_in_order(told: Any) -> None:
    """A thing begins before it ends, and all of it was just now."""
    for event in (event for events in told.values() for event in events):
        began = datetime.fromisoformat(event.get("opened_at") or event["requested_at"])
        ended = datetime.fromisoformat(event["header"]["occurred_at"])
        assert began <= ended
        assert began.utcoffset() == datetime.now(UTC).utcoffset()
        assert 0 <= (datetime.now(UTC) - ended).total_seconds() < 600


def test_nothing_is_sent_that_the_contract_does_not_know(evening: Evidence, schema: Schema) -> None:
    """A field that the cell writes and the schema lacks would be lost on every reader."""
    for event in evening.events:
        assert unknown_fields(schema.decode(event.message, event.content)) == [], event.type


def test_everything_that_the_contract_promises_is_sent(evening: Evidence, schema: Schema) -> None:
    """Every field of every event, zeros and `false` too: the schema has no field that may be absent."""
    for event in evening.events:
        assert unset_fields(schema.decode(event.message, event.content)) == [], event.type


def test_protobuf_itself_would_have_written_the_same_bytes(evening: Evidence, schema: Schema) -> None:
    """The cell's encoder and protobuf's own agree to the byte."""
    for event in evening.events:
        assert encode(schema.decode(event.message, event.content)) == event.content


def test_the_office_names_the_message_of_each_event(evening: Evidence) -> None:
    """Type, message and media type, in the order of positions without a gap; reading on begins where one stopped."""
    for event in evening.events:
        assert (event.message, event.content_type) == (MESSAGES[event.type], "application/protobuf")
    assert [event.position for event in evening.events] == list(range(1, len(evening.events) + 1))
    assert evening.later == evening.events[1:]


def test_the_outcomes_have_the_numbers_of_the_contract(schema: Schema) -> None:
    """Every outcome that a cell knows is one that readers know, and the other way round."""
    ours = {f"ROUND_OUTCOME_{outcome.name}": outcome.value for outcome in RoundOutcome}
    assert schema.values_of("gaming.events.v1.RoundOutcome") == {"ROUND_OUTCOME_UNSPECIFIED": 0} | ours
