"""The runbooks, taken apart: sections, commands with what they are said to print, and names of metrics and alerts."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "runbooks"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
ALL_PAGES = sorted(FOLDER.glob("*.md"))
_CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
_INLINE = re.compile(r"`(synthetic [a-z][^`]*)`")


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a page, and what the page shows of its output ("" where it shows nothing)."""

    page: str
    text: str
    shown: str

    @property
    def arguments(self) -> list[str]:
        """Behind `synthetic`, as a shell would pass them."""
        return shlex.split(self.text)[1:]


def commands(page: Path) -> list[Command]:
    """The commands of a page's console blocks, in their order."""
    found: list[Command] = []
    for block in _CONSOLE.findall(page.read_text()):
        for part in re.split(r"^\s*\$ ", block, flags=re.MULTILINE)[1:]:
            text, _, shown = part.partition("\n")
            found.append(Command(page.name, text.partition("  #")[0].strip(), shown.strip()))
    return found


def our_commands(page: Path) -> list[Command]:
    """Those that call `synthetic`."""
    return [command for command in commands(page) if command.text.startswith("synthetic ")]


def inline_commands(page: Path) -> list[str]:
    """What stands in the running text, such as `synthetic kill`."""
    return _INLINE.findall(page.read_text())


def blocks(page: Path, language: str) -> list[str]:
    """The blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def shape(text: str) -> str:
    """Output without what is another one every time: numbers, times, ids, names."""
    text = re.sub(r"\br[0-9a-f]{15,16}\b", "RUN", text)
    text = re.sub(r"user:\S+", "user:NAME", text)
    text = re.sub(r"\d+", "0", text)
    return re.sub(
        r"\b(run is|runs are)\b", "runs are", re.sub(r"\beffects?\b|\baccounts?\b|\bruns? (?=to|swept)", "N ", text)
    ).strip()
