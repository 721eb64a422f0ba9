"""Exporting: the records of all chains in the order of their time, as JSON lines or as a table."""

from __future__ import annotations

import csv
import heapq
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from synthetic.audit.line import Record, canonical, utc
from synthetic.audit.places import chains_in, segments_in
from synthetic.audit.verify import walk_chain
from synthetic.audit.walk import Broken, Damage

COLUMNS = ("at", "chain", "seq", "kind", "who", "cell", "run", "key", "amount_minor", "currency", "data", "hash")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def records(folder: Path, damages: list[Damage], *, since_ns: int = 0, runs: Sequence[str] = ()) -> Iterator[Record]:
    """The records from an instant on (ns since the Unix epoch), of these runs (none given: of all). Raises OSError.

    A chain is told up to its first damage, which is added to `damages`.
    """
    since = utc(since_ns)
    wanted = frozenset(runs)
    chains = [_whole(segments_in(folder / chain), chain, damages) for chain in sorted(chains_in(folder))]
    for record in heapq.merge(*chains, key=lambda one: str(one.fields.get("at"))):
        if str(record.fields.get("at")) >= since and (not wanted or record.fields.get("run") in wanted):
            yield record


def _whole(segments: Sequence[Path], chain: str, damages: list[Damage]) -> Iterator[Record]:
    try:
        yield from walk_chain(segments, chain)
    except Broken as broken:
        if not (broken.at_end and broken.damage.file == segments[-1]):  # somebody may be writing that line just now
            damages.append(broken.damage)


def as_json(record: Record) -> str:
    """The record as it stands in its chain."""
    return record.line.decode()


def as_row(record: Record) -> str:
    """One row of a table; `data` as JSON. What a spreadsheet would take for a formula begins with an apostrophe."""
    fields = {**record.fields, "hash": record.hash, "data": canonical(record.data).decode() if record.data else ""}
    return row([_harmless(fields.get(column, "")) for column in COLUMNS])


def row(cells: Sequence[object]) -> str:
    """Cells as RFC 4180 writes them, without the line's end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
