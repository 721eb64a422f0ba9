"""Webhooks: what is kept of one, and the request that an event makes. https://docs.pact.io/pact_broker/webhooks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx

from synthetic.tests.contracts.broker_standin.records import JSON, Webhook

EVENTS = frozenset({
    "contract_content_changed",
    "contract_published",
    "provider_verification_failed",
    "provider_verification_published",
    "provider_verification_succeeded",
})  # fmt: skip
TIMEOUT_S = 5.0
_PARAMETER = re.compile(r"\$\{pactbroker\.(\w+)\}")


class BadWebhook(Exception):  # noqa: N818 - status 400
    """A webhook that the broker would not keep."""


def read_webhook(uuid: str, body: JSON) -> Webhook:
    """A webhook out of a request's body. Raises BadWebhook."""
    request: JSON = body.get("request") or {}
    events = tuple(str(event["name"]) for event in body.get("events") or [])
    if unknown := sorted(set(events) - EVENTS) or ([] if events else ["(none)"]):
        raise BadWebhook(f"events: not one of {', '.join(sorted(EVENTS))}: {', '.join(unknown)}")
    if request.get("method") != "POST":
        raise BadWebhook("request.method: must be POST")
    url = urlsplit(request.get("url") or "")
    if url.scheme != "https" and url.hostname != "127.0.0.1":
        raise BadWebhook("request.url: scheme must be https")
    return Webhook(
        uuid=uuid,
        description=body.get("description") or f"{request['method']} {url.hostname}",
        events=events,
        method=str(request["method"]),
        url=url.geturl(),
        headers=tuple((str(name), str(value)) for name, value in (request.get("headers") or {}).items()),
        body=request.get("body"),
        username=request.get("username"),
        password=request.get("password"),
        consumer=(body.get("consumer") or {}).get("name"),
        provider=(body.get("provider") or {}).get("name"),
    )


def show_webhook(webhook: Webhook, href: str) -> JSON:
    """A webhook as it is answered: what may be secret is starred."""
    headers = {
        name: "**********" if name.lower() in {"authorization", "x-auth-token"} else value
        for name, value in webhook.headers
    }
    return {
        "uuid": webhook.uuid,
        "description": webhook.description,
        "enabled": True,
        "consumer": webhook.consumer and {"name": webhook.consumer},
        "provider": webhook.provider and {"name": webhook.provider},
        "events": [{"name": event} for event in webhook.events],
        "request": {"method": webhook.method, "url": webhook.url, "headers": headers, "body": webhook.body},
        "_links": {"self": {"href": href, "title": webhook.description}},
    }


async def deliver(webhook: Webhook, parameters: Mapping[str, str]) -> JSON:
    """Make the request once; answers what became of it. Never raises for what the other side does."""
    body = webhook.body if isinstance(webhook.body, str) else json.dumps(webhook.body)
    auth = (webhook.username, webhook.password or "") if webhook.username else None
    async with httpx.AsyncClient(timeout=TIMEOUT_S, auth=auth, trust_env=False) as client:
        try:
            filled = _fill(body, parameters).encode()
            answer = await client.request(webhook.method, webhook.url, content=filled, headers=dict(webhook.headers))
        except httpx.HTTPError as error:
            return {
                "webhook": webhook.uuid,
                "event": parameters["eventName"],
                "status": "failure",
                "error": repr(error),
            }
    status = "success" if answer.is_success else "failure"
    return {"webhook": webhook.uuid, "event": parameters["eventName"], "status": status, "http": answer.status_code}


def _fill(text: str, parameters: Mapping[str, str]) -> str:
    """Each `${pactbroker.name}` by its value; one that is not known by nothing, as the broker does it."""
    return _PARAMETER.sub(lambda match: parameters.get(match[1], ""), text)
