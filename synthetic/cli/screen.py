"""Where the command line writes: answers to standard output or a file, everything else to standard error."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from synthetic.core.errors import HarnessError
from synthetic.core.wording import printable


def answers() -> Console:
    """Standard output: what was asked for. Plain where it is not a terminal or NO_COLOR is set."""
    return Console(highlight=False, markup=False, emoji=False)


def remarks() -> Console:
    """Standard error: progress, remarks, mistakes."""
    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def say(line: str, *, style: str = "") -> None:
    """One remark on one line, however long."""
    remarks().print(printable(line), style=style or None, soft_wrap=True)


def write(text: str) -> None:
    """Text for a machine or a pipe, exactly as it is, and whole: never wrapped, never styled."""
    console = answers()
    console.file.write(text if text.endswith("\n") else f"{text}\n")
    console.file.flush()


def save(text: str, out: Path) -> None:
    """Write a document into a file, with the folder that it stands in. Raises HarnessError."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise HarnessError(f"{out} can't be written: {error.strerror}") from None


def put(text: str, out: Path | None) -> None:
    """A document, into a file where one is named, to standard output otherwise. Raises HarnessError."""
    if out is None:
        write(text)
    else:
        save(text, out)
