"""Rows of the report as plain text: the differences as a table, an exchange as it went over the wire."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress

from synthetic.contracts.report.document import Exchange, Row
from synthetic.core.machine.reading import NotJson, read_json
from synthetic.core.wording import printable


def difference_table(row: Row) -> str:
    """What differed, as CSV."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("path", "expected", "actual", "text"))
    for one in row.differences:
        writer.writerow((one.path, one.expected, one.actual or "(missing)", one.text))
    return table.getvalue()


def exchange_text(exchange: Exchange) -> str:
    """`>` was sent, `<` came back."""
    lines = [f"> {exchange.request}", *_marked("> ", exchange.request_body), ""]
    lines += [f"< {exchange.status or 'a frame'}", *_marked("< ", exchange.body)]
    return "\n".join(lines)


def readable(body: str) -> str:
    """JSON indented, for a reader; anything else as it came, without control characters."""
    with suppress(NotJson):
        body = json.dumps(read_json(body), indent=2, ensure_ascii=False)
    return "\n".join(printable(line) for line in body.splitlines())


def _marked(mark: str, body: str) -> list[str]:
    return [f"{mark}{line}" for line in readable(body).splitlines()] if body else []
