"""The schema's revisions, on SQLite and on Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

import synthetic.reference.cell.events.models  # the cell's tables join Base.metadata
import synthetic.reference.cell.models
import synthetic.reference.cell.sso.models  # and so do these
from synthetic.reference.ledger import Ledger, open_ledger
from synthetic.reference.ledger.engine import alembic_config, downgrade, ledger_engine, upgrade
from synthetic.reference.ledger.models import Base

assert synthetic.reference.cell.models.PlayerRow.metadata is Base.metadata

OUR_TABLES = {
    *("accounts", "journal_entries", "postings", "idempotency_keys", "players", "credentials", "totp_used_codes"),
    *("login_challenges", "auth_sessions", "rounds", "bets", "tombstones", "promo_claims"),
    *("sso_identities", "outbox"),
}


def test_the_revisions_make_what_the_models_say(ledger: Ledger) -> None:
    """After `upgrade head` Alembic finds no difference between our tables and our models."""

    with ledger.engine.connect() as connection:
        options = {
            "compare_type": True,
            "include_name": lambda name, kind, _parents: kind != "table" or name in OUR_TABLES,
            "include_object": lambda _item, name, kind, _reflected, _other: kind != "table" or name in OUR_TABLES,
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []
        assert set(sa.inspect(connection).get_table_names()) >= OUR_TABLES


def test_down_to_base_leaves_nothing_and_up_again_works(ledger: Ledger) -> None:
    """Every revision can be taken back, with money in the tables, and be made again."""
    downgrade(ledger.engine, "base")
    with ledger.engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {"alembic_version"}
    upgrade(ledger.engine)
    with ledger.transaction() as transaction:
        transaction.open_accounts("ada", "EUR")


def test_opening_an_existing_ledger_changes_nothing(ledger: Ledger, db_url: str) -> None:
    """A cell's restart finds its money where it was."""
    reopened = open_ledger(db_url)
    assert reopened.balance("ada") == ledger.balance("ada")
    reopened.close()


def test_cells_that_start_together_take_turns(db_url: str) -> None:
    """Four processes that open one empty database at once all end up with the schema."""
    with ThreadPoolExecutor(4) as pool:
        ledgers = list(pool.map(open_ledger, [db_url] * 4))
    for opened in ledgers:
        assert opened.statement("nobody") == []
        opened.close()


def test_the_synthetic_flag_can_not_be_changed(ledger: Ledger) -> None:
    """The account's flag is the authority (domain reference 9, 1); other fields of a player may change."""
    row = {"market": "mt", "brand": "b", "currency": "EUR", "segment": "s", "kyc": "pending", "player_id": "ada"}
    values = row | {"self_excluded": False, "synthetic": True, "deposit_day_minor": 1}
    players = Base.metadata.tables["players"]
    with ledger.transaction() as transaction:
        transaction.session.execute(sa.insert(players).values(**values))
    with ledger.transaction() as transaction:
        transaction.session.execute(sa.update(players).values(kyc="verified", synthetic=True))
    with pytest.raises(DBAPIError, match="immutable"), ledger.transaction() as transaction:
        transaction.session.execute(sa.update(players).values(synthetic=False))


def test_the_revisions_are_one_line(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No two revisions follow the same one, so that `head` is one schema."""
    engine = ledger_engine(f"sqlite:///{tmp_path_factory.mktemp('line') / 'x.db'}")
    with engine.connect() as connection:
        scripts = ScriptDirectory.from_config(alembic_config(connection))
    engine.dispose()
    assert len(scripts.get_heads()) == 1
    assert scripts.get_bases() == ["0001"]
