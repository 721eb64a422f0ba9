"""The simulated network under the real driver: each fault looks as it does over sockets, and has the effect that it says."""

from __future__ import annotations

import random
from collections.abc import Generator

import pytest

from synthetic.core.effects import Effect, FaultKind, Http, HttpReply, Result, TransportFault
from synthetic.core.events import Event
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.tls import client_context
from synthetic.journal.memory import MemoryJournal
from synthetic.simulation.clocks import NoLag, VirtualClock
from synthetic.simulation.lives import LIFE, Dead, Fate, Life, note_birth
from synthetic.simulation.network import NetFault, Network
from synthetic.simulation.platform import Platform
from synthetic.simulation.virtual_loop import VirtualLoop

DEPOSIT = Http(
    "POST",
    "http://cell.simulated/deposits",
    (("Authorization", "Bearer token-anna"), ("Idempotency-Key", "k"), ("Content-Type", "application/json")),
    b'{"amount_minor": 100}',
    timeout_s=1.0,
)


def once(effect: Http) -> Generator[Effect | Event, Result | None, Result]:
    result = yield effect
    assert result is not None
    return result


class Wire:
    """A driver, a network and a platform, with one fault for every request; the result of one deposit, and when it was known."""

    def __init__(self, fault: NetFault | None, fate: Fate = Fate()) -> None:  # noqa: B008 - frozen
        self.loop = VirtualLoop(born=note_birth)
        chance = random.Random(9)
        self.platform = Platform(self.loop.now_ns, self.loop.call_later, chance, ["anna"])
        self.network = Network(self.loop, {"cell.simulated": self.platform}, chance, lambda _: fault)
        self.life = Life("w1", 1, fate, self.loop, lambda _life, _why: None)
        self.result: Result | None = None
        self.answered_s = 0.0

    def play(self) -> None:
        clock = VirtualClock(self.loop)
        driver = AsyncDriver(
            allow=["cell.simulated:80"], tls=client_context(""), clock=clock, lag=NoLag(clock), carrier=self.network
        )

        async def send() -> None:
            LIFE.set(self.life)
            self.result = await driver.run(once(DEPOSIT), sink=lambda _: None, journal=MemoryJournal(clock.wall_ns))
            self.answered_s = self.loop.time()

        try:
            self.loop.run_until_complete(send())
        finally:
            self.loop.call_later(60, self.loop.stop)
            self.loop.run_forever()
            self.loop.close()


@pytest.mark.parametrize(
    ("fault", "kind", "maybe_sent", "payments"),
    [
        (NetFault.REFUSED, FaultKind.CONNECT_REFUSED, False, 0),
        (NetFault.LOST, FaultKind.RESET, True, 0),
        (NetFault.UNANSWERED, FaultKind.RESET, True, 1),
        (NetFault.SILENT, FaultKind.READ_TIMEOUT, True, 1),
        (NetFault.LATE, FaultKind.READ_TIMEOUT, True, 1),
    ],
)
def test_a_fault_is_told_as_over_sockets(fault: NetFault, kind: FaultKind, maybe_sent: bool, payments: int) -> None:  # noqa: FBT001
    """The run learns no more than a socket would tell it, and the platform has what the fault says."""
    wire = Wire(fault)
    wire.play()
    assert isinstance(wire.result, TransportFault)
    assert (wire.result.kind, wire.result.maybe_sent) == (kind, maybe_sent)
    assert len(wire.platform.payments) == payments


@pytest.mark.parametrize(("fault", "payments"), [(NetFault.BROKEN, 0), (NetFault.BROKEN_AFTER, 1)])
def test_a_5xx_says_nothing_of_the_effect(fault: NetFault, payments: int) -> None:
    """The same kind of answer comes with and without an effect."""
    wire = Wire(fault)
    wire.play()
    assert isinstance(wire.result, HttpReply)
    assert wire.result.status >= 500
    assert len(wire.platform.payments) == payments


def test_a_late_request_arrives_after_its_sender_has_given_up() -> None:
    """The effect comes behind the time-out."""
    wire = Wire(NetFault.LATE)
    wire.play()
    assert wire.answered_s == pytest.approx(1.0)
    assert wire.platform.record[0].at_ns > 1_000_000_000


def test_a_request_under_way_arrives_although_its_sender_is_dead() -> None:
    """A crash between the request and its answer does not call the request back."""
    wire = Wire(None, Fate(crash_at=2))
    with pytest.raises(Dead):
        wire.play()
    assert len(wire.platform.payments) == 1
    assert wire.result is None


def test_a_dead_process_sends_nothing() -> None:
    """Dead before it sends, nothing arrives."""
    wire = Wire(None, Fate(crash_at=1))
    with pytest.raises(Dead):
        wire.play()
    assert not wire.platform.payments
