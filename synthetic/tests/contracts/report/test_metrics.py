"""Drift as metrics: what Prometheus reads of a run."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from synthetic.contracts.report.document import Results, together
from synthetic.contracts.report.metrics import metrics_text
from synthetic.tests.contracts.report.findings import result, results_of, verification, wrong


def samples(results: Results) -> dict[tuple[str, str], float]:
    """By name and the label that tells samples apart."""
    found = {}
    for family in text_string_to_metric_families(metrics_text(results)):
        for sample in family.samples:
            apart = sample.labels.get("state") or sample.labels.get("version") or ""
            found[sample.name, apart] = sample.value
    return found


def test_each_state_has_its_sample_also_where_it_is_none() -> None:
    """A series that comes and goes can't be alerted on."""
    found = samples(
        results_of(
            verification(result("a"), result("b"), result("c", wrong()), result("d", reason="silent"), left_out="e")
        )
    )
    assert found["synthetic_contract_interactions", "held"] == 2
    assert found["synthetic_contract_interactions", "broken"] == 1
    assert found["synthetic_contract_interactions", "unverified"] == 2
    assert found["synthetic_contract_unjudged_interactions", ""] == 1
    assert round(found["synthetic_contract_success_ratio", ""], 3) == 0.667
    assert found["synthetic_contract_verified_version_info", "v1"] == 1
    good = samples(results_of(verification(result("a"))))
    assert good["synthetic_contract_interactions", "broken"] == 0


def test_a_blind_probe_has_no_success_ratio() -> None:
    """Neither 0, which would accuse the provider, nor 1."""
    found = samples(results_of(verification(result("a", reason="not reachable"))))
    assert ("synthetic_contract_success_ratio", "") not in found
    assert found["synthetic_contract_unjudged_interactions", ""] == 1


def test_a_run_that_lost_results_says_so() -> None:
    """And when it ended."""
    whole, half = results_of(), results_of(incomplete=("the run was interrupted",))
    assert samples(whole)["synthetic_contract_run_complete", ""] == 1
    assert samples(half)["synthetic_contract_run_complete", ""] == 0
    ended = samples(whole)["synthetic_contract_last_run_timestamp_seconds", ""]
    assert ended == whole.finished_at.timestamp()


def test_of_several_versions_one_counts() -> None:
    """A consumer and a provider have one series each state."""
    old, new = results_of(verification(result("a", wrong()))), results_of(verification(result("a"), version="v2"))
    found = samples(together([old, new]))
    assert found["synthetic_contract_interactions", "broken"] == 0
    assert ("synthetic_contract_verified_version_info", "v1") not in found


def test_a_hostile_version_stays_a_label() -> None:
    """Quotes and line breaks don't make samples."""
    found = samples(results_of(verification(result("a"), version='v"} 1\nforged 1')))
    assert ("forged", "") not in found
    assert found["synthetic_contract_verified_version_info", 'v"} 1 forged 1'] == 1
