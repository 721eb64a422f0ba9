"""A player of a platform as its published API has him: log-in, launch, cash, ledger; and what the back office lets run out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from synthetic.conformance.stories import NotTried
from synthetic.core.errors import TargetUnreachable
from synthetic.core.history import LedgerEntry
from synthetic.core.money import Money, MoneyError

WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who plays. `office_key` opens the back office, where its states are reached by it."""

    player: str
    username: str
    password: str = field(repr=False)
    currency: str
    office_key: str = field(default="", repr=False)


class Player:
    """One logged-in player. Raises NotTried where the platform refuses what is plain."""

    def __init__(self, http: httpx.Client, who: Credentials) -> None:
        self.who = who
        self.requests = 0
        self._http = http
        granted = self.post("/auth/login", {"username": who.username, "password": who.password})
        self._headers = {"Authorization": f"Bearer {granted.get('token')}"}

    def post(self, path: str, body: Any = None, *, key: str = "") -> dict[str, Any]:
        """POST; the answer's body."""
        headers = getattr(self, "_headers", {}) | ({"Idempotency-Key": key} if key else {})
        return self._read(self._http.post(path, json=body, headers=headers))

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """GET; the answer's body."""
        return self._read(self._http.get(path, params=query, headers=self._headers))

    def launch(self, game: str) -> dict[str, Any]:
        """Open a game."""
        return self.post("/games/launch", {"game": game})

    def cash(self) -> Money:
        """The cash that the platform shows."""
        return money_of(self.get("/wallet/balance"), "cash_minor")

    def ledger(self) -> tuple[LedgerEntry, ...]:
        """The player's own postings, as the statement has them."""
        entries = self.get("/wallet/ledger").get("entries")
        if not isinstance(entries, list):
            raise NotTried(f"the statement has the entries {entries!r}")
        return tuple(_entry(entry) for entry in entries if isinstance(entry, dict))

    def expire_sessions(self) -> None:
        """Let all game sessions of the player run out, through the back office."""
        headers = {"Authorization": f"Bearer {self.who.office_key}"}
        self._read(self._http.post(f"/office/players/{self.who.player}/expire-sessions", headers=headers))

    def _read(self, answer: httpx.Response) -> dict[str, Any]:
        self.requests += 1
        try:
            body = answer.json()
        except ValueError:
            body = None
        if answer.status_code >= 300 or not isinstance(body, dict):
            raise NotTried(f"{answer.request.method} {answer.request.url.path} was answered {answer.status_code}")
        return body


def text_of(told: Mapping[str, Any], name: str) -> str:
    """A text of an answer. Raises NotTried where there is none: then nothing can be asked further."""
    value = told.get(name)
    if not isinstance(value, str):
        raise NotTried(f"an answer has {name} {value!r}, and it is a text")
    return value


def money_of(told: Mapping[str, Any], name: str) -> Money:
    """An amount of an answer, in minor units of its `currency`. Raises NotTried where it is none."""
    try:
        return Money(told.get(name), told.get("currency"))  # type: ignore[arg-type] # which is what it finds out
    except (MoneyError, TypeError) as error:
        raise NotTried(f"an answer has {name} {told.get(name)!r} {told.get('currency')!r}: {error}") from None


def _entry(told: Mapping[str, Any]) -> LedgerEntry:
    kind, reference, bucket = (text_of(told, name) for name in ("kind", "reference", "bucket"))
    after = money_of(told, "balance_after_minor") if told.get("balance_after_minor") is not None else None
    key, round_ = str(told.get("key") or ""), str(told.get("round") or "")
    return LedgerEntry(str(told.get("id")), kind, reference, bucket, money_of(told, "amount_minor"), after, key, round_)


@contextmanager
def playing(api_url: str, who: Credentials) -> Iterator[Player]:
    """Log in; the connection ends with the block. Raises TargetUnreachable, NotTried."""
    with httpx.Client(base_url=api_url, timeout=WITHIN_S, trust_env=False) as http:
        try:
            player = Player(http, who)
        except httpx.ConnectError as error:
            raise TargetUnreachable(f"{api_url} can't be reached: {error}") from None
        yield player
