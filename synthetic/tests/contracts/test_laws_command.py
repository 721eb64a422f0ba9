"""`python -m synthetic.contracts.laws`: the laws at any address, with the seed that shows a finding again."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from synthetic.contracts.laws.__main__ import main
from synthetic.contracts.laws.reference import wallet_target
from synthetic.reference.switchboard import Switch
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """One cell and its PSPs."""
    with world_in_a_thread(WorldSettings(cells=1)) as world:
        yield world


@pytest.mark.slow
def test_a_wallet_at_an_address_is_examined(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Sound, it passes; with a defect it fails, and the seed and the exchanges are told."""
    target = wallet_target(world, "softswiss")
    for name, secret in (("key", target.key), ("token", target.given.seat.token)):
        (tmp_path / name).write_text(secret)
    seat = target.given.seat
    options = ["wallet", "--url", target.url, "--dialect", "softswiss", "--key", f"file:{tmp_path / 'key'}"]
    options += [
        "--player",
        seat.player,
        "--token",
        f"file:{tmp_path / 'token'}",
        "--game",
        seat.game,
        "--currency",
        "EUR",
    ]
    options += ["--examples", "0", "--seed", "5"]
    assert main(options) == 0, capsys.readouterr().out
    world.boards["canary"].throw(Switch("debits_again_on_retry"))
    assert main(options) == 1
    world.boards["canary"].clear()
    told = capsys.readouterr().out
    assert "same-call-moves-once" in told
    assert "seed 5" in told
    assert seat.token not in told


def test_nobody_at_the_address_is_no_finding(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 3, and the reason."""
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    assert main(["psp-notifications", "--url", f"http://127.0.0.1:{port}"]) == 3
    assert "can't be reached" in capsys.readouterr().out


def test_a_secret_is_a_reference(capsys: pytest.CaptureFixture[str]) -> None:
    """A key on the command line is in the shell's history: refused, and not repeated."""
    assert main(["psp-intents", "--url", "http://127.0.0.1:9/v1", "--key", "sk_live_123"]) == 2
    assert "sk_live_123" not in capsys.readouterr().out
