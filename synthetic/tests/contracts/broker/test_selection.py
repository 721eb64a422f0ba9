"""The stand-in asks a provider for the pacts that the Pact Broker would ask for."""

from __future__ import annotations

import pytest

from synthetic.tests.contracts.broker.stories import chosen, deployed, published, verified
from synthetic.tests.contracts.broker_standin.selection import BadSelector
from synthetic.tests.contracts.broker_standin.store import Conflict, Store

MAIN, DEPLOYED, MATCHING = {"mainBranch": True}, {"deployedOrReleased": True}, {"matchingBranch": True}


@pytest.fixture
def store() -> Store:
    """shop has two versions on main and one on a branch, each with another content; the oldest is in production."""
    store = Store()
    published(store, "shop-1", path="/one")
    published(store, "shop-2", path="/two")
    published(store, "shop-3", path="/three", branch="feat/refunds")
    deployed(store, "shop", "shop-1")
    return store


def test_the_head_of_the_main_branch(store: Store) -> None:
    """The latest of it, and no other."""
    assert list(chosen(store, MAIN)) == ["shop-2"]


def test_what_is_deployed(store: Store) -> None:
    """Wherever it is, or only in one environment."""
    assert list(chosen(store, DEPLOYED)) == ["shop-1"]
    assert list(chosen(store, {"deployed": True, "environment": "test"})) == []
    assert list(chosen(store, {"released": True})) == []


def test_the_branch_that_is_called_as_the_providers(store: Store) -> None:
    """Coordinated work on two sides."""
    assert list(chosen(store, MATCHING, branch="feat/refunds")) == ["shop-3"]
    assert list(chosen(store, MATCHING, branch="feat/other")) == []


def test_a_branch_and_the_one_to_fall_back_to(store: Store) -> None:
    """The fallback counts only where the branch is missing."""
    assert list(chosen(store, {"branch": "feat/refunds", "fallbackBranch": "main"})) == ["shop-3"]
    assert list(chosen(store, {"branch": "feat/none", "fallbackBranch": "main"})) == ["shop-2"]


def test_without_selectors_main_and_what_is_deployed(store: Store) -> None:
    """The broker's default."""
    assert set(chosen(store)) == {"shop-2", "shop-1"}


def test_only_one_consumer(store: Store) -> None:
    """A selector may be for one of several consumers."""
    published(store, "app-1", consumer="app")
    assert list(chosen(store, {"mainBranch": True, "consumer": "app"})) == ["app-1"]


def test_the_same_content_comes_once_with_all_reasons(store: Store) -> None:
    """Two selectors, one pact to verify."""
    published(store, "shop-4", path="/one")
    found = chosen(store, MAIN, DEPLOYED)
    assert list(found) == ["shop-4"]
    assert len(found["shop-4"].reasons) == 2


def test_what_is_no_selector_is_refused(store: Store) -> None:
    """A misspelt selector must not select everything."""
    with pytest.raises(BadSelector, match="mainBrunch"):
        chosen(store, {"mainBrunch": True})
    with pytest.raises(BadSelector, match="providerVersionBranch"):
        chosen(store, MATCHING, branch="")
    with pytest.raises(BadSelector, match="must specify"):
        chosen(store, {"consumer": "shop"})


def test_a_pact_is_pending_until_the_branch_has_kept_it(store: Store) -> None:
    """A failure doesn't end it, and neither does another branch's success after ours began."""
    assert chosen(store, MAIN, includePendingStatus=True)["shop-2"].pending
    verified(store, "shop-2", "bank-1", success=False)
    verified(store, "shop-2", "bank-2", branch="feat/x")
    assert chosen(store, MAIN, includePendingStatus=True)["shop-2"].pending
    verified(store, "shop-2", "bank-3")
    assert not chosen(store, MAIN, includePendingStatus=True)["shop-2"].pending
    verified(store, "shop-2", "bank-4", success=False)
    assert not chosen(store, MAIN, includePendingStatus=True)["shop-2"].pending


def test_a_new_branch_inherits_what_was_kept_before_it_began(store: Store) -> None:
    """A branch of yesterday's main must not forget what main has kept."""
    verified(store, "shop-2", "bank-1")
    verified(store, "shop-1", "bank-2", branch="feat/new")
    assert not chosen(store, MAIN, branch="feat/new", includePendingStatus=True)["shop-2"].pending


def test_pending_is_told_only_to_who_asks(store: Store) -> None:
    """An old verifier that does not know of it fails as ever."""
    assert not chosen(store, MAIN)["shop-2"].pending


def test_work_in_progress_is_added_until_it_is_kept(store: Store) -> None:
    """The heads of branches that nobody selects, always pending; verified as such they stay in progress."""
    found = chosen(store, MAIN, includeWipPactsSince="2020-01-01")
    assert (list(found), found["shop-3"].wip, found["shop-3"].pending) == (["shop-2", "shop-3"], True, True)
    verified(store, "shop-3", "bank-1", wip=True)
    assert "shop-3" in chosen(store, MAIN, includeWipPactsSince="2020-01-01")
    verified(store, "shop-3", "bank-2")
    assert "shop-3" not in chosen(store, MAIN, includeWipPactsSince="2020-01-01")


def test_old_work_is_not_in_progress(store: Store) -> None:
    """Nothing that was published before the date."""
    assert list(chosen(store, MAIN, includeWipPactsSince="2999-01-01")) == ["shop-2"]


def test_a_pact_can_not_change_under_its_version(store: Store) -> None:
    """Results that are there would speak of something else; the same content again is fine."""
    published(store, "shop-1", path="/one")
    with pytest.raises(Conflict, match="unique consumer version number"):
        published(store, "shop-1", path="/other")


def test_the_first_version_of_a_usual_main_branch_names_it(store: Store) -> None:
    """As the broker does by itself; a later branch does not change it."""
    assert store.pacticipants["shop"].main_branch == "main"
    published(store, "shop-5", path="/five", branch="master")
    assert store.pacticipants["shop"].main_branch == "main"
