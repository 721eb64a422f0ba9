"""`synthetic simulate`: what it counts, what it tells of a violated seed, and its exit codes."""

from __future__ import annotations

import pytest

from synthetic.cli.exits import ExitCode
from synthetic.cli.main import main
from synthetic.cli.simulate import summary, violated
from synthetic.simulation.evidence import Violation
from synthetic.simulation.many import Tally
from synthetic.simulation.playing import Story


def test_seeds_that_break_no_law_pass(capsys: pytest.CaptureFixture[str]) -> None:
    """It tells how many there were and what went wrong in them."""
    assert main(["simulate", "--seed", "3", "--seeds", "2", "--jobs", "1"]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert "2 seeds (3 to 4)" in out
    assert "violations 0" in out
    for word in ("runs", "crashes", "faults", "take-overs"):
        assert word in out


def test_one_seed_is_played_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """The replay command plays one seed."""
    assert main(["simulate", "--seed", "3"]) == ExitCode.PASS
    assert "seed 3 in" in capsys.readouterr().out


def test_a_broken_law_fails_and_tells_how_to_play_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A journal that keeps no outcome: the seed's last events, the law, the command, and exit code 1."""
    monkeypatch.setattr("synthetic.journal.run_journal.RunJournal.resolve", lambda _self, _key, _state: None)
    assert main(["simulate", "--seed", "1"]) == ExitCode.FAILED
    out = capsys.readouterr().out
    assert "nothing-stranded" in out
    assert "play it again: synthetic simulate --seed 1" in out


def test_the_replay_command_has_what_the_seed_depends_on() -> None:
    """The number of workers, where it was asked for."""
    story = Story(7, 1, {}, (Violation("one-owner", "two runs", 1_500_000_000),), "", ("first", "last"))
    told = violated(story, 3)
    assert told[0] == "seed 7: the last 2 events"
    assert "  one-owner: two runs (at 1.500 s)" in told
    assert told[-1] == "play it again: synthetic simulate --seed 7 --workers 3"


def test_the_summary_adds_up() -> None:
    """Runs and counts of all seeds, and in how many of them a law was broken."""
    tally = Tally()
    tally.add(Story(1, 3, {"crashes": 2}, (), ""))
    tally.add(Story(2, 4, {"crashes": 1}, (Violation("one-owner", "x"), Violation("one-owner", "y")), ""))
    assert summary(tally, 1, 4.0) == [
        "2 seeds (1 to 2) in 4 s, 0.5 a second",
        "runs 7, crashes 3",
        "violations 2 in 1 seeds",
    ]
