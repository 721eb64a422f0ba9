"""The checkout that the style tests read: its tracked files, and the modules of the package."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "synthetic"


@cache
def tracked_files() -> tuple[Path, ...]:
    """What git knows of, relative to the root; what was deleted and not yet committed is left out."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(Path(name) for name in listed.split("\0") if name and (ROOT / name).is_file())


@cache
def modules(*, tests: bool) -> tuple[Path, ...]:
    """The Python files of the package, relative to the root: those of the tests, or all others."""
    found = (path.relative_to(ROOT) for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)
    return tuple(sorted(path for path in found if ("tests" in path.parts) is tests))


@cache
def syntax(module: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), str(module))


def imported_names(module: Path) -> set[str]:
    """The full names of what a module imports: `os.path`, `synthetic.core.money.Money`; relative imports with their dots."""
    names: set[str] = set()
    for node in ast.walk(syntax(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names |= {f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names}
    return names
