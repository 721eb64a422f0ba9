"""Claims about the gate as a service of its own: who may call it, what it answers, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme

from synthetic.audit.verify import verify
from synthetic.cli.gate.alone import GateAlone, gate_up
from synthetic.cli.gate.asking import GateOverHttp, Refused, ask, client_of
from synthetic.cli.gate.slo_now import SloNotes, SloNow
from synthetic.core.errors import HarnessError, JournalUnavailable
from synthetic.gate.observed import Observation
from synthetic.journal.book import open_book
from synthetic.report.logs import RunnerLog
from synthetic.report.metrics import RunnerMetrics
from synthetic.report.metrics.exposition import format_for, pieces
from synthetic.rollouts.judge import Asked
from synthetic.rollouts.store import Store
from synthetic.tests.cli.calling import call
from synthetic.tests.cli.gate.conftest import SLO
from synthetic.tests.rollouts.evidence import pairs
from synthetic.web.gate.documents import VerdictOut
from synthetic.web.listening import MutualTls

pytestmark = pytest.mark.slow

Seen = Callable[[Sequence[Observation]], None]
BOTH = Asked(cell="canary", baseline="baseline")


def asked(url: str, token: str = "", **files: str) -> VerdictOut:
    with client_of(url, token, **files) as client:
        return ask(GateOverHttp(client), BOTH, wait_s=0, told=lambda _: None)


def exposed(metrics: RunnerMetrics) -> list[str]:
    return b"".join(pieces(metrics, format_for(""))).decode().splitlines()


@pytest.fixture
def alone(folder: Path) -> GateAlone:
    """A gate over the runner of this folder."""
    return GateAlone(journal=str(folder / "runner.db"), slo=SloNow.of(folder / "slo.yaml"), name="gate-1")


def test_the_gate_alone_answers_what_runners_have_kept(alone: GateAlone, seen: Seen) -> None:
    """With the right token, and with the metrics of its verdict; with another one, or none, it is no use to ask again."""
    seen(pairs(range(70)))

    async def play() -> tuple[VerdictOut, str, list[str]]:
        async with gate_up(replace(alone, token="t0ken")) as (_, address):
            verdict = await asyncio.to_thread(asked, address, "t0ken")
            async with httpx.AsyncClient(base_url=address) as client:
                metrics = (await client.get("/metrics")).text
            return verdict, metrics, [await asyncio.to_thread(refused, address, token) for token in ("wrong", "")]

    def refused(address: str, token: str) -> str:
        with pytest.raises(Refused) as told:
            asked(address, token)
        return str(told.value).removeprefix(f"the gate {address} ")

    verdict, metrics, problems = asyncio.run(play())
    assert (verdict.verdict, verdict.reason) == ("pass", "clean")
    assert 'synthetic_gate_verdict{baseline="baseline",cell="canary",verdict="pass"} 1' in metrics
    assert verdict.slo == "test"
    assert problems == [
        "answers 401: the token that was given is not the gate's own",
        "answers 401: it wants a token, and none was given; add --token env:NAME or --token file:PATH",
    ]


def test_an_slo_file_that_changes_is_what_counts_from_then_on(alone: GateAlone, folder: Path, seen: Seen) -> None:
    """One that is not valid, or away, leaves the one before in force, and the gate's metrics and log say so."""
    seen(pairs(range(70)))
    file, metrics, told = folder / "slo.yaml", RunnerMetrics(), RunnerLog()
    text = file.read_text()

    async def play() -> list[str]:
        notes, found = SloNotes(metrics, told), []
        for written in (text, text.replace("99 %", "98 %"), text.replace("margin", "margn"), None, text):
            file.unlink() if written is None else file.write_text(written)
            await alone.slo.look(notes)
            (valid,) = [line for line in exposed(metrics) if line.startswith("synthetic_config_last_reload_success ")]
            found.append(f"{alone.slo().objectives[0].target:g}, valid {valid.split()[1]}")
        return found

    metrics.config_reloaded(valid=True)
    assert asyncio.run(play()) == [
        "0.99, valid 1.0",
        "0.98, valid 1.0",
        "0.98, valid 0.0",
        "0.98, valid 0.0",
        "0.99, valid 1.0",
    ]


def test_the_gate_alone_looks_for_another_slo_by_itself(alone: GateAlone, folder: Path, seen: Seen) -> None:
    """Without a restart, as a ConfigMap is written over while its pod runs."""
    seen(pairs(range(70)))

    async def play() -> list[str]:
        async with gate_up(alone) as (keep, address):
            keeping = asyncio.create_task(keep())
            before = await asyncio.to_thread(asked, address)
            (folder / "slo.yaml").write_text(SLO.replace("slo: test", "slo: stricter"))
            deadline_s = time.monotonic() + 60
            while (now := await asyncio.to_thread(asked, address)).slo == before.slo:
                assert time.monotonic() < deadline_s
                await asyncio.sleep(0.1)
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            return [before.slo, now.slo]

    assert asyncio.run(play()) == ["test", "stricter"]


