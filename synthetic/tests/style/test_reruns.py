"""A failed test is run once more where sockets and wall time may be to blame, in CI only, and nowhere else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from synthetic.tests.real_time import PURE, REAL_TIME, may_be_run_again
from synthetic.tests.style.checkout import ROOT

FAILS_ONCE = """
from pathlib import Path

def test_it(tmp_path_factory):
    seen = Path(__file__).with_suffix(".seen")
    first = not seen.exists()
    seen.touch()
    assert not first
"""


@pytest.mark.parametrize("place", [*REAL_TIME, *PURE], ids=str)
def test_what_is_listed_is_there(place: Path) -> None:
    """A folder that is renamed must not lose its second chance, or win one, unseen."""
    assert (ROOT / place).exists()


@pytest.mark.parametrize("folder", ["core", "sli", "gate", "config", "journal", "audit", "style", "report/metrics"])
def test_what_waits_for_nobody_has_one_chance(folder: str) -> None:
    """Arithmetic and laws are right or wrong, whatever the machine does."""
    tests = sorted((ROOT / "synthetic" / "tests" / folder).rglob("test_*.py"))
    assert tests
    assert not any(may_be_run_again(test.relative_to(ROOT)) for test in tests)


def test_only_ci_tries_again_and_shows_it() -> None:
    """A developer sees each failure of `make test`; `make check` lists what passed at the second try, with its first failure."""
    recipes = (ROOT / "Makefile").read_text(encoding="utf-8").split("\n\n")
    commands = {recipe.split(":")[0]: recipe for recipe in recipes if "$(BIN)/pytest" in recipe}
    assert "--reruns" not in commands["test"]
    for option in ("--reruns 1 ", "--max-suite-reruns 5", "--rerun-show-tracebacks", "-raR"):
        assert option in commands["check"]


@pytest.mark.slow
@pytest.mark.parametrize(("folder", "code"), [("runner", 0), ("core", 1)])
def test_the_second_chance_is_given_by_folder(tmp_path: Path, folder: str, code: int) -> None:
    """The same test that fails the first time: in one folder it passes at the second, in the other it is not asked again."""
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "conftest.py").write_bytes((ROOT / "conftest.py").read_bytes())
    test = tmp_path / "synthetic" / "tests" / folder / "test_it.py"
    test.parent.mkdir(parents=True)
    test.write_text(FAILS_ONCE, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "--reruns", "1", "-raR", "-p", "no:cacheprovider", str(test)]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == code, ended.stdout
    assert ("1 rerun" in ended.stdout) is (code == 0)
