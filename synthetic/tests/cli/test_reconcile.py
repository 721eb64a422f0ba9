"""`synthetic reconcile`: journal, ledger and PSP report of a real cell agree, and every planted difference is told by its key."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.tests.cli.calling import call

pytestmark = pytest.mark.slow

JOURNAL = Path(".synthetic") / "journal.db"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A world of its own: nobody else may move money in it."""
    with world_in_a_thread(WorldSettings(seed=13)) as running:
        yield running


@pytest.fixture(scope="module")
def played(world: World, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A cells file, and the journal of a session that has moved money on its canary."""
    folder = tmp_path_factory.mktemp("played")
    world.write_cells(folder / "cells.yaml")
    with pytest.MonkeyPatch.context() as patch:
        root = Path.cwd()
        patch.chdir(folder)
        for name in ("scenarios", "fixtures"):
            (folder / name).symlink_to(root / name)
        words = ("--scenario", "deposit-bet-withdraw", "--scenario", "promo-claim", "--scenario", "bet-rollback")
        answer = call("run", "--cells", folder / "cells.yaml", "--cell", "canary", *words)
        assert answer.code == 0, answer.err
        journal = (folder / JOURNAL).read_bytes()
    return folder / "cells.yaml", journal


@pytest.fixture
def cells(project: Path, played: tuple[Path, bytes]) -> Path:
    """A project with a copy of that journal."""
    (project / JOURNAL).parent.mkdir()
    (project / JOURNAL).write_bytes(played[1])
    return played[0]


def reconciled(cells: Path, code: int, *, wait: str = "30s") -> dict[str, Any]:
    """What it tells as JSON of everybody who has played."""
    with sqlite3.connect(JOURNAL) as database:
        players = [name for (name,) in database.execute("SELECT DISTINCT player FROM intents")]
    only = [word for name in players for word in ("--player", name)]
    answer = call("reconcile", "--cells", cells, "--cell", "canary", *only, "--json", "--wait", wait)
    assert answer.code == code, answer.err + answer.out
    told: dict[str, Any] = json.loads(answer.out)
    return told


def change(statement: str) -> None:
    """Change the journal behind everybody's back."""
    with sqlite3.connect(JOURNAL) as database:
        assert database.execute(statement).rowcount == 1


def key_of(kind: str) -> str:
    """The key of the first effect of a kind that happened, and was not undone."""
    with sqlite3.connect(JOURNAL) as database:
        found: str = database.execute(
            "SELECT key FROM intents WHERE kind = ? AND state = 'settled' ORDER BY number", (kind,)
        ).fetchone()[0]
        return found


def test_what_a_session_has_moved_agrees(cells: Path) -> None:
    """Deposits, stakes, withdrawals and bonuses, by every PSP; exit 0."""
    told = reconciled(cells, 0)
    assert (told["holds"], told["differences"]) == (True, [])
    assert told["effects"] > 15
    assert told["entries"] > told["effects"]
    answer = call("reconcile", "--cells", cells, "--cell", "canary", "--player", "p-canary-standard-1")
    assert answer.out.endswith(": no difference\n")


@pytest.mark.parametrize(
    ("statement", "kind", "has"),
    [
        ("DELETE FROM intents WHERE key = '{deposit}'", "not_in_journal", {"journal": None}),
        pytest.param(
            "DELETE FROM intents WHERE key = '{stake}'", "not_in_journal", {"journal": None}, marks=pytest.mark.slow
        ),
        (
            "UPDATE intents SET amount_minor = 101 WHERE key = '{deposit}'",
            "amounts_differ",
            {"journal": {"minor": 101, "currency": "EUR"}, "ledger": {"minor": 100, "currency": "EUR"}},
        ),
        pytest.param(
            "UPDATE intents SET state = 'compensated' WHERE key = '{withdraw}'",
            "amounts_differ",
            {},
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "UPDATE intents SET state = 'unknown' WHERE key = '{deposit}'", "unsettled", {}, marks=pytest.mark.slow
        ),
        (
            "UPDATE intents SET key = 'nobody-knows' WHERE key = '{withdraw}'",
            "not_in_ledger",
            {"ledger": None, "key": "nobody-knows"},
        ),
    ],
)
def test_a_planted_difference_is_told(cells: Path, statement: str, kind: str, has: dict[str, Any]) -> None:
    """By its kind and amounts; exit 1."""
    change(statement.format(**{name: key_of(name) for name in ("deposit", "stake", "withdraw")}))
    told = reconciled(cells, 1)
    (difference,) = [one for one in told["differences"] if one["kind"] == kind]
    assert has.items() <= difference.items()


def test_an_account_that_is_played_on_is_not_compared(cells: Path) -> None:
    """What is under way is no difference; exit 3, as its effects could not be judged."""
    with sqlite3.connect(JOURNAL) as database:
        (account,) = database.execute("SELECT account FROM intents LIMIT 1").fetchone()
        database.execute("UPDATE accounts SET run_id = 'somebody' WHERE account = ?", (account,))
    told = reconciled(cells, 3, wait="1s")
    (unread,) = [one for one in told["unread"] if one["effects"]]
    assert "a run of this account is open" in unread["reason"]


def test_an_account_is_waited_for_and_compared_as_it_is_then(cells: Path) -> None:
    """A run that was open, and moved money, when the comparison began."""
    with sqlite3.connect(JOURNAL) as database:
        (account,) = database.execute("SELECT account FROM intents LIMIT 1").fetchone()
        database.execute("UPDATE accounts SET run_id = 'somebody' WHERE account = ?", (account,))
        (key,) = database.execute("SELECT key FROM intents WHERE account = ? LIMIT 1", (account,)).fetchone()
        database.execute("UPDATE intents SET cell = 'later' WHERE key = ?", (key,))

    def end_it() -> None:
        with sqlite3.connect(JOURNAL) as database:
            database.execute("UPDATE intents SET cell = 'canary' WHERE key = ?", (key,))
            database.execute("UPDATE accounts SET run_id = '' WHERE account = ?", (account,))

    ending = threading.Timer(2.0, end_it)
    ending.start()
    try:
        told = reconciled(cells, 0)
    finally:
        ending.join()
    assert told["differences"] == []
    assert not [one for one in told["unread"] if one["effects"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "statement"),
    [
        ("cell", "UPDATE intents SET cell = 'gone' WHERE key = '{key}'"),
        ("player", "UPDATE intents SET player = 'gone' WHERE key = '{key}'"),
    ],
)
def test_what_is_not_in_the_cells_file_any_more_is_unread_with_its_effects(
    cells: Path, column: str, statement: str
) -> None:
    """Nobody has read it, so nothing holds: exit 3, though all the others agree."""
    change(statement.format(key=key_of("stake")))
    answer = call(
        "reconcile", "--cells", cells, "--player", "gone" if column == "player" else player_of("gone"), "--json"
    )
    told = json.loads(answer.out)
    reason = f"the {column} is not in the cells file any more"
    assert [(one["effects"], one["reason"]) for one in told["unread"] if one["effects"]] == [(1, reason)]
    assert told["holds"] is False
    assert answer.code == (3 if not told["differences"] else 1)
    change("UPDATE intents SET created_ns = created_ns - 600 * 1000000000 WHERE 'gone' IN (cell, player)")
    old = call("reconcile", "--cells", cells, "--player", "gone", "--json", "--since", "1ms")
    assert (old.code, json.loads(old.out)["unread"]) == (0, []), "what is older only explains"


@pytest.mark.parametrize(("age_s", "found"), [(40, 1), (90, 0)], ids=["within the margin", "older"])
def test_what_is_a_little_older_than_since_is_judged_as_well(cells: Path, age_s: int, found: int) -> None:
    """A worker whose clock is behind wrote it before our `--since` began."""
    moved = "UPDATE intents SET cell = 'gone', created_ns = {at_ns} WHERE key = '{key}'"
    change(moved.format(at_ns=time.time_ns() - age_s * 10**9, key=key_of("stake")))
    answer = call("reconcile", "--cells", cells, "--player", player_of("gone"), "--json", "--since", "1s")
    unread = [one for one in json.loads(answer.out)["unread"] if one["effects"]]
    assert len(unread) == found


def player_of(cell: str) -> str:
    """The player of a cell's first effect."""
    with sqlite3.connect(JOURNAL) as database:
        found: str = database.execute("SELECT player FROM intents WHERE cell = ?", (cell,)).fetchone()[0]
        return found


def test_a_mapping_without_statements_is_bad_input(cells: Path, tmp_path: Path) -> None:
    """With what to write into it."""
    folder = tmp_path / "mappings"
    folder.mkdir()
    text = (Path("platforms") / "reference.yaml").read_text(encoding="utf-8")
    cut = text[: text.index("reconcile:\n")] + text[text.index("connections:\n") :]
    (folder / "reference.yaml").write_text(cut, encoding="utf-8")
    answer = call("reconcile", "--cells", cells, "--platforms", folder)
    assert answer.code == 2
    assert "write `reconcile:` into it" in answer.err
