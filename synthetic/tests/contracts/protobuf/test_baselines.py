"""Which former version a schema is held against, in all the kinds of clones that people and CI have."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from synthetic.contracts.protobuf.baselines import Baseline, BaselineUnknown, exported, find_baselines

Git = Callable[..., str]


def git_in(folder: Path) -> Git:
    """Git in a folder, whoever we are and whatever is set at home."""

    def git(*arguments: str) -> str:
        us = ["-c", "user.name=us", "-c", "user.email=us@example.com", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", "-C", str(folder), *us, *arguments], capture_output=True, check=True, text=True)
        return done.stdout.strip()

    return git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository on main with two commits; the schema came with the second."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git = git_in(folder)
    git("init", "--quiet", "--initial-branch=main")
    git("commit", "--quiet", "--allow-empty", "-m", "first")
    (folder / "proto").mkdir()
    (folder / "proto" / "a.proto").write_text("one")
    git("add", ".")
    git("commit", "--quiet", "-m", "second")
    return folder


def clone(root: Path, *arguments: str) -> Path:
    """A clone beside it."""
    folder = root.parent / "clone"
    git_in(root)("clone", "--quiet", *arguments, root.as_uri(), str(folder))
    return folder


def test_a_branch_is_held_against_main_where_it_left_it(root: Path) -> None:
    """What main has learned since is not missing here, it is not here yet."""
    git = git_in(root)
    left = git("rev-parse", "HEAD")
    git("switch", "--quiet", "--create", "topic")
    git("commit", "--quiet", "--allow-empty", "-m", "ours")
    git("switch", "--quiet", "main")
    git("commit", "--quiet", "--allow-empty", "-m", "theirs")
    git("switch", "--quiet", "topic")
    assert find_baselines(root) == [Baseline("main", left)]


def test_main_is_held_against_its_last_commit_and_the_one_before(root: Path) -> None:
    """The one says what is not committed yet, the other what the last commit did."""
    git = git_in(root)
    expected = [Baseline("main", git("rev-parse", "HEAD")), Baseline("HEAD's parent", git("rev-parse", "HEAD^"))]
    assert find_baselines(root) == expected


def test_a_clone_without_main_is_held_against_the_remotes(root: Path) -> None:
    """As on a fresh checkout of somebody's branch."""
    git = git_in(root)
    git("switch", "--quiet", "--create", "topic")
    git("commit", "--quiet", "--allow-empty", "-m", "ours")
    folder = clone(root, "--branch", "topic")
    assert find_baselines(folder) == [Baseline("origin/main", git("rev-parse", "main"))]


def test_a_shallow_checkout_of_a_pull_request_is_held_against_its_parent(root: Path) -> None:
    """CI has a detached HEAD there and neither main nor origin/main; with two commits there is a parent."""
    git = git_in(root)
    git("switch", "--quiet", "--create", "topic")
    folder = clone(root, "--branch", "topic", "--depth", "2")
    git_in(folder)("checkout", "--quiet", "--detach")
    git_in(folder)("branch", "--quiet", "-D", "topic")
    assert find_baselines(folder) == [Baseline("HEAD's parent", git("rev-parse", "HEAD^"))]


def test_a_clone_that_is_too_shallow_says_so(root: Path) -> None:
    """A check that can't see anything must not be green; the message says how to help it."""
    git_in(root)("switch", "--quiet", "--create", "topic")
    folder = clone(root, "--branch", "topic", "--depth", "1")
    with pytest.raises(BaselineUnknown, match=r"too shallow.*fetch-depth: 2"):
        find_baselines(folder)


@pytest.mark.parametrize("is_repository", [True, False])
def test_where_there_is_no_history_nothing_can_be_broken(tmp_path: Path, *, is_repository: bool) -> None:
    """An unpacked archive, and a repository without a commit."""
    if is_repository:
        git_in(tmp_path)("init", "--quiet")
    assert find_baselines(tmp_path) == []


def test_the_first_commit_of_all_has_nothing_before_it(tmp_path: Path) -> None:
    """On whatever branch it is."""
    git = git_in(tmp_path)
    git("init", "--quiet", "--initial-branch=trunk")
    git("commit", "--quiet", "--allow-empty", "-m", "first")
    assert find_baselines(tmp_path) == []


def test_a_commit_that_is_named_is_the_only_one(root: Path) -> None:
    """One that is not there is refused."""
    assert find_baselines(root, "HEAD^") == [Baseline("HEAD^", git_in(root)("rev-parse", "HEAD^"))]
    with pytest.raises(BaselineUnknown, match="no commit 'v9'"):
        find_baselines(root, "v9")


def test_a_folder_is_given_out_as_it_was(root: Path) -> None:
    """Whatever lies in the working tree now; from a second worktree too, where `.git` is a file."""
    (root / "proto" / "a.proto").write_text("two")
    beside = root.parent / "beside"
    git_in(root)("worktree", "add", "--quiet", "--detach", str(beside))
    for place in (root, beside):
        with exported(place, Baseline("main", "main"), "proto") as folder:
            assert folder is not None
            assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("a.proto", "one")]
        assert not folder.exists()


def test_a_folder_that_was_not_there_is_none(root: Path) -> None:
    """The schema is new."""
    with exported(root, Baseline("HEAD's parent", "HEAD^"), "proto") as folder:
        assert folder is None


def test_a_repository_that_git_refuses_is_no_lack_of_history(root: Path) -> None:
    """Compared with nothing is not green: a container in which Git trusts nobody has to say so."""
    (root / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(BaselineUnknown, match="Git does not work here: fatal"):
        find_baselines(root)
