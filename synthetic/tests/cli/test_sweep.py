"""`synthetic sweep`: what a run that broke off has left comes home by hand, or is told with its amount."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.shipped import shipped_root
from synthetic.core.outcome import IntentState
from synthetic.journal.book import open_book
from synthetic.runner.identity import fresh_seed
from synthetic.runner.kept_runs import KeptRuns
from synthetic.runner.provoked import PROVOCATIONS
from synthetic.runner.session import Session
from synthetic.runner.specs import Part, Turn
from synthetic.tests.cli.calling import Answer, call

pytestmark = pytest.mark.slow

JOURNAL = Path(".synthetic") / "journal.db"
ROW = {"psp": "psp-a", "provider": "provider-a"}


@pytest.fixture
def broken_off(project: Path, cells_file: Path) -> Path:
    """A project in which a run has deposited and was gone before it heard of it."""
    root = shipped_root()
    cell = load_cells(cells_file)["canary"]
    scenario = load_scenario(
        next((root / "scenarios").rglob("deposit_bet_withdraw.yaml")),
        load_platform(root / "fixtures" / "platforms" / "reference.yaml"),
    )
    (project / JOURNAL).parent.mkdir(exist_ok=True)

    async def playing() -> None:
        with open_book(project / JOURNAL) as book:
            seed = fresh_seed()
            async with Session([cell], seed=seed, sink=lambda _event: None, kept=KeptRuns(book, seed)) as session:
                session.provoke("canary", PROVOCATIONS["crashes_after_money"])
                await session.play_turn(Turn((Part(scenario, cell),), ROW, 0))

    asyncio.run(playing())
    return project


def sweep(cells_file: Path, *words: str) -> Answer:
    """Call it."""
    return call("sweep", "--cells", cells_file, *words)


def states(project: Path) -> Sequence[IntentState]:
    """What the journal knows of each effect."""
    with open_book(project / JOURNAL) as book:
        return [entry.state for entry in book.entries()]


def test_what_was_left_comes_home(broken_off: Path, cells_file: Path) -> None:
    """Listed with its effects and their results, exit 0; a second sweep has nothing to do."""
    answer = sweep(cells_file)
    assert answer.code == 0, answer.err
    assert "  1.00 EUR  step deposit  undone  by cashier.refund\n" in answer.out
    assert answer.out.endswith("1 run swept: 1 home, 0 not\n")
    assert states(broken_off) == [IntentState.COMPENSATED]
    assert sweep(cells_file).out == "0 runs swept: 0 home, 0 not\n"


def test_a_dry_run_lists_and_touches_nothing(broken_off: Path, cells_file: Path) -> None:
    """Exit 4, as money is open."""
    answer = sweep(cells_file, "--dry-run")
    assert answer.code == 4
    assert "  1.00 EUR  step deposit  intent\n" in answer.out
    assert answer.out.endswith("1 run to sweep, 1.00 EUR in 1 open effect\n")
    assert states(broken_off) == [IntentState.INTENT]


@pytest.mark.slow
def test_only_what_was_asked_for_is_swept(broken_off: Path, cells_file: Path) -> None:
    """By the run's id, and by its age."""
    assert sweep(cells_file, "--run", "another").out == "0 runs swept: 0 home, 0 not\n"
    assert sweep(cells_file, "--older-than", "1h").out == "0 runs swept: 0 home, 0 not\n"
    assert states(broken_off) == [IntentState.INTENT]
    (listed,) = json.loads(sweep(cells_file, "--dry-run", "--json").out)
    assert sweep(cells_file, "--run", listed["run"]).code == 0
    assert states(broken_off) == [IntentState.COMPENSATED]


def test_a_platform_that_is_away_is_told_as_such(broken_off: Path, cells_file: Path) -> None:
    """Exit 3, the amount is told, and the next sweep brings it home."""
    api = load_cells(cells_file)["canary"].endpoints["api"]
    away = cells_file.parent / "away.yaml"
    away.write_text(cells_file.read_text(encoding="utf-8").replace(api, "http://127.0.0.1:9"), encoding="utf-8")
    answer = sweep(away)
    assert answer.code == 3
    assert "player p-canary-standard-1 on canary  not home yet\n" in answer.out
    assert answer.out.endswith("1 run swept: 0 home, 1 not, 1.00 EUR stranded\n")
    assert sweep(cells_file).code == 0
    assert states(broken_off) == [IntentState.COMPENSATED]


def hold(project: Path, lease_s: float) -> None:
    """Somebody takes the run that was left, and is gone at once."""
    with open_book(project / JOURNAL) as book:
        (row,) = book.stranded_runs()
        assert book.take_over(row.run.run_id, "somebody", lease_s, early=True) is not None


def test_a_run_that_somebody_holds_is_left_alone_and_told(broken_off: Path, cells_file: Path) -> None:
    """Its money is not home, so it is exit 4: with the amount, by whom it is held, and until when."""
    hold(broken_off, 600)
    answer = sweep(cells_file)
    assert answer.code == 4
    held, total = answer.out.splitlines()
    assert held.startswith("not swept: 1 run held by somebody, 1.00 EUR open; the last lease is over in ")
    assert held.endswith(" UTC (--wait waits for it)")
    assert total == "0 runs swept: 0 home, 0 not"
    listing = sweep(cells_file, "--dry-run")
    assert listing.code == 4
    assert "not listed: 1 run held by somebody, 1.00 EUR open; the last lease" in listing.err
    assert states(broken_off) == [IntentState.INTENT]


