"""Requests that leave at the same moment, under both drivers: really at once, journaled first, and replayable."""

from __future__ import annotations

import socket
import threading
from dataclasses import replace
from pathlib import Path

from synthetic.core.effects import Answers, FaultKind, Http, HttpReply, Together, TransportFault
from synthetic.core.errors import HarnessError
from synthetic.drivers.recording import Recorder, Recording, replay
from synthetic.drivers.replay_server import ReplayServer
from synthetic.journal.memory import MemoryJournal
from synthetic.journal.sqlite import SqliteJournal
from synthetic.tests.drivers.scenarios import Play, asking, deposit, play_blocking
from synthetic.tests.drivers.servers import RawServer, answer, read_request
from synthetic.tests.drivers.test_intents import keys_on_disk

CLICKS = 3


def click(url: str, key: str = "a") -> Together:
    """Three times the same deposit."""
    return Together((Http("POST", url, body=b"{}", timeout_s=30, moves=deposit(key)),) * CLICKS)


def test_they_are_under_way_at_once_and_journaled_before(play: Play, tmp_path: Path) -> None:
    """Each waits at the server until all are there, and finds the one intent that they share."""
    path, everybody, seen = tmp_path / "journal.db", threading.Barrier(CLICKS), []

    def behave(sock: socket.socket) -> None:
        while read_request(sock):
            seen.append(keys_on_disk(path))
            everybody.wait(timeout=30)
            sock.sendall(answer(b"done"))

    with SqliteJournal(path) as journal, RawServer(behave) as server:
        (result,) = play(asking(click(server.url)), journal=journal)
    assert isinstance(result, Answers)
    assert [one.body for one in result.results if isinstance(one, HttpReply)] == [b"done"] * CLICKS
    assert seen == [[("a", "intent")]] * CLICKS
    assert result.times.received == max(one.times.received for one in result.results)


def test_one_that_breaks_takes_no_other_with_it(play: Play) -> None:
    """Its place has a fault, theirs have answers."""
    turns = iter(range(CLICKS))

    def behave(sock: socket.socket) -> None:
        if read_request(sock) and next(turns) != 0:
            sock.sendall(answer())

    with RawServer(behave) as server:
        (result,) = play(asking(click(server.url)))
    assert sorted(type(one).__name__ for one in result.results) == ["HttpReply", "HttpReply", "TransportFault"]


def test_nothing_leaves_where_an_intent_can_not_be_kept(play: Play) -> None:
    """One fault for all of them."""

    class Full(MemoryJournal):
        def intend(self, intent: object) -> None:
            raise HarnessError(f"no room for {intent!r}")

    with RawServer(lambda _sock: None) as server:
        (result,) = play(asking(click(server.url)), journal=Full())
    assert isinstance(result, TransportFault)
    assert (result.kind, result.maybe_sent, server.accepted) == (FaultKind.NOT_JOURNALED, False, 0)


def test_nothing_leaves_for_a_place_off_the_allow_list(play: Play) -> None:
    """Not even to those that are on it."""
    with RawServer(lambda _sock: None) as server:
        mixed = Together((Http("POST", server.url), Http("POST", "http://198.51.100.7/")))
        (result,) = play(asking(mixed), allow=[server.authority])
    assert isinstance(result, TransportFault)
    assert (result.kind, server.accepted) == (FaultKind.OFF_ALLOW_LIST, 0)


def test_they_are_recorded_and_played_again(play: Play) -> None:
    """From JSON without I/O, and over sockets."""

    def behave(sock: socket.socket) -> None:
        while read_request(sock):
            sock.sendall(answer(b"done"))

    recorder = Recorder()
    with RawServer(behave) as server:
        (result,) = play_blocking(recorder.listen(asking(click(server.url))))
        recording = Recording.from_json(recorder.recording().to_json())
        assert replay(asking(click(server.url)), recording) == [replace(result)]
        with ReplayServer(recording) as again:
            (played,) = play(again.rebased(asking(click(server.url))), allow=[again.authority])
            assert again.mistakes == ()
    assert [one.body for one in played.results] == [b"done"] * CLICKS
