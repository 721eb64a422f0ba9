"""Rounds that the gateway opens before it asks the provider, and the wallet's part in them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from synthetic.reference.cell import rounds
from synthetic.reference.cell.context import RoundClosed
from synthetic.reference.cell.rounds import BET_MOVES, NewBet
from synthetic.reference.cell.wallet_api.desk import Knobs
from synthetic.tests.reference.cell.running import RunningCell, running_cell


def open_bet(cell: RunningCell, number: int = 1, **changes: Any) -> None:
    """What the gateway does before it asks provider-a."""
    values: dict[str, Any] = {
        "round_id": "r",
        "bet_id": f"b-{number}",
        "req_id": f"q-{number}",
        "session": "s",
    } | changes
    bet = NewBet(provider="provider-a", player_id="ada", game="dice", currency="EUR", stake_minor=20, **values)
    with cell.context.ledger.transaction() as transaction:
        rounds.create_round(transaction.session, bet)


def call(cell: RunningCell, kind: str, transaction: str, **changes: Any) -> str:
    body = {"user": "ada", "round": "r", "game_code": "dice", "currency": "EUR", "amount": 20_000}
    return str(cell.call_a(f"transaction/{kind}", **(body | {"transaction_uuid": transaction} | changes))["status"])


def bet_states(cell: RunningCell) -> list[str]:
    return [bet["state"] for bet in cell.round("ada", "r")["bets"]]


def test_the_wallet_debits_the_bet_that_the_gateway_opened(cell: RunningCell) -> None:
    """PENDING becomes ACCEPTED and then SETTLED; there is one bet and one round."""
    open_bet(cell)
    assert (cell.round("ada", "r")["state"], bet_states(cell)) == ("OPEN", ["PENDING"])
    assert call(cell, "bet", "b-1", token=cell.open_game("ada")) == "RS_OK"
    assert bet_states(cell) == ["ACCEPTED"]
    call(cell, "win", "w-1", reference_transaction_uuid="b-1")
    view = cell.round("ada", "r")
    assert (view["state"], view["stake_minor"], view["payout_minor"], bet_states(cell)) == ("WON", 20, 20, ["SETTLED"])


def test_a_debit_of_another_amount_than_the_player_staked_is_refused(cell: RunningCell) -> None:
    """The provider may not take more, or less, or in another round."""
    open_bet(cell)
    token = cell.open_game("ada")
    for change in ({"amount": 30_000}, {"amount": 10_000}, {"round": "r2"}):
        assert call(cell, "bet", "b-1", token=token, **change) == "RS_ERROR_DUPLICATE_TRANSACTION"
    assert cell.kinds("ada") == []


def test_a_win_needs_the_debit(cell: RunningCell) -> None:
    """A PENDING bet is not yet a bet (domain reference 7, 21)."""
    open_bet(cell)
    assert call(cell, "win", "w-1", reference_transaction_uuid="b-1") == "RS_ERROR_TRANSACTION_DOES_NOT_EXIST"


def test_a_refused_bet_voids_its_round_and_can_not_be_debited_later(cell: RunningCell) -> None:
    """REJECTED once; a late debit is refused, and rejecting again or after the debit does nothing."""
    open_bet(cell)
    for expected in (True, False):
        with cell.context.ledger.transaction() as transaction:
            assert rounds.reject_bet(transaction.session, "provider-a", "ada", "b-1") is expected
    assert (cell.round("ada", "r")["state"], bet_states(cell)) == ("VOID", ["REJECTED"])
    assert call(cell, "bet", "b-1", token=cell.open_game("ada")) == "RS_ERROR_TRANSACTION_ROLLED_BACK"
    assert cell.kinds("ada") == []


@pytest.mark.parametrize("unknown_rollback", ["ok", "not_found"])
def test_a_rollback_of_a_bet_that_was_never_debited_voids_its_round(tmp_path: Any, unknown_rollback: Any) -> None:
    """The gateway hears of it, nothing is posted, and the debit that comes late is refused."""
    heard: list[RoundClosed] = []

    async def listen(closed: RoundClosed) -> None:
        heard.append(closed)

    with running_cell(tmp_path, knobs_a=Knobs(unknown_rollback=unknown_rollback)) as cell:
        cell.context.on_round_closed.append(listen)
        open_bet(cell)
        call(cell, "rollback", "rb-1", reference_transaction_uuid="b-1")
        assert (cell.round("ada", "r")["state"], bet_states(cell)) == ("VOID", ["ROLLED_BACK"])
        assert call(cell, "bet", "b-1", token=cell.open_game("ada")) == "RS_ERROR_TRANSACTION_ROLLED_BACK"
        assert (cell.kinds("ada"), [closed.state for closed in heard]) == ([], ["VOID"])


def test_a_bet_is_found_by_the_clients_req_id(cell: RunningCell) -> None:
    """In its game session or among the player's; not in another session, not for another player."""
    open_bet(cell)
    with cell.context.ledger.reading() as session:
        found = rounds.find_bet(session, req_id="q-1", game_session="s")
        assert found is not None
        assert rounds.bet_view(found) == {"id": "b-1", "round": "r", "state": "PENDING", "stake_minor": 20}
        assert rounds.find_bet(session, req_id="q-1", player_id="ada") is not None
        assert rounds.find_bet(session, req_id="q-1", game_session="other") is None
        assert rounds.find_bet(session, req_id="q-1", player_id="bob") is None


def test_a_req_id_is_one_bet_in_a_session(cell: RunningCell) -> None:
    """The database refuses the second (domain reference 6, 48); another session may use it."""
    open_bet(cell)
    open_bet(cell, 2, req_id="q-1", session="other")
    with pytest.raises(IntegrityError):
        open_bet(cell, 3, req_id="q-1")


def test_a_round_is_shown_to_its_player_only(cell: RunningCell) -> None:
    """Another player's round does not exist."""
    open_bet(cell)
    with cell.context.ledger.reading() as session:
        assert rounds.round_view(session, "bob", "r") is None


def test_final_states_have_no_way_out() -> None:
    """What is settled, refused or rolled back stays so; every state that can be reached is in the table."""
    assert {state for state, moves in BET_MOVES.items() if not moves} == {"REJECTED", "SETTLED", "ROLLED_BACK"}
    assert set[str]().union(*BET_MOVES.values()) <= set(BET_MOVES)
