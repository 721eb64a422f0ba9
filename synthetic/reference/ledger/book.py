"""The books: transactions that post balanced entries, and the reads of a player's balance and statement.

Writers take turns. On SQLite a transaction is `BEGIN IMMEDIATE` behind a lock of the process (SQLite's own busy handler
sleeps and is unfair, which would show as latency of the platform); on Postgres a player's account rows are locked
`FOR UPDATE` and an idempotency key by an advisory lock, so that of N duplicates one moves money and the others read its answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from synthetic.reference.ledger.models import Account, IdempotencyKey, JournalEntry, Posting
from synthetic.reference.ledger.types import (
    BUCKETS,
    Balance,
    Entry,
    InsufficientFunds,
    KeyTaken,
    Origin,
    Posted,
    Remembered,
    UnknownPlayer,
    WrongCurrency,
)

_ORIGIN = "origin"


class LedgerTransaction:
    """One unit of work. `session` is for rows of the cashier, the gateway and the cell that commit with the postings."""

    def __init__(self, session: Session, switch: Callable[[str], bool]) -> None:
        self.session = session
        self._switch = switch
        self._postgres = session.get_bind().dialect.name == "postgresql"

    def open_accounts(self, player_id: str, currency: str) -> None:
        """Give a player the accounts `cash`, `bonus`, `locked`, `receivable`; a player who has them keeps them."""
        owned = {"currency": currency, "player_id": player_id, "balance_minor": 0}
        self._insert_unless_there(
            *({"name": f"player:{player_id}:{bucket}", "bucket": bucket} | owned for bucket in BUCKETS)
        )

    def lock(self, player_id: str) -> Balance:
        """Let no other transaction touch this player's money until this one ends. Raises UnknownPlayer."""
        return _balance_of(self._accounts(player_id))

    def balance(self, player_id: str) -> Balance:
        """The player's balance, with what this transaction has posted. Raises UnknownPlayer."""
        return _balance_of(self._accounts(player_id))

    def post(self, entry: Entry) -> Posted:
        """Write a balanced entry; the returned balance is the one right after it.

        Raises UnknownPlayer, WrongCurrency, or InsufficientFunds where a bucket would go below zero; nothing is posted then.
        """
        accounts = self._accounts(entry.player_id)
        try:
            _check(entry, accounts)
        except InsufficientFunds:
            if entry.kind != "bet" or not self._switch("overdraws_cash"):
                raise
        journal_entry = JournalEntry(
            kind=entry.kind, player_id=entry.player_id, reference=entry.reference, posted_at=datetime.now(UTC)
        )
        self.session.add(journal_entry)
        self.session.flush()
        for bucket, amount_minor in entry.moves.items():
            if amount_minor:
                self.session.add(_move(journal_entry.id, accounts[bucket], amount_minor))
        self._post_counterparty(journal_entry.id, entry)
        self.session.flush()
        return Posted(journal_entry.id, _balance_of(accounts))

    def overdraw(self, entry: Entry) -> None:
        """The fault `charges_back_to_cash`: take the entry from cash, below zero where it has to be, and write the debt off."""
        cash = self._accounts(entry.player_id)["cash"]
        before_minor, moved_minor = cash.balance_minor or 0, entry.moves["cash"]
        missing_minor = max(0, -(before_minor + moved_minor))
        if missing_minor == 0:
            self.post(entry)
            return
        legs = [(entry.kind, entry.counterparty, moved_minor), ("write_off", "house", missing_minor)]
        for kind, counterparty, amount_minor in legs:
            moves = {"cash": amount_minor}
            leg = Entry(kind, entry.player_id, entry.reference, moves, counterparty, entry.currency)
            journal_entry = JournalEntry(
                kind=kind, player_id=leg.player_id, reference=leg.reference, posted_at=datetime.now(UTC)
            )
            self.session.add(journal_entry)
            self.session.flush()
            before_minor += amount_minor
            self.session.add(_posting(journal_entry.id, cash, amount_minor, before_minor))
            self._post_counterparty(journal_entry.id, leg)
        cash.balance_minor = 0  # the column never sees the moment in which it was less
        self.session.flush()

    def remember(self, scope: str, key: str, fingerprint: str, response: Mapping[str, Any]) -> None:
        """Store the answer to a request for ever. Raises KeyTaken where the scope has an answer under this key."""
        row = IdempotencyKey(
            scope=scope, key=key, fingerprint=fingerprint, response=dict(response), created_at=datetime.now(UTC)
        )
        self.session.add(row)
        try:
            self.session.flush()
        except IntegrityError as error:
            raise KeyTaken(f"{scope} has an answer for {key!r}") from error

    def recall(self, scope: str, key: str) -> Remembered | None:
        """The stored answer, or None; from now on no other transaction can store one until this one ends."""
        if self._postgres:
            self.session.execute(
                sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"{scope}\n{key}", 0)))
            )
        row = self.session.get(IdempotencyKey, (scope, key), populate_existing=True)
        return None if row is None else Remembered(row.fingerprint, dict(row.response), row.created_at)

    def _accounts(self, player_id: str) -> dict[str, Account]:
        query = (
            sa.select(Account)
            .where(Account.player_id == player_id)
            .order_by(Account.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        accounts = {account.bucket: account for account in self.session.scalars(query) if account.bucket is not None}
        if not accounts:
            raise UnknownPlayer(player_id)
        return accounts

    def _post_counterparty(self, entry_id: int, entry: Entry) -> None:
        if entry.counterparty_minor == 0 or self._switch("loses_counterparty_leg"):
            return
        self._insert_unless_there({"name": entry.counterparty, "currency": entry.currency})
        query = sa.select(Account.id).where(Account.name == entry.counterparty, Account.currency == entry.currency)
        self.session.add(
            Posting(
                entry_id=entry_id,
                account_id=self.session.scalars(query).one(),
                amount_minor=entry.counterparty_minor,
                currency=entry.currency,
            )
        )

    def _insert_unless_there(self, *rows: Mapping[str, Any]) -> None:
        insert = postgresql.insert if self._postgres else sqlite.insert
        self.session.execute(insert(Account).on_conflict_do_nothing(), [dict(row) for row in rows])


class Ledger:
    """The ledger of one cell, in one database. Safe to use from many threads.

    `switch` asks the cell's switchboard whether a planted defect acts; a ledger by itself has none. `origin` is the cell
    that its transactions speak for; a ledger by itself speaks for nobody.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.switch: Callable[[str], bool] = lambda _name: False
        self.origin = Origin(cell="nobody", version="none")
        self._writes = engine.execution_options(begin="IMMEDIATE")
        is_sqlite = engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[Any] = threading.Lock() if is_sqlite else nullcontext()

    @contextmanager
    def transaction(self) -> Iterator[LedgerTransaction]:
        """A unit of work that commits at its end and rolls back on an exception. It must not be nested."""
        info = {_ORIGIN: self.origin}
        with self._turn, Session(self._writes, expire_on_commit=False, info=info) as session, session.begin():
            yield LedgerTransaction(session, self.switch)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reads only; it never waits for a writer."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def balance(self, player_id: str) -> Balance:
        """The player's balance. Raises UnknownPlayer."""
        with self.reading() as session:
            rows = session.scalars(sa.select(Account).where(Account.player_id == player_id))
            accounts = {account.bucket: account for account in rows if account.bucket is not None}
            if not accounts:
                raise UnknownPlayer(player_id)
            return _balance_of(accounts)

    def statement(self, player_id: str) -> list[dict[str, Any]]:
        """The player's own postings, oldest first, in the form of `GET /wallet/ledger`."""
        count = sa.func.count().over(partition_by=(JournalEntry.kind, Account.bucket, JournalEntry.reference))
        query = (
            sa.select(Posting, JournalEntry, Account.bucket, count.label("count"))
            .join(JournalEntry, JournalEntry.id == Posting.entry_id)
            .join(Account, Account.id == Posting.account_id)
            .where(Account.player_id == player_id)
            .order_by(Posting.id)
        )
        with self.reading() as session:
            return [_statement_row(*row) for row in session.execute(query)]

    def close(self) -> None:
        """Give the database's connections back."""
        self.engine.dispose()


def origin_of(session: Session) -> Origin:
    """The cell that the session's `LedgerTransaction` speaks for."""
    origin = session.info[_ORIGIN]
    assert isinstance(origin, Origin), "facts are written in a ledger's transaction"
    return origin


def _check(entry: Entry, accounts: Mapping[str, Account]) -> None:
    balance = _balance_of(accounts)
    if balance.currency != entry.currency:
        raise WrongCurrency(f"{entry.player_id} has {balance.currency}, not {entry.currency}")
    spent = [bucket for bucket in entry.moves if bucket != "receivable"]
    if any((accounts[bucket].balance_minor or 0) + entry.moves[bucket] < 0 for bucket in spent):
        raise InsufficientFunds(balance)


def _move(entry_id: int, account: Account, amount_minor: int) -> Posting:
    after_minor = (account.balance_minor or 0) + amount_minor
    is_debt = account.bucket == "receivable"
    account.balance_minor = (
        after_minor if is_debt else max(0, after_minor)
    )  # below zero only by the switch `overdraws_cash`; the column refuses it
    return _posting(entry_id, account, amount_minor, after_minor)


def _posting(entry_id: int, account: Account, amount_minor: int, after_minor: int) -> Posting:
    return Posting(
        entry_id=entry_id,
        account_id=account.id,
        amount_minor=amount_minor,
        currency=account.currency,
        balance_after_minor=after_minor,
    )


def _balance_of(accounts: Mapping[str, Account]) -> Balance:
    cash, bonus, locked = (accounts[bucket] for bucket in ("cash", "bonus", "locked"))
    return Balance(cash.currency, cash.balance_minor or 0, bonus.balance_minor or 0, locked.balance_minor or 0)


def _statement_row(posting: Posting, entry: JournalEntry, bucket: str | None, count: int) -> dict[str, Any]:
    return {
        "id": posting.id,
        "posted_at": entry.posted_at.isoformat(),
        "kind": entry.kind,
        "reference": entry.reference,
        "bucket": bucket,
        "amount_minor": posting.amount_minor,
        "currency": posting.currency,
        "balance_after_minor": posting.balance_after_minor,
        "count": count,
    }
