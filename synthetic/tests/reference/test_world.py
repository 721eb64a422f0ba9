"""The whole reference platform over real sockets: money goes in, is played with, and comes out, by every PSP and provider."""

from __future__ import annotations

import itertools
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from synthetic.config.shipped import shipped_root
from synthetic.reference.catalogue import Fault
from synthetic.reference.defects import DEFECTS
from synthetic.reference.faults import FAULTS
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.tests.reference.worlds import WITHIN_S, Client, Table, cell_of, player_of

PSPS = ("psp-a", "psp-b", "psp-c")
KINDS = {"provider-a": "dice", "provider-b": "wheel"}
STAKE_MINOR = 20


@pytest.fixture(scope="module")
def served_world() -> Iterator[World]:
    with world_in_a_thread(WorldSettings(seed=4711)) as running:
        yield running


@pytest.fixture
def world(served_world: World) -> Iterator[World]:
    """The world with no switch thrown."""
    yield served_world
    for board in served_world.boards.values():
        board.clear()


@pytest.fixture
def client(world: World) -> Iterator[Client]:
    """A logged-in standard player of the canary."""
    cell = cell_of(world)
    with Client(world, cell, player_of(cell, "standard")) as standard:
        yield standard.login()


def bet(table: Table) -> tuple[dict[str, object], dict[str, object]]:
    """Place a bet; its acknowledgement and its result."""
    ack = table.ask("bet", stake_minor=STAKE_MINOR, currency="EUR")
    assert ack["type"] == "bet_ack", ack
    return ack, table.await_frame(lambda frame: frame["type"] == "round_result" and frame["round"] == ack["round"])


@pytest.mark.parametrize(("psp", "provider"), list(itertools.product(PSPS, KINDS)))
def test_money_goes_in_is_played_with_and_comes_out(client: Client, psp: str, provider: str) -> None:
    """Deposit, one round, withdrawal: the balance is explained to the cent, and the PSP's report says the same."""
    before = client.cash()
    deposit = client.deposit(100, psp)
    assert deposit["state"] == "succeeded", deposit
    with client.table(f"low-variance-{KINDS[provider]}") as table:
        ack, result = bet(table)
    assert ack["balance_minor"] == before + 100 - STAKE_MINOR
    payout = result["payout_minor"]
    assert (result["state"], payout) in {("WON", 2 * STAKE_MINOR), ("LOST", 0)}
    assert table.seqs == [1, 2, 3]
    funds = client.cash()
    assert funds == result["balance_minor"] == before + 100 - STAKE_MINOR + int(str(payout))
    withdrawal = client.withdraw(funds - before, psp)
    assert withdrawal["state"] == "paid", withdrawal
    assert client.cash() == before
    assert [kind for kind, _ in client.psp_entries(psp, deposit["id"])] == ["capture"]
    assert [kind for kind, _ in client.psp_entries(psp, withdrawal["id"])] == ["payout"]


@pytest.mark.parametrize("kind", list(KINDS.values()))
def test_a_steady_game_pays_back_exactly_the_stake(client: Client, kind: str) -> None:
    """A probe that must not cost plays steady games: the round is WON and the balance as before."""
    before = client.cash()
    with client.table(f"steady-{kind}") as table:
        _, result = bet(table)
    assert (result["state"], result["payout_minor"]) == ("WON", STAKE_MINOR)
    assert client.cash() == before


@pytest.mark.parametrize("kind", list(KINDS.values()))
def test_a_voided_round_gives_the_stake_back(client: Client, kind: str) -> None:
    """The provider cancels the round by a rollback: state VOID, and the stake is in cash again, once."""
    before = client.cash()
    with client.table(f"void-{kind}") as table:
        ack, result = bet(table)
    assert (result["state"], client.settled(str(ack["round"]))["state"]) == ("VOID", "VOID")
    assert client.cash() == before
    entries = client.get("/wallet/ledger")["entries"]
    assert [entry["kind"] for entry in entries if entry["reference"] == ack["bet_id"]] == ["bet", "rollback"]


def test_a_repeated_req_id_is_the_same_bet(client: Client) -> None:
    """A bet under a req_id that was used answers the original round and bet, and debits nothing."""
    before = client.cash()
    with client.table("steady-dice") as table:
        ack = table.ask("bet", req_id="once", stake_minor=STAKE_MINOR, currency="EUR")
        again = table.ask("bet", req_id="once", stake_minor=STAKE_MINOR, currency="EUR")
    assert (again["type"], again["round"], again["bet_id"]) == ("bet_ack", ack["round"], ack["bet_id"])
    client.settled(ack["round"])
    assert client.cash() == before
    booked = [row["kind"] for row in client.get("/wallet/ledger")["entries"] if row["reference"] == ack["bet_id"]]
    assert booked == ["bet", "win"]


def test_a_launch_token_opens_one_socket(world: World, client: Client) -> None:
    """The second hello with one launch token is refused: an error frame, then close 4401."""
    launched = client.launch("steady-dice")
    hello = json.dumps({"type": "hello", "req_id": "h", "launch_token": launched["launch_token"]})
    with connect(launched["ws_url"], proxy=None) as first, connect(launched["ws_url"], proxy=None) as second:
        first.send(hello)
        assert json.loads(first.recv(WITHIN_S))["type"] == "welcome"
        second.send(hello)
        refusal = json.loads(second.recv(WITHIN_S))
        assert (refusal["type"], refusal["code"]) == ("error", "invalid_launch_token")
        with pytest.raises(ConnectionClosedError) as closed:
            second.recv(WITHIN_S)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_a_resumed_session_misses_no_frame(client: Client) -> None:
    """After a lost socket, hello with the session replays what came meanwhile, and the numbers stay gapless."""
    launched = client.launch("steady-dice")
    with connect(launched["ws_url"], proxy=None) as socket:
        lost = Table(socket)
        welcome = lost.ask("hello", launch_token=launched["launch_token"])
        ack = lost.ask("bet", stake_minor=STAKE_MINOR, currency="EUR")
    client.settled(ack["round"])
    with connect(launched["ws_url"], proxy=None) as socket:
        back = Table(socket)
        resume = {"session": welcome["session"], "resume_id": welcome["resume_id"], "last_seq": ack["seq"]}
        socket.send(json.dumps({"type": "hello", "req_id": "back", **resume}))
        result = back.await_frame(lambda frame: frame["type"] == "round_result")
        back.ask("ping")
    assert (result["round"], result["state"]) == (ack["round"], "WON")
    assert back.seqs == list(range(ack["seq"] + 1, ack["seq"] + 1 + len(back.seqs)))


def test_a_malformed_frame_gets_an_error_and_kills_nothing(client: Client) -> None:
    """After frames that are no JSON, no object, or of no known type, the same socket still answers a ping."""
    with client.table("steady-dice") as table:
        for garbage in ("{", "[1]", '"x"', "{}", '{"type": "dance", "req_id": "d"}', b"\x00\xff"):
            table.socket.send(garbage)
            assert table.await_frame(lambda frame: frame["type"] == "error")["code"]
        assert table.ask("ping")["type"] == "pong"


def test_the_second_factor_opens_an_account_of_the_mfa_pool(world: World) -> None:
    """The pool `mfa` logs in by password and a one-time code."""
    cell = cell_of(world)
    with Client(world, cell, player_of(cell, "mfa")) as client:
        assert client.login().get("/me")["player_id"] == client.player.player_id


def test_the_broke_are_refused_a_bet(world: World) -> None:
    """A bet above the balance answers insufficient_funds, and the ledger has no entry."""
    cell = cell_of(world)
    with Client(world, cell, player_of(cell, "broke")) as client, client.login().table("steady-wheel") as table:
        refusal = table.ask("bet", stake_minor=STAKE_MINOR, currency="EUR")
        assert (refusal["type"], refusal["code"]) == ("error", "insufficient_funds")
        assert client.get("/wallet/ledger")["entries"] == []


@pytest.mark.parametrize("fault", [*FAULTS.values(), *DEFECTS.values()], ids=lambda fault: str(fault.name))
def test_each_fault_throws_switches_that_its_components_have(world: World, fault: Fault) -> None:
    """Thrown at the canary, each switch of the catalogue is known where it is thrown and acts on the canary."""
    world.throw(fault, "canary")
    thrown = {name: {switch.name for switch in board.thrown()} for name, board in world.boards.items()}
    place = fault.where()[0] if fault.shared else ""
    for one in fault.throws:
        for component in one.components("canary", place):
            assert one.switch in thrown[component]
            assert world.boards[component].is_on(one.switch, cell="canary")


@pytest.mark.parametrize("fault", [*FAULTS.values(), *DEFECTS.values()], ids=lambda fault: str(fault.name))
def test_only_a_shared_fault_touches_the_baseline(world: World, fault: Fault) -> None:
    """What is blamed on the canary must leave the baseline alone, or a pair of runs would show no difference."""
    world.throw(fault, "canary")
    touched = [
        switch.name
        for name, board in world.boards.items()
        if name != "canary"
        for switch in board.thrown()
        if board.is_on(switch.name, cell="baseline")
    ]
    assert bool(touched) == fault.shared


def test_the_switchboards_answer_over_loopback(world: World) -> None:
    """Every component lists its switches at GET /_faults, so that a fault can be thrown from another process."""
    for name, listener in world.listeners.items():
        answer = httpx.get(f"{listener.url}/_faults", trust_env=False).json()
        assert set(answer["known"]) == set(world.boards[name].known)


def test_a_half_open_gateway_welcomes_and_then_says_nothing(world: World, client: Client) -> None:
    """Fault 27: after the welcome no frame is answered, and a bet that is sent never comes to exist."""
    before = client.cash()
    world.throw(FAULTS["websocket_half_open"], "canary")
    with client.table("steady-dice") as table:
        table.socket.send(json.dumps({"type": "bet", "req_id": "lost", "stake_minor": 20, "currency": "EUR"}))
        table.socket.send(json.dumps({"type": "ping", "req_id": "anyone"}))
        with pytest.raises(TimeoutError):
            table.socket.recv(0.5)
    assert client.get("/games/bets", req_id="lost")["found"] is False
    assert client.cash() == before


def test_the_cells_file_holds_references_and_the_folder_keeps_them_private(world: World, tmp_path: Path) -> None:
    """Every secret is a file of mode 0600 in a folder of mode 0700, and no secret's value is in the YAML."""
    path = tmp_path / "run" / "cells.yaml"
    world.write_cells(path)
    text = path.read_text(encoding="utf-8")
    files = list((path.parent / "secrets").iterdir())
    assert stat.S_IMODE((path.parent / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert [file.name for file in files if file.read_text(encoding="utf-8") in text] == []
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["cells.yaml", "secrets"]


def test_what_the_cells_file_says_logs_a_player_in(world: World, tmp_path: Path) -> None:
    """The file alone is enough to reach a cell as one of its players, and its PSP with the report's key."""
    path = tmp_path / "cells.yaml"
    world.write_cells(path)
    cells = yaml.safe_load(path.read_text(encoding="utf-8"))["cells"]
    assert {name: cell["track"] for name, cell in cells.items()} == {"canary": "canary", "baseline": "baseline"}
    for cell in cells.values():
        player = cell["players"][0]
        body = {"username": player["username"], "password": _secret(path, player["password"])}
        granted = httpx.post(f"{cell['endpoints']['api']}/auth/login", json=body, trust_env=False)
        assert granted.json()["player_id"] == player["id"]
        key = _secret(path, cell["secrets"]["psp-a-report"])
        report = httpx.get(
            f"{cell['endpoints']['psp-a']}/v1/report",
            params={"player": player["id"]},
            headers={"Authorization": f"Bearer {key}"},
            trust_env=False,
        )
        assert report.status_code == 200, report.text


def test_what_the_cells_file_says_signs_a_player_in_at_the_identity_provider(world: World, tmp_path: Path) -> None:
    """Single sign-on of both cells, through their one provider: start, its form, and back with a code."""
    path = tmp_path / "cells.yaml"
    world.write_cells(path)
    cells = yaml.safe_load(path.read_text(encoding="utf-8"))["cells"]
    assert len({cell["endpoints"]["idp"] for cell in cells.values()}) == 1
    for cell in cells.values():
        player = cell["players"][0]
        with httpx.Client(trust_env=False) as browser:
            page = browser.get(f"{cell['endpoints']['api']}/auth/sso/start", follow_redirects=True)
            assert str(page.url).startswith(f"{cell['endpoints']['idp']}/authorize?")
            form = {
                "transaction": page.text.split('name="transaction" value="')[1].split('"')[0],
                "username": player["sso_username"],
                "password": _secret(path, player["sso_password"]),
            }
            granted = browser.post(f"{cell['endpoints']['idp']}/login", data=form, follow_redirects=True)
        assert granted.json()["player_id"] == player["id"], granted.text


def _secret(cells_file: Path, reference: str) -> str:
    return (cells_file.parent / reference.removeprefix("file:")).read_text(encoding="utf-8")


def test_the_example_cells_file_is_as_the_written_one(world: World, tmp_path: Path) -> None:
    """The same keys, endpoints, games, limits and secrets; and a player of every pool, with the same attributes."""
    path = tmp_path / "cells.yaml"
    world.write_cells(path)
    written, example = (
        yaml.safe_load(text)["cells"]["canary"]
        for text in (path.read_text(), (shipped_root() / "fixtures/cells/reference.yaml").read_text())
    )
    assert example.keys() - {"wallet"} == written.keys(), "the example's cells have the same players, and say where"
    for name in ("endpoints", "games", "secrets", "limits"):
        assert example[name].keys() == written[name].keys(), name
    assert example["games"] == written["games"]
    attributes = {player["pool"]: player.keys() for player in written["players"]}
    assert {player["pool"]: player.keys() for player in example["players"]} == attributes
