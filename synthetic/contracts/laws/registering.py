"""Being made a merchant of a PSP for one examination, by `PUT /_merchants/NAME`, as the reference PSPs let one over loopback."""

from __future__ import annotations

import json
import secrets
from urllib.parse import quote, urlsplit

from synthetic.conformance.stories import NotTried, exchange
from synthetic.contracts.laws.stage import Stage
from synthetic.core.effects import Http, HttpReply


def register(stage: Stage, url: str, api_key: str, webhook_url: str, secret: str) -> None:
    """Be made a merchant of a name of our own. Raises NotTried where this PSP makes none."""
    name, parts = f"laws-{secrets.token_hex(4)}", urlsplit(url)
    body = {"cell": name, "api_key": api_key, "webhook_url": webhook_url, "webhook_secret": secret}
    headers = (("Content-Type", "application/json"),)
    request = Http(
        "PUT", f"{parts.scheme}://{parts.netloc}/_merchants/{quote(name)}", headers, json.dumps(body).encode()
    )
    said = stage.play(exchange("register", request))
    if not isinstance(said.result, HttpReply) or said.result.status != 200:
        raise NotTried(f"{url} makes no merchants: give an API key")
