"""The stand-in's matrix answers `can-i-deploy` as the Pact Broker does."""

from __future__ import annotations

import pytest

from synthetic.tests.contracts.broker.stories import asked, deployed, published, verified
from synthetic.tests.contracts.broker_standin.matrix import BadQuery, Query, rule
from synthetic.tests.contracts.broker_standin.store import Store


@pytest.fixture
def store() -> Store:
    """shop 1 has a pact with bank, whose version 1 keeps it and is in production."""
    store = Store()
    published(store, "shop-1")
    verified(store, "shop-1", "bank-1")
    deployed(store, "bank", "bank-1")
    return store


def test_a_consumer_may_go_where_its_provider_keeps_the_pact(store: Store) -> None:
    """The result of the version that runs there counts."""
    ruling = asked(store, "shop", "shop-1")
    assert (ruling.deployable, ruling.reasons) == (
        True,
        ("All required verification results are published and successful",),
    )


def test_a_consumer_may_not_go_where_its_provider_is_missing(store: Store) -> None:
    """It needs its provider; a result of a version that runs elsewhere does not help."""
    ruling = asked(store, "shop", "shop-1", "test")
    assert ruling.deployable is None
    assert ruling.reasons == (
        "There is no verified pact between version shop-1 of shop and the version of bank currently deployed to test"
        " (no such version exists)",
    )


def test_a_pact_that_the_version_there_has_not_verified_is_not_known(store: Store) -> None:
    """A newer provider's good result says nothing about the one that runs."""
    published(store, "shop-2", path="/refunds")
    verified(store, "shop-2", "bank-2")
    assert asked(store, "shop", "shop-2").deployable is None
    deployed(store, "bank", "bank-2")
    assert asked(store, "shop", "shop-2").deployable is True


def test_a_provider_that_fails_a_deployed_consumer_may_not_go(store: Store) -> None:
    """Nothing may break a consumer that is there."""
    deployed(store, "shop", "shop-1")
    verified(store, "shop-1", "bank-2", success=False)
    ruling = asked(store, "bank", "bank-2")
    assert ruling.deployable is False
    assert ruling.reasons == (
        "The verification for the pact between the version of shop currently deployed to production (shop-1)"
        " and version bank-2 of bank failed",
    )
    assert ruling.counts == {"success": 0, "failed": 1, "unknown": 0}


def test_a_provider_needs_no_consumer(store: Store) -> None:
    """Nobody there needs it: a failed result of a consumer that is elsewhere does not hold it back."""
    verified(store, "shop-1", "bank-2", success=False)
    ruling = asked(store, "bank", "bank-2", "test")
    assert (ruling.deployable, ruling.reasons) == (True, ("There are no missing dependencies",))


def test_the_last_result_of_a_pair_counts(store: Store) -> None:
    """Verified again after a repair."""
    deployed(store, "shop", "shop-1")
    verified(store, "shop-1", "bank-2", success=False)
    verified(store, "shop-1", "bank-2", success=True)
    assert asked(store, "bank", "bank-2").deployable is True


def test_the_same_content_needs_no_new_verification(store: Store) -> None:
    """A result belongs to the content: the consumer's next version with the same pact has it already."""
    published(store, "shop-2")
    assert asked(store, "shop", "shop-2").deployable is True


def test_a_version_that_nobody_has_heard_of_may_not_go(store: Store) -> None:
    """It is no, and not not-known."""
    ruling = asked(store, "shop", "shop-9")
    reason = "No pacts or verifications have been published for version shop-9 of shop"
    assert (ruling.deployable, ruling.reasons) == (False, (reason,))


def test_an_unknown_name_is_no_question(store: Store) -> None:
    """Application and environment have to exist."""
    with pytest.raises(BadQuery, match="Pacticipant nobody not found"):
        asked(store, "nobody", "1")
    with pytest.raises(BadQuery, match="Environment with name 'moon' does not exist"):
        asked(store, "shop", "shop-1", "moon")


def test_every_version_that_runs_there_counts(store: Store) -> None:
    """Two installations side by side: both have to keep the pact."""
    verified(store, "shop-1", "bank-2", success=False)
    deployed(store, "bank", "bank-2", instance="canary")
    ruling = asked(store, "shop", "shop-1")
    assert ruling.deployable is False
    assert len(ruling.rows) == 2


def test_a_deployment_takes_the_place_of_the_one_before(store: Store) -> None:
    """What is gone no longer counts; a release stays."""
    verified(store, "shop-1", "bank-2", success=False)
    deployed(store, "bank", "bank-2")
    assert [row.success for row in asked(store, "shop", "shop-1").rows] == [False]
    store.enter("released", store.versions["bank", "bank-1"], store.environments["production"])
    assert sorted(str(row.success) for row in asked(store, "shop", "shop-1").rows) == ["False", "True"]


def test_two_versions_can_be_asked_about_directly(store: Store) -> None:
    """Without an environment only what is named counts."""
    published(store, "shop-1", consumer="app")
    query = [("q[][pacticipant]", "shop"), ("q[][version]", "shop-1"), ("q[][pacticipant]", "bank")]
    ruling = rule(store, Query.parse([*query, ("q[][version]", "bank-1"), ("latestby", "cvpv")]))
    assert ruling.deployable is True
    assert [row.pact.consumer for row in ruling.rows] == ["shop"]


def test_the_main_branch_can_be_asked_about(store: Store) -> None:
    """`can-i-merge`: the head of each partner's main branch."""
    verified(store, "shop-1", "bank-2", success=False)
    query = [("q[][pacticipant]", "shop"), ("q[][version]", "shop-1"), ("latestby", "cvp"), ("mainBranch", "true")]
    ruling = rule(store, Query.parse(query))
    assert ruling.deployable is False
    assert "the latest version of bank from branch main (bank-2)" in ruling.reasons[0]


def test_an_ignored_partner_is_shown_and_does_not_count(store: Store) -> None:
    """`--ignore`."""
    deployed(store, "shop", "shop-1")
    verified(store, "shop-1", "bank-2", success=False)
    query = [("q[][pacticipant]", "bank"), ("q[][version]", "bank-2"), ("ignore[][pacticipant]", "shop")]
    ruling = rule(store, Query.parse([*query, ("latestby", "cvpv"), ("environment", "production")]))
    assert ruling.deployable is True
    assert ruling.counts["ignored"] == 1
