"""Tables on the screen, and the ratios in them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table


def table_of(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], remark: str = "") -> Table:
    """An aligned table: the first column names the row, all others are numbers."""
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), title=title, title_justify="left", title_style=""
    )
    table.caption, table.caption_justify, table.caption_style = remark or None, "left", ""
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def ratio(value: float, peer: float) -> str:
    """How many times the peer's value this is: `1.25x`; a dash where the peer has none."""
    return f"{value / peer:.2f}x" if peer else "-"
