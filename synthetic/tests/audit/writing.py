"""Audits for the tests of this folder: a clock that is set, facts that can be told apart, and chains of several segments."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from synthetic.audit.chain import Chain
from synthetic.audit.entry import Entry, Kind
from synthetic.audit.line import BadLine, read
from synthetic.audit.verify import verify
from synthetic.core.money import Money

START_NS = 1_790_000_000 * 10**9
DAY_NS = 86_400 * 10**9


def fact(number: int) -> Entry:
    """The n-th fact."""
    return Entry(
        Kind.INTENT,
        "worker:w1",
        cell="canary",
        run=f"run-{number}",
        key=f"key-{number}",
        amount=Money(100 + number, "EUR"),
        data={"step": "deposit", "operation": "cashier.deposit", "name": "Zoë"},
    )


def chain_of(folder: Path, name: str = "w1", *, at_ns: int = START_NS, **options: Any) -> Chain:
    """A chain whose clock stands."""
    return Chain(folder, name, wall_ns=lambda: at_ns, **options)


def write(folder: Path, numbers: Iterable[int], **options: Any) -> None:
    """Append facts, each in a group of its own, and close."""
    with chain_of(folder, **options) as chain:
        for number in numbers:
            chain.append([(START_NS + number, fact(number))])


def lines(folder: Path, name: str = "w1") -> list[dict[str, Any]]:
    """Every line of a chain that is a record in itself, in the order of its segments."""
    text = b"".join(path.read_bytes() for path in sorted((folder / name).glob("*.jsonl")))
    found = []
    for line in text.split(b"\n"):
        with suppress(BadLine):
            record = read(line)
            found.append({**record.fields, "hash": record.hash})
    return found


def facts(folder: Path, name: str = "w1") -> list[str]:
    """The runs that the facts of a chain are about."""
    return [line["run"] for line in lines(folder, name) if line["kind"] == "intent"]


def damage(folder: Path, **options: Any) -> str:
    """The first damage of the only chain, in words; "" where it holds."""
    (report,) = verify(folder, **options)
    return str(report.damage or "")
