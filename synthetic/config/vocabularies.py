"""The names that expressions may use, by where they stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from synthetic.core.expressions import RESERVED, Kind, Vocabulary

CELL: Vocabulary = {
    **dict.fromkeys(
        (f"cell.{name}" for name in ("name", "track", "environment", "brand", "market", "version", "currency")),
        Kind.STRING,
    ),
    "cell.psps": Kind.LIST,
    "cell.providers": Kind.LIST,
    "cell.games": Kind.MAP,
    "cell.endpoints": Kind.MAP,
}
LEASE: Vocabulary = {
    name: CELL[name] for name in ("cell.name", "cell.market", "cell.brand", "cell.environment", "cell.track")
}
"""What is known when a player is leased, before a run is."""

RUN: Vocabulary = {
    **CELL,
    "player": Kind.MAP,
    "run.id": Kind.STRING,
    "run.currency": Kind.STRING,
    "now": Kind.INT,
}
HTTP_ANSWER: Vocabulary = {"status": Kind.INT, "body": Kind.ANY, "headers": Kind.MAP}
FRAME: Vocabulary = {"frame": Kind.ANY, "body": Kind.ANY}
CLOSED: Vocabulary = {"close_code": Kind.INT}
BLAME: Vocabulary = {
    **HTTP_ANSWER,
    **FRAME,
    "error": Kind.STRING,
    "overdue": Kind.BOOL,
    "code": Kind.STRING,
    "step": Kind.STRING,
}
ROOTS = RESERVED | {
    "cell", "matrix", "player", "run", "now", "args", "out", "session", "secret", "key",
    "status", "body", "headers", "frame", "close_code", "error", "overdue", "code", "step",
}  # fmt: skip
"""Words that no step may have as its id."""
NAMES_OF_STEPS = ("key", "code")
"""What later steps may read of every step, beside its operation's inputs and outputs: `bet.key`, `bet.code`."""


def prefixed(prefix: str, kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """`args.amount`, `out.id` and the like."""
    return {f"{prefix}.{name}": kind for name, kind in kinds.items()}


def operation_vocabulary(session: Iterable[str]) -> dict[str, Kind]:
    """What every expression of a mapping may use, its operation's inputs and answers aside."""
    return {
        **RUN,
        **prefixed("session", dict.fromkeys(session, Kind.ANY)),
        "secret": Kind.MAP,
        "key": Kind.STRING,
    }


def merged(first: Mapping[str, Kind], second: Mapping[str, Kind]) -> dict[str, Kind]:
    """Both, where a name in both that is of two types may be of any."""
    return {
        name: second[name] if first.get(name, second.get(name)) is second.get(name, first.get(name)) else Kind.ANY
        for name in second
    } | {name: kind for name, kind in first.items() if name not in second}
