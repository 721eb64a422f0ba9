"""A provider's published API, as its counterpart speaks it to bring about the states of a pact."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any

import httpx

from synthetic.reference.tls import client_tls

WITHIN_S = 6.0  # Pact waits for a state, and has to hear why it did not come


class Api:
    """With the counterpart's bearer key. Raises RuntimeError for an answer that is not as it has to be, with its text."""

    def __init__(self, url: str, api_key: str) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def post(
        self, path: str, body: Mapping[str, Any], *, key: str = "", fine: Collection[int] = (200,)
    ) -> dict[str, Any]:
        """The answer, which has to have one of the `fine` statuses. `key`: the idempotency key, if there is one."""
        headers = {**self._headers, "Idempotency-Key": key} if key else self._headers
        answer = httpx.post(self._url + path, json=dict(body), headers=headers, verify=client_tls(), trust_env=False)
        if answer.status_code not in fine:
            raise RuntimeError(f"POST {path} was answered with {answer.status_code}: {answer.text[:200]}")
        return dict(answer.json())

    def get(self, path: str) -> dict[str, Any]:
        """The answer, whatever its status."""
        return dict(httpx.get(self._url + path, headers=self._headers, verify=client_tls(), trust_env=False).json())

    def wait(
        self,
        path: str,
        field: str,
        wanted: str,
        *,
        agreed: Collection[str] = (),
        past: Collection[str] = (),
        what: str = "",
    ) -> None:
        """Look until the field is as wanted, for 6 s at most.

        `agreed`: the values that it may have meanwhile, where they are known; `past`: those that it goes on to by itself,
        between two looks; `what`: whose field it is, in the message.
        """
        what, deadline_s = what or path, time.monotonic() + WITHIN_S
        while (shown := self._shown(path, field)) != wanted and shown not in past:
            if agreed and shown not in agreed:
                raise RuntimeError(f"{what} is {shown!r}, which is no agreed state")
            if time.monotonic() > deadline_s:
                raise RuntimeError(f"{what} is {shown}, not {wanted}, after {WITHIN_S:g} s")
            time.sleep(0.01)

    def _shown(self, path: str, field: str) -> str:
        answer = self.get(path)
        if field not in answer:
            raise RuntimeError(f"GET {path} was answered without {field}: {str(answer)[:200]}")
        return str(answer[field])