class Lost(SloNow):
    """An SLO that can't be watched any more."""

    async def watch(self, notes: SloNotes, look_every_s: float = 0.0) -> None:
        """End."""
        raise JournalUnavailable(f"nobody looks for {self.file} any more, every {look_every_s:g} s: {notes.metrics}")


def test_what_ends_the_watch_of_the_slo_ends_the_gate_as_it_is(alone: GateAlone, folder: Path) -> None:
    """Not within a group of exceptions, of which the command line would know neither words nor exit code."""

    async def play() -> None:
        async with gate_up(replace(alone, slo=Lost.of(folder / "slo.yaml"))) as (keep, _):
            await asyncio.wait_for(keep(), 60)

    with pytest.raises(JournalUnavailable, match="nobody looks for"):
        asyncio.run(play())


def test_with_mutual_tls_only_known_certificates_are_answered(alone: GateAlone, folder: Path, seen: Seen) -> None:
    """One of another authority, and none at all, are refused before a byte of the question is read."""
    seen(pairs(range(70)))
    ours, others = trustme.CA(), trustme.CA()
    server = ours.issue_cert("127.0.0.1")
    files = {"ca.pem": ours.cert_pem, "server.pem": server.cert_chain_pems[0], "server.key": server.private_key_pem}
    for name, authority in (("good", ours), ("bad", others)):
        issued = authority.issue_cert("ci@example.org")
        files |= {f"{name}.pem": issued.cert_chain_pems[0], f"{name}.key": issued.private_key_pem}
    for name, blob in files.items():
        blob.write_to_path(str(folder / name))
    tls = MutualTls("server.pem", "server.key", "ca.pem")

    async def play() -> list[str]:
        async with gate_up(replace(alone, tls=tls)) as (_, address):
            shown: list[dict[str, str]] = [
                {"certificate": "good.pem", "key": "good.key"},
                {"certificate": "bad.pem", "key": "bad.key"},
                {},
            ]
            return [await asyncio.to_thread(said, address, given) for given in shown]

    def said(address: str, given: dict[str, str]) -> str:
        try:
            return asked(address, ca_file="ca.pem", **given).verdict
        except HarnessError as error:
            return type(error).__name__

    assert asyncio.run(play()) == ["pass", "HarnessError", "HarnessError"]


def test_files_of_mutual_tls_that_are_none_are_told(alone: GateAlone) -> None:
    """At once, and in words."""

    async def play() -> None:
        async with gate_up(replace(alone, tls=MutualTls("none.pem", "none.key", "none.pem"))):
            raise AssertionError("it must not come up")

    with pytest.raises(HarnessError, match="mutual TLS"):
        asyncio.run(play())


def test_decisions_are_audited(alone: GateAlone, folder: Path, seen: Seen, kept: Store) -> None:
    """In a chain of the gate's own, which can be verified."""
    seen(pairs(range(70)))

    async def play() -> None:
        async with gate_up(replace(alone, audit=folder / "audit")) as (_, address):
            await asyncio.to_thread(asked, address)

    asyncio.run(play())
    (report,) = verify(folder / "audit")
    assert report.damage is None
    lines = [json.loads(line) for path in (folder / "audit").rglob("*.jsonl") for line in path.read_text().splitlines()]
    (record,) = [line for line in lines if line["kind"] == "verdict"]
    assert (record["who"], record["cell"], record["data"]["decision"]) == ("gate:gate-1", "canary", "pass")


def test_the_kill_switch_of_the_runner_holds_flaggers_rollouts(alone: GateAlone, folder: Path) -> None:
    """Nobody plays then, so nothing could be judged."""
    with open_book(folder / "runner.db") as book:
        book.kill("ann", "PSP incident")
    hook = {
        "name": "shop",
        "namespace": "prod",
        "phase": "Progressing",
        "checksum": "a1",
        "metadata": {"cell": "canary", "baseline": "baseline"},
    }

    async def play() -> httpx.Response:
        async with gate_up(alone) as (_, address), httpx.AsyncClient(base_url=address) as client:
            return await client.post("/v1/flagger/confirm-rollout", json=hook)

    answer = asyncio.run(play())
    assert (answer.status_code, "PSP incident" in answer.text) == (412, True)


def test_beyond_this_machine_callers_have_to_show_who_they_are(folder: Path) -> None:
    """A verdict decides about production."""
    answer = call("gate", "serve", "--listen", "0.0.0.0:0")
    assert answer.code == 2
    assert "--token" in answer.err
    assert call("gate", "serve", "--certificate", "a.pem").code == 2


@pytest.mark.slow
def test_the_service_ends_with_sigterm(folder: Path, seen: Seen) -> None:
    """As a pod does: at once, and with 0."""
    seen(pairs(range(70)))
    command = [sys.executable, "-m", "synthetic.cli", "gate", "serve", "--slo", "slo.yaml", "--listen", "127.0.0.1:0"]
    log = folder / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stderr=output, cwd=folder, env=dict(os.environ)) as process,
    ):
        deadline_s = time.monotonic() + 60
        while "gate_listens" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline_s
            time.sleep(0.05)
        address = json.loads(log.read_text().splitlines()[0])["listen"]
        assert asked(address).verdict == "pass"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
