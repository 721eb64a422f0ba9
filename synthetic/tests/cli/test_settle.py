"""`synthetic settle`: a person's word closes an effect, with the reason, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.core.effects import Intent
from synthetic.core.money import Money
from synthetic.core.outcome import IntentState
from synthetic.journal.book import Book, open_book
from synthetic.journal.model import Lease, NewRun
from synthetic.tests.cli.calling import Answer, call

JOURNAL = Path(".synthetic") / "journal.db"
WHY = ("--reason", "refunded by the PSP, ticket 4711", "--by", "ada")


def intent(step: str) -> Intent:
    """The intent of a step of one run."""
    return Intent("r1", step, "pay", "deposit", Money(100, "EUR"), f"r1-{step}", "psp", "wallet", "canary", "p1")


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    """The journal of an empty project."""
    monkeypatch.chdir(tmp_path)
    JOURNAL.parent.mkdir()
    with open_book(JOURNAL) as opened:
        yield opened


def stuck(book: Book, *steps: str) -> Lease:
    """A run with stuck effects."""
    lease = book.admit(
        NewRun("r1", "", "s", "", "canary", {}, 1, 1, 0), candidates=[("p1", "c/p1")], worker="w", ttl_s=60
    )
    assert lease is not None
    for step in steps:
        book.intend(intent(step), lease)
        book.resolve(f"r1-{step}", IntentState.STUCK)
    return lease


def settle(key: str, *words: str) -> Answer:
    """Call it."""
    return call("settle", key, *words)


def test_the_last_open_effect_closes_its_run(book: Book) -> None:
    """With who said so and why; nothing is stranded any more, and the account plays on."""
    book.strand(stuck(book, "deposit"), "the platform refuses", next_try_ns=0)
    answer = settle("r1-deposit", *WHY)
    assert answer.code == 0, answer.err
    assert (
        "1.00 EUR  step deposit  run r1  player p1 on canary  settled by ada: refunded by the PSP, ticket 4711\n"
        in answer.out
    )
    assert answer.out.endswith("nothing else of this run is open\n")
    row = book.run("r1")
    assert row is not None
    assert (row.outcome, row.reason) == ("aborted", "settled by ada: refunded by the PSP, ticket 4711")
    assert book.left().effects == 0


def test_the_other_effects_of_the_run_stay_open(book: Book) -> None:
    """A word about one effect says nothing of another."""
    book.strand(stuck(book, "deposit", "bonus"), "the platform refuses", next_try_ns=0)
    assert settle("r1-deposit", *WHY).out.endswith("still open of this run: 1.00 EUR\n")
    assert [entry.intent.key for entry in book.open_intents()] == ["r1-bonus"]
    assert [row.run.run_id for row in book.stranded_runs()] == ["r1"]


def test_an_effect_without_a_run_can_be_settled(book: Book) -> None:
    """Of a test, or of an earlier version."""
    book.intend(intent("deposit"), None)
    assert settle("r1-deposit", *WHY).code == 0
    assert book.open_intents() == []


def test_who_is_at_the_run_is_not_disturbed(book: Book) -> None:
    """Its lease lives."""
    stuck(book, "deposit")
    answer = settle("r1-deposit", *WHY)
    assert answer.code == 3
    assert "a worker is at the run r1" in answer.err
    assert [entry.state for entry in book.entries()] == [IntentState.STUCK]


@pytest.mark.parametrize("key", ["r1-nothing", "r1-deposit"])
def test_what_is_not_open_can_not_be_settled(book: Book, key: str) -> None:
    """A key that nobody knows, or of an effect that came home."""
    book.intend(intent("deposit"), None)
    book.resolve("r1-deposit", IntentState.COMPENSATED)
    answer = settle(key, *WHY)
    assert answer.code == 3
    assert f"no open effect under the key '{key}'" in answer.err


def test_without_a_reason_nothing_is_settled(book: Book) -> None:
    """Whoever audits it has to find one."""
    book.intend(intent("deposit"), None)
    answer = settle("r1-deposit")
    assert answer.code == 2
    assert "settle needs a reason" in answer.err
    assert len(book.open_intents()) == 1


def test_the_audit_has_the_person_the_effect_and_the_reason(book: Book) -> None:
    """In the chain of what people do."""
    book.intend(intent("deposit"), None)
    assert settle("r1-deposit", *WHY, "--audit", "audit").code == 0
    told = "".join(path.read_text(encoding="utf-8") for path in Path("audit").rglob("*") if path.is_file())
    assert "settled_by_hand" in told
    assert "settled by ada: refunded by the PSP, ticket 4711" in told
    assert "r1-deposit" in told
