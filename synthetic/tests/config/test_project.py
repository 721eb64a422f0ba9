"""Projects: files are found, linked, and all their mistakes told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetic.config.names import pick
from synthetic.config.project import find_files, load_project
from synthetic.config.shipped import shipped_root
from synthetic.core.checks import CHECKS
from synthetic.core.errors import AuthorError

PLATFORM = "platform: {name}\noperations:\n  x: {{http: GET https://a.example.com/x}}\n"
SCENARIO = "scenario: {name}\nlease: {{player: 'pool:a'}}\nsteps: [{{id: x, call: {call}}}]\n"
CELLS = """\
allow: [a.example.com]
cells:
  one: {{environment: t, brand: b, market: MT, track: canary, version: v, currency: EUR, platform: {platform}, endpoints: {{}}}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small right project."""
    (tmp_path / "scenarios" / "deep").mkdir(parents=True)
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "p.yaml").write_text(PLATFORM.format(name="p"))
    (tmp_path / "scenarios" / "a.yaml").write_text(SCENARIO.format(name="a", call="x"))
    (tmp_path / "scenarios" / "deep" / "b.yml").write_text(SCENARIO.format(name="b", call="x"))
    (tmp_path / "cells.yaml").write_text(CELLS.format(platform="p"))
    return tmp_path


def told(root: Path) -> list[str]:
    """The mistakes of a project, by file name."""
    with pytest.raises(AuthorError) as refusal:
        load_project(find_files(root, root / "cells.yaml"))
    return [str(mistake).replace(f"{root}/", "") for mistake in refusal.value.mistakes]


def test_the_shipped_project_loads() -> None:
    """Every scenario linked to the reference platform."""
    root = shipped_root()
    loaded = load_project(find_files(root, root / "fixtures/cells/reference.yaml"), known_checks=frozenset(CHECKS))
    assert "deposit-bet-withdraw" in loaded.scenarios
    assert all(set(linked) == {"reference"} for linked in loaded.scenarios.values())
    assert set(loaded.cells) == {"canary", "baseline"}


def test_files_are_found_in_sub_folders(project: Path) -> None:
    """`.yaml` and `.yml`; nothing else."""
    (project / "scenarios" / "notes.txt").write_text("no scenario")
    loaded = load_project(find_files(project, project / "cells.yaml"))
    assert set(loaded.scenarios) == {"a", "b"}


def test_a_project_without_cells_is_linked_to_every_platform(project: Path) -> None:
    """So it can be checked without any."""
    (project / "platforms" / "q.yaml").write_text(PLATFORM.format(name="q"))
    loaded = load_project(find_files(project))
    assert set(loaded.scenarios["a"]) == {"p", "q"}


def test_only_platforms_of_cells_are_linked_to(project: Path) -> None:
    """A mapping that no cell is of may lack operations."""
    (project / "platforms" / "q.yaml").write_text(
        "platform: q\noperations:\n  y: {http: GET https://a.example.com/y}\n"
    )
    loaded = load_project(find_files(project, project / "cells.yaml"))
    assert set(loaded.scenarios["a"]) == {"p"}


def test_the_mistakes_of_all_files_are_told_at_once(project: Path) -> None:
    """Not only those of the first."""
    (project / "scenarios" / "a.yaml").write_text(SCENARIO.format(name="a", call="y"))
    (project / "scenarios" / "deep" / "b.yml").write_text("scenario: b\nlease: {}\nsteps: []\n")
    (project / "cells.yaml").write_text(CELLS.format(platform="pp").replace("track: canary", "track: green"))
    assert [line.partition(" a player")[0] for line in told(project)] == [
        "cells.yaml:3:54: unknown value 'green'; known here: baseline, canary",
        "scenarios/a.yaml:3:23: unknown operation 'y'; known here: x",
        "scenarios/deep/b.yml:2:8: lease has no `player`; `pool:NAME`:",
        "scenarios/deep/b.yml:3:8: a scenario needs at least one step",
    ]


def test_a_cell_of_no_platform_is_told(project: Path) -> None:
    """With the one that was probably meant."""
    (project / "cells.yaml").write_text(CELLS.format(platform="pp"))
    assert [line.partition(" a player")[0] for line in told(project)] == [
        "cells.yaml:3:3: cell 'one' is of platform 'pp', for which there is no mapping; did you mean 'p'?"
    ]


def test_a_name_that_is_given_twice_is_told(project: Path) -> None:
    """Of scenarios and of platforms."""
    (project / "scenarios" / "c.yaml").write_text(SCENARIO.format(name="a", call="x"))
    (project / "platforms" / "q.yaml").write_text(PLATFORM.format(name="p"))
    assert [line.partition(";")[0] for line in told(project)] == [
        "platforms/q.yaml:1:1: a second mapping of the platform 'p'",
        "scenarios/c.yaml:1:1: a second scenario with the name 'a'",
    ]


def test_choosing_by_a_wrong_name_is_one_line() -> None:
    """Without a place, since it stands in no file."""
    assert pick({"canary": 1}, "canary", "cell") == 1
    with pytest.raises(AuthorError) as refusal:
        pick({"canary": 1}, "canry", "cell")
    assert str(refusal.value) == "there is no cell 'canry'; did you mean 'canary'?"
