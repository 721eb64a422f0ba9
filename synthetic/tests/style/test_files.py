"""Tracked files: nothing of one machine, no address of a package index, and pinned requirements with their hashes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synthetic.tests.style.checkout import ROOT, tracked_files

# Put together here, or this file would be the first to break its own rule.
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:" + "|".join(["work", "root"]) + r")/")
INDEX_ADDRESSES = re.compile(
    "|".join(
        [r"(?<!--no-emit-)index-" + "url", "python" + r"hosted\.org", "trusted-" + "host", "pypi\\.org/" + "simple"]
    )
)
PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY-----\n[A-Za-z0-9+/]{60}")

REQUIREMENTS = [path for path in tracked_files() if path.parts[0] == "requirements" and path.suffix == ".txt"]


def breaches(pattern: re.Pattern[str]) -> list[str]:
    """Where the pattern stands, as file:line; files that are no text are left out."""
    found = []
    for path in tracked_files():
        text = (ROOT / path).read_bytes().decode("utf-8", errors="replace")
        found += [f"{path}:{text.count(chr(10), 0, match.start()) + 1}" for match in pattern.finditer(text)]
    return found


def test_no_file_knows_the_machine_that_it_was_written_on() -> None:
    """Paths are relative to the file or come in as arguments."""
    assert breaches(MACHINE_PATHS) == []


def test_no_file_names_a_package_index() -> None:
    """Where packages come from is the business of the machine's pip configuration; hashes say which they are."""
    assert breaches(INDEX_ADDRESSES) == []


def test_no_file_holds_a_private_key() -> None:
    """Keys are made when they are needed (`synthetic reference up`, a fixture), never committed."""
    assert breaches(PRIVATE_KEY) == []


def requirements(path: Path) -> dict[str, tuple[str, int]]:
    """Name -> (pin without its marker, number of hashes)."""
    joined = (ROOT / path).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return {
        re.split(r"[\s=<>!~;\[]", line, maxsplit=1)[0]: (
            re.split("--hash|;", line)[0].strip(),
            line.count("--hash=sha256:"),
        )
        for line in lines
    }


def test_there_are_requirement_files() -> None:
    """The tests below judge something."""
    assert {path.name for path in REQUIREMENTS} >= {"dev.txt", "runtime.txt"}


@pytest.mark.parametrize("path", REQUIREMENTS, ids=str)
def test_every_requirement_is_pinned_and_hashed_and_has_no_address(path: Path) -> None:
    """One exact version, at least one SHA-256, no URL: `make lock` writes them so."""
    listed = requirements(path)
    assert len(listed) > 5
    assert [name for name, (pin, hashes) in listed.items() if "==" not in pin or not hashes] == []
    assert [pin for pin, _ in listed.values() if "://" in pin or pin.startswith("-")] == []
    code = [
        line for line in (ROOT / path).read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")
    ]
    assert [line for line in code if "://" in line] == []


def test_development_runs_the_versions_that_production_runs() -> None:
    """What is pinned in both files is pinned to one version."""
    pins = [requirements(path) for path in sorted(REQUIREMENTS)]
    names = set.intersection(*(set(listed) for listed in pins))
    assert len(names) > 5
    assert [name for name in sorted(names) if len({listed[name][0] for listed in pins}) > 1] == []
