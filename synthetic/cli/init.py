"""`synthetic init DIR`: a starting project that `synthetic validate` accepts as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.screen import write
from synthetic.core.errors import SyntheticError

_PLATFORM = "__platform__"


class WouldOverwrite(SyntheticError):  # noqa: N818 - the sentence reads "it would overwrite"
    """A file of the starting project is there already."""

    exit_code = 2


def init(
    folder: Annotated[
        Path, typer.Argument(help="Where the project goes; made where it does not exist.", metavar="DIR")
    ],
    *,
    platform: Annotated[str, typer.Option(help="What your platform is called (default: as the folder).")] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there already.")] = False,
) -> None:
    """Write a starting project: a scenario, a platform mapping, a cells, a serve and an SLO file, a GitHub workflow, a README."""
    name = _platform_name(platform or folder.resolve().name)
    project = dict(_starting_files(name))
    present = [str(path) for path in project if (folder / path).exists()]
    if present and not force:
        raise WouldOverwrite(f"{folder} has {', '.join(present)} already; --force overwrites")
    try:
        for path, text in project.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise SyntheticError(f"{error.filename} can't be written: {error.strerror}") from None
    for path in project:
        write(f"wrote {folder / path}")
    write(f"next: cd {folder} && synthetic validate")


def _platform_name(given: str) -> str:
    """A name as mappings have it: lower case, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", given.lower()).strip("-") or "my-platform"


def _starting_files(platform: str) -> Iterator[tuple[Path, str]]:
    for path, source in _walk(files("synthetic.cli") / "starter", Path()):
        text = source.read_text(encoding="utf-8")
        yield Path(str(path).replace(_PLATFORM, platform)), text.replace(_PLATFORM, platform)


def _walk(folder: Traversable, at: Path) -> Iterator[tuple[Path, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, at / entry.name)
        else:
            yield at / entry.name, entry
