"""Verify a provider, wherever it runs, against a pact. Nothing here waits: what can't be judged fails at once, with its reason."""

from __future__ import annotations

import json
import socket
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from synthetic.contracts.misaddressed import without_misaddressed
from synthetic.contracts.mismatches import mismatches_of
from synthetic.contracts.pacts import PactFile, lacking, states_of
from synthetic.contracts.promised import broken_promises, by_type
from synthetic.contracts.redirects import seen_as
from synthetic.contracts.results import InteractionResult, Verification
from synthetic.contracts.sealing import NUMBER, OUR_ANSWER, TIMEOUT_S, Exchanged, Outgoing, Seal, SealingProxy
from synthetic.contracts.silent_pact import Verifier, unheard
from synthetic.contracts.states import WRONG_SEAL, Stage, StateHandler, StateServer
from synthetic.contracts.typed import with_texts

REACHABLE_WITHIN_S = 1.0
PACT_WAITS_MS = (
    15_000  # longer than states (STATE_WITHIN_S) and provider (TIMEOUT_S) may take: who is late is told by us
)


def as_it_is(request: Outgoing, _wrong: str) -> Outgoing:
    """The seal of a boundary that has none."""
    return request


@dataclass(frozen=True, slots=True)
class Target:
    """A provider that runs somewhere, and how to deal with it.

    `states`: what can be done about it, by the state's name; None where states are out of reach, so that only interactions
    without any are asked for. `can`: which `needs` of interactions it satisfies. `begin`: called before each verification, so
    that it has keys of its own; `own`: makes the keys of a text those of this verification, for states that somebody else changes.
    """

    url: str
    seal: Seal = as_it_is
    states: Mapping[str, StateHandler] | None = field(default_factory=dict)
    can: frozenset[str] = frozenset()
    version: str = "unknown"
    http: Mapping[str, Any] = field(default_factory=dict)
    begin: Callable[[], None] = lambda: None
    own: Callable[[str], str] = str


def verify(pact: PactFile, target: Target) -> Verification:
    """Ask the provider for every interaction of the pact that it can be asked for."""
    target.begin()
    wanted, left_out = _choose(pact.interactions, target)
    unreachable = _unreachable(target.url)
    states = {} if target.states is None else target.states
    missing = {
        id(one): [name for name in states_of(one) if name != WRONG_SEAL and name not in states] for one in wanted
    }
    failed = [
        _unjudged(pact, one, unreachable or f"no state handler for {missing[id(one)][0]!r}")
        for one in wanted
        if unreachable or missing[id(one)]
    ]
    asked = [one for one in wanted if not unreachable and not missing[id(one)]]
    results = _verify(pact.only(asked), target, states) if asked else ()
    judged = without_misaddressed(results)
    return Verification(pact.consumer, pact.provider, target.version, (*failed, *judged), left_out)


def _choose(
    interactions: Sequence[Mapping[str, Any]], target: Target
) -> tuple[list[Mapping[str, Any]], tuple[tuple[str, str], ...]]:
    wanted, left_out = [], []
    for one in interactions:
        why = lacking(one, target.can)
        if why:
            left_out.append((str(one["description"]), why))
        elif target.states is None and set(states_of(one)) - {WRONG_SEAL}:
            left_out.append((str(one["description"]), "needs a provider state"))
        else:
            wanted.append(one)
    return wanted, tuple(left_out)


def _unreachable(url: str) -> str:
    """Why nobody is there; "" where somebody is."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), REACHABLE_WITHIN_S).close()
    except OSError as error:
        return f"the provider is not reachable at {parts.hostname}:{port}: {error}"
    return ""


def _verify(pact: PactFile, target: Target, states: Mapping[str, StateHandler]) -> tuple[InteractionResult, ...]:
    stage = Stage()
    proxy = SealingProxy(target.url, target.seal, stage)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="synthetic-pact-")))
        source = folder / "pact.json"
        asked = [seen_as(_to_be_asked(one, str(number))) for number, one in enumerate(pact.interactions)]
        source.write_text(pact.only(asked).text(), encoding="utf-8")
        http = stack.enter_context(httpx.Client(timeout=TIMEOUT_S, trust_env=False, **target.http))
        states_url = stack.enter_context(StateServer(states, stage).serving())
        proxy_url = stack.enter_context(proxy.serving(http))
        verifier = Verifier(pact.provider, host="127.0.0.1").add_transport(url=proxy_url).add_source(source)
        verifier.state_handler(f"{states_url}/states", teardown=False, body=True)
        verifier.set_coloured_output(enabled=False).set_request_timeout(PACT_WAITS_MS)
        with unheard(), suppress(RuntimeError):  # it raises where an interaction failed; the results say which
            verifier.verify()
        return _results(pact, verifier.results, proxy.exchanges)


def _to_be_asked(one: Mapping[str, Any], number: str) -> Mapping[str, Any]:
    """The interaction as Pact gets it."""
    loose = by_type(one)
    request = loose["request"]
    numbered = {**request, "headers": {**request.get("headers", {}), NUMBER: [number]}}
    return {**loose, "request": numbered, "response": with_texts(loose.get("response", {}))}


def _results(
    pact: PactFile, told: Mapping[str, Any], exchanges: Mapping[str, Exchanged]
) -> tuple[InteractionResult, ...]:
    numbers = {str(one["description"]): str(number) for number, one in enumerate(pact.interactions)}
    judged = {str(one["description"]): one for one in told["interactionResults"]}
    return tuple(
        _result(pact, pact.interactions[int(number)], judged[description], exchanges.get(number))
        for description, number in numbers.items()
    )


def _result(
    pact: PactFile, agreed: Mapping[str, Any], judged: Mapping[str, Any], exchange: Exchanged | None
) -> InteractionResult:
    mismatch = judged.get("mismatch") or {}
    found = mismatches_of(judged)
    reason = _why_unjudged(exchange)
    if judged["result"] == "OK" and exchange is not None:
        found += broken_promises(agreed, exchange)
    elif not found and not reason:
        reason = str(mismatch.get("message") or json.dumps(mismatch))
    return InteractionResult(
        pact.consumer,
        pact.provider,
        str(agreed["description"]),
        tuple(states_of(agreed)),
        () if reason else tuple(found),
        reason,
        exchange,
    )


def _why_unjudged(exchange: Exchanged | None) -> str:
    if exchange is None:
        return "its request never came by: nothing is known of the answer"
    return exchange.failure if exchange.status == OUR_ANSWER else ""


def _unjudged(pact: PactFile, one: Mapping[str, Any], reason: str) -> InteractionResult:
    return InteractionResult(
        pact.consumer, pact.provider, str(one["description"]), tuple(states_of(one)), reason=reason
    )
