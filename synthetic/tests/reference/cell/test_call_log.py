"""The log of what providers told the wallet: in order, by player and round, and bounded."""

from __future__ import annotations

from synthetic.reference.cell.call_log import CALLS_KEPT, OK, ROUNDS_KEPT, CallLog


def note(log: CallLog, action: str, status: str = OK, *, player: str = "ada", round_id: str = "r") -> None:
    log.note(player, round_id, action=action, transaction=f"{action}-1", status=status, closes=action != "bet")


def test_a_call_is_told_with_whether_its_bet_was_there_before_it() -> None:
    """A refused bet is not there; the order is that of the calls."""
    log = CallLog()
    for action, status in (
        ("win", "unknown bet"),
        ("bet", "rolled back"),
        ("win", "unknown bet"),
        ("bet", OK),
        ("win", OK),
    ):
        note(log, action, status)
    assert [(call["action"], call["after_bet"]) for call in log.of("ada", "r")] == [
        ("win", False), ("bet", False), ("win", False), ("bet", False), ("win", True)
    ]  # fmt: skip


def test_a_round_is_one_players() -> None:
    """Rounds are named by providers: another player's round of the same name is another round."""
    log = CallLog()
    note(log, "bet")
    assert log.of("bob", "r") == []
    assert log.of("ada", "other") == []


def test_the_log_is_bounded() -> None:
    """The oldest round goes, and a round that is called without end keeps its first calls."""
    log = CallLog()
    for number in range(ROUNDS_KEPT + 1):
        note(log, "bet", round_id=f"r{number}")
    for _ in range(2 * CALLS_KEPT):
        note(log, "bet", round_id="r1")
    assert log.of("ada", "r0") == []
    assert len(log.of("ada", "r1")) == CALLS_KEPT
