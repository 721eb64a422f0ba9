"""Who verifies which provider: over HTTP or over a socket, the reference one or one that runs elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from synthetic.contracts.pacts import PactFile
from synthetic.contracts.providers import PROVIDERS, SOCKET_PROVIDERS
from synthetic.contracts.providers.remote import provider_urls, with_states
from synthetic.contracts.results import Verification
from synthetic.contracts.verifying import Target, verify
from synthetic.contracts.verifying_messages import MessageTarget, verify_messages

Judge = Callable[[PactFile], Verification]
"""Makes a provider ready and asks it for everything in the pact; anew for each, as a pact's idempotency keys are used up then."""


def reference_judges() -> Mapping[str, Judge]:
    """For every provider of the contracts, started for it on loopback."""
    over_http = {name: partial(_over_http, provider.serving) for name, provider in PROVIDERS.items()}
    over_sockets = {name: partial(_over_a_socket, provider.serving) for name, provider in SOCKET_PROVIDERS.items()}
    return {**over_http, **over_sockets}


def judge_at(name: str, url: str, states: str, environment: Mapping[str, str]) -> Judge:
    """For a provider that runs at this URL. Raises ContractError where it can't be verified there, or something is not set."""
    provider_urls([f"{name}={url}"], {*PROVIDERS, *SOCKET_PROVIDERS})
    if name in SOCKET_PROVIDERS:
        target = SOCKET_PROVIDERS[name].at(url, environment)
        return partial(_over_a_socket, lambda: nullcontext(target))

    def opened() -> AbstractContextManager[Target]:
        return nullcontext(with_states(PROVIDERS[name].at(url, environment), states))

    opened()
    return partial(_over_http, opened)


def _over_http(opened: Callable[[], AbstractContextManager[Target]], pact: PactFile) -> Verification:
    with opened() as target:
        return verify(pact, target)


def _over_a_socket(opened: Callable[[], AbstractContextManager[MessageTarget]], pact: PactFile) -> Verification:
    with opened() as target:
        return verify_messages(pact, target)
