"""What happened at a broker, told in few words, for the tests of the stand-in's rules."""

from __future__ import annotations

from synthetic.tests.contracts.broker_standin.matrix import Query, Ruling, rule
from synthetic.tests.contracts.broker_standin.records import JSON, Verification
from synthetic.tests.contracts.broker_standin.selection import Chosen, Question, choose
from synthetic.tests.contracts.broker_standin.store import Store


def pact(consumer: str, provider: str, path: str = "/orders") -> JSON:
    """A pact with one interaction; the path makes its content."""
    request, response = {"method": "GET", "path": path}, {"status": 200}
    one = {"type": "Synchronous/HTTP", "description": f"GET {path}", "request": request, "response": response}
    metadata = {"pactSpecification": {"version": "4.0"}}
    return {"consumer": {"name": consumer}, "provider": {"name": provider}, "interactions": [one], "metadata": metadata}


def published(
    store: Store, version: str, *, path: str = "/orders", branch: str = "main", consumer: str = "shop"
) -> None:
    """This consumer's version has a pact with `bank`."""
    store.ensure_version(consumer, version, branch=branch)
    store.publish(consumer, version, "bank", pact(consumer, "bank", path))


def verified(
    store: Store, consumer_version: str, version: str, *, success: bool = True, branch: str = "main", wip: bool = False
) -> Verification:
    """`bank` of this version has verified the pact of shop's version."""
    store.ensure_version("bank", version, branch=branch)
    publication = store.publication("shop", consumer_version, "bank")
    assert publication is not None
    body = {"success": success, "providerApplicationVersion": version, "testResults": []}
    return store.verify(publication, body, wip=wip)


def deployed(
    store: Store, name: str, version: str, environment: str = "production", instance: str | None = None
) -> None:
    """The version runs there now."""
    store.enter("deployed", store.versions[name, version], store.environments[environment], instance)


def asked(store: Store, name: str, version: str, environment: str = "production") -> Ruling:
    """`can-i-deploy --pacticipant NAME --version VERSION --to-environment ENVIRONMENT`, as the `pact` binary asks."""
    query = [("q[][pacticipant]", name), ("q[][version]", version), ("latestby", "cvpv"), ("environment", environment)]
    return rule(store, Query.parse(query))


def chosen(store: Store, *selectors: JSON, branch: str = "main", **more: object) -> dict[str, Chosen]:
    """What `bank` is asked to verify, by the version of the consumer."""
    body = {"consumerVersionSelectors": list(selectors), "providerVersionBranch": branch, **more}
    return {one.publication.consumer_version: one for one in choose(store, Question.parse("bank", body))}
