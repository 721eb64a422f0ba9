"""Asking for a verdict: of a gate over HTTP, or of the store itself; once, or until it is a pass or a fail."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from typing import Protocol

import httpx
from pydantic import ValidationError

from synthetic.core.errors import HarnessError
from synthetic.core.wording import brief
from synthetic.rollouts.judge import Asked, Judge
from synthetic.web.gate.answers import verdict_of
from synthetic.web.gate.documents import VerdictOut

ASK_EVERY_S = 2.0
TIMEOUT_S = 10.0
_MENDS_BY_ITSELF = frozenset({429, 500, 502, 503, 504})


class Refused(HarnessError):  # noqa: N818 - the sentence reads "refused"
    """The gate does not answer such a question, and will not later."""


class Gate(Protocol):
    """Whoever is asked."""

    def verdict(self, asked: Asked) -> VerdictOut:
        """As it is now. Raises HarnessError; Refused where asking again is of no use."""


class GateOverHttp:
    """A gate that runs: `synthetic serve` with `gate:`, or `synthetic gate serve`. A context manager through `client`."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def verdict(self, asked: Asked) -> VerdictOut:
        """`GET /v1/verdict`. Raises HarnessError."""
        query = {"rollout": asked.rollout, "cell": asked.cell, "baseline": asked.baseline}
        try:
            answer = self._client.get("/v1/verdict", params={name: text for name, text in query.items() if text})
        except httpx.HTTPError as error:
            raise HarnessError(f"the gate {self._client.base_url} can't be reached: {_in_words(error)}") from None
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise Refused(f"the gate {self._client.base_url} answers 401: {self._about_the_token()}")
        if answer.status_code != httpx.codes.OK:
            told = f"the gate {self._client.base_url} answers {answer.status_code}: {brief(answer.text, 300)}"
            raise HarnessError(told) if answer.status_code in _MENDS_BY_ITSELF else Refused(told)
        try:
            return VerdictOut.model_validate_json(answer.content)
        except ValidationError:
            raise Refused(f"{self._client.base_url} answers with something that is no verdict") from None

    def _about_the_token(self) -> str:
        if "Authorization" in self._client.headers:
            return "the token that was given is not the gate's own"
        return "it wants a token, and none was given; add --token env:NAME or --token file:PATH"


class GateInStore:
    """The gate's store, judged here: no service has to run for it. `slo_from`: where its SLO stands."""

    def __init__(self, judge: Judge, slo_from: str = "") -> None:
        self._judge = judge
        self._slo_from = slo_from

    def verdict(self, asked: Asked) -> VerdictOut:
        """Decide now. Raises JournalUnavailable."""
        return verdict_of(self._judge.judge(asked), asked, slo=self._judge.policy().name, slo_from=self._slo_from)


def _in_words(error: httpx.HTTPError) -> str:
    """Why nobody answers, without the names of Python's types."""
    told = str(error)
    if isinstance(error, httpx.TimeoutException):
        return f"no answer within {TIMEOUT_S:g} s"
    if "refused" in told:
        return "connection refused; does a gate listen there?"
    return told or type(error).__name__


def client_of(url: str, token: str, *, ca_file: str = "", certificate: str = "", key: str = "") -> httpx.Client:
    """A client with the token, and for mutual TLS with a certificate. Raises HarnessError where a file can't be used."""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if certificate:
            context.load_cert_chain(certificate, key or None)
    except (OSError, ssl.SSLError) as error:
        raise HarnessError(f"the files of TLS can't be used: {error.strerror or error}") from None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=url, headers=headers, verify=context, timeout=TIMEOUT_S)


def ask(
    gate: Gate,
    asked: Asked,
    *,
    wait_s: float,
    told: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> VerdictOut:
    """The verdict, and with `wait_s` the first pass or fail within that time, else the last one.

    A gate that is away for a while is asked again while there is time. `told` hears of what changes meanwhile. Raises
    HarnessError.
    """
    until_s, before = monotonic() + wait_s, ""
    while True:
        left_s = until_s - monotonic()
        try:
            answer = gate.verdict(asked)
        except Refused:
            raise
        except HarnessError as error:
            if left_s <= 0 and before == str(error):
                raise HarnessError(f"no verdict within {wait_s:g} s: {error}") from None
            if left_s <= 0:
                raise
            now = str(error)
        else:
            if answer.verdict != "inconclusive" or left_s <= 0:
                return answer
            now = f"{answer.verdict}: {answer.reason}"
        if now != before:
            told(now)
            before = now
        sleep(min(ASK_EVERY_S, max(left_s, 0.0)))
