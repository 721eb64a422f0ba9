"""wallet, a cell's seamless wallet in both dialects; its states are reached through itself, so that any can be verified."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from synthetic.contracts.providers.provider import ContractError, Provider
from synthetic.contracts.providers.seats import CellSeats, GivenSeats, Seats
from synthetic.contracts.providers.wallet_states import Client, Line, WalletStates, with_salt
from synthetic.contracts.sealing import TIMEOUT_S, Outgoing
from synthetic.contracts.verifying import Target
from synthetic.reference.game import dialect_a, dialect_b
from synthetic.reference.game.operators import Operator
from synthetic.reference.game.pace import Pace
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.reference.world.world import WorldSettings

PREFIX_A, PREFIX_B = "SYNTHETIC_WALLET_A", "SYNTHETIC_WALLET_B"
GAMES = {"a": "steady-dice", "b": "steady-wheel"}
WRONGS = frozenset(("", "another key", "another payload", "the payload written anew", "none"))
"""How a seal can be wrong; "" for not at all."""

_PACE = Pace(timeout_s=TIMEOUT_S, retries=1)  # a state is to be reached; how fast the wallet is, nobody judges here

Sign = Callable[[bytes], str]
"""The signature over a body."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a wallet is talked to in one dialect. `forge` signs with a key that it does not know; `root` is in front of its paths."""

    name: str
    header: str
    sign: Sign
    forge: Sign
    make: Callable[[], Client]
    seats: Seats
    secret: str = ""
    root: str = ""

    def line(self, url: str) -> Line:
        """The wallet at this URL."""
        operator = Operator("pact", "pact", "unused", url.rstrip("/") + self.root, self.secret)
        return Line(operator, self.make, self.seats, GAMES[self.name])

    def seal(self, request: Outgoing, wrong: str) -> Outgoing:
        """The request under this wallet's root and signed, or signed wrongly. Raises ValueError for a wrong of no kind."""
        if wrong not in WRONGS:
            raise ValueError(f"no seal is wrong by {wrong!r}; there are: {', '.join(sorted(WRONGS - {''}))}")
        asked = f"/wallet/{self.name}"
        moved = replace(request, path=self.root + request.path.removeprefix(asked))
        if wrong == "none":
            kept = {name: value for name, value in moved.headers.items() if name.lower() != self.header.lower()}
            return replace(moved, headers=kept)
        sign = self.forge if wrong == "another key" else self.sign
        return moved.having(**{self.header: sign(_signed_text(moved.body, wrong))})


def _signed_text(body: bytes, wrong: str) -> bytes:
    """What is signed: the bytes that are sent, others, or the same object written in another way."""
    if wrong == "another payload":
        return body.replace(b'"pact-key-', b'"pact-ley-', 1)
    return json.dumps(json.loads(body)).encode() if wrong == "the payload written anew" else body


@cache
def _foreign_key() -> rsa.RSAPrivateKey:
    return dialect_a.private_key()


def speaking_a(private_key_pem: str, seats: Seats, root: str = "/wallet/a") -> Dialect:
    """Dialect A, signed with this key."""
    key = dialect_a.private_key(private_key_pem)

    return Dialect(
        "a",
        dialect_a.SIGNATURE_HEADER,
        partial(dialect_a.sign, key),
        lambda raw: dialect_a.sign(_foreign_key(), raw),
        lambda: dialect_a.WalletA(key, _PACE),
        seats,
        root=root,
    )


def speaking_b(secret: str, seats: Seats, root: str = "/wallet/b") -> Dialect:
    """Dialect B, signed with this secret."""

    return Dialect(
        "b",
        dialect_b.SIGNATURE_HEADER,
        partial(dialect_b.sign, secret),
        partial(dialect_b.sign, f"not {secret}"),
        lambda: dialect_b.WalletB(_PACE),
        seats,
        secret,
        root,
    )


def target_at(url: str, dialects: Mapping[str, Dialect]) -> Target:
    """A wallet at this URL, in the dialects that it speaks."""
    states = WalletStates({name: dialect.line(url) for name, dialect in dialects.items()})

    def seal(request: Outgoing, wrong: str) -> Outgoing:
        body = with_salt(request.body.decode("utf-8"), states.salt).encode()
        return dialects[request.path.split("/")[2]].seal(replace(request, body=body), wrong)

    can = frozenset.intersection(*(dialect.seats.can for dialect in dialects.values()))
    return Target(url, seal, states.handlers(), can | {f"dialect {name}" for name in dialects})


@contextmanager
def serving() -> Iterator[Target]:
    """The wallet of a reference cell."""
    with world_in_a_thread(WorldSettings(cells=1)) as world:
        (cell,) = world.cells
        url = world.listeners[cell.name].url
        secret = next(account.wallet_secret for account in cell.providers if account.dialect == "b")
        seats = CellSeats(cell, url)
        try:
            dialects = {"a": speaking_a(world.wallet_key_pem, seats), "b": speaking_b(secret, seats)}
            yield replace(target_at(url, dialects), version="reference")
        finally:
            seats.close()


def at(url: str, environment: Mapping[str, str]) -> Target:
    """A wallet that somebody runs. Raises ContractError where the environment knows the key of neither dialect."""
    dialects: dict[str, Dialect] = {}
    if environment.get(f"{PREFIX_A}_PRIVATE_KEY_FILE"):
        pem = Path(environment[f"{PREFIX_A}_PRIVATE_KEY_FILE"]).read_text(encoding="utf-8")
        root = environment.get(f"{PREFIX_A}_ROOT", "/wallet/a")
        dialects["a"] = speaking_a(pem, GivenSeats.of(environment, PREFIX_A), root)
    if environment.get(f"{PREFIX_B}_SECRET"):
        root = environment.get(f"{PREFIX_B}_ROOT", "/wallet/b")
        dialects["b"] = speaking_b(environment[f"{PREFIX_B}_SECRET"], GivenSeats.of(environment, PREFIX_B), root)
    if not dialects:
        what = f"set {PREFIX_A}_PRIVATE_KEY_FILE (the key that dialect A signs with) or {PREFIX_B}_SECRET (dialect B's)"
        raise ContractError(what)
    return target_at(url, dialects)


WALLET = Provider("wallet", serving, at)
