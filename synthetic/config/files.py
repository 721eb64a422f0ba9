"""A YAML file with its data and its digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from synthetic.config.located import Mapped
from synthetic.config.problems import Problems
from synthetic.config.yaml_nodes import parse, read_file


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file that was read. `digest`: the first 12 hexadecimal digits of the SHA-256 of its bytes."""

    path: Path
    data: Mapped
    digest: str


def load_mapping(path: Path, problems: Problems, text: str | None = None) -> YamlFile | None:
    """Read a file, or a text in its place; None (and mistakes) where there is nothing to read."""
    read = read_file(path, problems) if text is None else (text, text.encode("utf-8", errors="surrogatepass"))
    if read is None:
        return None
    data = parse(read[0], str(path), problems)
    return None if data is None else YamlFile(path, data, hashlib.sha256(read[1]).hexdigest()[:12])
