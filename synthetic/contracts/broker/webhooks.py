"""The webhook that lets a changed pact be verified at once: the broker dispatches an event to the provider's repository.

The `pact` binary has `create-or-update-webhook`, but it wants the repository's token as an argument, where every process of the
machine can read it. So the webhook is PUT through the broker's API, under an id that follows from what it is for: saying it again
changes it, and never makes a second one.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from synthetic.contracts.broker.hal import JSON, Hal, href

EVENT = "pact_changed"
TOKEN_VARIABLE = "PACT_WEBHOOK_GITHUB_TOKEN"  # noqa: S105 - a name
GITHUB_API = "https://api.github.com"


def keep_webhook(hal: Hal, repository: str, provider: str, token: str, *, api: str = GITHUB_API) -> str:
    """Dispatch `pact_changed` to this repository (`owner/name`) whenever a pact with the provider has new content; its address.

    Raises BrokerRefused, TargetUnreachable.
    """
    uuid = str(uuid5(NAMESPACE_URL, f"{api}/{repository}/{provider}/{EVENT}"))
    kept = hal.send("PUT", href(hal.index(), "pb:webhook", uuid=uuid), _webhook(repository, provider, token, api))
    return href(kept, "self")


def _webhook(repository: str, provider: str, token: str, api: str) -> JSON:
    payload: dict[str, Any] = {
        "pact_url": "${pactbroker.pactUrl}",
        "provider": "${pactbroker.providerName}",
        "consumer": "${pactbroker.consumerName}",
        "consumer_version": "${pactbroker.consumerVersionNumber}",
        "consumer_branch": "${pactbroker.consumerVersionBranch}",
    }
    headers = {
        "Accept": "application/vnd.github+json",
        "Content-Type": "application/json",
        "Authorization": f"Bearer {token}",
    }
    return {
        "description": f"verify changed pacts with {provider} in {repository}",
        "provider": {"name": provider},
        "events": [{"name": "contract_content_changed"}],
        "request": {
            "method": "POST",
            "url": f"{api}/repos/{repository}/dispatches",
            "headers": headers,
            "body": {"event_type": EVENT, "client_payload": payload},
        },
    }
