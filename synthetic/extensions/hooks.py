"""Operations in Python: `python: my_hooks.signed:deposit` in a mapping, allowed by `python: [my_hooks]` in the cells file.

A mapping may come from somebody else than the operator, so naming a function must not be enough to run it: the module has to be on
the operator's list, or be published by an installed package under the entry point group `synthetic.operations`.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import cast

from synthetic.core.plan import Hook

GROUP = "synthetic.operations"


class HookRefused(ValueError):  # noqa: N818 - it is refused; the message says why
    """The function may not be used, or is none."""


@dataclass(frozen=True, slots=True)
class HookResolver:
    """Finds hooks. `allowed`: module names; each covers its submodules."""

    allowed: tuple[str, ...] = ()

    @classmethod
    def of(cls, allowed: Sequence[str]) -> HookResolver:
        """From the `python` list of a cells file."""
        return cls(tuple(allowed))

    def __call__(self, dotted: str) -> Hook:
        """The generator function behind `module:function` or an entry point's name. Raises HookRefused."""
        published = {point.name: point for point in entry_points(group=GROUP)}
        if dotted in published:
            return _generator(published[dotted].load(), dotted)
        module, colon, name = dotted.partition(":")
        if not colon or not name:
            raise HookRefused(f"{dotted!r} is neither module:function nor one of the entry points {sorted(published)}")
        if not any(module == allowed or module.startswith(f"{allowed}.") for allowed in self.allowed):
            listed = ", ".join(self.allowed) or "empty"
            raise HookRefused(f"the module {module!r} is not on the `python` list of the cells file ({listed})")
        return _generator(_attribute(module, name), dotted)


def _attribute(module: str, name: str) -> object:
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise HookRefused(f"{module}:{name} can't be imported: {error}") from None


def _generator(found: object, dotted: str) -> Hook:
    if not inspect.isgeneratorfunction(found):
        raise HookRefused(f"{dotted} is no generator function; it has to yield effects and return its outputs")
    return cast("Hook", found)
