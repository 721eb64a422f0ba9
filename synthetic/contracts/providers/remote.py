"""A provider that runs elsewhere, as the command line names it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from synthetic.contracts.providers.provider import ContractError
from synthetic.contracts.states import StateHandler
from synthetic.contracts.verifying import Target
from synthetic.reference.tls import client_tls

WITHIN_S = 2.0
_JSON = {"Content-Type": "application/json"}


def provider_urls(given: Sequence[str], known: Collection[str]) -> dict[str, str]:
    """`NAME=URL`s by name. Raises ContractError for a name that no contract has, and for what is no URL."""
    urls = {}
    for words in given:
        name, _, url = words.partition("=")
        if name not in known:
            raise ContractError(
                f"--provider {words}: no contract has this provider; there are {', '.join(sorted(known))}"
            )
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ContractError(f"--provider {words}: write {name}=https://...")
        urls[name] = url
    return urls


def with_states(target: Target, how: str) -> Target:
    """The target with its states out of reach (`none`), as it is (`api`), or changed by POSTs to a URL (`http=URL`).

    Raises ContractError for anything else.
    """
    match how.partition("="):
        case "none", "", "":
            return replace(target, states=None)
        case "api", "", "":
            return target
        case "http", "=", url if url:
            return replace(target, states=_Everything(url, target.own))
    raise ContractError(f"--provider-states {how}: write none, api or http=URL")


class _Everything(Mapping[str, StateHandler]):
    """A handler for every state: the URL decides whether it knows the state."""

    def __init__(self, url: str, own: Callable[[str], str]) -> None:
        self._url = url
        self._own = own

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> StateHandler:
        def change(params: Mapping[str, Any]) -> Mapping[str, Any]:
            body = json.dumps({"state": name, "params": params, "action": "setup"})
            answer = httpx.post(
                self._url,
                content=self._own(body),
                headers=_JSON,
                timeout=WITHIN_S,
                verify=client_tls(),
                trust_env=False,
            )
            if answer.status_code >= 300:
                raise RuntimeError(f"POST {self._url} was answered with {answer.status_code}: {answer.text[:200]}")
            return dict(answer.json()) if answer.content else {}

        return change

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0
