"""The manifest of a shipped segment: what it was when it left, so that a copy elsewhere can be held against it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from synthetic.audit.line import canonical

SUFFIX = ".manifest.json"


class BadCopy(ValueError):  # noqa: N818 - the sentence reads "bad copy"
    """A shipped segment that is not what its manifest says."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A finished segment: its chain and file, its size (bytes) and SHA-256, its first record's number, and its end."""

    chain: str
    segment: str
    size: int
    sha256: str
    first: int
    count: int
    hash: str

    def text(self) -> bytes:
        """As it is written."""
        return canonical(asdict(self)) + b"\n"


def manifest_path(folder: Path, segment: str) -> Path:
    """Where the manifest of a segment lies, beside its copy."""
    return folder / f"{segment}{SUFFIX}"


def manifests_in(folder: Path) -> list[Path]:
    """The manifests in a folder, in the order of their segments."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def read_manifest(path: Path) -> Manifest:
    """Raises BadCopy, and OSError."""
    try:
        fields: Mapping[str, object] = json.loads(path.read_bytes())
        return Manifest(**fields)  # type: ignore[arg-type] # compared byte by byte with what it stands for
    except (ValueError, TypeError, RecursionError):
        raise BadCopy(f"{path} is no manifest of a segment") from None


def require_copy(folder: Path, manifest: Manifest) -> bytes:
    """The copy that a manifest stands for. Raises BadCopy where it is another one, and OSError."""
    path = folder / manifest.segment
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BadCopy(f"{path} is missing; its manifest is there") from None
    if hashlib.sha256(data).hexdigest() != manifest.sha256:
        raise BadCopy(f"{path} is not what was shipped")
    return data
