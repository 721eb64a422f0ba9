"""The ledger's own promises, on SQLite and on Postgres."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from synthetic.reference.ledger import (
    Balance,
    Entry,
    InsufficientFunds,
    KeyTaken,
    Ledger,
    LedgerTransaction,
    UnknownPlayer,
    WrongCurrency,
)
from synthetic.reference.ledger.models import Account, JournalEntry, Posting


def entry(moves: Mapping[str, int], *, reference: str = "r-1", kind: str = "bet", counterparty: str = "house") -> Entry:
    return Entry(kind, "ada", reference, moves, counterparty, "EUR")


def count(ledger: Ledger, table: type[JournalEntry | Posting]) -> int:
    with ledger.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_an_entry_balances_over_both_sides(ledger: Ledger) -> None:
    """What the player gives the counterparty takes: each entry's postings add up to zero."""
    with ledger.transaction() as transaction:
        transaction.post(entry({"cash": -100, "locked": 60}, counterparty="psp:psp-a"))
    with ledger.reading() as session:
        sums = session.scalars(sa.select(sa.func.sum(Posting.amount_minor)).group_by(Posting.entry_id)).all()
        taken = session.scalar(
            sa.select(Posting.amount_minor).join(Account).where(Account.name == "psp:psp-a", Account.currency == "EUR")
        )
    assert set(sums) == {0}
    assert taken == 40


def test_a_move_between_buckets_needs_no_counterparty(ledger: Ledger) -> None:
    """Cash to locked has two postings, both the player's."""
    before = count(ledger, Posting)
    with ledger.transaction() as transaction:
        posted = transaction.post(entry({"cash": -100, "locked": 100}))
    assert posted.balance == Balance("EUR", 900, 0, 100)
    assert posted.balance.total_minor == 1000
    assert count(ledger, Posting) == before + 2


def test_each_posting_carries_the_balance_right_after_it(ledger: Ledger) -> None:
    """`post` answers the balance after that entry, and the statement keeps it for ever."""
    with ledger.transaction() as transaction:
        first = transaction.post(entry({"cash": -100}, reference="b-1"))
        second = transaction.post(entry({"cash": 30}, reference="b-2", kind="win"))
    assert (first.balance.cash_minor, second.balance.cash_minor) == (900, 930)
    assert [row["balance_after_minor"] for row in ledger.statement("ada")] == [1000, 900, 930]


def test_no_bucket_goes_below_zero(ledger: Ledger) -> None:
    """An entry that would overdraw any bucket is refused whole, with the balance, and leaves no trace."""
    entries = count(ledger, JournalEntry)
    for moves in ({"cash": -1001}, {"locked": -1}, {"bonus": -1}, {"cash": -1, "locked": 2, "bonus": -1}):
        with pytest.raises(InsufficientFunds) as refusal, ledger.transaction() as transaction:
            transaction.post(entry(moves))
        assert refusal.value.balance.cash_minor == 1000
    assert count(ledger, JournalEntry) == entries


def test_the_database_itself_refuses_a_negative_balance(ledger: Ledger) -> None:
    """The check constraint holds even for SQL that goes round the ledger."""
    overdraw = sa.update(Account).where(Account.player_id == "ada").values(balance_minor=-1)
    with pytest.raises(DBAPIError), ledger.transaction() as transaction:
        transaction.session.execute(overdraw)


def test_another_currency_is_refused(ledger: Ledger) -> None:
    """Euros can't be posted to a player of yen, not even to a new account of his."""
    with pytest.raises(WrongCurrency), ledger.transaction() as transaction:
        transaction.post(Entry("deposit", "yui", "d-1", {"cash": 1}, "psp:psp-a", "EUR"))


def test_an_unknown_player_is_refused_everywhere(ledger: Ledger) -> None:
    """Nobody's balance is not zero; it is an error."""
    for ask in (LedgerTransaction.balance, LedgerTransaction.lock):
        with pytest.raises(UnknownPlayer), ledger.transaction() as transaction:
            ask(transaction, "nobody")
    with pytest.raises(UnknownPlayer):
        ledger.balance("nobody")


@pytest.mark.parametrize("moves", [{"cash": 0}, {}, {"gold": 1}, {"cash": 2**60}])
def test_an_entry_that_moves_nothing_or_nonsense_can_not_be_written(moves: dict[str, int]) -> None:
    """Zero, an unknown bucket, and an amount beyond JSON's integers are programming errors."""
    with pytest.raises(ValueError, match=r"moves nothing|no bucket|out of range"):
        entry(moves)


