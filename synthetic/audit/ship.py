"""Shipping: finished segments go, each once, to a folder that keeps them, or through a command of the operator's."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synthetic.audit.chain import READ_ONLY
from synthetic.audit.entry import Kind
from synthetic.audit.line import Head
from synthetic.audit.manifest import Manifest, manifest_path
from synthetic.audit.places import chains_in, segment_number, segments_in
from synthetic.audit.walk import Broken, follows, walk
from synthetic.core.errors import HarnessError

COMMAND_S = 300.0
_SHOWN_CHARS = 500
_MARK = ".shipped"


@dataclass(frozen=True, slots=True)
class Finished:
    """A sealed segment of an audit and its manifest."""

    path: Path
    manifest: Manifest


def finished(folder: Path) -> Iterator[Finished]:
    """The sealed segments of all chains, which hold. Raises Broken where one does not: damage is not shipped as if whole.

    A chain's oldest segments may have been cleared away once they were shipped.
    """
    for chain in sorted(chains_in(folder)):
        segments = segments_in(folder / chain)
        head = (segment_number(segments[0]) > 1 and follows(segments[0])) or Head()
        for path in segments:
            first, sealed = head.count, False
            for record in walk(path, chain, head):
                head, sealed = record.head, record.kind == Kind.SEAL
            if sealed:
                data = path.read_bytes()
                sha256 = hashlib.sha256(data).hexdigest()
                yield Finished(path, Manifest(chain, path.name, len(data), sha256, first, head.count, head.hash))


def ship_to(folder: Path, target: Path) -> list[Finished]:
    """Copy what is not there yet, read-only, each copy with its manifest. Raises HarnessError where the target refuses.

    The manifest comes last and nothing is written twice, so the target may be one where files can't be changed (WORM).
    """
    shipped = []
    for one in _finished(folder):
        there = target / one.manifest.chain
        if manifest_path(there, one.manifest.segment).exists():
            continue
        try:
            there.mkdir(parents=True, exist_ok=True)
            _put(there / one.manifest.segment, one.path.read_bytes())
            _put(manifest_path(there, one.manifest.segment), one.manifest.text())
        except OSError as error:
            raise HarnessError(f"the segment {one.path} can't be shipped to {there}: {error.strerror}") from None
        shipped.append(one)
    return shipped


def ship_by(folder: Path, command: str) -> list[Finished]:
    """Run a command for each segment that it has not shipped yet; it succeeds with exit code 0. Raises HarnessError.

    `{file}`, `{manifest}`, `{chain}`, `{name}` and `{sha256}` in the command become those of the segment; no shell reads it.
    """
    shipped = []
    for one in _finished(folder):
        mark = one.path.with_name(f"{one.path.name}{_MARK}")
        if mark.exists():
            continue
        manifest = manifest_path(one.path.parent, one.path.name)
        try:
            manifest.write_bytes(one.manifest.text())
            _run(command, one, manifest)
            mark.touch()
        except OSError as error:
            raise HarnessError(f"the segment {one.path} can't be shipped: {error.strerror}") from None
        shipped.append(one)
    return shipped


def _finished(folder: Path) -> Iterator[Finished]:
    try:
        yield from finished(folder)
    except Broken as broken:
        raise HarnessError(f"nothing more is shipped: the audit is broken at {broken.damage}") from None


def _run(command: str, one: Finished, manifest: Path) -> None:
    words = {
        "{file}": str(one.path),
        "{manifest}": str(manifest),
        "{chain}": one.manifest.chain,
        "{name}": one.manifest.segment,
        "{sha256}": one.manifest.sha256,
    }
    arguments = []
    for argument in shlex.split(command):
        for placeholder, value in words.items():
            argument = argument.replace(placeholder, value)  # noqa: PLW2901 - one placeholder after the other
        arguments.append(argument)
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command
            arguments, capture_output=True, text=True, errors="replace", timeout=COMMAND_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise HarnessError(f"shipping {one.path}: the command took longer than {COMMAND_S:g} s") from None
    if done.returncode:
        said = done.stderr.strip()[-_SHOWN_CHARS:]
        raise HarnessError(f"shipping {one.path}: {arguments[0]} ended with {done.returncode}: {said}")


def _put(path: Path, data: bytes) -> None:
    """A whole file or none: written beside, named, and last made read-only, by which many WORM file servers commit a file."""
    beside = path.with_name(f"{path.name}.part")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    beside.rename(path)
    path.chmod(READ_ONLY)
