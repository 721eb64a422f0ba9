"""A mutant: a journal, a worker or a recovery that breaks one promise, by a few attributes that are replaced while it lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Patch:
    """One attribute of a module or class, and what stands in its place; `make` is given what stood there.

    `adds`: a name that is not there yet, and hides a builtin one. Any other has to be there: what was renamed breaks nothing.
    """

    owner: Any
    name: str
    make: Callable[[Any], Any]
    adds: bool = False


@dataclass(frozen=True, slots=True)
class Mutant:
    """A name, the promise that it breaks, and how."""

    name: str
    breaks: str
    patches: tuple[Patch, ...]

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Break it, and mend it again."""
        with ExitStack() as stack:
            for patch in self.patches:
                stack.enter_context(_replaced(patch))
            yield


@contextmanager
def _replaced(patch: Patch) -> Iterator[None]:
    if (patch.name in vars(patch.owner)) is patch.adds:
        raise LookupError(f"{patch.owner.__name__}.{patch.name} is {'there' if patch.adds else 'not there (any more)'}")
    before = getattr(patch.owner, patch.name, None)
    setattr(patch.owner, patch.name, patch.make(before))
    try:
        yield
    finally:
        if patch.adds:
            delattr(patch.owner, patch.name)
        else:
            setattr(patch.owner, patch.name, before)
