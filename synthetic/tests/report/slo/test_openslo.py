"""OpenSLO documents: what they say, and that an SLO file comes back out of them."""

from __future__ import annotations

from pathlib import Path

import yaml
from hypothesis import given, settings

from synthetic.config.openslo import import_openslo
from synthetic.config.slo import load_slo, shipped_policy
from synthetic.core.errors import Place
from synthetic.gate.policy import Objective, Policy
from synthetic.report.slo.openslo import NAME_MAX, openslo_documents
from synthetic.tests.report.slo.policies import policies, rounded

FILE = Path("f")


@given(policies())
@settings(max_examples=40, deadline=None)
def test_what_was_exported_is_imported_again(policy: Policy) -> None:
    """Objectives, shares, margins, hard stops and every setting: the same policy, through documents that any reader takes."""
    documents = openslo_documents(policy, Place("f"))
    imported = import_openslo(FILE, text=yaml.safe_dump_all(documents, allow_unicode=True))
    assert rounded(load_slo(FILE, text=imported.text)) == rounded(policy)
    assert imported.notes == ()


@given(policies())
@settings(max_examples=20, deadline=None)
def test_names_are_those_that_every_implementation_takes(policy: Policy) -> None:
    """RFC 1123, each its own, and no longer than they may be."""
    documents = openslo_documents(policy, Place("f"))
    names = [document["metadata"]["name"] for document in documents]
    assert len(names[1:]) == len(set(names[1:])) == len(policy.objectives)
    assert all(name.strip("-") == name and name.replace("-", "").isalnum() and len(name) <= NAME_MAX for name in names)
    assert {document["spec"]["service"] for document in documents[1:]} == {names[0]}


def test_a_target_is_the_share_of_events_that_hold() -> None:
    """Over the runner's own counters, so that whoever reads the document computes what the gate was told to hold."""
    first = openslo_documents(shipped_policy(), Place("f"))[1]
    assert (first["apiVersion"], first["kind"]) == ("openslo/v1", "SLO")
    assert first["spec"]["objectives"][0]["target"] == 0.999
    assert first["spec"]["budgetingMethod"] == "Occurrences"
    ratio = first["spec"]["indicator"]["spec"]["ratioMetric"]
    queries = [ratio[part]["metricSource"]["spec"]["query"] for part in ("good", "total")]
    assert queries == [
        'sum (synthetic_steps_total{sli="login", outcome=~"ok|ok_after_retry"})',
        'sum (synthetic_steps_total{sli="login", outcome=~"ok|ok_after_retry|failed"})',
    ]


def test_a_percentile_is_written_as_the_share_of_answers_within_its_time() -> None:
    """95 % of the deposits within 400 ms, by the bucket that ends there."""
    second = openslo_documents(shipped_policy(), Place("f"))[2]
    ratio = second["spec"]["indicator"]["spec"]["ratioMetric"]
    assert second["spec"]["objectives"][0]["target"] == 0.95
    assert 'sli="deposit", le="0.4"' in ratio["good"]["metricSource"]["spec"]["query"]


def test_labels_that_openslo_takes_are_labels_there() -> None:
    """So that a catalogue finds the team."""
    policy = Policy(
        (Objective("a", "login", 0.99, share=1.0),), name="x", labels={"team": "payments", "our words": "x"}
    )
    documents = openslo_documents(policy, Place("f"))
    assert all(document["metadata"]["labels"] == {"team": "payments"} for document in documents)
