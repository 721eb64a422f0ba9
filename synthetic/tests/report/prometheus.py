"""Debian's Prometheus and promtool, where they are installed (`make prometheus`), and a Prometheus that scrapes one address."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from synthetic.config.shipped import shipped_root
from synthetic.tests.web.faces import NO_TLS

T = TypeVar("T")
RULES = shipped_root() / "reports" / "prometheus"
READY_WITHIN_S = 90.0


def binary(name: str) -> str:
    """The path of a program; without it the test is skipped, but never in CI."""
    found = shutil.which(name)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{name} is not installed, and in CI it has to be: make prometheus")
    if found is None:
        pytest.skip(f"{name} is not installed: make prometheus (as root, from Debian)")
    return found


def promtool(*arguments: str, stdin: str = "") -> tuple[int, str]:
    """The exit code of promtool and what it says."""
    command = [binary("promtool"), *arguments]
    ran = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@dataclass(frozen=True)
class Prometheus:
    """A running one."""

    client: httpx.Client

    def query(self, expression: str) -> dict[tuple[tuple[str, str], ...], float]:
        """An instant query: values by labels, without the name."""
        return {
            _labels(row["metric"]): float(row["value"][1]) for row in self._ask("query", query=expression)["result"]
        }

    def exemplars(self, selector: str) -> set[str]:
        """The trace ids of the exemplars that were scraped."""
        now = time.time()  # noqa: TID251 - of the machine that Prometheus runs on
        found = self._ask("query_exemplars", query=selector, start=f"{now - 3600:.0f}", end=f"{now + 60:.0f}")
        return {exemplar["labels"]["trace_id"] for series in found for exemplar in series["exemplars"]}

    def _ask(self, path: str, **params: str) -> Any:
        answer = self.client.get(f"/api/v1/{path}", params=params).json()
        assert answer["status"] == "success", answer
        return answer["data"]


@contextmanager
def scraping(address: str, folder: Path, *, more: str = "") -> Iterator[Prometheus]:
    """A Prometheus on a free loopback port that scrapes the address every half second and has our rules, and `more`."""
    program = binary("prometheus")
    (folder / "more.yaml").write_text(more or "groups: []\n", encoding="utf-8")
    for rules in RULES.glob("*.yaml"):
        text = rules.read_text(encoding="utf-8").replace("interval: 15s", "interval: 1s")
        (folder / rules.name).write_text(text, encoding="utf-8")
    target = address.removeprefix("http://")
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 500ms, evaluation_interval: 1s}\n"
        f"rule_files: ['{folder}/rules.yaml', '{folder}/alerts.yaml', '{folder}/more.yaml']\n"
        f"scrape_configs: [{{job_name: synthetic, static_configs: [{{targets: ['{target}']}}]}}]\n",
        encoding="utf-8",
    )
    port, log = _free_port(), folder / "prometheus.log"
    command = [
        program,
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
        "--log.level=warn",
    ]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, cwd=folder) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", verify=NO_TLS) as client,
    ):
        try:
            until(lambda: _is_ready(client, process, log), within_s=READY_WITHIN_S)
            yield Prometheus(client)
        finally:
            process.terminate()
            process.wait(timeout=20)


def until(look: Callable[[], T], *, within_s: float) -> T:
    """What is looked for, as soon as it is there. Fails with what was seen last."""
    deadline = time.monotonic() + within_s
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {seen!r}"
        time.sleep(0.05)
    return seen


def _is_ready(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, f"Prometheus did not start:\n{log.read_text()[-4000:]}"
    try:
        return client.get("/-/ready").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _labels(metric: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, value) for name, value in metric.items() if name != "__name__"))
