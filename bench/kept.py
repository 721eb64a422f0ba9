"""What the benchmarks kept last: as a summary on the screen, as Markdown, and in docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.results import FOLDER
from bench.tables import table_of
from synthetic.config.names import NOWHERE
from synthetic.core.errors import AuthorError

DOCS = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- measured: python -m bench --docs -->", "<!-- end of measured -->"


def kept_results(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The results in a folder, oldest first. Raises AuthorError where there is none."""
    found = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")]
    if not found:
        raise AuthorError.at(NOWHERE, f"no benchmark has kept anything in {folder}", "run `make bench` first")
    return sorted(found, key=lambda one: (str(one["at"]), str(one["name"])))


def summary(names: Sequence[str], folder: Path = FOLDER) -> Table:
    """Every bar of these benchmarks, by what they kept; a benchmark that kept nothing has not come to its end."""
    rows: list[tuple[str, str, str, str]] = []
    for name in names:
        file = folder / f"{name}.json"
        if not file.exists():
            rows.append((name, "-", "nothing was kept", ""))
            continue
        bars = json.loads(file.read_text(encoding="utf-8"))["bars"]
        rows += [(name, bar["verdict"], bar["text"], bar["measured"]) for bar in bars]
        if not bars:
            rows.append((name, "-", "has no bar", ""))
    return table_of("the bars", ("benchmark", "verdict", "bar", "measured"), rows, f"kept in {folder}")


def markdown(results: Sequence[dict[str, Any]]) -> str:
    """The bars of all, then the tables of each."""
    lines = ["| benchmark | bar | measured | |", "|---|---|---|---|"]
    lines += [
        f"| `{one['name']}` | {bar['text']} | {bar['measured']} | {bar['verdict']} |"
        for one in results
        for bar in one["bars"]
    ]
    for one in results:
        machine = one["machine"]
        lines += ["", f"### `{one['name']}`: {one['title']}", ""]
        lines.append(
            f"{one['at']}, {machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}, "
            f"Python {machine['python']}, load {machine['load']:g} at the end."
        )
        for table in one["tables"]:
            lines += ["", f"**{table['title']}**", "", *_table(table)]
    return "\n".join(lines)


def _table(table: dict[str, Any]) -> list[str]:
    columns = table["columns"]
    lines = ["| " + " | ".join(columns) + " |", "|---|" + "---:|" * (len(columns) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in table["rows"]]
    return lines + (["", table["remark"]] if table["remark"] else [])


def write_docs(file: Path = DOCS, folder: Path = FOLDER) -> Path:
    """Replace what stands between the two marks of the page. Raises AuthorError where they are not there."""
    text = file.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not found or not ended:
        raise AuthorError.at(NOWHERE, f"{file} has no place for the figures", f"write `{BEGIN}` and `{END}` into it")
    file.write_text(f"{before}{BEGIN}\n{markdown(kept_results(folder))}\n{END}{after}", encoding="utf-8")
    return file