def test_json_tells_what_is_held(broken_off: Path, cells_file: Path) -> None:
    """Each run with the end of its lease, and its effects; waiting for less than that changes nothing."""
    hold(broken_off, 600)
    answer = sweep(cells_file, "--json", "--wait", "10ms")
    (held,) = json.loads(answer.out)["held"]
    assert (answer.code, held["worker"], held["effects"][0]["amount_minor"]) == (4, "somebody", 100)
    assert datetime.fromisoformat(held["until"]) > datetime.now(UTC)
    assert "waiting up to 10ms: 1 run held by somebody" in answer.err


def test_a_sweep_waits_for_a_lease_to_end(broken_off: Path, cells_file: Path) -> None:
    """As after a load that was killed: no longer than it has to, and then the money comes home."""
    hold(broken_off, 3)
    answer = sweep(cells_file, "--wait", "10m")
    assert (answer.code, states(broken_off)) == (0, [IntentState.COMPENSATED]), answer.out
    assert answer.out.endswith("1 run swept: 1 home, 0 not\n")


def test_a_run_that_nobody_asked_for_is_not_told_as_held(broken_off: Path, cells_file: Path) -> None:
    """What the options leave out says nothing of what they mean."""
    hold(broken_off, 600)
    for words in (("--run", "another"), ("--older-than", "1h")):
        answer = sweep(cells_file, *words)
        assert (answer.code, answer.out) == (0, "0 runs swept: 0 home, 0 not\n")


def test_effects_without_a_run_are_swept_when_they_are_old(broken_off: Path, cells_file: Path) -> None:
    """An earlier version wrote no rows; another scenario of the player's pool signs him in."""
    with open_book(broken_off / JOURNAL) as book:
        (entry,) = book.entries()
    (broken_off / JOURNAL).unlink()
    old_ns = entry.created_ns - 3600 * 10**9
    with open_book(broken_off / JOURNAL, wall_ns=lambda: old_ns) as book:
        book.intend(entry.intent, None)
    answer = sweep(cells_file)
    assert answer.code == 0, answer.out
    assert states(broken_off) == [IntentState.COMPENSATED]


@pytest.mark.slow
def test_effects_without_a_run_that_are_new_may_belong_to_one_that_goes_on(broken_off: Path, cells_file: Path) -> None:
    """Nobody says whether it does, so they are left alone for ten minutes."""
    with open_book(broken_off / JOURNAL) as book:
        (entry,) = book.entries()
    (broken_off / JOURNAL).unlink()
    with open_book(broken_off / JOURNAL) as book:
        book.intend(entry.intent, None)
    answer = sweep(cells_file)
    assert answer.code == 4
    assert "not swept: 1 run held by nobody known, 1.00 EUR open; the last lease" in answer.out
    assert answer.out.endswith("0 runs swept: 0 home, 0 not\n")


def test_json_tells_every_effect_by_its_key(broken_off: Path, cells_file: Path) -> None:
    """For whoever automates it."""
    told = json.loads(sweep(cells_file, "--json").out)
    (run,) = told["runs"]
    (effect,) = run["effects"]
    assert (run["move"], effect["result"], effect["state"]) == ("closed", "undone", "compensated")
    assert effect["key"] == f"{run['run']}-deposit"
    assert (effect["amount_minor"], effect["currency"]) == (100, "EUR")


def test_a_journal_that_is_not_there_is_bad_input(project: Path, cells_file: Path) -> None:
    """A typing mistake in a cron job must not look like "nothing to sweep"; and none is made."""
    answer = sweep(cells_file)
    assert answer.code == 2
    assert "there is no journal .synthetic/journal.db here" in answer.err
    assert not (project / JOURNAL).exists()


def test_a_duration_that_is_none_is_bad_input(project: Path, cells_file: Path) -> None:
    """With the option that it was given to."""
    answer = sweep(cells_file, "--older-than", "soon")
    assert answer.code == 2
    assert "--older-than" in answer.err


def test_what_was_swept_is_in_the_audit(broken_off: Path, cells_file: Path) -> None:
    """Under the name of whoever swept: the run's compensation, and what became of its effect."""
    answer = sweep(cells_file, "--audit", "audit", "--journal", "file:journal-is-there")
    assert answer.code == 2
    (broken_off / "journal-is-there").write_text(f"{JOURNAL}\n")
    answer = sweep(cells_file, "--audit", "audit", "--journal", "file:journal-is-there")
    assert answer.code == 0, answer.err
    told = [json.loads(line) for line in call("audit", "export", "audit").out.splitlines()]
    assert {line["who"].partition(":")[0] for line in told[1:]} == {"user"}
    assert [line["data"]["state"] for line in told if line["kind"] == "resolution"][-1] == "compensated"
    assert [line["data"]["result"] for line in told if line["kind"] == "compensation"] == ["undone"]
    assert call("audit", "verify", "audit").code == 0


def test_an_audit_that_can_not_be_written_keeps_no_money_from_home(broken_off: Path, cells_file: Path) -> None:
    """It is said."""
    (broken_off / "audit").touch()
    answer = sweep(cells_file, "--audit", "audit")
    assert (answer.code, states(broken_off)) == (0, [IntentState.COMPENSATED])
    assert "not in the audit: " in answer.err
