"""Where the broker is and who speaks to it comes from the environment, and everything that is missing is told at once."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from synthetic.contracts.broker.settings import BrokerAccess, access_from, build_from, version_from
from synthetic.core.errors import AuthorError

URL = "https://broker.example.com"


def messages(error: AuthorError) -> str:
    """All its mistakes."""
    return "\n".join(mistake.message for mistake in error.mistakes)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, ["PACT_BROKER_BASE_URL is not set"]),
        ({"PACT_BROKER_BASE_URL": "broker"}, ["PACT_BROKER_BASE_URL is no address"]),
        ({"PACT_BROKER_BASE_URL": "https://me:hidden@broker.example.com"}, ["PACT_BROKER_BASE_URL has credentials"]),
        (
            {"PACT_BROKER_TOKEN": "hidden", "PACT_BROKER_USERNAME": "me"},
            ["PACT_BROKER_BASE_URL is not set", "exclude each other", "belong together"],
        ),
        ({"PACT_BROKER_BASE_URL": URL, "PACT_BROKER_PASSWORD": "hidden"}, ["belong together"]),
    ],
)
def test_what_is_missing_is_told_and_no_secret(variables: dict[str, str], told: list[str]) -> None:
    """Each mistake with its variable, and never its value."""
    with pytest.raises(AuthorError) as raised:
        access_from(variables)
    assert len(raised.value.mistakes) == len(told)
    assert all(words in messages(raised.value) for words in told)
    assert "hidden" not in str(raised.value)


def test_an_open_broker_needs_no_credentials() -> None:
    """The address is enough."""
    assert access_from({"PACT_BROKER_BASE_URL": URL}) == BrokerAccess(URL)


def test_secrets_are_not_shown() -> None:
    """Neither the object nor its parts in a message."""
    shown = repr(BrokerAccess(URL, token="hidden-1", password="hidden-2"))
    assert "hidden" not in shown


def test_the_environment_names_the_build(tmp_path: Path) -> None:
    """CI knows better than git, which sees a merge commit without a branch."""
    build = build_from({"GIT_COMMIT": "abc", "GIT_BRANCH": "main", "BUILD_URL": "https://ci/1"}, tmp_path)
    assert (build.version, build.branch, build.url) == ("abc", "main", "https://ci/1")


def test_git_names_the_build_where_the_environment_does_not(tmp_path: Path) -> None:
    """The commit and the branch that are checked out; uncommitted changes are another version."""

    def git(*arguments: str) -> str:
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--initial-branch=feat/x")
    (tmp_path / "pact.json").write_text("{}")
    git("add", ".")
    git("commit", "--message=one")
    build = build_from({}, tmp_path)
    assert (build.version, build.branch) == (git("rev-parse", "HEAD"), "feat/x")
    (tmp_path / "pact.json").write_text("[]")
    assert version_from({}, tmp_path) == f"{build.version}-dirty"


def test_a_folder_without_git_has_no_build(tmp_path: Path) -> None:
    """Both variables are named, at once."""
    with pytest.raises(AuthorError) as raised:
        build_from({}, tmp_path)
    assert "GIT_COMMIT is not set" in messages(raised.value)
    assert "GIT_BRANCH is not set" in messages(raised.value)
