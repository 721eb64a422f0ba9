"""No secret leaves a run but to its target: not into a log, page, database, audit, record, report, error text or command."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from synthetic.core.errors import SyntheticError
from synthetic.journal.book import open_book
from synthetic.tests.cli.calling import call
from synthetic.tests.secrecy.forms import every_byte, leaks
from synthetic.tests.secrecy.scene import CARD, DATABASE_PASSWORD, KILL_TOKEN, Scene, plant, play_by_hand, play_on_duty

pytestmark = pytest.mark.slow  # a platform, a dozen runs and a worker
DATABASE = f"postgresql://runner:{DATABASE_PASSWORD.replace('/', '%2F')}@127.0.0.1:9/journal"


@pytest.fixture(scope="module")
def scene(synthetic_cells_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Runs that go well, fail, are undone, crash and are recovered, and everything that came of them."""
    folder = tmp_path_factory.mktemp("secrecy")
    scene = Scene()
    project, scene.secrets = plant(folder, synthetic_cells_file)
    play_by_hand(scene, project, folder)
    play_on_duty(scene, project, folder)
    _command_lines(scene, folder)
    scene.secrets |= scene.wire.secrets
    files = {name: text for name, text in every_byte(folder) if name != "cells.yaml"}
    scene.found |= files
    return scene


def _command_lines(scene: Scene, folder: Path) -> None:
    """What the commands say of the same files, and of mistakes with secrets in them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("PLANTED_DATABASE", DATABASE)
        (folder / "serve.yaml").write_text(
            f"serve: x\ncells: cells.yaml\ndatabase: '{DATABASE}'\nkill: {{token: '{KILL_TOKEN}'}}\nprobes: []\n"
        )
        commands = (
            ("run", "--cells", "cells.yaml", "--scenario", "planted-card", "--cell", "canary"),
            ("explain", "--full"),
            ("list", "--cells", "cells.yaml", "--json"),
            ("validate", "serve.yaml"),
            ("audit", "verify", "audit"),
            ("audit", "export", "audit", "--format", "csv"),
            ("kill", "--database", "env:PLANTED_DATABASE", "--reason", "x"),
            ("kill", "serve.yaml", "--reason", "x"),
        )
        for command in commands:
            answer = call(*command)
            scene.keep(f"synthetic {' '.join(command[:2])} {command[-1]}", answer.out + answer.err)
        (folder / "serve.yaml").unlink()


def test_the_runs_were_of_every_kind(scene: Scene) -> None:
    """Or their silence would prove nothing."""
    assert {outcome.split()[1] for outcome in scene.outcomes} >= {"ok", "failed", "aborted"}, scene.outcomes
    assert {"planted-card failed", "every-spelling failed"} <= set(scene.outcomes)
    assert scene.outcomes[-2:] == ["deposit-bet-withdraw ok", "deposit-bet-withdraw aborted"]
    assert b"1 undone" in scene.found["homecomings"]


def test_the_secrets_were_really_used(scene: Scene) -> None:
    """They went over the wire, in one form or another; so each of them could have been caught on the way."""
    wire = bytes(scene.wire.sent + scene.wire.came)
    seen = {found.partition(":")[0].split(" ")[0].rpartition(".")[2] for found in leaks(wire, scene.secrets)}
    assert seen >= {"password", "sso-password", "card", "token", "challenge", "launch_token", "code"}, seen
    assert any(found.startswith("canary-psp-a-report:") for found in leaks(wire, scene.secrets))


def test_the_eye_sees_a_secret_in_every_form() -> None:
    """An eye that is blind finds nothing as well."""
    secret = {"it": CARD}
    for text in (CARD, json.dumps({"a": CARD}), "4929-planted%2Fcard%2B%224711%22%3D%25", CARD.encode().hex()):
        assert leaks(text.encode(), secret), text
    assert leaks(b"4929-planted", secret) == []
    for before in (b"", b"a", b"ab", b"user:"):
        assert leaks(base64.b64encode(before + CARD.encode() + b"rest"), secret), before


def test_everything_that_can_be_read_was_looked_at(scene: Scene) -> None:
    """Each kind of output by its name, and none of them empty."""
    kinds = (
        "log",
        "HTTP answer 0 of /metrics",
        "events",
        "run records, by hand",
        "run records, on duty",
        "JUnit, by hand",
    )
    files = (
        "book.db",
        "while it runs: book.db-wal",
        "by-hand/journal.db",
        "by-hand/runs.db row by row",
        "audit/w1/000001.jsonl",
    )
    for name in (
        *kinds,
        *files,
        "waterfalls, by hand",
        "what a session tells",
        "synthetic kill --database x",
        "homecomings",
    ):
        assert scene.found[name], name
    assert b"deposit-bet-withdraw" in scene.found["by-hand/runs.db row by row"]
    assert b"synthetic_runs_total" in scene.found["HTTP answer 0 of /metrics"]
    assert b'"kind":"intent"' in scene.found["audit/w1/000001.jsonl"]


def test_no_secret_is_in_anything_that_can_be_read(scene: Scene) -> None:
    """In no form; what leaks is named with its place."""
    found = {where: leaking for where, text in scene.found.items() if (leaking := leaks(text, scene.secrets))}
    assert found == {}


def test_an_error_of_the_database_does_not_tell_its_password() -> None:
    """Neither by its text nor by what caused it."""
    with pytest.raises(SyntheticError) as raised:
        open_book(DATABASE)
    said: list[str] = []
    error: BaseException | None = raised.value
    while error is not None:
        said.append(f"{error!r} {error}")
        error = error.__cause__
    assert leaks("\n".join(said).encode(), {"database password": DATABASE_PASSWORD}) == []
