"""Drift of contracts as metrics, in the text format of Prometheus: for node_exporter's textfile collector, or to push."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from synthetic.contracts.report.document import Pair, Results, State

_PAIR = ("consumer", "provider")


def metrics_text(results: Results) -> str:
    """One sample a consumer, provider and state. Of several versions of a provider, the one that comes last counts."""
    registry = CollectorRegistry()
    interactions = Gauge(
        "synthetic_contract_interactions",
        "Interactions of a contract by what the last verification found.",
        (*_PAIR, "state"),
        registry=registry,
    )
    unjudged = Gauge(
        "synthetic_contract_unjudged_interactions",
        "Those of the unverified that were asked for and could not be judged: the probe is blind.",
        _PAIR,
        registry=registry,
    )
    ratio = Gauge(
        "synthetic_contract_success_ratio",
        "Held of held and broken interactions, 0 to 1; absent where none was judged.",
        _PAIR,
        registry=registry,
    )
    version = Gauge(
        "synthetic_contract_verified_version_info",
        "The version of the provider that was verified.",
        (*_PAIR, "version"),
        registry=registry,
    )
    for pair in _one_a_contract(results):
        names = (pair.consumer, pair.provider)
        for state in State:
            interactions.labels(*names, state.value).set(pair.count(state))
        unjudged.labels(*names).set(pair.unjudged)
        if pair.success_ratio is not None:
            ratio.labels(*names).set(pair.success_ratio)
        if pair.version:
            version.labels(*names, pair.version).set(1)
    _about_the_run(results, registry)
    return generate_latest(registry).decode()


def _about_the_run(results: Results, registry: CollectorRegistry) -> None:
    finished = Gauge(
        "synthetic_contract_last_run_timestamp_seconds", "When the last run ended, in Unix time.", registry=registry
    )
    finished.set(results.finished_at.timestamp())
    complete = Gauge(
        "synthetic_contract_run_complete", "1 where all that was asked for has a result.", registry=registry
    )
    complete.set(0 if results.incomplete else 1)


def _one_a_contract(results: Results) -> list[Pair]:
    return list({(pair.consumer, pair.provider): pair for pair in results.pairs}.values())
