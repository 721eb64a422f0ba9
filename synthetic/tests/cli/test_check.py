"""`synthetic check`: histories by hand, and what the named checks say of them."""

from __future__ import annotations

from pathlib import Path

from synthetic.config.shipped import shipped_root
from synthetic.tests.cli.calling import call

HISTORIES = shipped_root() / "fixtures" / "histories"
BAD = """check: late-bet-never-sticks
invariant: 21
cases:
  - case: the late bet sticks
    {said}
    facts:
      - ledger: []
      - rollback: {{reference: b1}}
      - balance: {{cash: 10.00 EUR}}
      - ledger: [deposit d1 1.00 EUR, bet b1 -0.20 EUR]
"""


def test_a_broken_law_is_shown_by_the_shortest_piece(tmp_path: Path) -> None:
    """With its blame; what has nothing to do with it is left out."""
    file = tmp_path / "mine.yaml"
    file.write_text(BAD.format(said="broken: still costs the player 0.20 EUR"), encoding="utf-8")
    answer = call("check", file)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        "late-bet-never-sticks: the late bet sticks: broken",
        "    platform: bet b1 was rolled back, and still costs the player 0.20 EUR",
        "        step ledger-1: ledger",
        "        step rollback-2: rollback, reference b1",
        "        step ledger-4: ledger",
        "          ledger e2: bet -0.20 EUR for b1",
        "1 history, 0 not as it is written",
    ]


def test_what_differs_from_what_is_written_fails(tmp_path: Path) -> None:
    """Somebody expected that it holds."""
    file = tmp_path / "mine.yaml"
    file.write_text(BAD.format(said="holds: true"), encoding="utf-8")
    answer = call("check", "--brief", file)
    assert answer.code == 1
    assert "broken  <- not as it is written" in answer.out


def test_the_shipped_histories_are_as_they_are_written() -> None:
    """All of the folder; a brief answer says nothing of them."""
    answer = call("check", "--brief", HISTORIES)
    assert answer.code == 0
    assert answer.out.count("\n") == 1
    assert answer.out.endswith("histories, 0 not as it is written\n")


def test_a_mistake_has_its_place(tmp_path: Path) -> None:
    """As in every other file."""
    file = tmp_path / "mine.yaml"
    file.write_text("check: late-bets\ninvariant: 21\ncases: []\n", encoding="utf-8")
    answer = call("check", file)
    assert answer.code == 2
    assert "mine.yaml:1:8: unknown check 'late-bets'" in answer.err
