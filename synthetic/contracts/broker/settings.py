"""Where the broker is, and which build speaks to it: from environment variables and git, never from arguments."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from synthetic.config.names import NOWHERE
from synthetic.core.errors import AuthorError, Mistake
from synthetic.core.secrets import Redactor

URL, TOKEN = "PACT_BROKER_BASE_URL", "PACT_BROKER_TOKEN"
USERNAME, PASSWORD = "PACT_BROKER_USERNAME", "PACT_BROKER_PASSWORD"
VERSION, BRANCH, BUILD_URL = "GIT_COMMIT", "GIT_BRANCH", "BUILD_URL"
_NO_VERSION = Mistake(NOWHERE, f"{VERSION} is not set, and git has no commit here", "set it to the commit")
_NO_BRANCH = Mistake(
    NOWHERE, f"{BRANCH} is not set, and git has no branch checked out here", "set it to the commit's branch"
)


@dataclass(frozen=True, slots=True)
class BrokerAccess:
    """The broker's address and how to be let in; no credentials for one that is open."""

    url: str
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)

    @property
    def variables(self) -> dict[str, str]:
        """As the `pact` binary reads them."""
        given = {URL: self.url, TOKEN: self.token, USERNAME: self.username, PASSWORD: self.password}
        return {name: value for name, value in given.items() if value}

    @property
    def redactor(self) -> Redactor:
        """It takes our secrets out of whatever somebody else has written."""
        redactor = Redactor()
        for secret in (self.token, self.password):
            redactor.taint(secret)
        return redactor

    def client(self, timeout_s: float) -> httpx.Client:
        """An HTTP client that is let in."""
        headers = {"Accept": "application/hal+json, application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        auth = httpx.BasicAuth(self.username, self.password) if self.username else None
        return httpx.Client(headers=headers, auth=auth, timeout=timeout_s)


@dataclass(frozen=True, slots=True)
class Build:
    """What is published under: a version (a commit) and its branch. `url`: the CI's page of it, "" for none."""

    version: str
    branch: str
    url: str = ""


def access_from(environment: Mapping[str, str]) -> BrokerAccess:
    """Read the broker's variables. Raises AuthorError with everything that is missing or can't be meant."""
    access = BrokerAccess(*(environment.get(name, "") for name in (URL, TOKEN, USERNAME, PASSWORD)))
    mistakes = list(_mistakes(access))
    if mistakes:
        raise AuthorError(mistakes)
    return access


def version_from(environment: Mapping[str, str], folder: Path) -> str:
    """The version that is spoken of: GIT_COMMIT, else the commit of this folder. Raises AuthorError where neither says it."""
    version = _version(environment, folder)
    if not version:
        raise AuthorError([_NO_VERSION])
    return version


def build_from(environment: Mapping[str, str], folder: Path) -> Build:
    """Read the build's variables; git in this folder says what they don't. Raises AuthorError with what nobody says."""
    version = _version(environment, folder)
    branch = environment.get(BRANCH) or _git(folder, "symbolic-ref", "--short", "--quiet", "HEAD")
    missing = [mistake for value, mistake in ((version, _NO_VERSION), (branch, _NO_BRANCH)) if not value]
    if missing:
        raise AuthorError(missing)
    return Build(version, branch, environment.get(BUILD_URL, ""))


def _version(environment: Mapping[str, str], folder: Path) -> str:
    """Uncommitted changes are another version: their pacts are not the commit's."""
    return environment.get(VERSION) or _git(folder, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _mistakes(access: BrokerAccess) -> list[Mistake]:
    found = []
    parts = urlsplit(access.url)
    if not access.url:
        found.append(Mistake(NOWHERE, f"{URL} is not set", "set it to the broker's address, https://..."))
    elif parts.scheme not in {"http", "https"} or not parts.hostname:
        found.append(Mistake(NOWHERE, f"{URL} is no address", "write https://..."))
    if parts.username or parts.password:
        found.append(Mistake(NOWHERE, f"{URL} has credentials in it", f"set {USERNAME} and {PASSWORD}, or {TOKEN}"))
    if access.token and (access.username or access.password):
        found.append(Mistake(NOWHERE, f"{TOKEN} and {USERNAME} exclude each other", "unset one of them"))
    if bool(access.username) != bool(access.password):
        found.append(Mistake(NOWHERE, f"{USERNAME} and {PASSWORD} belong together", "set both, or none"))
    return found


def _git(folder: Path, *arguments: str) -> str:
    """What git says; "" where it is not there, or says nothing."""
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            ["git", *arguments],  # noqa: S607 - the user's git
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
