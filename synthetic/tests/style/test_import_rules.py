"""The import rules of pyproject.toml bite: a skeleton of the package with every deliberate breach, seen by import-linter.

`make check` proves that the code keeps the rules; this proves that the rules say what the design says.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest

from synthetic.tests.style.checkout import PACKAGE, ROOT

# The design's layers, from the top. What stands on one line does not import each other.
LAYERS = (
    ("cli",),
    ("pytest_plugin", "locust_user"),
    ("contracts",),
    ("conformance",),
    ("web", "simulation"),
    ("extensions",),
    ("runner", "rollouts"),
    ("drivers", "journal", "audit", "report", "reference"),
    ("config",),
    ("gate",),
    ("sli",),
    ("core",),
)
PURE = ("core", "sli", "gate")
DOORS = ("socket", "time", "random", "asyncio", "os", "httpx", "yaml", "websockets")
ACCUSED_MAY_NOT = ("core.checks", "core.history", "config", "gate", "sli")
BELOW_THE_FACES = (
    "locust_user",
    "conformance",
    "web",
    "simulation",
    "extensions",
    "runner",
    "rollouts",
    "drivers",
    "journal",
    "audit",
    "report",
    "config",
    "gate",
    "sli",
    "core",
)

NAMES = tuple(chain.from_iterable(LAYERS))
UPWARD = tuple(
    (lower, upper) for depth, row in enumerate(LAYERS) for lower in row for upper in chain.from_iterable(LAYERS[:depth])
)
SIDEWAYS = tuple((one, other) for row in LAYERS for one in row for other in row if one != other)

LAYERS_RULE = "imports point downward (DESIGN: folders)"
PURE_RULE = "the core, the SLIs and the gate do no I/O and read no clock"
JUDGE_RULE = "the judge shares no accounting code with the accused"
FACES_RULE = "only the faces know the reference platform"

BREACHES = (
    *((LAYERS_RULE, importer, f"synthetic.{imported}") for importer, imported in (*UPWARD, *SIDEWAYS)),
    *((PURE_RULE, importer, door) for importer in PURE for door in DOORS),
    *((JUDGE_RULE, "reference", f"synthetic.{imported}") for imported in ACCUSED_MAY_NOT),
    *((FACES_RULE, importer, "synthetic.reference") for importer in BELOW_THE_FACES),
)


def contracts() -> dict[str, dict[str, object]]:
    """The contracts of pyproject.toml by name."""
    configured = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    return {contract["name"]: contract for contract in configured["contracts"]}


def skeleton(folder: Path) -> None:
    """The packages of the design, empty, under this checkout's rules."""
    (folder / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    for package in ("", *NAMES, "core/checks", "core/history", "tests"):
        (folder / "synthetic" / package).mkdir()
        (folder / "synthetic" / package / "__init__.py").touch()


def breach(folder: Path, importer: str, imported: str) -> str:
    """Add a module that imports what it must not, deep inside of a function; returns its name."""
    name = f"wants_{imported.removeprefix('synthetic.').replace('.', '_')}"
    module = folder / "synthetic" / importer / f"{name}.py"
    module.write_text(f"def work():\n    import {imported}\n", encoding="utf-8")
    return f"synthetic.{importer}.{name}"


def lint(folder: Path) -> tuple[int, str]:
    """Run import-linter there, as `make check` runs it here."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def section(report: str, rule: str) -> str:
    """What the report tells of one broken rule."""
    broken = report.partition("Broken contracts")[2]
    own = broken.partition(f"\n{rule}\n")[2]
    following = [place for other in contracts() if (place := own.find(f"\n{other}\n")) >= 0]
    return own[: min(following, default=len(own))]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One run over a skeleton that holds every breach at once."""
    folder = tmp_path_factory.mktemp("breached")
    skeleton(folder)
    for _, importer, imported in BREACHES:
        breach(folder, importer, imported)
    code, told = lint(folder)
    assert code == 1, told
    return told


def test_an_innocent_skeleton_keeps_every_rule(tmp_path: Path) -> None:
    """What the other tests see is caused by the breaches and by nothing else."""
    skeleton(tmp_path)
    code, told = lint(tmp_path)
    assert code == 0, told
    assert f"Contracts: {len(contracts())} kept, 0 broken" in told


@pytest.mark.parametrize(("rule", "importer", "imported"), BREACHES)
def test_a_breach_is_reported_by_its_rule(report: str, rule: str, importer: str, imported: str) -> None:
    """Each pair of layers, each door of a pure package, each thing that the accused must not read."""
    name = f"synthetic.{importer}.wants_{imported.removeprefix('synthetic.').replace('.', '_')}"
    assert f"{name} -> {imported}" in section(report, rule)


def test_a_breach_by_way_of_another_module_is_reported(tmp_path: Path) -> None:
    """The accused may import the core, but not what of the core reads the judge's evidence."""
    skeleton(tmp_path)
    (tmp_path / "synthetic/core/between.py").write_text("import synthetic.core.history\n", encoding="utf-8")
    breach(tmp_path, "reference", "synthetic.core.between")
    code, told = lint(tmp_path)
    assert code == 1
    assert "synthetic.core.between -> synthetic.core.history" in section(told, JUDGE_RULE)


def test_a_package_that_is_in_no_layer_is_reported(tmp_path: Path) -> None:
    """A new package has to take its place; none lies beside the rules."""
    skeleton(tmp_path)
    (tmp_path / "synthetic/newcomer").mkdir()
    (tmp_path / "synthetic/newcomer/__init__.py").touch()
    code, told = lint(tmp_path)
    assert code == 1
    assert "newcomer" in section(told, LAYERS_RULE)


def test_every_package_of_the_checkout_is_in_the_table_of_this_test() -> None:
    """A layer that is new in pyproject.toml gets its breaches here, too."""
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} - {"tests", "_shipped"}
    assert folders <= set(NAMES)
    assert contracts()[LAYERS_RULE]["layers"] == [" | ".join(row) for row in LAYERS]


def test_every_rule_has_a_breach() -> None:
    """No contract without a proof that it bites."""
    assert set(contracts()) == {rule for rule, _, _ in BREACHES}
