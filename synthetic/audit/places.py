"""Where a chain lies: a folder for each worker with its numbered segments, and its anchor beside it or elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

from synthetic.core.errors import HarnessError

DEFAULT_FOLDER = Path("audit")  # as a serve file has it, beside itself
OPERATORS = "operators"  # the chain of what people do from a command line
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SEGMENT = re.compile(r"[0-9]{6,}\.jsonl")
_ANCHOR = ".anchor.json"


def require_name(chain: str) -> str:
    """A chain's name, which is its worker's. Raises HarnessError for one that can't be a folder's name."""
    if not _NAME.fullmatch(chain) or chain.endswith(_ANCHOR):
        raise HarnessError(f"{chain!r} can't name an audit chain; use letters, digits, '.', '_' and '-'")
    return chain


def segment_name(number: int) -> str:
    """The file of a segment; they are numbered from 1."""
    return f"{number:06d}.jsonl"


def segment_number(path: Path) -> int:
    """The number of a segment, from its file's name."""
    return int(path.stem)


def segments_in(folder: Path) -> list[Path]:
    """The segments of one chain's folder, in order; none where there is no such folder."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if _SEGMENT.fullmatch(path.name)), key=segment_number)


def chains_in(folder: Path) -> set[str]:
    """The chains that have segments in a folder of chains."""
    if not folder.is_dir():
        return set()
    return {path.name for path in folder.iterdir() if path.is_dir() and segments_in(path)}


def anchor_path(anchors: Path, chain: str) -> Path:
    """The anchor of a chain."""
    return anchors / f"{chain}{_ANCHOR}"


def anchored_in(anchors: Path) -> set[str]:
    """The chains that have an anchor in a folder."""
    if not anchors.is_dir():
        return set()
    return {path.name.removesuffix(_ANCHOR) for path in anchors.iterdir() if path.name.endswith(_ANCHOR)}
