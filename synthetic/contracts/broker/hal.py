"""The broker's HAL API: documents that name what can be done next, and a client that follows the names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from synthetic.contracts.broker.errors import BrokerLacks, BrokerRefused
from synthetic.contracts.broker.settings import TOKEN, USERNAME, BrokerAccess
from synthetic.core.errors import TargetUnreachable

JSON = dict[str, Any]
TIMEOUT_S = 10.0
_HOLE = re.compile(r"\{(\w+)\}")


class Hal:
    """Asks the broker. Every method raises TargetUnreachable where there is none, and BrokerRefused where it says no."""

    def __init__(self, access: BrokerAccess, http: httpx.Client) -> None:
        self._access = access
        self._http = http

    def index(self) -> JSON:
        """The document that everything starts from."""
        return self.get(self._access.url)

    def get(self, url: str) -> JSON:
        """A document."""
        return self.send("GET", url)

    def send(self, method: str, url: str, body: Any = None) -> JSON:
        """A request with a JSON body, and its answer; {} where it has none. Only to the broker: it carries our credentials."""
        if urlsplit(url)[:2] != urlsplit(self._access.url)[:2]:
            raise BrokerRefused(f"{url} is not at the broker, {self._access.url}: our credentials do not go there")
        try:
            answer = self._http.request(method, url, json=body)
        except httpx.HTTPError as error:
            raise TargetUnreachable(f"the broker is not reachable at {self._access.url}: {_said(error)}") from None
        if answer.status_code in {401, 403}:
            raise BrokerRefused(f"the broker does not let us in ({answer.status_code}); look at {TOKEN} or {USERNAME}")
        if not answer.is_success:
            refusal = BrokerLacks if answer.status_code == 404 else BrokerRefused
            raise refusal(f"{method} {url} was answered with {answer.status_code}: {self._errors(answer)}")
        return dict(answer.json()) if answer.content else {}

    def _errors(self, answer: httpx.Response) -> str:
        try:
            said = answer.json().get("errors") or answer.text
        except (ValueError, AttributeError):
            said = answer.text
        return self._access.redactor.redact("; ".join(map(str, said)) if isinstance(said, list) else str(said)[:500])


@contextmanager
def talking_to(access: BrokerAccess) -> Iterator[Hal]:
    """A client for as long as a block lasts."""
    with access.client(TIMEOUT_S) as http:
        yield Hal(access, http)


def href(document: Mapping[str, Any], relation: str, **values: str) -> str:
    """The address under a relation, its template filled in. Raises BrokerRefused where the broker does not have it."""
    link = document.get("_links", {}).get(relation)
    if not isinstance(link, Mapping) or "href" not in link:
        raise BrokerRefused(f"the broker has no {relation}; it may be too old")
    return _HOLE.sub(lambda hole: quote(values.get(hole[1], hole[0]), safe=""), str(link["href"]))


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
