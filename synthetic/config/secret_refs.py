"""Secret references: `env:NAME` and `file:path`. A value never stands in a file, in a message or in a plan."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from synthetic.config.located import Text
from synthetic.core.errors import AuthorError, Mistake, Place
from synthetic.core.plan import CellPlan

REFERENCE_HINT = "write env:NAME or file:path, and keep the secret there"
SECRET_MAX_BYTES = 64 * 1024
_ENV = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
_FILE = re.compile(r"file:[^\x00]+")
# Attributes whose value has no business in a file, whatever they are called at the platform.
_SECRET_WORDS = re.compile(
    r"(^|_)(password|passwd|passphrase|pin|secret|token|totp|otp|api_?key|private_key|cvv|cvc)(_|$)"
)


class BadReference(ValueError):  # noqa: N818 - the sentence reads "bad reference"
    """A reference that leads nowhere. The message names what it refers to, never a value."""


def is_reference(text: str) -> bool:
    """Whether a text is meant as a reference."""
    return text.startswith(("env:", "file:"))


def is_well_formed(text: str) -> bool:
    """Whether a reference is written as one."""
    return _ENV.fullmatch(text) is not None or _FILE.fullmatch(text) is not None


def needs_reference(attribute: str) -> bool:
    """Whether an attribute of this name holds a secret."""
    return _SECRET_WORDS.search(attribute.lower()) is not None


def resolve(ref: str, base_dir: Path) -> str:
    """The secret. A relative path is relative to the cells file's folder. Raises BadReference."""
    if not is_well_formed(ref):
        raise BadReference("a secret is a reference, env:NAME or file:path, never the secret itself")
    kind, _, name = ref.partition(":")
    value = _from_environment(name) if kind == "env" else _from_file(base_dir / name, name)
    if not value:
        raise BadReference(f"{ref} is empty")
    return value


def resolve_all(cell: CellPlan, refs: Mapping[str, str]) -> dict[str, str]:
    """The secrets behind some references of a cell's file, by name. Raises AuthorError with every one that leads nowhere."""
    base_dir = Path(cell.place.file).parent
    mistakes: list[Mistake] = []
    secrets: dict[str, str] = {}
    for name, ref in refs.items():
        try:
            secrets[name] = resolve(ref, base_dir)
        except BadReference as error:
            mistakes.append(Mistake(_place(ref, cell), f"the secret '{name}' of cell {cell.name}: {error}"))
    if mistakes:
        raise AuthorError(mistakes)
    return secrets


def _place(ref: str, cell: CellPlan) -> Place:
    return ref.place if isinstance(ref, Text) else cell.place


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise BadReference(f"the environment variable {name} is not set")
    return value


def _from_file(path: Path, shown: str) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(SECRET_MAX_BYTES + 1)
    except OSError as error:
        raise BadReference(f"the file {shown} can't be read: {error.strerror or type(error).__name__}") from None
    if len(raw) > SECRET_MAX_BYTES:
        raise BadReference(f"the file {shown} is larger than {SECRET_MAX_BYTES // 1024} KiB")
    try:
        return raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise BadReference(f"the file {shown} is not UTF-8 text") from None