@pytest.mark.parametrize("amount", [1.0, True, "1"])
def test_an_amount_is_an_integer(amount: object) -> None:
    """No float, no bool and no text is money."""
    with pytest.raises(TypeError):
        entry({"cash": amount})  # type: ignore[dict-item]


def test_an_exception_rolls_everything_back(ledger: Ledger) -> None:
    """Postings, remembered answers and other rows of one transaction stand or fall together."""

    def fail_halfway() -> None:
        with ledger.transaction() as transaction:
            transaction.post(entry({"cash": -100}))
            transaction.remember("s", "k", "f", {})
            raise RuntimeError("crash")

    with pytest.raises(RuntimeError):
        fail_halfway()
    assert ledger.balance("ada").cash_minor == 1000
    with ledger.transaction() as transaction:
        assert transaction.recall("s", "k") is None


def test_a_remembered_answer_is_recalled_in_its_scope_only(ledger: Ledger) -> None:
    """The stored answer comes back as it was; the same key in another scope is another key."""
    with ledger.transaction() as transaction:
        transaction.remember("s", "k", "f", {"id": "d-1", "amount_minor": 5})
    with ledger.transaction() as transaction:
        seen = transaction.recall("s", "k")
        assert seen is not None
        assert (seen.fingerprint, seen.response) == ("f", {"id": "d-1", "amount_minor": 5})
        assert transaction.recall("other", "k") is None


def test_a_key_is_remembered_once(ledger: Ledger) -> None:
    """The second answer under one key is refused, so that no replay can change."""
    with ledger.transaction() as transaction:
        transaction.remember("s", "k", "f", {"n": 1})
    with pytest.raises(KeyTaken), ledger.transaction() as transaction:
        transaction.remember("s", "k", "f", {"n": 2})


def test_sixteen_concurrent_duplicates_move_once(ledger: Ledger) -> None:
    """Recall, post, remember: of sixteen at the same time one posts, and all others read its answer."""

    def debit(_: int) -> int:
        with ledger.transaction() as transaction:
            seen = transaction.recall("bets", "b-1")
            if seen is not None:
                return int(seen.response["entry"])
            posted = transaction.post(entry({"cash": -100}))
            transaction.remember("bets", "b-1", "f", {"entry": posted.entry_id})
            return posted.entry_id

    with ThreadPoolExecutor(16) as pool:
        entries = set(pool.map(debit, range(16)))
    assert len(entries) == 1
    assert ledger.balance("ada").cash_minor == 900


def test_concurrent_debits_never_overdraw_and_lose_none(ledger: Ledger) -> None:
    """Sixteen debits of 1.00 from 10.00: ten are taken, six are refused, nothing is left."""

    def debit(number: int) -> bool:
        try:
            with ledger.transaction() as transaction:
                transaction.post(entry({"cash": -100}, reference=f"b-{number}"))
        except InsufficientFunds:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        taken = sum(pool.map(debit, range(16)))
    assert (taken, ledger.balance("ada").cash_minor) == (10, 0)
    assert len(ledger.statement("ada")) == 11


def test_the_statement_counts_postings_of_one_reference(ledger: Ledger) -> None:
    """`count` is what shows a double posting: kind, bucket and reference together."""
    with ledger.transaction() as transaction:
        for _ in range(2):
            transaction.post(entry({"cash": -10}, reference="b-1"))
        transaction.post(entry({"cash": 10}, reference="b-1", kind="rollback"))
    rows = {(row["kind"], row["reference"]): row for row in ledger.statement("ada")}
    assert rows["bet", "b-1"]["count"] == 2
    assert rows["rollback", "b-1"]["count"] == 1
    assert set(rows["bet", "b-1"]) == {
        *("id", "posted_at", "kind", "reference", "bucket", "amount_minor", "currency", "balance_after_minor", "count")
    }


def test_opening_accounts_twice_keeps_the_money(ledger: Ledger) -> None:
    """A cell that restarts seeds its players again; their accounts stay."""
    with ledger.transaction() as transaction:
        transaction.open_accounts("ada", "EUR")
    assert ledger.balance("ada").cash_minor == 1000


@pytest.mark.parametrize("change", ["UPDATE {} SET id = id + 1000", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["postings", "journal_entries"])
def test_postings_and_entries_are_immutable(ledger: Ledger, table: str, change: str) -> None:
    """The database refuses UPDATE and DELETE, whoever asks."""
    with pytest.raises(DBAPIError, match="immutable"), ledger.transaction() as transaction:
        transaction.session.execute(sa.text(change.format(table)))
