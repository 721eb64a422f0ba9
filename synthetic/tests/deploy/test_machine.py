"""The image and the systemd units: nobody's rights, pinned packages, and time for money to come home."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from synthetic.cli.serving.service import DRAIN_S
from synthetic.tests.deploy.accepting import refusal
from synthetic.tests.deploy.manifests import DEPLOY

UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
HARDENED = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "CapabilityBoundingSet": "",
    "DynamicUser": "yes",
    "RestrictNamespaces": "yes",
    "SystemCallArchitectures": "native",
}
EXPOSURE_MAX = "20"  # tenths; systemd calls up to 2.0 "OK"


def unit(path: Path) -> RawConfigParser:
    """A unit's sections; of a setting that is there more than once the last one."""
    parser = RawConfigParser(strict=False, delimiters=("=",), comment_prefixes=("#",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(path.read_text())
    return parser


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_is_hardened(path: Path) -> None:
    """It can write to its own folders and nowhere else."""
    service = unit(path)["Service"]
    assert {name: service.get(name) for name in HARDENED} == HARDENED
    assert service["StateDirectory"] == "synthetic"


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_the_command_line_accepts_what_a_unit_calls(path: Path) -> None:
    """Every verb, option and value."""
    program, *arguments = shlex.split(unit(path)["Service"]["ExecStart"])
    assert program == "/opt/synthetic/bin/synthetic"
    assert refusal([argument.replace("%l", "host") for argument in arguments]) == ""


def test_the_runner_is_stopped_gently_and_not_started_again_for_a_mistake() -> None:
    """SIGTERM, and the time for runs and recoveries; exit 2 is a mistake in the files."""
    service = unit(DEPLOY / "systemd" / "synthetic.service")["Service"]
    assert service["KillSignal"] == "SIGTERM"
    assert int(service["TimeoutStopSec"]) > 2 * DRAIN_S
    assert (service["Restart"], service["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    """`systemd-analyze verify`, and an exposure that it calls OK."""
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/synthetic/bin/synthetic", sys.executable))
    paths = [str(tmp_path / path.name) for path in UNITS]
    verified = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")
    service = str(tmp_path / "synthetic.service")
    threshold = ["--offline=true", f"--threshold={EXPOSURE_MAX}"]
    judged = subprocess.run(
        ["systemd-analyze", "security", *threshold, service], capture_output=True, text=True, check=False
    )
    assert judged.returncode == 0, judged.stdout[-300:]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, lines joined."""
    text = re.sub(r"\\\n", " ", (DEPLOY / "docker" / "Dockerfile").read_text())
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("#", " "))]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def test_the_image_runs_as_nobody_and_starts_the_runner() -> None:
    """A numeric user, which Kubernetes can see not to be root; the entry point is the command itself."""
    said = instructions()
    assert [value for name, value in said if name == "FROM"] == ["python:3.11-slim AS build", "python:3.11-slim"]
    assert [value for name, value in said if name == "USER"] == ["10001:10001"]
    assert said[-2] == ("ENTRYPOINT", '["synthetic"]')
    command = re.findall(r'"([^"]+)"', said[-1][1])
    assert refusal(command) == ""
    assert command == ["serve", "/etc/synthetic/runner.yaml"]
    assert ("EXPOSE", "9464") in said


def test_every_package_of_the_image_is_pinned_by_its_hash() -> None:
    """All but the project's own wheel, which brings none."""
    installs = [
        part for name, value in instructions() if name == "RUN" for part in value.split("&&") if "pip install" in part
    ]
    assert len(installs) == 3
    for install in installs:
        hashed = "--require-hashes -r" in install
        own = "--no-deps /tmp/wheels/*.whl" in install
        assert hashed is not own, install
    assert any("requirements/runtime.txt /tmp/runtime.txt" in value for name, value in instructions() if name == "COPY")


def test_what_the_image_copies_is_let_in_by_its_ignore_file() -> None:
    """And nothing else is: no secret of the checkout can come along."""
    ignored = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    sources = {
        word.split("/")[0]
        for name, value in instructions()
        if name == "COPY" and not value.startswith("--from")
        for word in value.split()[:-1]
    }
    assert sources == let_in
    assert all((DEPLOY.parent / source).exists() for source in sources)
