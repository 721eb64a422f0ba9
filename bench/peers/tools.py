"""The peers: how each is had, and how it is told to play so many journeys of so many users against the benchmarks' server."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.peers import fetching
from bench.server.cells import PASSWORD

SCRIPTS = Path(__file__).with_name("scripts")


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a tool: `folder` is its own, `salt` sets its idempotency keys apart."""

    url: str
    cells_file: Path
    folder: Path
    salt: str
    users: int
    journeys: int

    @property
    def environment(self) -> dict[str, str]:
        """What scripts read."""
        return {
            "BASE": self.url,
            "PASSWORD": PASSWORD,
            "SALT": self.salt,
            "USERS": str(self.users),
            "JOURNEYS": str(self.journeys),
        }

    def script(self, name: str, **holes: object) -> Path:
        """A copy of a script in the folder, with what its tool has no variables for filled in."""
        text = (SCRIPTS / name).read_text(encoding="utf-8")
        for hole, value in holes.items():
            text = text.replace(f"@{hole.upper()}@", str(value))
        file = self.folder / name
        file.write_text(text, encoding="utf-8")
        return file


@dataclass(frozen=True, slots=True)
class Told:
    """How a tool is called."""

    command: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Peer:
    """One tool. `few` and `many` journeys are played: what the second run costs more is the journeys', without the start.

    `version`: of what is fetched or installed; empty where it is this very checkout.
    """

    name: str
    fetch: Callable[[Path], Path]
    told: Callable[[Path, Job], Told]
    few: int
    many: int
    users: int = 8
    version: str = ""


def _k6(binary: Path, job: Job) -> Told:
    command = [str(binary), "run", "--quiet", "--no-usage-report", "--no-summary", str(job.script("k6.js"))]
    return Told(command, {"GOMAXPROCS": "1"})


def _locust(kind: str) -> Callable[[Path, Job], Told]:
    def told(python: Path, job: Job) -> Told:
        script, users = str(job.script("locustfile.py")), str(job.users)
        command = [str(python), "-m", "locust", "-f", script, "--headless", "-u", users, "-r", users, "--only-summary"]
        return Told([*command, "-t", "10m", "--loglevel", "ERROR"], {"KIND": kind})

    return told


def _artillery(command: Path, job: Job) -> Told:
    job.script("artillery.cjs")
    script = job.script("artillery.yaml", users=job.users, loops=job.journeys // job.users)
    return Told([str(command), "run", "--quiet", str(script)], {"ARTILLERY_DISABLE_TELEMETRY": "true"})


def _tavern(python: Path, job: Job) -> Told:
    script = job.script("tavern.yaml", numbers=json.dumps(list(range(job.journeys))))
    job.script("laws.py")
    test = script.rename(job.folder / "test_journey.tavern.yaml")
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", str(test)]
    return Told(command, {"PYTHONPATH": str(job.folder)})


def _ours(*more: str) -> Callable[[Path, Job], Told]:
    def told(python: Path, job: Job) -> Told:
        where = ["--cells", str(job.cells_file), "--folder", str(job.folder)]
        size = ["--users", str(job.users), "--journeys", str(job.journeys)]
        return Told([str(python), "-m", "bench.peers.ours", *where, *size, *more])

    return told


def _this_python(_scratch: Path) -> Path:
    return Path(sys.executable)


OURS = "ours"
PEERS = (
    Peer(OURS, _this_python, _ours(), 80, 880),
    Peer("ours, all evidence", _this_python, _ours("--shipped"), 80, 480),
    Peer("k6", fetching.k6, _k6, 80, 2080, version=fetching.K6),
    Peer("Locust FastHttpUser", fetching.locust, _locust("fast"), 80, 880, version=fetching.locust_version()),
    Peer("Locust HttpUser", fetching.locust, _locust("plain"), 40, 240, version=fetching.locust_version()),
    Peer("Artillery", fetching.artillery, _artillery, 80, 480, version=fetching.ARTILLERY),
    Peer("Tavern", fetching.tavern, _tavern, 5, 45, users=1, version=fetching.TAVERN),
)
