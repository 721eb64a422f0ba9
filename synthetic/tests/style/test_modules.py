"""Modules and names: sizes, words that say nothing, and what the pure packages may import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from synthetic.tests.style.checkout import ROOT, imported_names, modules, syntax, tracked_files

LINES_MAX = 400

EMPTY_WORDS = {
    "utils": "name the one idea of the module (`bodies`, `signing`)",
    "util": "name the one idea of the module (`bodies`, `signing`)",
    "helpers": "name what it helps with (`rollbacks`, `dialling`)",
    "helper": "name what it helps with (`rollbacks`, `dialling`)",
    "common": "put it where its first user is, or give the idea a name",
    "manager": "name what it does (`pool`, `journal`, `desk`)",
    "managers": "name what they do (`pool`, `journal`, `desk`)",
    "base": "write a protocol in core/ports.py, or a function",
}

PURE = ("core", "sli", "gate")
PURE_MAY_IMPORT = {
    *("__future__", "abc", "base64", "collections", "contextvars", "dataclasses", "datetime", "decimal", "difflib"),
    *("email", "enum", "fractions", "functools", "hashlib", "heapq", "hmac", "html", "itertools", "json", "math"),
    *("operator", "re", "statistics", "string", "struct", "textwrap", "types", "typing", "urllib"),
    *("cel_expr_python", "cryptography", "pyotp", "pydantic", "synthetic"),
}
READS_A_CLOCK = {"now", "utcnow", "today", "uuid4", "uuid1"}


def test_no_module_has_two_ideas() -> None:
    """A module above 400 lines is split by its ideas; most are 80 to 300."""
    long = {str(path): lines for path in modules(tests=False) if (lines := _lines(path)) > LINES_MAX}
    assert long == {}, f"above {LINES_MAX} lines: find the second idea and give it a module of its own"


def _lines(path: Path) -> int:
    return len((ROOT / path).read_text(encoding="utf-8").splitlines())


def test_no_module_has_a_name_that_says_nothing() -> None:
    """Each banned word has its replacement."""
    found = {
        str(path): EMPTY_WORDS[word]
        for path in (*modules(tests=False), *modules(tests=True))
        for word in (path.stem, path.parent.name)
        if word in EMPTY_WORDS
    }
    assert found == {}


def test_every_module_says_its_idea_in_its_first_line() -> None:
    """The docstring's first line is the module's idea; an empty `__init__.py` has none."""
    silent = [str(path) for path in modules(tests=False) if _lines(path) and not ast.get_docstring(syntax(path))]
    assert silent == []


def test_only_the_package_is_importable() -> None:
    """A folder `fixtures` or `reports` with an `__init__.py` would shadow somebody else's: put code into synthetic/."""
    strays = [str(path) for path in tracked_files() if path.name == "__init__.py" and path.parts[0] != "synthetic"]
    assert strays == []


@pytest.mark.parametrize("package", PURE)
def test_the_pure_packages_import_nothing_that_touches_the_world(package: str) -> None:
    """import-linter bans the usual doors (`os`, `time`); this list has every module that is let in, so no window opens."""
    own = [path for path in modules(tests=False) if path.parts[1] == package]
    assert own
    let_in = {str(path): {name.split(".")[0] for name in imported_names(path)} - PURE_MAY_IMPORT for path in own}
    strangers = {path: names for path, names in let_in.items() if names}
    assert strangers == {}, "take time, randomness and data as arguments, or ask a driver by an effect"


@pytest.mark.parametrize("package", PURE)
def test_the_pure_packages_read_no_clock(package: str) -> None:
    """`datetime` is there to compute with; what time it is comes in from outside, or a run could not be replayed."""
    asked = [
        f"{path}:{node.lineno} .{node.attr}"
        for path in modules(tests=False)
        if path.parts[1] == package
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Attribute) and node.attr in READS_A_CLOCK
    ]
    assert asked == [], "take an instant as an argument (Times, RunSpec.wall_ns)"


def test_no_private_name_is_imported_by_another_package() -> None:
    """What another package needs is public: drop the underscore and write its docstring, or move it down to core."""
    taken = [
        f"{path}: {name}"
        for path in modules(tests=False)
        for name in imported_names(path)
        if name.startswith("synthetic.")
        and any(part.startswith("_") and not part.startswith("__") for part in name.split("."))
        and name.split(".")[1] != path.parts[1]
    ]
    assert taken == []


def test_every_import_inside_the_package_is_absolute() -> None:
    """`from .money import Money` is written `from synthetic.core.money import Money`: a moved file still says what it needs."""
    relative = [
        f"{path}: {name}" for path in modules(tests=False) for name in imported_names(path) if name.startswith(".")
    ]
    assert relative == []


def test_every_test_is_a_claim() -> None:
    """A test's docstring says what holds and why it matters; its name alone can't."""
    silent = [
        f"{path}:{node.lineno} {node.name}"
        for path in modules(tests=True)
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []
