"""An intent is on the disk before its request leaves; where it can't be, nothing leaves."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest
from websockets.sync.server import ServerConnection

from synthetic.core.effects import Effect, FaultKind, Http, Intent, Resolve, Sleep, WsOpen, WsSend
from synthetic.core.errors import HarnessError
from synthetic.core.outcome import IntentState
from synthetic.journal.sqlite import SqliteJournal
from synthetic.tests.drivers.scenarios import Play, asking, deposit
from synthetic.tests.drivers.servers import RawServer, WebSocketServer, answer, read_request


def keys_on_disk(path: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT key, state FROM intents ORDER BY rowid").fetchall()
    database.close()
    return rows


def test_a_request_finds_its_intent_in_the_journal(play: Play, tmp_path: Path) -> None:
    """The server itself looks into the journal's file when the request arrives."""
    path = tmp_path / "journal.db"
    seen: list[list[tuple[str, str]]] = []

    def look(sock: socket.socket) -> None:
        while read_request(sock):
            seen.append(keys_on_disk(path))
            sock.sendall(answer())

    with SqliteJournal(path) as journal, RawServer(look) as server:
        play(
            asking(
                Http("POST", server.url, moves=deposit("a")),
                Resolve("a", IntentState.DONE),
                Http("POST", server.url, moves=deposit("b")),
            ),
            journal=journal,
        )
    assert seen == [[("a", "intent")], [("a", "done"), ("b", "intent")]]


def test_what_nobody_awaits_is_written_before_the_run_waits_for_anything(play: Play, tmp_path: Path) -> None:
    """Behind a pause it is in the journal's file, and at the end of the run whatever came last."""
    path = tmp_path / "journal.db"
    seen: list[list[tuple[str, str]]] = []

    def look(sock: socket.socket) -> None:
        while read_request(sock):
            seen.append(keys_on_disk(path))
            sock.sendall(answer())

    with SqliteJournal(path) as journal, RawServer(look) as server:
        play(
            asking(
                Http("POST", server.url, moves=deposit("a")),
                Resolve("a", IntentState.DONE, awaited=False),
                Sleep(0.0),
                Http("GET", server.url),
                Resolve("a", IntentState.SETTLED, awaited=False),
            ),
            journal=journal,
        )
    assert seen == [[("a", "intent")], [("a", "done")]]
    assert keys_on_disk(path) == [("a", "settled")]


def test_a_frame_finds_its_intent_in_the_journal(play: Play, tmp_path: Path) -> None:
    """A bet over a WebSocket is money too."""
    path = tmp_path / "journal.db"
    seen: list[list[tuple[str, str]]] = []

    def look(connection: ServerConnection) -> None:
        seen.extend(keys_on_disk(path) for _ in connection)

    with SqliteJournal(path) as journal, WebSocketServer(look) as server:
        play(asking(WsOpen("game", server.url), WsSend("game", "bet", moves=deposit("bet-1"))), journal=journal)
    assert seen == [[("bet-1", "intent")]]


class FullDisk:
    """A journal whose disk is full."""

    def intend(self, intent: Intent) -> None:
        """Fail."""
        assert intent.key
        raise HarnessError("the disk is full")

    def resolve(self, key: str, state: IntentState) -> None:
        """Fail."""
        assert key
        assert state
        raise HarnessError("the disk is full")


@pytest.mark.parametrize("kind", ["http", "ws"])
def test_nothing_is_sent_that_could_not_be_journaled(play: Play, kind: str) -> None:
    """The result says so, and no connection is even opened for it."""
    frames: list[str | bytes] = []
    with RawServer(lambda _: None) as http, WebSocketServer(frames.extend) as ws:
        effects: list[Effect] = [Http("POST", http.url, moves=deposit())]
        if kind == "ws":
            effects = [WsOpen("game", ws.url), WsSend("game", "bet", moves=deposit())]
        *_, fault = play(asking(*effects), journal=FullDisk())
    assert (fault.kind, fault.maybe_sent, fault.detail) == (FaultKind.NOT_JOURNALED, False, "the disk is full")
    assert http.accepted == 0
    assert frames == []


def test_a_resolution_that_can_not_be_written_is_told(play: Play) -> None:
    """The scenario goes on: losing it costs a query."""
    (fault,) = play(asking(Resolve("a", IntentState.DONE)), journal=FullDisk())
    assert (fault.kind, fault.maybe_sent) == (FaultKind.NOT_JOURNALED, False)


def test_what_is_refused_anyway_is_not_journaled(play: Play, tmp_path: Path) -> None:
    """A target off the allow-list and a closed WebSocket leave no open intent behind."""
    with SqliteJournal(tmp_path / "journal.db") as journal:
        play(
            asking(Http("POST", "http://10.0.0.1/", moves=deposit("a")), WsSend("game", "x", moves=deposit("b"))),
            journal=journal,
        )
        assert journal.entries() == []


def test_another_effect_under_the_same_key_is_not_sent(play: Play, tmp_path: Path) -> None:
    """A key stands for one effect for ever; the same effect may be tried again."""
    with SqliteJournal(tmp_path / "journal.db") as journal, RawServer(lambda _: None) as server:
        effects = [Http("POST", server.url, moves=deposit("a", minor)) for minor in (100, 100, 200)]
        _, _, fault = play(asking(*effects), journal=journal)
    assert fault.kind is FaultKind.NOT_JOURNALED
    assert "amount 1.00 EUR is now 2.00 EUR" in fault.detail
    assert server.accepted == 2
